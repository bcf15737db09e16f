"""Printed figures of Ghosh, Losalka & Black (2019, arXiv 1806.00081): Tables 1 and 2, Fig. 3."""

from collections.abc import Mapping
from dataclasses import dataclass

MAXIMUM_ERROR = 0.0389
"""The largest error of the supervised one on MNIST under FGSM of any budget (Figure 3)."""


@dataclass(frozen=True, kw_only=True)
class Printed:
    """A row of Table 1, in percent.

    Attributes:
        title: Data set and labels.
        without: Accuracy without limits.
        accuracy: With them.
        error: With them.
        rejection: With them.
    """

    title: str
    without: float
    accuracy: float
    error: float
    rejection: float


TABLE_1: Mapping[tuple[str, str], Printed] = {
    ("mnist", "gm_vae"): Printed(
        title="MNIST, all labels", without=99.67, accuracy=97.97, error=0.22, rejection=1.81
    ),
    ("mnist", "gm_vae_semi"): Printed(
        title="MNIST, 100 labels a class", without=99.1, accuracy=98.17, error=0.52, rejection=1.31
    ),
    ("svhn", "gm_vae"): Printed(
        title="SVHN, all labels", without=95.06, accuracy=92.80, error=4.58, rejection=2.62
    ),
    ("svhn", "gm_vae_semi"): Printed(
        title="SVHN, 100 labels a class", without=86.42, accuracy=83.54, error=13.64, rejection=2.82
    ),
    ("coil100", "gm_vae"): Printed(
        title="COIL-100, all labels", without=99.89, accuracy=98.40, error=0.0, rejection=1.60
    ),
}

TABLE_2: Mapping[float, int] = {0.06: 97, 0.12: 93, 0.18: 91, 0.24: 87, 0.3: 87}
"""Percent of the rejected that are reclassified right, by the epsilon of FGSM on MNIST."""

CLEAN_REJECTED, CLEAN_RECOVERED = 181, 110
"""Of the 10,000 clean MNIST test images: rejected, and of them reclassified right."""

CLEAN_IN_ALL = 99.07
"""Percent of these right, answered at once or reclassified."""
