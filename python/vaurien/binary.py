"""Where the program is."""

from __future__ import annotations

import os
import shutil
import sysconfig
from typing import Optional

from .errors import VaurienError

#: Variables that say where the program is.
VARIABLES = ("VAURIEN_BINARY", "VAURIEN")

_PROGRAM = "vaurien.exe" if os.name == "nt" else "vaurien"


def find(given: Optional[str] = None) -> str:
    """Return the path of the program vaurien.

    It is the one given; or what VAURIEN_BINARY or VAURIEN says; or the one
    beside this package, among this Python's programs, on the PATH, or where
    "go install" puts it.
    """
    for place, name in [("binary", given), *((v, os.environ.get(v)) for v in VARIABLES)]:
        if name:
            path = shutil.which(os.path.expanduser(name))
            if path is None:
                raise VaurienError(f"{place}: there is no program {name!r}")
            return path
    own = [os.path.dirname(os.path.abspath(__file__)), sysconfig.get_path("scripts")]
    path = shutil.which(_PROGRAM, path=os.pathsep.join(own)) or shutil.which(_PROGRAM)
    if path is None:
        go = os.environ.get("GOBIN") or os.path.join(os.environ.get("GOPATH") or os.path.expanduser("~/go"), "bin")
        path = shutil.which(_PROGRAM, path=go)
    if path is None:
        raise VaurienError(
            "there is no program vaurien on the PATH: install it with "
            "go install github.com/vaurien-proxy/vaurien/cmd/...@latest, or say in VAURIEN_BINARY where it is"
        )
    return path
