"""The selective page's settings, words and charts."""

import math
from collections.abc import Mapping

import numpy as np
import pytest
import torch

from app.controls import Menu
from app.runs.choices import Offer
from app.selective.crowd import Crowd, counted, judge_crowd
from app.selective.curves import rejected_of, risk_chart, roc_chart, roc_of, told_apart
from app.selective.gauges import Gauge, gauge_html
from app.selective.limits import counts_html
from app.selective.settings import EVERYBODY, Settings, read_settings
from app.selective.simplex import Marked, corners, distance_bars, placed, simplex_chart
from app.selective.words import second_badge, verdict_badge, verdict_words
from core.analysis.selective_curves import SCORES, Found, roc
from core.attacks import make_attack
from core.evaluation.selected import Selected
from core.selective import REASONS, TOO_FAR, Thresholds
from tests.core.selective.toy import pictures, toy

OFFERS = {
    "mnist": Offer(
        name="mnist",
        classes=tuple("0123456789"),
        image_shape=(1, 28, 28),
        ink_box=20,
        count=5000,
        classifiers=Menu({"gm_vae": "All labels", "gm_vae_semi": "100 labels a class"}),
        defenses=Menu({}),
    )
}
DATASETS = Menu({"mnist": "MNIST"})
USUAL = Thresholds(latent=20.0, output=10.0)


@pytest.fixture
def found() -> Found:
    """Right images lie near and come back well, wrong ones do not; every fifth is wrong."""
    number = np.arange(100)
    right = number % 5 > 0
    return Found(
        nearest=np.where(right, 0.2 * number, 15 + 0.2 * number),
        errors=np.where(right, 0.1 * number, 8 + 0.1 * number),
        right=right,
    )


@pytest.mark.parametrize(
    "settings",
    [
        Settings(),
        Settings(model="gm_vae_semi", index=4999, attack="none", coverage="0", deviations="-1.5"),
        Settings(attack="paper_joint", target=3, coverage=EVERYBODY, deviations=EVERYBODY),
        Settings(
            own=True,
            reclassify=True,
            insist=True,
            search="near",
            against="0.3",
            samples=7,
            fooling=True,
        ),
    ],
)
def test_settings_survive_the_way_through_the_address(settings: Settings) -> None:
    assert read_settings(settings.params(), DATASETS, OFFERS) == (settings, ())


@pytest.mark.parametrize(
    ("params", "said"),
    [
        ({"coverage": "101"}, "`coverage=101` is not one of the choices; 99.73 is used"),
        ({"deviations": "nan"}, "`deviations=nan` is not one of the choices; 3.5 is used"),
        ({"epsilon": "9"}, "`epsilon=9` is above 0.5"),
        ({"index": "5000"}, "`index=5000` is above 4999"),
        ({"model": "a"}, "`model=a` is not one of the choices"),
        ({"search": "far"}, "`search=far` is not one of the choices; it is left out."),
        ({"attack": "cw"}, "`attack=cw` is not one of the choices"),
        ({"target": "x"}, "`target=x` is no number"),
        ({"page": "2"}, "`page` is no setting here"),
    ],
)
def test_odd_addresses_are_mended_and_said(params: Mapping[str, str], said: str) -> None:
    _, notes = read_settings(params, DATASETS, OFFERS)
    assert any(said in note for note in notes)


@pytest.mark.parametrize(
    ("coverage", "deviations", "latent", "output"),
    [
        ("0", "0", 0.0, 0.2),
        ("99.73", "3", 16.25, 0.5),
        (EVERYBODY, EVERYBODY, math.inf, math.inf),
        ("50", "-1.5", 3.357, 0.05),
    ],
)
def test_the_sliders_set_the_limits(
    coverage: str, deviations: str, latent: float, output: float
) -> None:
    limits = Settings(coverage=coverage, deviations=deviations).thresholds(toy())
    assert limits.latent == pytest.approx(latent, abs=0.01)
    assert limits.output == pytest.approx(output)


@pytest.mark.parametrize(
    ("limits", "expected"),
    [
        (Thresholds(latent=0, output=0), Selected(right=0, wrong=0, rejected=100)),
        (Thresholds(latent=math.inf, output=math.inf), Selected(right=80, wrong=20, rejected=0)),
        (Thresholds(latent=10, output=math.inf), Selected(right=40, wrong=0, rejected=60)),
        (Thresholds(latent=math.inf, output=9), Selected(right=72, wrong=3, rejected=25)),
    ],
)
def test_every_image_counts_once(found: Found, limits: Thresholds, expected: Selected) -> None:
    selected = counted(found, limits)
    assert selected == expected
    assert selected.n == len(found.right)
    html = counts_html(selected)
    assert all(f'class="{name}"' in html for name in ("accuracy", "error", "rejection"))


def test_the_present_point_follows_the_limits(found: Found) -> None:
    for limits in (USUAL, Thresholds(latent=10, output=5)):
        now = risk_chart(found, USUAL, limits).data[-1]
        selected = counted(found, limits)
        assert now.name == "your limits"
        assert now.x[0] == pytest.approx(1 - selected.rejection.value)
        assert now.y[0] == pytest.approx(selected.risk, abs=1e-5)


def test_without_an_answer_there_is_no_point(found: Found) -> None:
    names = [one.name for one in risk_chart(found, USUAL, Thresholds(latent=0, output=0)).data]
    assert "your limits" not in names


