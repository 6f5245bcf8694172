"""Who opened or clicked: a person, or a machine that looks at mail for them."""

from __future__ import annotations

import re

SCANNER_DELAY_S = 2.0

# Apple's mail privacy proxy calls itself exactly so, whether or not the letter is read.
APPLE_PROXY = "Mozilla/5.0"
# Mail services that fetch pictures on their own account; a person may or may not have looked.
_PROXY = re.compile(
    r"GoogleImageProxy|ggpht\.com|YahooMailProxy|BingPreview|mail\.ru", re.IGNORECASE
)

_SCANNER = re.compile(
    r"bot\b|crawler|spider|scan|barracuda|mimecast|proofpoint|safelinks|urldefense|preview"
    r"|curl/|wget/|python-|go-http-client|java/|okhttp|headless|facebookexternalhit",
    re.IGNORECASE,
)


def is_human_open(*, method: str, user_agent: str) -> bool:
    """True when the picture was probably loaded by a person's own mail program.

    Behind a proxy nobody can know, so such an opening counts and is not confirmed.
    """
    is_machine = _SCANNER.search(user_agent) or _PROXY.search(user_agent)
    return method == "GET" and bool(user_agent) and user_agent != APPLE_PROXY and not is_machine


def is_human_click(*, method: str, user_agent: str, age_s: float | None) -> bool:
    """True when the link was probably followed by a person.

    age_s  seconds between hand-over and click; scanners come within the first two
    """
    is_early = age_s is not None and age_s < SCANNER_DELAY_S
    return method == "GET" and bool(user_agent) and not is_early and not _SCANNER.search(user_agent)
