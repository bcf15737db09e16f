"""The quantizer page's settings, words and charts."""

from collections.abc import Mapping
from dataclasses import replace

import pytest

from app.controls import Menu
from app.quantizer.coarse import training_words
from app.quantizer.figures import (
    accuracy_curve,
    gradient_histogram,
    kept_histogram,
    quantizer_curve,
    ratio_histogram,
    use_chart,
)
from app.quantizer.form import ATTACK_MENU
from app.quantizer.settings import AGAINST, START, Settings, read_settings
from app.quantizer.tiles import GROUPS, TONES, grouped, headline, tiles
from app.quantizer.trade_off import Code, join
from app.quantizer.trade_off_charts import accuracy_over_bits, error_over_bits, flips_over_bits
from app.runs.choices import Offer
from app.runs.settings import RunSettings
from core.analysis.checks import Check
from core.analysis.coarseness import Coarseness
from core.analysis.sanity import check_quantizer
from core.analysis.sanity_report import CodeFigures, Sanity
from core.evaluation import Accuracy, Evaluation, Specification
from core.evaluation.curve_suites import CODES
from core.evaluation.suites import SUITES
from tests.core.analysis.broken import SPEC, images, labels, pipeline

DATASETS = Menu({"mnist": "MNIST"})
OFFERS = {
    "mnist": Offer(
        name="mnist",
        classes=tuple("0123456789"),
        image_shape=(1, 28, 28),
        ink_box=20,
        count=5000,
        classifiers=Menu({"a": "A", "b": "B"}),
        defenses=Menu({"lq_vae": "LQ-VAE", "bit_depth": "Bit depth"}),
    )
}
BITS = dict(zip(CODES, (16, 32, 64, 128, 64, 256), strict=True))


@pytest.fixture(scope="module")
def sanity() -> Sanity:
    return check_quantizer(SPEC, pipeline(), images(), labels())


@pytest.fixture(scope="module")
def code(sanity: Sanity) -> CodeFigures:
    assert sanity.code is not None
    return sanity.code


@pytest.mark.parametrize(
    "settings",
    [
        Settings(),
        Settings(run=replace(START, defense="bit_depth", n=50, seed=3), against="cw"),
        Settings(run=RunSettings(attack="fgsm", parameters=(("epsilon", 0.1),))),
    ],
)
def test_settings_survive_the_way_through_the_address(settings: Settings) -> None:
    assert read_settings(settings.params(), DATASETS, OFFERS) == (settings, ())


@pytest.mark.parametrize(
    ("params", "said"),
    [
        ({"attack": "cw"}, "Carlini-Wagner cannot be used here: it has no epsilon"),
        ({"attack": "noise"}, "Random noise cannot be used here: it is the control"),
        ({"against": "everything"}, "`against=everything` is not one of the choices"),
        ({"n": "5"}, "`n=5` is below 10"),
        ({"defense": "lq_vae_9"}, "`defense=lq_vae_9` is not one of the choices"),
        ({"page": "2"}, "`page` is no setting here"),
    ],
)
def test_odd_addresses_are_mended_and_said(params: Mapping[str, str], said: str) -> None:
    settings, notes = read_settings(params, DATASETS, OFFERS)
    assert settings.run.attack == "pgd"
    assert any(said in note for note in notes)


def test_an_attack_is_offered_or_refused_with_the_reason() -> None:
    assert "pgd" in ATTACK_MENU.titles
    assert "Carlini-Wagner" in ATTACK_MENU.missing
    assert AGAINST == {
        "fgsm_0.15": "FGSM 0.15",
        "fgsm_0.3": "FGSM 0.3",
        "deepfool": "DeepFool",
        "cw": "Carlini-Wagner",
    }


def test_every_check_has_a_place(sanity: Sanity) -> None:
    groups = grouped(sanity.checks)
    assert list(groups) == list(GROUPS)
    assert sum(len(members) for members in groups.values()) == len(sanity.checks)


def check(name: str, passed: bool | None) -> Check:
    return Check(
        name=name, title=f"Title {name}", passed=passed, value="7 <of> 9", reason="So.", n=1200
    )


@pytest.mark.parametrize(
    ("verdicts", "words"),
    [
        ((True, True), "all 2 demands hold."),
        ((True, None, True, None), "all 2 demands hold. 2 more figures are measured and not"),
        ((True, False), "1 of 2 demands does not hold: “Title 1”."),
        ((False, False), "2 of 2 demands do not hold: “Title 0”; “Title 1”."),
    ],
)
def test_the_headline_counts(verdicts: tuple[bool | None, ...], words: str) -> None:
    checks = [check(str(place), passed) for place, passed in enumerate(verdicts)]
    assert headline(checks).startswith(words)


@pytest.mark.parametrize("passed", TONES)
def test_a_tile_says_its_verdict_without_colour(passed: bool | None) -> None:
    html = tiles([check("dead", passed)])
    for said in (TONES[passed].word, TONES[passed].icon, "7 &lt;of&gt; 9", "So.", "1,200 images"):
        assert said in html


def test_the_curve_shows_every_budget_and_its_interval(sanity: Sanity) -> None:
    bare, defended = accuracy_curve(sanity.points).data
    assert list(bare.x) == [point.epsilon for point in sanity.points]
    low, high = sanity.points[2].defended.interval
    assert defended.error_y.array[2] == pytest.approx(high - sanity.points[2].defended.value)
    assert defended.error_y.arrayminus[2] == pytest.approx(sanity.points[2].defended.value - low)


