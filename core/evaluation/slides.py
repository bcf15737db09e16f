"""The tables of the LQ-VAE authors' slides, figure by figure (Kyatham et al., arXiv 1903.09940).

Every figure is a share of images classified right, in percent, as printed. What the slides leave
out (the size of every attack, the number of images, clean images through a defense) is left out
here too; what is inferred about it stands in a footnote that says so.
"""

from collections.abc import Mapping

from core.evaluation.printed import Printed, Slide, Table
from core.evaluation.slide_notes import (
    CAPTION,
    DEMO,
    MADRY_AVERAGE,
    NO_CLASSIFIER,
    NO_CLEAN,
    OBLIVIOUS,
    ONE_STEP,
    PASTED,
    SIZES,
    STRONGER_THAN_OBLIVIOUS,
)

TABLES: tuple[Table, ...] = ("white-box", "black-box", "bpda")
DATASETS_OF_SLIDES = ("mnist", "fashion_mnist", "celeba")

COLUMNS: Mapping[str, str] = {
    "clean": "No attack",
    "none": "No defense",
    "lq_vae": "LQ-VAE",
    "defense_gan": "Defense-GAN",
    "madry": "Madry",
    "adv_tr": "Adv Tr",
}
"""The slides' columns, with their names; "No attack" is the bare classifier on clean images."""

SOURCE = "slides on LQ-VAE by Kyatham, Mishra and Prathosh (arXiv 1903.09940)"
ROUNDING = 0.005
"""Half a unit of the last printed digit, in percentage points."""


def find_slide(dataset: str, table: str) -> Slide | None:
    """The slide of a data set and kind of table; None when the authors show no such table."""
    return next((s for s in SLIDES if (s.dataset, s.table) == (dataset, table)), None)


CLASSIFIERS = ("a", "b", "c")
PAIRS = ("ab", "ac", "ba", "bc", "ca", "cb")
"""Classifier and substitute of the black-box tables, in the order printed."""


def _white_box(
    clean: tuple[float, ...], blocks: Mapping[str, tuple[tuple[float, ...], ...]]
) -> tuple[Printed, ...]:
    """Rows of a white-box table: by attack, then by classifier."""
    return tuple(
        Printed(
            attack=attack,
            classifier=classifier,
            percent=dict(zip(COLUMNS, (first, *figures), strict=True)),
        )
        for attack, lines in blocks.items()
        for classifier, first, figures in zip(CLASSIFIERS, clean, lines, strict=True)
    )


def _black_box(attack: str, lines: tuple[tuple[float, ...], ...]) -> tuple[Printed, ...]:
    """Rows of a black-box table, by pair."""
    return tuple(
        Printed(
            attack=attack,
            classifier=pair[0],
            substitute=pair[1],
            percent=dict(zip(COLUMNS, figures, strict=True)),
        )
        for pair, figures in zip(PAIRS, lines, strict=True)
    )


def _averages(*figures: float) -> Mapping[str, float]:
    return dict(zip(COLUMNS, figures, strict=True))


