"""The lines of Python that repeat a run: what the page did, with the core's public names."""

from core.analysis.runs import DRAWS, WORST, RunSpec

OWN_PICTURE = "attack_lab.npz"
"""The file a snippet reads a picture of one's own from: the page's NPZ export."""


def python_snippet(spec: RunSpec, *, label: int) -> str:
    """A script that makes the same adversarial and purified image as the page.

    Args:
        spec: The run.
        label: The class that was taken as right.
    """
    attack = _adaptive_attack if spec.threat == "adaptive" else _attack
    lines = [*_imports(spec), "", *_start(spec), "", *_picture(spec, label), "", *attack(spec)]
    return "\n".join([*lines, *_purified(spec)]) + "\n"


def _imports(spec: RunSpec) -> list[str]:
    own = ["import numpy as np"] if spec.index is None else []
    names = ["ATTACKS", "load_classifier"]
    names += ["load_dataset"] if spec.index is not None else []
    names += ["load_defense"] if spec.defense is not None else []
    adaptive = ["from core.attacks.adaptive import attack_adaptively"]
    return [
        *own,
        "import torch",
        "",
        f"from core import {', '.join(names)}",
        *(adaptive if spec.threat == "adaptive" else []),
        "from core.devices import pick_device",
    ]


def _start(spec: RunSpec) -> list[str]:
    lines = [
        "device = pick_device()",
        f'classifier = load_classifier("{spec.dataset}", "{spec.classifier}")',
    ]
    if spec.defense is not None:
        lines.append(f'purifier = load_defense("{spec.dataset}", "{spec.defense}")')
    return lines


def _picture(spec: RunSpec, label: int) -> list[str]:
    if spec.index is None:
        source = [f'picture = np.load("{OWN_PICTURE}")["original"]  # the page\'s NPZ export']
        image = "torch.from_numpy(picture).unsqueeze(0)"
    else:
        source = [f'images, _ = load_dataset("{spec.dataset}", "validation")']
        image = f"images[{spec.index} : {spec.index + 1}]"
    return [
        *source,
        f"image = {image}.to(device)",
        f"label = torch.tensor([{label}], device=device)",
    ]


def _attack(spec: RunSpec) -> list[str]:
    call = [_built(spec), "result = attack(", "    classifier,", "    image,", "    label,"]
    return [*call, *_rest(spec), ")", _said("classifier(result.images)", "adversarial")]


def _adaptive_attack(spec: RunSpec) -> list[str]:
    """The attacker who knows the defense, through everything or through one surrogate."""
    call = [_built(spec), "result = attack_adaptively(", "    attack,"]
    call += ["    classifier,", "    purifier,", "    image,", "    label,", *_rest(spec)]
    if spec.surrogate != WORST:
        call.append(f"    surrogates=({spec.surrogate!r},),")
    call += [f"    draws={DRAWS},", ")", 'print("made by:", result.made_by[0])']
    return [*call, _said("classifier(result.images)", "adversarial")]


def _built(spec: RunSpec) -> str:
    arguments = ", ".join(f"{name}={value!r}" for name, value in spec.parameters)
    return f"attack = ATTACKS[{spec.attack!r}]({arguments})"


def _rest(spec: RunSpec) -> list[str]:
    lines = []
    if spec.target is not None:
        lines.append(f"    target=torch.tensor([{spec.target}], device=device),")
    return [*lines, f"    generator=torch.Generator(device).manual_seed({spec.seed}),"]


def _purified(spec: RunSpec) -> list[str]:
    if spec.defense is None:
        return []
    return [
        f"generator = torch.Generator(device).manual_seed({spec.seed})",
        "purified = purifier(result.images, generator=generator)",
        _said("classifier(purified)", "purified"),
    ]


def _said(logits: str, name: str) -> str:
    return f'print("{name}:", int({logits}.argmax(1)))'
