"""How files spell what is missing, numbers, limits and words."""

from __future__ import annotations

import re

_MISSING_SPELLING_LIST = "? NA N/A n/a #N/A <NA> NaN nan NAN -nan null Null NULL None"
MISSING_SPELLINGS = frozenset(("", *_MISSING_SPELLING_LIST.split()))
"""Spellings that stand for a missing value in any column."""

MISSING_NUMBER_SPELLINGS = frozenset(
    {
        ".",
        "..",
        "-",
        "--",
        "*",
        "na",
        "none",
        "unknown",
        "unk",
        "missing",
        "not available",
        "not applicable",
    }
    | {"not done", "not known", "not measured", "not recorded", "nd", "n.a.", "n.d."}
)
"""Lower-case spellings that stand for a missing value where all else is a number or a date."""

NUMBER_PATTERN = r"^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$"
INTEGER_PATTERN = r"^[+-]?\d+$"
LONG_INTEGER_PATTERN = r"^[+-]?\d{17,}$"
"""Whole numbers of more digits than a quantity has."""
LIMIT_PATTERN = (
    r"^((?P<sign><=?|>=?|=<|=>|≤|≥|under|below|over|above)\s*(?P<number>\d+([.,]\d+)?)"
    r"|(?P<least>\d+([.,]\d+)?)\s*(\+|(and|or) (more|over|older|above)))$"
)
"""A number of which only a limit is known: "<0.01", ">90", "90+"."""
ZERO_PADDED_PATTERN = r"^[+-]?0\d"
SEVERITY_WORDS = frozenset(
    ("mild", "moderate", "severe", "low", "minor", "major", "slight", "light", "heavy")
)
WORD_PATTERN = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)?|\d+(?:[.,/:]\d+)*")
"""A word or a number of running text."""
