"""What the latent lab's pages show besides single runs: the map, the checks, codes, causes."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path

from core.analysis.attacked import Attacked
from core.analysis.attacked_file import find_stored, keep_attacked
from core.analysis.attacked_spec import AttackedSpec
from core.analysis.attacking import make_attacked
from core.analysis.coarseness import measure_coarseness, store_coarseness
from core.analysis.default_map import store_default_map
from core.analysis.latent_search import detect, store_detection
from core.analysis.level_effects import level_effects, store_effects
from core.analysis.level_search import accuracy_of, fooling_images, search_schedule
from core.analysis.sanity import CODED
from core.analysis.sanity_file import DEFAULT, load_pipeline, make_sanity, stored_file, write_sanity
from core.checkpoints import checkpoint_rows, find_row, load_classifier
from core.contrast import CONTRASTS
from core.data import load_dataset
from core.data.base import REPOSITORY
from core.defenses import DEFENSES, DefenseGanPurifier, MlvgmPurifier, load_defense
from core.defenses.level_schedules import LearnedSchedule, store_schedule
from core.defenses.mlvgm import LevelGenerator
from core.devices import pick_device
from core.evaluation.cells import JUDGED_EPSILON
from core.evaluation.curve_suites import CODES
from core.experiments import Causes, store_causes
from core.terminal import Bar
from core.types import LabError

RUNS: Path = REPOSITORY / "runs" / "experiments"
"""Where the trainings of ``causes`` keep their state."""


SEARCHED_AMONG = 20_000
"""Training images among which those are looked for that an attack on MLVGM fools."""

DETECTED_ON = 200
"""Images on which attacks are told from clean images."""


def draw_map(spec: AttackedSpec) -> Iterator[str]:
    """Draw the picture that the latent map shows at first."""
    yield store_default_map(spec)


def sanity(spec: AttackedSpec) -> Iterator[str]:
    """Check the quantizer of a defense, and store the verdicts the quantizer page shows at once.

    Args:
        spec: Names the models; attack and images are those of ``DEFAULT``.
    """
    spec = replace(DEFAULT, dataset=spec.dataset, classifier=spec.classifier, defense=spec.defense)
    images, labels = load_dataset(spec.dataset, spec.split, count=CODED)
    pipeline, device = load_pipeline(spec), pick_device()
    with Bar(f"sanity {spec.classifier} {spec.defense}") as on_step:
        made = make_sanity(spec, pipeline, images.to(device), labels.to(device), on_step)
    write_sanity(made, stored_file(spec))
    for check in made.checks:
        verdict = {True: "holds", False: "FAILS", None: "measured"}[check.passed]
        yield f"{verdict:9} {check.title}: {check.value}"
    yield f"wrote {stored_file(spec)}"


def coarseness(spec: AttackedSpec) -> Iterator[str]:
    """Attack behind every trained code of ``CODES`` and store what each keeps.

    Args:
        spec: The run; its defense does not matter.
    """
    trained = {row.name for row in checkpoint_rows() if row.dataset == spec.dataset}
    ready = [name for name in CODES if DEFENSES[name].checkpoint in trained]
    yield from (f"{name} is not trained yet and is left out" for name in CODES if name not in ready)
    rows = measure_coarseness(
        spec.dataset, ready, lambda name: _attacked(replace(spec, defense=name))
    )
    for row in rows:
        yield f"{row.defense}: {row.mean_flips} of {row.bits} bits flip"
    yield f"wrote {store_coarseness(rows)}"


def _attacked(spec: AttackedSpec) -> Attacked:
    found = find_stored(spec)
    if found is not None:
        return found
    images, labels = load_dataset(spec.dataset, spec.split, count=spec.n)
    device = pick_device()
    classifier = load_classifier(spec.dataset, spec.classifier)
    purifier = load_defense(spec.dataset, spec.defense)
    with Bar(f"{spec.attack} {spec.defense}") as on_step:
        made = make_attacked(
            spec, classifier, purifier, images.to(device), labels.to(device), on_step
        )
    keep_attacked(made)
    return made


def causes(spec: AttackedSpec) -> Iterator[str]:
    """Vary one thing at a time that may explain the number of flipped bits.

    Args:
        spec: Says how many images.
    """
    with Bar("causes") as on_step:
        found = Causes(spec.n, RUNS, on_step).measure()
    for one in found:
        yield f"{one.group}, {one.setting}: {one.mean_flips} of {one.bits} bits flip"
    yield f"wrote {store_causes(found)}"


def detection(spec: AttackedSpec) -> Iterator[str]:
    """Tell attacked images from clean ones by the error of Defense-GAN's search, and store it.

    Args:
        spec: Names data set and classifier.
    """
    images, labels = load_dataset(spec.dataset, spec.split, count=DETECTED_ON)
    device = pick_device()
    purifier = load_defense(spec.dataset, "defense_gan")
    if not isinstance(purifier, DefenseGanPurifier):
        raise LabError(f"the Defense-GAN of {spec.dataset} has no search to look at")
    with Bar(f"detection {spec.dataset}") as on_step:
        found = detect(
            spec.dataset,
            load_classifier(spec.dataset, spec.classifier),
            purifier,
            images.to(device),
            labels.to(device),
            on_step,
        )
    for one in found:
        yield f"{one.attack} {dict(one.parameters)}: area below the curve {one.area:.3f}"
    yield f"wrote {store_detection(found)}"


def levels(spec: AttackedSpec) -> Iterator[str]:
    """Draw every level of MLVGM's generator anew by itself, and store what that changes.

    Args:
        spec: Names data set and classifier, and says how many images.
    """
    images, _ = load_dataset(spec.dataset, spec.split, count=spec.n)
    named = (spec.dataset, spec.classifier, find_row(spec.dataset, "mlvgm").sha256)
    with Bar(f"levels {spec.dataset}") as on_step:
        found = level_effects(
            load_classifier(spec.dataset, spec.classifier),
            _generator_of(spec.dataset),
            images.to(pick_device()),
            named=named,
            on_step=on_step,
        )
    for one in found:
        yield f"level {one.level + 1}: {one.changed} of {one.n} answers change"
    yield f"wrote {store_effects(found)}"


def schedule(spec: AttackedSpec) -> Iterator[str]:
    """Search the shares of MLVGM's levels on attacked training images, and store the best.

    Args:
        spec: Names data set and classifier, and says how many images.
    """
    device, model = pick_device(), _generator_of(spec.dataset)
    classifier = load_classifier(spec.dataset, spec.classifier)
    epsilon = JUDGED_EPSILON[spec.dataset]
    data = load_dataset(spec.dataset, "train", count=SEARCHED_AMONG)
    images, labels = (part.to(device) for part in data)
    levels, contrast = len(model.level_shapes), CONTRASTS.get(spec.dataset, 0.0)

    def purifier(shares: tuple[float, ...]) -> MlvgmPurifier:
        return MlvgmPurifier(model, shares, contrast=contrast)

    attacked, clean, right = fooling_images(
        classifier, purifier((0.0,) * levels), (images, labels), epsilon, spec.n
    )

    def score(shares: tuple[float, ...]) -> float:
        behind = purifier(shares)
        under = accuracy_of(classifier, behind, attacked, right)
        return (under + accuracy_of(classifier, behind, clean, right)) / 2

    with Bar(f"schedule {spec.dataset}") as on_step:
        tried = search_schedule(score, levels, on_step=on_step)
    shares, best = max(tried, key=lambda one: one[1])
    accuracy = accuracy_of(classifier, purifier(shares), attacked, right)
    found = LearnedSchedule(
        dataset=spec.dataset,
        classifier=spec.classifier,
        shares=shares,
        accuracy=round(accuracy, 4),
        clean=round(2 * best - accuracy, 4),
        tried=tuple((one, round(value, 4)) for one, value in tried),
        n=len(attacked),
        epsilon=epsilon,
        sha256=find_row(spec.dataset, "mlvgm").sha256,
    )
    yield f"{list(shares)}: {accuracy:.1%} of {found.n} attacked images, {found.clean:.1%} clean"
    yield f"wrote {store_schedule(found)}"


def _generator_of(dataset: str) -> LevelGenerator:
    """The generator behind MLVGM."""
    purifier = load_defense(dataset, "mlvgm")
    if not isinstance(purifier, MlvgmPurifier):
        raise LabError(f"the MLVGM of {dataset} has no levels to look at")
    return purifier.model


SUMMARIES: Mapping[str, Callable[[AttackedSpec], Iterator[str]]] = {
    "map": draw_map,
    "sanity": sanity,
    "coarseness": coarseness,
    "causes": causes,
    "detection": detection,
    "levels": levels,
    "schedule": schedule,
}
