"""How values of Python are written for vaurien."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, Dict, List, Mapping, Tuple, Union

from .errors import VaurienError

#: An address: HOST:PORT, (host, port) as sockets have it, or a port of this machine.
Address = Union[str, int, Tuple[Any, ...]]

#: An option's value. A timedelta is a time; None leaves the option as it is.
Value = Union[str, int, float, bool, timedelta, None]


def address(value: Address) -> str:
    """Return an address as HOST:PORT."""
    if isinstance(value, int):
        return f"localhost:{value}"
    if isinstance(value, tuple):
        host, port = value[:2]
        return f"[{host}]:{port}" if ":" in str(host) else f"{host}:{port}"
    return value


def option(value: Value) -> Union[str, int, float, bool]:
    """Return an option's value as JSON has it."""
    if isinstance(value, timedelta):
        return f"{value.total_seconds():f}s"
    if isinstance(value, (str, bool, int, float)):
        return value
    raise VaurienError(f"{value!r} is no value of an option: write a text, a number, True, False or a timedelta")


def options(values: Mapping[str, Value]) -> Dict[str, Union[str, int, float, bool]]:
    """Return options as JSON has them.

    An underscore at the end of a name is dropped, so that words of Python can
    be written: for_.
    """
    return {name.rstrip("_"): option(value) for name, value in values.items() if value is not None}


def plan(draw: str, values: Mapping[str, Any]) -> Dict[str, Any]:
    """Return the body that puts a draw in force.

    values are the options of the draw's one behavior, or by behavior:
    {"delay": {"sleep": 2}}.
    """
    names = [part.rpartition(":")[2].strip() for part in draw.split(",")]
    sections: Dict[str, Dict[str, Any]] = {}
    plain: Dict[str, Any] = {}
    for name, value in values.items():
        if isinstance(value, Mapping):
            sections.setdefault(_as_in(names, name), {}).update(options(value))
        else:
            plain[name] = value
    if plain and len(names) > 1:
        first = next(iter(plain))
        raise VaurienError(
            f"{first}: {draw} names several behaviors: say whose option it is, as in {names[0]}={{{first!r}: …}}"
        )
    if plain:
        sections.setdefault(names[0], {}).update(options(plain))
    return {"plan": draw, "options": sections}


def _as_in(names: List[str], name: str) -> str:
    """Return name as the draw writes it: commit_unknown is commit-unknown."""
    wanted = canonical(name)
    return next((n for n in names if canonical(n) == wanted), name)


def canonical(name: str) -> str:
    """Return the form in which vaurien compares names."""
    return name.lower().replace("_", "-")


def flags(prefix: str, values: Mapping[str, Value]) -> List[str]:
    """Return options as flags of the command line."""
    out = []
    for name, value in options(values).items():
        text = str(value).lower() if isinstance(value, bool) else str(value)
        out.append(f"--{prefix}{name.replace('_', '-')}={text}")
    return out
