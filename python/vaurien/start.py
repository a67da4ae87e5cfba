"""start_proxy and stop_proxy."""

from __future__ import annotations

import contextlib
import errno
import os
import socket
from typing import Optional, Sequence

from . import process
from .api import Api
from .binary import find
from .errors import VaurienError
from .write import address


def start_proxy(
    proxy_host: str = "localhost",
    proxy_port: int = 8000,
    backend_host: str = "localhost",
    backend_port: int = 8888,
    protocol: str = "tcp",
    http: bool = True,
    warmup: Optional[float] = None,
    http_host: str = "localhost",
    http_port: int = 8080,
    options: Optional[Sequence[str]] = None,
    log_level: str = "info",
    log_output: Optional[str] = None,
    *,
    port: Optional[int] = None,
    behavior: Optional[str] = None,
    seed: Optional[int] = None,
    token: Optional[str] = None,
    binary: Optional[str] = None,
    timeout: float = 30.0,
) -> int:
    """Start a proxy and return its pid, for stop_proxy. It answers when this returns.

    proxy_host, proxy_port: where it listens.
    backend_host, backend_port: the server behind it.
    protocol: what is spoken: tcp, http, redis, memcache, mysql, postgres, smtp, ldap.
    http, http_host, http_port: whether and where its control server listens, for Client.
    warmup: taken for older code; there is nothing to wait for.
    options: more words for the command line, as in ["--timeout", "2s"].
    log_level, log_output: what it logs, and into which file; "-" is where this
        process's output goes. Left out, the log is shown if it does not start.
    port: another name for http_port.
    behavior: the plan to start with, as in "20:delay"; nothing is done if it is left out.
    seed: of the dice; left out, VAURIEN_SEED is, or one is chosen.
    token: the secret that callers of the control server must show.
    binary: the program; left out, it is found (VAURIEN_BINARY, PATH).
    timeout: how long it may take to start, in seconds.

    It raises VaurienError, with vaurien's own words, if it does not start.
    A proxy that is forgotten is stopped when Python ends.
    """
    http_port = http_port if port is None else port
    if http and http_port == 0 or not http and proxy_port == 0:
        raise VaurienError("port 0 is any free one, and nothing would tell which: use vaurien.Proxy")
    args = [
        *("--proxy", address((proxy_host, proxy_port))),
        *("--backend", address((backend_host, backend_port))),
        *("--protocol", protocol),
        *("--drain", "0"),
    ]
    if http:
        args += ["--http", "--http-host", http_host, "--http-port", str(http_port)]
    if behavior:
        args += ["--behavior", behavior]
    args += options or ()
    hidden = log_output is not None or any(o.startswith("--log-") for o in options or ())
    if not hidden:
        args += process.TELLING
    elif log_output is not None:
        args += ["--log-level", log_level, "--log-output", log_output]

    # Whoever listens there before answers in the place of ours.
    taken = hidden and _taken(*((http_host, http_port) if http else (proxy_host, proxy_port)))
    started = process.Process(find(binary), args, seed, token, inherit=log_output == "-")
    if not hidden:
        started.await_line(process.READY if http else process.LISTENS, timeout)
        return started.pid
    api = Api(http_host, http_port, token, timeout=1) if http else None
    started.wait_for(lambda: not taken and _answers(api, proxy_host, proxy_port) or None, timeout)
    return started.pid


def stop_proxy(pid: int) -> None:
    """Stop a proxy that start_proxy started."""
    process.find(pid).stop()


def _taken(host: str, port: int) -> bool:
    """Say whether somebody listens on an address of this machine."""
    try:
        addresses = socket.getaddrinfo(host, port, 0, socket.SOCK_STREAM, 0, socket.AI_PASSIVE)
    except OSError:
        return False  # vaurien says it better
    # A name is its first IPv4 address to vaurien, if it has one.
    family, kind, protocol, _, where = min(addresses, key=lambda a: a[0] != socket.AF_INET)
    with contextlib.closing(socket.socket(family, kind, protocol)) as s:
        if os.name == "posix":  # else it lets two listen
            s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            s.bind(where)
        except OSError as error:
            return error.errno == errno.EADDRINUSE
    return False


def _answers(api: Optional[Api], host: str, port: int) -> bool:
    """Say whether the control server answers; if there is none, whether the proxy does."""
    try:
        if api is None:
            socket.create_connection((host, port), timeout=1).close()
        else:
            api.call("GET", "/proxies")
    except OSError:
        return False
    except VaurienError as error:
        return error.status is not None
    return True
