"""How faults are logged: where and what kind, never the words, which may hold personal data."""

from __future__ import annotations

import logging
import traceback
from types import TracebackType

from regulars.kernel.errors import RegularsError

CHAIN_MAX = 5
ExcInfo = tuple[type[BaseException], BaseException, TracebackType | None] | tuple[None, None, None]


class Formatter(logging.Formatter):
    """A traceback keeps its places and the classes of its errors and loses their messages.

    A database names the row in its message, a parser the text it could not read.
    """

    def formatException(self, ei: ExcInfo) -> str:  # noqa: N802 - the name is logging's
        lines: list[str] = []
        error, seen = ei[1], 0
        while error is not None and seen < CHAIN_MAX:
            if seen:
                lines.append("caused by:\n")
            lines += traceback.format_tb(error.__traceback__)
            lines.append(_kind_of(error) + "\n")
            error = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
            seen += 1
        return "".join(lines).rstrip("\n")


def _kind_of(error: BaseException) -> str:
    name = f"{type(error).__module__}.{type(error).__qualname__}"
    detail = error.code if isinstance(error, RegularsError) else getattr(error, "sqlstate", None)
    return f"{name} ({detail})" if detail else name
