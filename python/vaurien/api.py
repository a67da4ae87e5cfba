"""One request to a control server."""

from __future__ import annotations

import http.client
import json
from typing import Any, Dict, Optional, Tuple
from urllib.parse import urlsplit

from .errors import VaurienError


class Api:
    """A control server.

    Each call is a connection of its own, so that threads and forked processes
    may share an Api.
    """

    def __init__(self, host: str, port: int, token: Optional[str], timeout: float) -> None:
        if host.count(":") == 1 and "://" not in host:
            host = f"http://{host}"
        if "://" in host:
            parts = urlsplit(host)
            if parts.scheme != "http" or not parts.hostname or parts.path.strip("/"):
                raise VaurienError(f"{host!r} is no control server: write a host, or a URL as in http://localhost:8080")
            host, port = parts.hostname, parts.port or port
        self._host = host.strip("[]")
        self._port = port
        self._token = token
        self._timeout = timeout

    @property
    def url(self) -> str:
        host = f"[{self._host}]" if ":" in self._host else self._host
        return f"http://{host}:{self._port}"

    def call(self, method: str, path: str, body: Any = None) -> Any:
        """Return the answer's JSON, or raise what the server refuses with."""
        status, text = self._exchange(method, path, body)
        try:
            answer = json.loads(text) if text else None
        except ValueError:
            raise VaurienError(
                f"{self.url} is not a control server of vaurien: {method} {path} answered {status} {text[:80]!r}",
                status,
            ) from None
        if status >= 400:
            raise VaurienError(_problem(answer) or f"{method} {path} answered {status}", status)
        return answer

    def _exchange(self, method: str, path: str, body: Any) -> Tuple[int, str]:
        headers: Dict[str, str] = {}
        if self._token:
            headers["Authorization"] = f"Bearer {self._token}"
        payload: Optional[bytes] = None
        if body is not None:
            payload = json.dumps(body).encode()
            headers["Content-Type"] = "application/json"
        connection = http.client.HTTPConnection(self._host, self._port, timeout=self._timeout)
        try:
            connection.request(method, path, payload, headers)
            response = connection.getresponse()
            return response.status, response.read().decode("utf-8", "replace")
        except (OSError, http.client.HTTPException) as error:
            reason = getattr(error, "strerror", None) or str(error) or type(error).__name__
            raise VaurienError(
                f"no control server answers at {self.url} ({reason}): "
                "start vaurien with --http, or with start_proxy(http=True)"
            ) from error
        finally:
            connection.close()


def _problem(answer: Any) -> str:
    """Return what an error's body says, in whichever of the two forms."""
    if not isinstance(answer, dict):
        return ""
    if "error" in answer:
        return str(answer["error"])
    return "; ".join(
        ": ".join(str(e[key]) for key in ("name", "description") if e.get(key)) for e in answer.get("errors", ())
    )
