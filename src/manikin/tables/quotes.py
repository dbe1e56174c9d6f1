"""Quotation marks of delimited text: one that is never closed swallows the records after it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from manikin.errors import FormatError

if TYPE_CHECKING:
    from pathlib import Path

_QUOTED_VALUE_PATTERN = re.compile(rb'(?:(?<=[,;\t|\r\n])|\A)"([^"]*+(?:""[^"]*+)*+)("?)([^,;\t|\r\n ]?)')
"""A value in quotation marks (RFC 4180, section 2): its text, the closing mark, what follows the mark."""


def raise_if_unclosed_quote(data: bytes, path: Path) -> None:
    """Refuse delimited text with a quotation mark that opens a value and does not close it.

    Either the text ends within the value, or the next mark, which should open another value, is taken
    for the end of this one: then words follow directly after it, and the value spans lines.

    Raises:
        FormatError: The line where the mark stands; no word of the line is shown, since it is a patient's.
    """
    for found in _QUOTED_VALUE_PATTERN.finditer(data):
        text, closed, after = found.groups()
        if not closed or (after and b"\n" in text):
            line = data.count(b"\n", 0, found.start()) + 1
            raise FormatError(
                f"line {line} holds an open quotation mark, which is never closed",
                path,
                'close it, or double it if it belongs to the text (""), since the lines after it become '
                "one value",
            )
