"""A proxy for a test, in a process of its own."""

from __future__ import annotations

from types import TracebackType
from typing import List, Mapping, Optional, Sequence, Type

from . import process, write
from .binary import find
from .client import Client
from .write import Address, Value


class Proxy(Client):
    """A vaurien before one server, on free ports, until close or the end of a with-block.

    backend: the server: "localhost:6379", ("localhost", 6379), or 6379.
    protocol: what it speaks: tcp, http, redis, memcache, mysql, postgres, smtp, ldap.
    behavior: the plan to start with, as in "20:delay"; nothing is done if it is left out.
    behaviors, protocols: their options, by name: {"delay": {"sleep": 0.2}}. Those
        of a behavior hold for later changes too, unless they say otherwise.
    seed: of the dice; left out, VAURIEN_SEED is, or one is chosen.
    proxy: the address to listen on; left out, a free one of this machine.
    binary: the program; left out, it is found (VAURIEN_BINARY, PATH).
    timeout: how long it may take to start, in seconds.
    args: more words for the command line.
    settings: the other settings of a proxy, as in draw="exchange", timeout_="2s".

    It has the methods of Client, and raises VaurienError, with vaurien's own
    words, if it does not start. One that is forgotten is stopped when Python ends.
    """

    #: Where to connect to: host, port, and both as HOST:PORT.
    host: str
    port: int
    address: str

    #: The seed of the dice. The same one gives each exchange the same fate.
    seed: int

    def __init__(
        self,
        backend: Address,
        protocol: str = "tcp",
        behavior: str = "dummy",
        *,
        behaviors: Optional[Mapping[str, Mapping[str, Value]]] = None,
        protocols: Optional[Mapping[str, Mapping[str, Value]]] = None,
        seed: Optional[int] = None,
        proxy: Address = "localhost:0",
        binary: Optional[str] = None,
        timeout: float = 30.0,
        args: Sequence[str] = (),
        **settings: Value,
    ) -> None:
        words: List[str] = [
            *("--proxy", write.address(proxy)),
            *("--backend", write.address(backend)),
            *("--protocol", protocol),
            *("--behavior", behavior),
            *("--http=localhost:0", "--drain", "0"),
            *write.flags("", settings),
        ]
        for kind, sections in (("behavior", behaviors), ("protocol", protocols)):
            for name, values in (sections or {}).items():
                words += write.flags(f"{kind}-{name}-", values)
        self._process = process.Process(find(binary), [*words, *args, *process.TELLING], seed)
        super().__init__(self._process.await_line(process.READY, timeout))
        try:
            state = self.state()
        except BaseException:
            self.close()
            raise
        self.address = state["proxy"]
        self.host, _, port_text = self.address.rpartition(":")
        self.host = self.host.strip("[]")
        self.port = int(port_text)
        self.seed = state["seed"]
        self._described = f"{self.address} -> {state['backend']}, protocol {state['protocol']}, seed {self.seed}"

    @property
    def pid(self) -> int:
        """The process's number."""
        return self._process.pid

    def log(self) -> str:
        """Return what vaurien has logged: each fault has a line."""
        return self._process.log()

    def close(self) -> None:
        """Stop it, and close all connections. Stopped already, nothing happens."""
        self._process.stop()

    def __enter__(self) -> Proxy:
        return self

    def __exit__(
        self,
        kind: Optional[Type[BaseException]],
        error: Optional[BaseException],
        traceback: Optional[TracebackType],
    ) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"<vaurien {self._described}>"
