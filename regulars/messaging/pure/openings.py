"""Who opened or clicked: a person, or a machine that looks at mail for them."""

from __future__ import annotations

import re

SCANNER_DELAY_S = 2.0

# Apple's mail privacy proxy calls itself exactly so, whether or not the letter is read.
APPLE_PROXY = "Mozilla/5.0"

_SCANNER = re.compile(
    r"bot\b|crawler|spider|scan|barracuda|mimecast|proofpoint|safelinks|urldefense|preview"
    r"|curl/|wget/|python-|go-http-client|java/|okhttp|headless|facebookexternalhit",
    re.IGNORECASE,
)


def is_human_open(*, method: str, user_agent: str) -> bool:
    """True when the picture was probably loaded by a person's mail program."""
    return method == "GET" and user_agent != APPLE_PROXY and not _SCANNER.search(user_agent)


def is_human_click(*, method: str, user_agent: str, age_s: float | None) -> bool:
    """True when the link was probably followed by a person.

    age_s  seconds between hand-over and click; scanners come within the first two
    """
    is_early = age_s is not None and age_s < SCANNER_DELAY_S
    return method == "GET" and bool(user_agent) and not is_early and not _SCANNER.search(user_agent)
