"""The fixture vaurien_proxy, for pytest.

    def test_survives_a_replica(vaurien_proxy):
        proxy = vaurien_proxy("localhost:6379", protocol="redis")
        with proxy.behavior("error", kind="readonly"):
            ...

The proxies of a test are closed when it ends. If it failed, its report says
which seed they had, and the command that runs it again with the same.
"""

from __future__ import annotations

import os
import random
import shlex
import sys
from typing import Any, Generator, Iterator, List, Optional

import pytest

from .proxy import Proxy
from .write import Address

_SEED = "--vaurien-seed"

#: Largest seed that is chosen: one that a human can type again.
_MOST = 999_999


class Proxies:
    """The proxies of one test. A call makes one: the arguments are those of Proxy.

    All have seeds that follow from one: the first has it, the second has the
    next number.
    """

    def __init__(self, seed: int) -> None:
        self.seed = seed
        self._made: List[Proxy] = []

    def __call__(self, backend: Address, protocol: str = "tcp", behavior: str = "dummy", **settings: Any) -> Proxy:
        settings.setdefault("seed", self.seed + len(self._made))
        proxy = Proxy(backend, protocol, behavior, **settings)
        self._made.append(proxy)
        return proxy

    def close(self) -> None:
        for proxy in reversed(self._made):
            proxy.close()

    def report(self) -> str:
        """Return a line for each proxy: what it is, and what it did."""
        lines = []
        for proxy in self._made:
            try:
                faults = ", ".join(f"{name} {n}" for name, n in sorted(proxy.faults().items()))
            except ValueError as error:
                faults = f"cannot be asked: {error}"
            lines.append(f"{proxy!r}, faults: {faults or 'none'}")
        return "\n".join(lines)


_proxies = pytest.StashKey[Proxies]()


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.getgroup("vaurien").addoption(
        _SEED,
        type=int,
        metavar="N",
        help="seed of the fixture vaurien_proxy; left out, VAURIEN_SEED is, or each test has one chosen for it",
    )


@pytest.fixture
def vaurien_proxy(request: pytest.FixtureRequest) -> Iterator[Proxies]:
    """Make vaurien proxies, which are closed with the test: vaurien_proxy(backend, protocol="tcp", …)."""
    proxies = Proxies(_seed(request.config))
    request.node.stash[_proxies] = proxies
    yield proxies
    proxies.close()


def _seed(config: pytest.Config) -> int:
    given: Optional[int] = config.getoption(_SEED)
    if given is not None:
        return given
    text = os.environ.get("VAURIEN_SEED")
    if not text:
        # Not the shared source of chance, which a test may have seeded.
        return random.SystemRandom().randint(1, _MOST)
    try:
        return int(text)
    except ValueError:
        raise pytest.UsageError(f"VAURIEN_SEED: {text!r} is not a whole number") from None


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, Any, None]:
    outcome = yield
    report: pytest.TestReport = outcome.get_result()
    proxies = item.stash.get(_proxies, None)
    if report.when == "call" and report.failed and proxies is not None:
        report.sections.append(("vaurien", f"{proxies.report()}\nagain: {_again(item, proxies.seed)}"))


def _again(item: pytest.Item, seed: int) -> str:
    """Return the command that runs a test again with a seed, from where pytest was called."""
    path, colons, name = item.nodeid.partition("::")
    path = os.path.relpath(item.config.rootpath / path, item.config.invocation_params.dir)
    python = os.path.basename(sys.executable)
    return f"{python} -m pytest {shlex.quote(path + colons + name)} {_SEED} {seed}"
