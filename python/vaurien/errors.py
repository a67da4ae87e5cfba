"""What goes wrong."""

from __future__ import annotations

from typing import Optional


class VaurienError(ValueError):
    """Something that vaurien refused, or that kept it from starting.

    Its text is vaurien's own: one line that names what is wrong and what would
    be right. It is a ValueError because that is what version 2.0 raised.
    """

    #: The status that the control server answered with; None if the error is
    #: not an answer of it.
    status: Optional[int]

    def __init__(self, message: str, status: Optional[int] = None) -> None:
        super().__init__(message)
        self.status = status
