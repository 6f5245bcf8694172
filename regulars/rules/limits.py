"""How large a rule may be. Every limit has a name, so that an error can tell it."""

from __future__ import annotations

RULE_BYTES_MAX = 262_144
LEAVES_MAX = 100
DEPTH_MAX = 6
FILTERS_MAX = 20
FUNNEL_STEPS_MIN = 2
FUNNEL_STEPS_MAX = 10
OWN_GAPS_MAX = 1_000
# Half of the way round the Earth: nothing is farther.
KM_MAX = 20_038
VALUES_MAX = 1_000
TEXT_CHARS_MAX = 1_000
REGEX_CHARS_MAX = 200
NAME_CHARS_MAX = 200
NUMBER_MAX = 10**15
# Leaves of a rule where every segment it refers to stands in the place of its name, as often as
# it is named: what refers to what refers to others grows by multiplying.
LEAVES_RESOLVED_MAX = 1_000
# Groups and references one within another, through all segments it refers to.
DEPTH_RESOLVED_MAX = 40

# A century in each unit: no window can leave the calendar.
DURATION_MAX = {
    "min": 52_560_000, "h": 876_000, "d": 36_500, "w": 5_200, "mo": 1_200, "y": 100,
}  # fmt: skip
YEAR_MIN = 1900
YEAR_MAX = 2200

# Sums are exact: every addend is rounded, halves away from zero, to this many decimal places.
SUM_DECIMALS = 6
SUM_DIGITS = 28
