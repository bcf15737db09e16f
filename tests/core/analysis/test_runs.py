import pytest

from core.analysis import RunSpec


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"attack": "magic"}, "unknown attack 'magic'; choose from fgsm"),
        ({"threat": "psychic"}, "unknown threat 'psychic'; choose from oblivious"),
        ({"threat": "adaptive", "defense": None}, "needs a defense"),
        ({"index": None}, "either an index or a picture"),
        ({"picture": "ab"}, "either an index or a picture"),
    ],
)
def test_a_run_that_cannot_be_is_refused(changes: dict[str, object], message: str) -> None:
    good: dict[str, object] = {
        "dataset": "mnist",
        "classifier": "a",
        "defense": "lq_vae",
        "index": 0,
        "attack": "fgsm",
    }
    with pytest.raises(ValueError, match=message):
        RunSpec(**(good | changes))  # type: ignore[arg-type]


def test_an_unknown_parameter_is_refused_when_the_attack_is_built() -> None:
    spec = RunSpec(
        dataset="mnist", classifier="a", index=0, attack="fgsm", parameters=(("eps", 1),)
    )
    with pytest.raises(ValueError, match="no parameter"):
        spec.build_attack()


def test_equal_runs_are_one_key() -> None:
    one, two = (
        RunSpec(dataset="mnist", classifier="a", index=3, attack="pgd", parameters=(("steps", 5),))
        for _ in range(2)
    )
    assert len({one, two}) == 1
