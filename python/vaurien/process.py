"""Vaurien as a process of this one."""

from __future__ import annotations

import atexit
import os
import re
import subprocess
import tempfile
import threading
import time
from typing import Callable, Dict, List, Optional, TypeVar

from .errors import VaurienError

#: How long a process that was told to stop may take, in seconds. It has
#: nothing to wait for: it is started with --drain 0.
_STOP = 10.0

#: How often it is looked whether something has come about, in seconds.
_LOOK = 0.01

_T = TypeVar("_T")

_SEED = "VAURIEN_SEED"

#: The line that says that its control server listens, and its proxies do.
READY = r'msg="control API started" url=(\S+)'

#: The line that says that its proxy listens.
LISTENS = r'msg="proxy started" .*listen=(\S+)'

#: The flags with which it writes these lines.
TELLING = ["--log-level", "info", "--log-format", "text", "--log-output", "-"]

#: The processes that run, by pid.
_running: Dict[int, Process] = {}


class Process:
    """A vaurien that this process started. It is stopped when Python ends."""

    def __init__(
        self,
        program: str,
        args: List[str],
        seed: Optional[int] = None,
        token: Optional[str] = None,
        inherit: bool = False,
    ) -> None:
        """Start program with args.

        seed is that of VAURIEN_SEED if it is left out. Of the other variables
        VAURIEN_… it gets none: they are for those who run vaurien by hand, and
        a test depends on what it says alone. What it writes is kept, or goes
        where this process's output goes if inherit is true.
        """
        environ = {k: v for k, v in os.environ.items() if k == _SEED or not k.startswith("VAURIEN")}
        if seed is not None:
            environ[_SEED] = str(seed)
        if token is not None:
            environ["VAURIEN_HTTP_TOKEN"] = token  # the command line is for all to see
        self._said = None if inherit else tempfile.TemporaryFile("a+b")
        self._owner = os.getpid()
        self._lock = threading.Lock()
        self._last = ""  # what it had said when it was stopped
        try:
            self._popen = subprocess.Popen(
                [program, *args],
                stdin=subprocess.DEVNULL,
                stdout=self._said,
                stderr=self._said,
                env=environ,
                start_new_session=True,  # ^C is for this process, which then stops that one
            )
        except OSError as error:
            if self._said is not None:
                self._said.close()
            raise VaurienError(f"{program} cannot be run: {error.strerror}") from error
        _running[self.pid] = self

    @property
    def pid(self) -> int:
        return self._popen.pid

    @property
    def running(self) -> bool:
        return self._popen.poll() is None

    def log(self) -> str:
        """Return what it has said so far."""
        with self._lock:
            if self._said is None or self._said.closed:
                return self._last
            # It appends, so that the place in the file is ours.
            self._said.seek(0)
            return self._said.read().decode("utf-8", "replace")

    def await_line(self, pattern: str, timeout: float) -> str:
        """Wait until it has said what pattern matches; return its first group."""

        def look() -> Optional[str]:
            match = re.search(pattern, self.log())
            return match.group(1) if match else None

        return self.wait_for(look, timeout)

    def wait_for(self, look: Callable[[], Optional[_T]], timeout: float) -> _T:
        """Wait until look returns something. If that does not come, stop and raise."""
        end = time.monotonic() + timeout
        try:
            while True:
                running = self.running
                found = look()
                if not running:
                    raise VaurienError(self._why(f"ended with status {self._popen.returncode}"))
                if found is not None:
                    return found
                if time.monotonic() > end:
                    raise VaurienError(self._why(f"was not ready after {timeout:g} seconds"))
                time.sleep(_LOOK)
        except BaseException:
            self.stop()
            raise

    def _why(self, what: str) -> str:
        """Return why it did not start, in its own words."""
        said = self.log()
        own = "\n".join(re.findall(r"^vaurien: (.*)$", said, re.MULTILINE))
        if "address already in use" in own:
            own += ": stop what listens there, or give another port; vaurien.Proxy takes a free one"
        if own:
            return own
        if self._said is None:
            return f"vaurien {what}; what it said stands above"
        last = "\n".join(said.splitlines()[-20:])
        return f"vaurien {what} and said nothing" if not last else f"vaurien {what}:\n{last}"

    def stop(self) -> None:
        """Stop it: ask it to, and kill it if it does not. Stopped already, nothing happens.

        In a process that was forked from the one that started it, nothing
        happens either.
        """
        if self._owner != os.getpid():
            return
        with self._lock:
            _running.pop(self.pid, None)
            if self._popen.poll() is None:
                self._popen.terminate()
            try:
                self._popen.wait(_STOP)
            except subprocess.TimeoutExpired:
                self._popen.kill()
                self._popen.wait()
            if self._said is not None and not self._said.closed:
                self._said.seek(0)
                self._last = self._said.read().decode("utf-8", "replace")
                self._said.close()


def find(pid: int) -> Process:
    """Return the process of that pid, which this process has started and not stopped."""
    process = _running.get(pid)
    if process is None or process._owner != os.getpid():
        raise VaurienError(f"{pid} is no proxy that runs and that this process started")
    return process


@atexit.register
def _stop_all() -> None:
    for process in list(_running.values()):
        process.stop()
