"""Which kind of device asks, in a word for its owner."""

from __future__ import annotations

# The first that is found decides: browsers name their ancestors too.
SYSTEMS = (
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Android", "Android"),
    ("Windows", "Windows"),
    ("Macintosh", "Mac"),
    ("CrOS", "Chromebook"),
    ("Linux", "Linux"),
)
PROGRAMS = (
    ("Edg", "Edge"),
    ("OPR/", "Opera"),
    ("SamsungBrowser", "Samsung Internet"),
    ("Firefox/", "Firefox"),
    ("FxiOS", "Firefox"),
    ("Chrome/", "Chrome"),
    ("CriOS", "Chrome"),
    ("Safari/", "Safari"),
)
AGENT_CHARS_MAX = 500


def device_of(user_agent: str) -> str:
    """Program and system, such as "Chrome, Android"; empty when neither is known."""
    text = user_agent[:AGENT_CHARS_MAX]
    named = (
        next((name for mark, name in known if mark in text), "") for known in (PROGRAMS, SYSTEMS)
    )
    return ", ".join(filter(None, named))
