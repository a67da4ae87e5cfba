"""What the tests need: real backends, and ways to look at this process."""

from __future__ import annotations

import collections
import contextlib
import http.server
import importlib.metadata
import os
import shutil
import socket
import subprocess
import tempfile
import threading
import time
import unittest
import urllib.request
from typing import Callable, Counter, Dict, List

import vaurien

PATIENCE = 30.0

#: Where the tests are.
ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
BODY = b"all is well " * 100


def until(condition: Callable[[], bool], what: str) -> None:
    """Wait until condition holds."""
    end = time.monotonic() + PATIENCE
    while not condition():
        if time.monotonic() > end:
            raise AssertionError(what)
        time.sleep(0.01)


class _Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Length", str(len(BODY)))
        self.end_headers()
        self.wfile.write(BODY)

    def log_message(self, *args: object) -> None:
        pass


def web_server(test: unittest.TestCase, port: int = 0) -> int:
    """Start an HTTP server that answers with BODY; return its port."""
    server = http.server.ThreadingHTTPServer(("127.0.0.1", port), _Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    test.addCleanup(server.server_close)
    test.addCleanup(thread.join)
    test.addCleanup(server.shutdown)
    return int(server.server_address[1])


def redis_server(test: unittest.TestCase, port: int = 0) -> int:
    """Start a redis-server; return its port."""
    program = shutil.which("redis-server")
    if program is None:
        raise AssertionError("redis-server is missing: scripts/setup installs it")
    port = port or free_port()
    directory = tempfile.mkdtemp()
    test.addCleanup(shutil.rmtree, directory, ignore_errors=True)
    server = subprocess.Popen(
        [program, "--port", str(port), "--bind", "127.0.0.1", "--dir", directory, "--save", ""],
        stdout=subprocess.DEVNULL,
    )
    test.addCleanup(server.wait)
    test.addCleanup(server.terminate)
    until(lambda: listens(port), "redis-server does not listen")
    return port


def redis(port: int, *words: str) -> str:
    """Send one command of Redis on a connection of its own; return the reply's first line, or how it ended."""
    request = b"*%d\r\n" % len(words) + b"".join(b"$%d\r\n%s\r\n" % (len(w), w.encode()) for w in words)
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=PATIENCE) as s:
            s.sendall(request)
            return s.makefile("rb").readline().decode("latin-1").rstrip("\r\n") or "closed"
    except ConnectionError as error:
        return type(error).__name__


def fetch(port: int) -> str:
    """Fetch what web_server has; return "well", or what came instead."""
    # No handlers: a proxy of the environment would be in the way.
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(f"http://127.0.0.1:{port}/", timeout=PATIENCE) as response:
            return "well" if response.read() == BODY else "changed"
    except urllib.request.HTTPError as error:
        error.close()
        return str(error.code)
    except Exception as error:
        return f"{type(error).__name__}: {error}"


def environment(**more: str) -> Dict[str, str]:
    """Return an environment in which another Python finds these tests, vaurien and its plugin for pytest."""
    package = os.path.dirname(os.path.dirname(os.path.abspath(vaurien.__file__)))
    environ = {**os.environ, "PYTHONPATH": os.pathsep.join([package, ROOT]), **more}
    try:
        importlib.metadata.distribution("vaurien")
    except importlib.metadata.PackageNotFoundError:
        environ["PYTEST_PLUGINS"] = "vaurien.pytest_plugin"
    return environ


def script(test: unittest.TestCase, text: str) -> str:
    """Return a program of this text."""
    with tempfile.NamedTemporaryFile("w", delete=False) as f:
        test.addCleanup(os.unlink, f.name)
        f.write(text)
    os.chmod(f.name, 0o755)
    return f.name


def free_port() -> int:
    with contextlib.closing(socket.socket()) as s:
        s.bind(("127.0.0.1", 0))
        return int(s.getsockname()[1])


def listens(port: int) -> bool:
    with contextlib.closing(socket.socket()) as s:
        return s.connect_ex(("127.0.0.1", port)) == 0


def descriptors() -> Counter[str]:
    """Return how many of each kind of file this process has open."""
    out: Counter[str] = collections.Counter()
    for fd in os.listdir("/proc/self/fd"):
        with contextlib.suppress(OSError):
            link = os.readlink(f"/proc/self/fd/{fd}")  # socket:[123], or a path
            out[os.path.dirname(link) or link.partition(":")[0]] += 1
    return out


def children() -> List[str]:
    """Return the pids of this process's children, zombies among them."""
    out = []
    for thread in os.listdir("/proc/self/task"):
        with contextlib.suppress(FileNotFoundError), open(f"/proc/self/task/{thread}/children") as f:
            out += f.read().split()
    return out
