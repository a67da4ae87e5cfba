"""Make a server late, wrong, silent or gone, in a functional test.

    from vaurien import Proxy

    with Proxy("localhost:6379", protocol="redis") as proxy:
        app = connect(proxy.address)
        with proxy.behavior("error", kind="readonly"):
            ...  # every command is refused as a read-only replica refuses it

Proxy runs a vaurien of its own, on free ports. Client drives one that runs
already, and start_proxy and stop_proxy run one on ports that you choose.
"""

from __future__ import annotations

from .change import Change
from .client import Client
from .errors import VaurienError
from .proxy import Proxy
from .start import start_proxy, stop_proxy
from .state import Entry, Plan, ProxyState, Stats, Toxic

__all__ = [
    "Change",
    "Client",
    "Entry",
    "Plan",
    "Proxy",
    "ProxyState",
    "Stats",
    "Toxic",
    "VaurienError",
    "start_proxy",
    "stop_proxy",
]
