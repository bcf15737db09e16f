"""``python -m core selective``: measure a selective classifier, and ship what was found.

Every subject writes its own file after every row, and is skipped when that file is there and fits
the checkpoint; so a run that was stopped goes on where it was.
"""

import argparse
from collections.abc import Iterator, Mapping
from dataclasses import asdict

import torch
from torch import Tensor

from core.analysis.selective_bench import Bench, Row
from core.analysis.selective_file import Measured, Subject, store_measured, stored_measured
from core.analysis.selective_measures import MEASURES, Measure
from core.checkpoints import find_row
from core.data import DATASETS, dataset_state, load_dataset
from core.devices import generator_for, pick_device
from core.selective import GmVaeClassifier, load_selective
from core.terminal import Bar

POOL = 2_000
"""Images, from a split that is not attacked, towards which a joint attack may start."""


def run(arguments: argparse.Namespace) -> Iterator[str]:
    """Do what the command line asks for, and tell what was done.

    Args:
        arguments: ``subject``, ``dataset``, ``name`` (one, or several with commas between), ``n``.

    Raises:
        LabError: Data or a checkpoint is missing.
        ValueError: A number is out of its range.
    """
    subjects = tuple(MEASURES) if arguments.subject == "all" else (arguments.subject,)
    for name in arguments.name.split(","):
        classifier = load_selective(arguments.dataset, name)
        for subject in subjects:
            count = arguments.n or MEASURES[subject].most
            yield measure(classifier, arguments.dataset, name, subject, count)


def measure(
    classifier: GmVaeClassifier, dataset: str, name: str, subject: str, count: int | None
) -> str:
    """Measure one subject, from wherever its file stands, and say so.

    Args:
        classifier: With its limits.
        dataset: A row of ``DATASETS``.
        name: Its checkpoint.
        subject: A row of ``MEASURES``.
        count: Images at most; None takes all.
    """
    split = "test" if "test" in dataset_state(dataset).readable else "validation"
    images, labels = load_dataset(dataset, split, count=count)
    about = Subject(subject=subject, dataset=dataset, name=name, split=split, n=len(images))
    chosen = MEASURES[subject]
    jobs = chosen.jobs(classifier.model.classes)
    limits = asdict(classifier.thresholds)
    begun = _begun(about, limits)
    if len(begun) == len(jobs):
        return f"{subject} of {name} is up to date"
    device = pick_device()
    pool, pool_labels = _pool(dataset, split, len(images))
    with Bar(f"{subject} {name}") as on_step:
        bench = Bench(
            classifier=classifier,
            images=images.to(device),
            labels=labels.to(device),
            pool=(pool.to(device), pool_labels.to(device)),
            strangers=lambda: _strangers(dataset, images.to(device)),
            on_step=on_step,
        )
        return f"wrote {_stored(bench, chosen, about, begun)}"


def _pool(dataset: str, split: str, used: int) -> tuple[Tensor, Tensor]:
    """Images and labels of another split; where that is not here, of the same one, further on."""
    other = "validation" if split == "test" else "train"
    if other in dataset_state(dataset).readable:
        return load_dataset(dataset, other, count=POOL)
    images, labels = load_dataset(dataset, split)
    return images[used : used + POOL], labels[used : used + POOL]


def _strangers(dataset: str, images: Tensor) -> dict[str, Tensor]:
    """As many pictures of noise, and of every other known data set of the same shape that is here.

    One's own are left out: nobody knows what is in them.
    """
    generator = generator_for(images.device, 0)
    found = {"noise": torch.rand(images.shape, generator=generator, device=images.device)}
    for name, row in DATASETS.items():
        if name == dataset or row.image_shape != tuple(images.shape[1:]):
            continue
        readable = dataset_state(name).readable
        split = "test" if "test" in readable else "validation"
        if split in readable:
            pictures, _ = load_dataset(name, split, count=min(len(images), readable[split]))
            found[name] = pictures.to(images.device)
    return found


def _begun(about: Subject, limits: Mapping[str, float]) -> tuple[Row, ...]:
    """The rows that an earlier run of the same measurement has left."""
    before = stored_measured(about.dataset, about.name, about.subject)
    if before is None or before.outdated:
        return ()
    return before.rows if (before.about, before.thresholds) == (about, limits) else ()


def _stored(bench: Bench, chosen: Measure, about: Subject, begun: tuple[Row, ...]) -> str:
    jobs, rows = chosen.jobs(bench.classifier.model.classes), list(begun)
    path = ""
    for job in jobs[len(begun) :]:
        rows.append({**job, **chosen.row(bench, job)})
        found = Measured(
            about=about,
            thresholds=asdict(bench.classifier.thresholds),
            sha256=find_row(about.dataset, about.name).sha256,
            rows=tuple(rows),
            complete=len(rows) == len(jobs),
        )
        path = str(store_measured(found))
    return path
