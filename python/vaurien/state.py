"""What the control server says of a proxy: its JSON, as types."""

from __future__ import annotations

from typing import Dict, List, TypedDict


class Entry(TypedDict):
    """One behavior of a plan."""

    weight: float  # percent
    name: str
    options: Dict[str, str]  # every one, with its value


# How long a plan has left, as in 30s or 1m30s; not there if it stays.
_For = TypedDict("_For", {"for": str}, total=False)


class Plan(_For):
    """A plan in force."""

    plan: str  # as a draw is written: 20:delay,5:error
    entries: List[Entry]  # the same, with every option's value


class Toxic(TypedDict):
    """A behavior that is drawn once for each connection."""

    name: str
    behavior: str
    percent: float  # of the connections
    options: Dict[str, str]


class Stats(TypedDict):
    """What a proxy has done since it was started."""

    open: int  # sessions open now
    sessions: int
    exchanges: int
    bytes_to_backend: int
    bytes_to_client: int
    faults: Dict[str, int]  # exchanges by the behavior that acted on them


class ProxyState(TypedDict):
    """A proxy."""

    name: str
    proxy: str  # the address that it really listens on
    configured: str  # the same, as it was asked for
    backend: str
    enabled: bool
    protocol: str
    draw: str  # exchange or connection
    seed: int
    plan: Plan
    toxics: List[Toxic]
    stats: Stats
