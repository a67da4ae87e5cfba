"""Driving a vaurien that runs."""

from __future__ import annotations

import contextlib
import os
import re
import time
from typing import Any, Dict, Iterator, List, Mapping, Optional, cast
from urllib.parse import quote

from . import write
from .api import Api
from .change import Change, Layers
from .state import Plan, ProxyState, Stats, Toxic
from .write import Address, Value


class Client:
    """A control server, as vaurien has with --http, and one of its proxies.

    host is a name, an address, HOST:PORT or a URL (http://localhost:8080).
    proxy is the proxy's name; left out, it is the one named "default", or the
    only one.
    token is the secret of --http-token; left out, VAURIEN_TOKEN is. timeout is
    how long an answer may take, in seconds.

    Every method raises VaurienError with what the server says is wrong.
    A client may be shared by threads. "Handler" is the old word for behavior,
    and methods have both names.
    """

    def __init__(
        self,
        host: str = "localhost",
        port: int = 8080,
        scheme: str = "http",
        *,
        proxy: str = "",
        token: Optional[str] = None,
        timeout: float = 10.0,
    ) -> None:
        if "://" not in host and scheme != "http":
            host = f"{scheme}://{host}"
        self._api = Api(host, port, token or os.environ.get("VAURIEN_TOKEN"), timeout)
        self._name = proxy
        self._layers = Layers()

    @property
    def control_url(self) -> str:
        """The control server's URL."""
        return self._api.url

    # One behavior, or a draw.

    def set_behavior(self, behavior: str, /, **options: Any) -> ProxyState:
        """Put a behavior, or a draw such as 20:delay,10:error, in force.

        Options are named as in the reference, with _ for -; for_ is for. Where
        the draw names several behaviors, say whose they are:
        set_behavior("20:delay,10:error", delay={"sleep": 0.2}).
        """
        return self.set_plan(write.plan(behavior, options))

    def get_behavior(self) -> str:
        """Return the name of the behavior in force, or the draw."""
        return cast(str, self._api.call("GET", "/behavior" + self._query())["behavior"])

    def list_behaviors(self) -> List[str]:
        """Return the names of all behaviors."""
        return cast(List[str], self._api.call("GET", "/behaviors")["behaviors"])

    @contextlib.contextmanager
    def with_behavior(self, behavior: str, /, **options: Any) -> Iterator[Change]:
        """Put a behavior in force for a with-block, as set_behavior does.

        Afterwards what was in force before is again, with its options. In the
        block the Change says what the behavior did.
        """
        body = write.plan(behavior, options)
        began = time.monotonic()

        def change(before: Plan) -> ProxyState:
            # A plan for a time would be forgotten, and the one after it too.
            return self.set_plan(dict(body, **{"for": "24h"}) if "for" in before else body)

        def put_back(before: Plan) -> ProxyState:
            body: Dict[str, Any] = {"entries": before["entries"]}
            if "for" in before:
                body["for"] = max(_seconds(before["for"]) - (time.monotonic() - began), 0.001)
            return self.set_plan(body)

        key = ("plan", self._name)
        layer, state = self._layers.enter(key, self.get_plan, change)
        made = Change({e["name"] for e in state["plan"]["entries"]}, state, self.state)
        try:
            yield made
        finally:
            made.end(self._layers.leave(key, layer, put_back) or self.state())

    set_handler = set_behavior
    get_handler = get_behavior
    list_handlers = list_behaviors
    with_handler = with_behavior
    behavior = with_behavior
    handler = with_behavior

    # Whole plans.

    def get_plan(self) -> Plan:
        """Return the plan in force, with every option's value."""
        return cast(Plan, self._api.call("GET", self._path("plan")))

    def set_plan(self, plan: Mapping[str, Any]) -> ProxyState:
        """Put a plan in force.

        It is what get_plan returns, or has the fields of docs/api.md:
        {"plan": "20:delay", "options": {"delay": {"sleep": 2}}, "for": "30s"}.
        """
        return cast(ProxyState, self._api.call("PUT", self._path("plan"), plan))

    # Toxics.

    def toxics(self) -> List[Toxic]:
        """Return the toxics in force."""
        return cast(List[Toxic], self._api.call("GET", self._path("toxics")))

    def set_toxic(self, toxic: str, behavior: str, /, percent: float = 100, **options: Value) -> ProxyState:
        """Add the toxic of that name, or change it.

        A toxic is a behavior that percent of the connections meet, beside the
        plan: set_toxic("slow", "latency", latency="100ms").
        """
        body = {"behavior": behavior, "percent": percent, "options": write.options(options)}
        return cast(ProxyState, self._api.call("PUT", self._path("toxics", toxic), body))

    def remove_toxic(self, toxic: str, /) -> ProxyState:
        """Take a toxic away."""
        return cast(ProxyState, self._api.call("DELETE", self._path("toxics", toxic)))

    @contextlib.contextmanager
    def with_toxic(
        self, behavior: str, /, percent: float = 100, toxic: Optional[str] = None, **options: Value
    ) -> Iterator[Change]:
        """Add a toxic for a with-block.

        Left out, its name is that of the behavior, with a number if there is
        one of that name. Connections that are open meet it too.
        """
        names = [t["name"] for t in self.toxics()]
        name = toxic or _unused(behavior, names)

        def look() -> Optional[Toxic]:
            return next((t for t in self.toxics() if t["name"] == name), None)

        def change(_: Optional[Toxic]) -> ProxyState:
            return self.set_toxic(name, behavior, percent, **options)

        def put_back(before: Optional[Toxic]) -> ProxyState:
            if before is None:
                return self.remove_toxic(name)
            return self.set_toxic(name, before["behavior"], before["percent"], **before["options"])

        key = ("toxic", self._name, name)
        layer, state = self._layers.enter(key, look, change)
        made = Change({behavior}, state, self.state)
        try:
            yield made
        finally:
            made.end(self._layers.leave(key, layer, put_back) or self.state())

    # The proxy itself.

    def state(self) -> ProxyState:
        """Return what there is to know of the proxy."""
        return cast(ProxyState, self._api.call("GET", self._path()))

    def stats(self) -> Stats:
        """Return what the proxy has done since it was started."""
        return self.state()["stats"]

    def faults(self) -> Dict[str, int]:
        """Return how many exchanges each behavior acted on, since the start."""
        return self.stats()["faults"]

    def get_backend(self) -> str:
        """Return the address that the proxy connects to."""
        return self.state()["backend"]

    def set_backend(self, backend: Address) -> ProxyState:
        """Let later connections go to another address."""
        body = {"backend": write.address(backend)}
        return cast(ProxyState, self._api.call("PUT", self._path("backend"), body))

    def set_enabled(self, enabled: bool) -> ProxyState:
        """Let the proxy listen; or close its listener and its connections."""
        return cast(ProxyState, self._api.call("POST", self._path("enabled"), {"enabled": enabled}))

    @contextlib.contextmanager
    def down(self) -> Iterator[None]:
        """Refuse connections, and close those that are open, for a with-block."""
        key = ("enabled", self._name)
        layer, _ = self._layers.enter(key, lambda: self.state()["enabled"], lambda _: self.set_enabled(False))
        try:
            yield
        finally:
            self._layers.leave(key, layer, self.set_enabled)

    # Other proxies of the same server.

    def proxies(self) -> Dict[str, ProxyState]:
        """Return the state of every proxy, by name."""
        return cast(Dict[str, ProxyState], self._api.call("GET", "/proxies"))

    def proxy(self, name: str, /) -> Client:
        """Return a client for the proxy of that name."""
        other = Client(self.control_url, proxy=name)
        other._api, other._layers = self._api, self._layers
        return other

    def put_proxy(self, name: str, /, **settings: Any) -> Client:
        """Make a proxy, or make the one there is so; return a client for it.

        The settings are the keys of the YAML file:
        put_proxy("cache", proxy="localhost:0", backend="localhost:6379", protocol="redis").
        """
        for key in ("proxy", "backend"):
            if key in settings:
                settings[key] = write.address(settings[key])
        other = self.proxy(name)
        self._api.call("PUT", other._path(), settings)
        return other

    def delete_proxy(self, name: str, /) -> None:
        """Close a proxy and its connections."""
        self._api.call("DELETE", self.proxy(name)._path())

    def catalog(self) -> Dict[str, Any]:
        """Return the behaviors and protocols there are, with their options."""
        return cast(Dict[str, Any], self._api.call("GET", "/catalog"))

    def _path(self, *parts: str) -> str:
        return "/".join(["/proxies", *(quote(p, safe="") for p in (self._name or "-", *parts))])

    def _query(self) -> str:
        return f"?proxy={quote(self._name, safe='')}" if self._name else ""


def _unused(name: str, names: List[str]) -> str:
    numbered = name
    number = 1
    while numbered in names:
        number += 1
        numbered = f"{name}-{number}"
    return numbered


def _seconds(text: str) -> float:
    """Return a time as vaurien writes it: 1m30s, 1.5s, 200ms."""
    units = {"h": 3600.0, "m": 60.0, "s": 1.0, "ms": 1e-3, "us": 1e-6, "µs": 1e-6, "ns": 1e-9}
    return sum(float(n) * units[unit] for n, unit in re.findall(r"([\d.]+)(h|ms|us|µs|ns|m|s)", text))
