"""The architecture: who may import whom, and what stays lazy."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
LAYERS = {
    # package: the packages of the core it may import
    "core/types.py": set(),
    "core/validation.py": set(),
    "core/system.py": {"types"},
    "core/contrast.py": set(),
    "core/devices.py": {"types"},
    "core/decoding.py": {"types"},
    "core/images.py": {"types", "decoding"},
    "core/data": {"types", "images", "devices"},
    "core/models": {"types"},
    "core/packing.py": set(),
    "core/checkpoints.py": {"types", "devices", "models", "packing"},
    "core/attacks": {"types", "validation", "system"},
    "core/defenses": {
        *("types", "validation", "contrast", "devices", "models", "data", "checkpoints"),
    },
    "core/selective": {
        *("types", "validation", "contrast", "devices", "models", "data", "checkpoints"),
        "attacks",
    },
    "core/training": {"types", "devices", "models", "data", "attacks", "defenses"},
    "core/evaluation": {
        *("types", "images", "devices", "models", "data", "checkpoints", "attacks", "defenses"),
        *("contrast", "selective", "system"),
    },
    "core/analysis": {
        *("types", "images", "devices", "models", "data", "checkpoints", "attacks", "defenses"),
        *("decoding", "evaluation", "selective", "system"),
    },
}


def imports(file: Path) -> list[str]:
    found = []
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module:
            found.append(node.module)
    return found


def python_files(*folders: str) -> list[Path]:
    return [file for folder in folders for file in sorted((ROOT / folder).rglob("*.py"))]


def test_core_knows_neither_streamlit_nor_the_pages() -> None:
    for file in python_files("core"):
        forbidden = [n for n in imports(file) if n.split(".")[0] in ("streamlit", "app", "pages")]
        assert not forbidden, f"{file.relative_to(ROOT)} imports {forbidden}"


def test_app_does_not_import_pages() -> None:
    for file in python_files("app"):
        assert not [name for name in imports(file) if name.split(".")[0] == "pages"], file


def test_pages_use_no_torch() -> None:
    for file in python_files("pages"):
        assert not [name for name in imports(file) if name.split(".")[0] == "torch"], file


@pytest.mark.parametrize("part", LAYERS)
def test_core_layers_point_one_way(part: str) -> None:
    path = ROOT / part
    own = path.stem
    for file in [path] if path.is_file() else sorted(path.rglob("*.py")):
        used = {name.split(".")[1] for name in imports(file) if name.startswith("core.")}
        extra = used - LAYERS[part] - {own}
        assert not extra, f"{file.relative_to(ROOT)} may not import core.{sorted(extra)}"


@pytest.mark.parametrize("module", ["core.training", "core.models"])
def test_training_needs_no_optional_library(module: str) -> None:
    blocked = ("torchattacks", "mlxtend", "umap", "streamlit", "plotly")
    code = f"import sys; [sys.modules.__setitem__(n, None) for n in {blocked}]; import {module}"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT)
    assert done.returncode == 0, done.stderr


def test_importing_core_is_lazy() -> None:
    code = """
import core, sys
assert "torch" not in sys.modules
core.MODELS
assert "torch" in sys.modules
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT)
    assert done.returncode == 0, done.stderr


def test_every_public_name_of_core_exists() -> None:
    import core

    for name in core.__all__:
        assert getattr(core, name) is not None
    with pytest.raises(AttributeError, match="no attribute 'nonsense'"):
        _ = core.nonsense
