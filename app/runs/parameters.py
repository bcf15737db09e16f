"""Parameters of an attack as menus and addresses hold them: only those that differ."""

from collections.abc import Mapping
from dataclasses import Field
from typing import Any

from app.state import LinkReader
from core.attacks import ATTACKS, controls, epsilon_text

MOST_SEED = 9999


def only_changed(attack: str, values: Mapping[str, Any]) -> tuple[tuple[str, Any], ...]:
    """Parameters that differ from the attack's defaults, sorted by name."""
    defaults = {one.name: one.default for one in controls(ATTACKS[attack])}
    return tuple(sorted((name, v) for name, v in values.items() if v != defaults[name]))


def kept_budget(
    old: str, new: str, parameters: tuple[tuple[str, Any], ...]
) -> tuple[tuple[str, Any], ...]:
    """The parameters after a change of the attack: its defaults, but a budget of the same norm.

    Args:
        old: The attack so far; the same one keeps everything.
        new: The attack from now on.
        parameters: The parameters so far.
    """
    if old == new:
        return parameters
    values = dict(parameters)
    has_budget = "epsilon" in {one.name for one in controls(ATTACKS[new])}
    if ATTACKS[old].norm == ATTACKS[new].norm and has_budget and "epsilon" in values:
        return only_changed(new, {"epsilon": values["epsilon"]})
    return ()


def write_value(value: object) -> str:
    """A parameter as the address holds it, to be read back the same; yes and no as 1 and 0."""
    if isinstance(value, bool):
        return str(int(value))
    return epsilon_text(value) if isinstance(value, float) else str(value)


def write_parameters(attack: str, parameters: tuple[tuple[str, Any], ...]) -> dict[str, str]:
    """Parameters as the address holds them: those that differ, and the budget always."""
    values = dict(parameters)
    written = {}
    for one in controls(ATTACKS[attack]):
        value = values.get(one.name, one.default)
        if value is not None and (one.name in values or one.name == "epsilon"):
            written[one.name] = write_value(value)
    return written


def read_parameters(
    reader: LinkReader, attack: str, defaults: Mapping[str, Any]
) -> tuple[tuple[str, Any], ...]:
    """Parameters from an address; missing ones are ``defaults``, or else the attack's own."""
    values: dict[str, Any] = {}
    for one in controls(ATTACKS[attack]):
        default = defaults.get(one.name, one.default)
        values[one.name] = _read_parameter(reader, one, default)
    return only_changed(attack, values)


def _read_parameter(reader: LinkReader, one: Field[Any], default: Any) -> Any:  # noqa: ANN401
    limits = one.metadata
    if one.name not in reader:
        return default
    if limits["choices"]:
        return reader.word(one.name, limits["choices"], default)
    if isinstance(one.default, bool):
        return reader.flag(one.name, default)
    low, high = limits["low"] or 0, limits["high"] or 1e6
    if isinstance(one.default, int):
        return reader.whole(one.name, int(low), int(high), default)
    return reader.number(one.name, low, high, low if default is None else default)
