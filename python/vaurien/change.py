"""Changes that are undone when a with-block ends."""

from __future__ import annotations

import os
import threading
import time
from typing import Any, Callable, Dict, List, Optional, Set, Tuple

from .errors import VaurienError
from .state import ProxyState
from .write import canonical

#: How often it is looked whether something has happened, in seconds.
_LOOK = 0.01


class Change:
    """A behavior while its with-block lasts, and what it did afterwards.

        with proxy.behavior("error") as error:
            ...
        assert error.count == 1
    """

    def __init__(self, names: Set[str], state: ProxyState, look: Callable[[], ProxyState]) -> None:
        self._names = {canonical(name) for name in names}
        self._before = state["stats"]["faults"]
        self._look = look
        self._after: Optional[Dict[str, int]] = None

    def faults(self) -> Dict[str, int]:
        """Return how many exchanges each behavior of the block acted on in it.

        Behaviors that acted on none are left out.
        """
        now = self._after if self._after is not None else self._look()["stats"]["faults"]
        grown = {name: n - self._before.get(name, 0) for name, n in now.items()}
        return {name: n for name, n in grown.items() if n and canonical(name) in self._names}

    @property
    def count(self) -> int:
        """How many exchanges the block's behaviors acted on in it."""
        return sum(self.faults().values())

    def wait(self, count: int = 1, timeout: float = 10.0) -> None:
        """Wait until they acted on so many exchanges. After timeout seconds, raise."""
        end = time.monotonic() + timeout
        while self.count < count:
            if self._after is not None or time.monotonic() > end:
                what = " or ".join(sorted(self._names))
                raise VaurienError(f"{what} acted on {self.count} exchanges, not on {count}")
            time.sleep(_LOOK)

    def end(self, state: ProxyState) -> None:
        """Note that the block has ended, with the proxy in this state."""
        self._after = state["stats"]["faults"]


class Layer:
    """What one with-block has to put back."""

    def __init__(self, before: Any) -> None:
        self.before = before
        self.process = os.getpid()


class Layers:
    """The with-blocks that are open, by what they change.

    Blocks of one thread end in the reverse of their order. Those of several
    threads end as they like: one that ends below others leaves them in force,
    and what it would have put back is put back by the one above it.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._open: Dict[Tuple[str, ...], List[Layer]] = {}

    def enter(self, key: Tuple[str, ...], look: Callable[[], Any], change: Callable[[Any], Any]) -> Tuple[Layer, Any]:
        """Make a change to what look returns; return its layer and change's answer."""
        with self._lock:
            layer = Layer(look())
            answer = change(layer.before)
            self._open.setdefault(key, []).append(layer)
            return layer, answer

    def leave(self, key: Tuple[str, ...], layer: Layer, put_back: Callable[[Any], Any]) -> Any:
        """End a block. Return put_back's answer; None if there is nothing to put back.

        In a process that was forked inside the block, it leaves all to its parent.
        """
        if layer.process != os.getpid():
            return None
        with self._lock:
            layers = self._open[key]
            i = layers.index(layer)
            del layers[i]
            if not layers:
                del self._open[key]
            if i < len(layers):
                layers[i].before = layer.before
                return None
            return put_back(layer.before)