SLIDES: tuple[Slide, ...] = (
    Slide(
        dataset="mnist",
        table="white-box",
        heading="Results: MNIST - White Box Attack",
        rows=_white_box(
            (99.40, 99.41, 98.37),
            {
                "fgsm": (
                    (20.16, 89.17, 90.43, 96.85, 67.95),
                    (13.17, 86.70, 88.52, 96.20, 49.49),
                    (5.66, 83.02, 86.70, 84.71, 80.75),
                ),
                "deepfool": (
                    (7.38, 97.60, 95.41, 67.82, 3.10),
                    (5.88, 97.74, 93.03, 66.35, 5.75),
                    (48.24, 97.42, 92.32, 62.38, 10.97),
                ),
                "cw": (
                    (8.85, 97.66, 94.37, 69.15, 1.20),
                    (5.07, 97.20, 90.56, 71.35, 1.45),
                    (8.44, 97.36, 92.50, 58.65, 2.15),
                ),
            },
        ),
        averages=_averages(99.06, 13.65, 93.76, 91.54, 74.83, 24.76),
        footnotes=(OBLIVIOUS, SIZES, NO_CLEAN, DEMO),
    ),
    Slide(
        dataset="fashion_mnist",
        table="white-box",
        heading="Results: FMNIST - White Box Attack",
        rows=_white_box(
            (92.76, 91.17, 89.06),
            {
                "fgsm": (
                    (11.50, 77.00, 69.75, 78.87, 53.72),
                    (10.14, 69.41, 56.72, 76.94, 59.79),
                    (11.60, 67.07, 56.34, 64.16, 66.43),
                ),
                "deepfool": (
                    (5.29, 79.30, 77.48, 57.17, 6.52),
                    (6.54, 79.41, 74.97, 52.58, 14.74),
                    (7.65, 79.89, 74.82, 39.93, 24.71),
                ),
                "cw": (
                    (5.41, 80.64, 78.75, 62.55, 5.35),
                    (6.61, 81.58, 78.18, 56.48, 6.35),
                    (7.89, 82.31, 78.58, 43.72, 8.00),
                ),
            },
        ),
        averages=_averages(91.00, 8.07, 77.40, 71.73, 59.15, 27.29),
        footnotes=(OBLIVIOUS, SIZES, NO_CLEAN, MADRY_AVERAGE, CAPTION),
    ),
    Slide(
        dataset="celeba",
        table="white-box",
        heading="Results: CelebA - White Box Attack",
        rows=_white_box(
            (96.34, 96.60, 95.02),
            {
                "fgsm": (
                    (3.65, 81.04, 74.13, 62.35, 4.53),
                    (3.40, 64.74, 67.06, 71.42, 72.88),
                    (28.62, 61.48, 53.76, 61.35, 42.55),
                ),
                "deepfool": (
                    (3.56, 85.89, 83.87, 52.86, 6.26),
                    (2.43, 83.81, 83.65, 49.39, 14.17),
                    (10.92, 62.79, 78.56, 42.37, 38.45),
                ),
                "cw": (
                    (6.98, 85.90, 84.64, 58.62, 11.88),
                    (6.88, 86.29, 86.01, 60.33, 12.91),
                    (10.92, 79.20, 78.56, 45.02, 38.45),
                ),
                "bim": (
                    (3.12, 85.44, 81.00, 82.34, 3.50),
                    (3.55, 72.29, 72.05, 72.19, 9.16),
                    (11.92, 52.12, 42.13, 90.87, 19.47),
                ),
                "pgd": (
                    (2.84, 85.11, 81.43, 76.35, 3.52),
                    (3.12, 70.01, 74.01, 70.32, 8.52),
                    (8.57, 54.00, 45.11, 84.09, 18.59),
                ),
            },
        ),
        averages=_averages(95.99, 7.37, 74.01, 72.40, 65.32, 20.32),
        footnotes=(OBLIVIOUS, SIZES, NO_CLEAN, PASTED),
    ),
    Slide(
        dataset="fashion_mnist",
        table="black-box",
        heading="Results: FMNIST - Black Box Attack",
        rows=_black_box(
            "deepfool",
            (
                (92.76, 29.14, 77.74, 74.41, 60.11, 48.27),
                (92.76, 35.44, 77.11, 74.11, 62.58, 57.53),
                (91.17, 67.82, 81.33, 77.97, 80.71, 76.61),
                (91.17, 45.55, 78.83, 74.50, 69.19, 64.05),
                (89.06, 79.11, 82.12, 78.82, 80.99, 81.84),
                (89.06, 47.26, 80.76, 76.60, 67.46, 59.64),
            ),
        ),
        averages=_averages(91.00, 50.72, 79.65, 76.07, 70.17, 64.66),
        footnotes=(SIZES, NO_CLEAN),
    ),
    Slide(
        dataset="celeba",
        table="black-box",
        heading="Results: CelebA - Black Box Attack",
        rows=_black_box(
            "cw",
            (
                (96.34, 39.53, 86.01, 84.70, 85.41, 94.13),
                (96.34, 37.59, 80.10, 78.11, 64.72, 54.22),
                (96.60, 49.21, 85.67, 86.19, 82.55, 68.11),
                (96.60, 52.52, 79.98, 79.91, 76.31, 62.53),
                (95.02, 82.87, 85.90, 86.29, 89.79, 86.75),
                (95.02, 83.26, 85.20, 86.17, 89.91, 88.40),
            ),
        ),
        averages=_averages(95.99, 57.50, 83.81, 83.56, 81.45, 75.69),
        footnotes=(SIZES, NO_CLEAN),
    ),
    *(
        Slide(
            dataset=dataset,
            table="bpda",
            heading="Results: BPDA (Backward Pass Differentiable Approximation)",
            rows=(
                Printed(
                    attack="one_step_bpda",
                    classifier=None,
                    percent={"lq_vae": ours, "defense_gan": theirs},
                ),
            ),
            footnotes=(ONE_STEP, NO_CLASSIFIER, *more),
        )
        for dataset, ours, theirs, more in (
            ("mnist", 83.70, 55.17, ()),
            ("fashion_mnist", 57.41, 39.41, ()),
            ("celeba", 82.12, 23.52, (STRONGER_THAN_OBLIVIOUS,)),
        )
    ),
)
"""Every table of figures in the slides. There is no black-box table of MNIST."""
