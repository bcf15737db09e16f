"""The lines of Python that repeat a run: what the page did, with the core's public names."""

from core.analysis.runs import RunSpec
from core.evaluation.threats import BARE

OWN_PICTURE = "attack_lab.npz"
"""The file a snippet reads a picture of one's own from: the page's NPZ export."""


def python_snippet(spec: RunSpec, *, label: int, surrogate: str | None) -> str:
    """A script that makes the same adversarial and purified image as the page.

    Args:
        spec: The run.
        label: The class that was taken as right.
        surrogate: What an adaptive attack went through in the end; None for an oblivious one.
    """
    through = surrogate not in (None, BARE)
    lines = [*_imports(spec), "", *_start(spec), "", *_picture(spec, label)]
    if through:
        lines += [
            "",
            "",
            "def attacked(batch):",
            f'    """What this attacker sees: through the stand-in {surrogate!r}."""',
            f"    return classifier(purifier.surrogates[{surrogate!r}](batch, noise))",
            "",
            "",
            f"noise = torch.Generator(device).manual_seed({spec.seed})",
        ]
    lines += ["", *_attack(spec, "attacked" if through else "classifier")]
    return "\n".join(lines) + "\n"


def _imports(spec: RunSpec) -> list[str]:
    own = ["import numpy as np"] if spec.index is None else []
    names = ["ATTACKS", "load_classifier"]
    names += ["load_dataset"] if spec.index is not None else []
    names += ["load_defense"] if spec.defense is not None else []
    return [
        *own,
        "import torch",
        "",
        f"from core import {', '.join(names)}",
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


def _attack(spec: RunSpec, seen: str) -> list[str]:
    arguments = ", ".join(f"{name}={value!r}" for name, value in spec.parameters)
    call = [f"attack = ATTACKS[{spec.attack!r}]({arguments})", "result = attack("]
    call += [f"    {seen},", "    image,", "    label,"]
    if spec.target is not None:
        call.append(f"    target=torch.tensor([{spec.target}], device=device),")
    call += [f"    generator=torch.Generator(device).manual_seed({spec.seed}),", ")"]
    call.append('print("adversarial:", int(classifier(result.images).argmax(1)))')
    if spec.defense is not None:
        call += [
            "generator = torch.Generator(device).manual_seed(" + f"{spec.seed})",
            "purified = purifier(result.images, generator=generator)",
            'print("purified:", int(classifier(purified).argmax(1)))',
        ]
    return call