def test_telling_apart_agrees_with_scikit_learn() -> None:
    generator = np.random.default_rng(0)
    clean, attacked = generator.normal(0, 1, 80), generator.normal(1, 1, 60).round(1)
    told, reference = told_apart(clean, attacked), roc(clean, attacked)
    assert told.area == pytest.approx(reference.area, abs=1e-3)
    assert (told.false_rates[[0, -1]] == (0, 1)).all()
    assert (told.true_rates[[0, -1]] == (0, 1)).all()
    with pytest.raises(ValueError, match="at least one"):
        told_apart(clean, attacked[:0])


def test_the_roc_point_is_what_the_limits_do(found: Found) -> None:
    attacked = Found(nearest=found.nearest + 9, errors=found.errors, right=~found.right)
    told = roc_of(found, attacked, USUAL)
    assert list(told) == list(SCORES)
    now = roc_chart(told, found, attacked, USUAL).data[-1]
    assert now.x[0] == pytest.approx(counted(found, USUAL).rejection.value)
    assert now.y[0] == pytest.approx(rejected_of(attacked, ~attacked.right, USUAL))


def test_a_crowd_holds_what_the_classifier_says_of_each_image() -> None:
    classifier, (images, labels) = toy(), pictures()
    clean = judge_crowd(classifier, images, labels, 0.0)
    assert clean.found.right.all()
    assert clean.latents == pytest.approx(torch.eye(4).repeat(2, 1).numpy())
    attacked = judge_crowd(classifier, images, labels, 0.3)
    changed = make_attack("fgsm", epsilon=0.3)(classifier.model, images, labels).images
    judged = classifier.judge(changed)
    assert attacked.found.nearest == pytest.approx(judged.nearest.double().numpy(), rel=1e-5)
    assert attacked.found.errors == pytest.approx(judged.errors.double().numpy(), rel=1e-5)


def test_a_mean_is_drawn_at_its_corner() -> None:
    around = corners(10)
    assert np.linalg.norm(around, axis=1) == pytest.approx(1.0)
    assert around[0] == pytest.approx([0, 1])
    assert placed(np.eye(10, 12, dtype=np.float32), 10) == pytest.approx(around, abs=1e-6)
    middle = placed(np.full((1, 12), 0.1, dtype=np.float32), 10)
    assert middle == pytest.approx(0, abs=1e-6)


@pytest.mark.parametrize("crowded", [True, False])
def test_the_drawing_marks_the_image_and_its_distances(found: Found, crowded: bool) -> None:
    latents = np.eye(4, dtype=np.float32)
    crowd = Crowd(found=found, latents=latents, labels=np.arange(4)) if crowded else None
    marked = [
        Marked(role="clean", title="Original", latents=latents[1]),
        Marked(role="adversarial", title="Adversarial", latents=latents[2]),
    ]
    figure = simplex_chart(crowd, marked, list("abcd"))
    last = figure.data[-1]
    assert "Adversarial" in last.name
    assert (last.x[0], last.y[0]) == pytest.approx(corners(4)[2], abs=1e-6)
    assert any("validation" in (one.name or "") for one in figure.data) is crowded
    bars = distance_bars(np.array([9.0, 30.0, 40.0, 50.0]), 20.0, list("abcd"))
    assert list(bars.data[0].x) == [9.0, 30.0, 40.0, 50.0]
    assert bars.layout.annotations[0].text == "limit 20.0"
    free = distance_bars(np.array([9.0, 30.0, 40.0, 50.0]), math.inf, list("abcd"))
    assert not free.layout.annotations


@pytest.mark.parametrize(
    ("value", "limit", "filled", "said"),
    [
        (5.0, 10.0, 0.25, "0.50 times the limit of 10.0: within"),
        (15.0, 10.0, 0.75, "1.50 times the limit of 10.0: rejected"),
        (99.0, 10.0, 1.0, "rejected"),
        (5.0, 0.0, 1.0, "everybody is rejected"),
        (5.0, math.inf, 0.25, "nobody is rejected"),
    ],
)
def test_a_gauge_says_where_the_value_stands(
    value: float, limit: float, filled: float, said: str
) -> None:
    gauge = Gauge(name="Error <of>", value=value, limit=limit, unit="summed")
    html = gauge_html(gauge)
    assert gauge.filled == pytest.approx(filled)
    assert said in html
    assert "Error &lt;of&gt;" in html
    assert ("✓" in html) is gauge.within
    assert ('class="limit"' in html) is math.isfinite(limit)


def test_a_verdict_says_class_or_reason() -> None:
    assert verdict_badge(True, "", "7", True).text == "Accepted as 7"
    assert "wrong" in verdict_badge(True, "", "3", False).text
    for reason, words in REASONS.items():
        assert verdict_badge(False, reason, "7", True).text == f"Rejected: {words}"
    assert second_badge(True, "7", True).text == "Reclassified as 7"
    assert "wrong" in second_badge(True, "3", False).text
    assert "fooling" in second_badge(False, "7", True).text
    assert TOO_FAR in REASONS


@pytest.mark.parametrize(
    ("nearest", "accepted", "attacked", "changed", "said"),
    [
        ("7", True, False, False, "The image lies within both limits, so the answer is 7."),
        ("7", False, True, False, "The attack did not change the class."),
        ("3", False, True, True, "and was noticed"),
        ("3", True, True, True, "and went unnoticed"),
    ],
)
def test_the_story_fits_the_verdict(
    nearest: str, accepted: bool, attacked: bool, changed: bool, said: str
) -> None:
    told = verdict_words(nearest, "7", accepted, True, attacked, changed)
    assert said in told
    assert "Nobody has labelled" not in told
    assert "Nobody has labelled" in verdict_words(nearest, "7", accepted, False, attacked, changed)