def test_the_drawn_walls_are_the_quantizer_s(code: CodeFigures) -> None:
    (walls,) = [trace for trace in quantizer_curve(code).data if "wall" in trace.name]
    assert [x for x in walls.x if x is not None] == [-0.1, -0.1, 0.1, 0.1]


def test_histograms_count_every_image_once(code: CodeFigures) -> None:
    assert sum(gradient_histogram(code).data[0].y) == len(code.gradients)
    noise, adversarial = ratio_histogram(code).data
    assert (sum(noise.y), sum(adversarial.y)) == (len(code.noise), len(code.adversarial))
    changed = kept_histogram(code).data[0]
    assert sum(changed.y) == len(code.kept)
    flips = sum(x * y for x, y in zip(changed.x, changed.y, strict=True))
    assert flips == pytest.approx(sum(1 - share for share in code.kept) * len(code.plus), abs=1e-2)


def test_bits_are_sorted_and_named(code: CodeFigures) -> None:
    bars = use_chart(code).data[0]
    assert list(bars.y) == sorted(code.plus)
    assert all(code.plus[bit] == share for bit, share in zip(bars.customdata, bars.y, strict=True))


def evaluation(specification: Specification, right: int) -> Evaluation:
    n = specification.n
    return Evaluation(
        specification=specification,
        clean=Accuracy(correct=n, n=n),
        clean_defended=Accuracy(correct=n - 1, n=n),
        attacked=Accuracy(correct=0, n=n) if specification.attack else None,
        robust=Accuracy(correct=right, n=n) if specification.attack else None,
        warnings=("weak",) if specification.threat == "adaptive" else (),
    )


@pytest.fixture
def codes() -> tuple[Code, ...]:
    suite = SUITES["coarseness"]("mnist")
    cells = [evaluation(one, right=place) for place, one in enumerate(suite)]
    rows = [
        Coarseness(
            defense=name,
            attack="cw",
            bits=BITS[name],
            bits_per_latent=1,
            n=1000,
            mean_squared_error=1 / BITS[name],
            mean_flips=2.0,
            mean_level_steps=2.5,
            share_flipped=2 / BITS[name],
            share_flipped_by_noise=1 / BITS[name],
        )
        for name in CODES
    ]
    return join(cells, rows, BITS)


def test_codes_stand_in_line_by_bits_and_the_others_apart(codes: tuple[Code, ...]) -> None:
    in_line = [code.defense for code in codes if not code.apart]
    assert in_line == ["lq_vae_16", "lq_vae_32", "lq_vae_64", "lq_vae_128"]
    assert [code.defense for code in codes if code.apart] == ["lq_vae_levels4", "lq_vae_plus"]
    first = codes[0]
    assert first.clean is not None
    assert first.clean.n == 5000
    assert set(first.robust) == set(AGAINST)
    assert first.robust["fgsm_0.15"].correct == CODES.index("lq_vae_16") + len(CODES)
    assert first.adaptive_title == "PGD-100 at 0.1"
    assert first.warnings == ("weak",)


def test_oblivious_and_adaptive_are_told_apart(codes: tuple[Code, ...]) -> None:
    figure = accuracy_over_bits(codes, "cw", "Carlini-Wagner")
    names = [trace.name for trace in figure.data if trace.showlegend is not False]
    assert [name.split(" ", 1)[1] for name in names] == [
        "clean images, purified",
        "Carlini-Wagner, oblivious, purified",
        "PGD-100 at 0.1, adaptive",
        "Carlini-Wagner, no defense",
    ]
    lines = [trace for trace in figure.data if trace.mode == "lines+markers"]
    assert all(list(trace.x) == ["16", "32", "64", "128"] for trace in lines)
    marks = [trace for trace in figure.data if trace.mode == "markers"]
    assert all(list(trace.x) == ["64,<br>four<br>levels", "256,<br>plus"] for trace in marks)


def test_the_small_panels_show_what_was_stored(codes: tuple[Code, ...]) -> None:
    assert list(error_over_bits(codes).data[0].y) == [1 / 16, 1 / 32, 1 / 64, 1 / 128]
    flips = flips_over_bits(codes)
    assert list(flips.data[0].y) == [2 / 16, 2 / 32, 2 / 64, 2 / 128]
    assert list(flips.data[3].y) == [1 / 64, 1 / 256]


def test_a_longer_training_is_said(codes: tuple[Code, ...]) -> None:
    alike = dict.fromkeys(CODES, 10_000)
    assert training_words(codes, alike | {"lq_vae_plus": 40_000}) == ""
    assert training_words(codes, alike | {"lq_vae_64": 20_000}) == (
        "And not all were trained alike: 10,000 steps of training for 16 and 32 and 128 bits; "
        "20,000 steps of training for 64 bits."
    )


def test_a_code_that_is_half_measured_leaves_gaps() -> None:
    (clean, *_), bits = SUITES["coarseness"]("mnist"), {"lq_vae_16": 16}
    codes = join([evaluation(clean, 0)], [], bits)
    assert [(code.defense, code.bits, code.adaptive, code.kept) for code in codes] == [
        ("lq_vae_16", 16, None, None)
    ]
    (line,) = accuracy_over_bits(codes, "cw", "Carlini-Wagner").data
    assert len(line.y) == 1
    assert join([], [], bits) == ()
