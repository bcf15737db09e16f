"""What the README says is what is stored, and what it links to is there."""

import re
from pathlib import Path

import pytest

from core.evaluating import comparison, headline_table

ROOT = Path(__file__).resolve().parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("dataset", "classifier"), [("mnist", "a"), ("fashion_mnist", "a"), ("cifar10", "resnet")]
)
def test_tables_are_the_stored_results(dataset: str, classifier: str) -> None:
    assert comparison(dataset, classifier) in README


@pytest.mark.parametrize("dataset", ["mnist", "fashion_mnist"])
def test_headlines_are_the_stored_results(dataset: str) -> None:
    assert headline_table(dataset) in README


def test_links_and_pictures_exist() -> None:
    prose = re.sub(r"```.*?```", "", README, flags=re.DOTALL)
    for target in re.findall(r"\]\(([^)#]+)\)", prose):
        if not target.startswith("http"):
            assert (ROOT / target).exists(), target


def test_every_dependency_is_explained() -> None:
    for line in (ROOT / "requirements.txt").read_text(encoding="utf-8").splitlines():
        if line and not line.startswith(("#", "-")):
            assert f"| {line.split('==')[0]} |" in README, line


def test_the_repository_has_no_large_file() -> None:
    for folder in ("app", "benchmarks", "checkpoints", "core", "pages", "screenshots", "tests"):
        for file in (ROOT / folder).rglob("*"):
            if file.is_file():
                assert file.stat().st_size <= 10e6, file
