"""What the README says is what is stored, and what it links to is there."""

import re
from pathlib import Path

import pytest

from core.evaluation import HEADLINES, markdown_tables, stored_results

ROOT = Path(__file__).resolve().parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    "name",
    [
        *(f"mnist-{suite}" for suite in (*HEADLINES, "bpda", "coarseness")),
        *(f"fashion_mnist-{suite}" for suite in HEADLINES),
    ],
)
def test_tables_are_the_stored_results(name: str) -> None:
    parts = markdown_tables(stored_results(name)).split("\n\n")
    tables = [part for part in parts if part.startswith("|")]
    assert tables
    assert all(table in README for table in tables)


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
