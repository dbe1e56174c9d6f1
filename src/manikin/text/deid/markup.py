"""Notes with marks of HTML or RTF: read without them, and where each letter stood."""

from __future__ import annotations

import html
import re

_HTML_MARK = re.compile(r"</?[a-zA-Z][^<>]*>|&(?:[a-zA-Z]{2,8}|#\d{1,5}|#x[0-9a-fA-F]{1,4});")
_RTF_MARK = re.compile(r"\\'[0-9a-fA-F]{2}|\\[a-z]+-?\d* ?|[{}]")
_BLOCK_MARK = re.compile(
    r"(?i)</?(?:p|br|div|tr|td|th|li|ul|ol|h\d|table|body|html|hr)\b|\\(?:par|line|tab|cell|row)\b"
)


def strip_markup(text: str) -> tuple[str, list[int]] | None:
    """A text without marks, and for each of its letters where it stands in the original; None: no marks.

    Example:
        >>> strip_markup("<b>O&#39;B</b>")
        ("O'B", [3, 4, 9])
        >>> strip_markup("plain, a < b & c") is None
        True
    """
    pattern = _RTF_MARK if text.lstrip().startswith("{\\rtf") else _HTML_MARK
    if not pattern.search(text):
        return None
    said, at, end = [], [], 0
    for match in pattern.finditer(text):
        said.append(text[end : match.start()])
        at += range(end, match.start())
        if sign := _render_mark(match[0]):
            said.append(sign)
            at += [match.start()] * len(sign)
        end = match.end()
    return "".join((*said, text[end:])), [*at, *range(end, len(text))]


def locate_span(text: str, at: list[int], start: int, end: int) -> list[tuple[int, int]]:
    """Where a span of the unmarked text stands in the original, in pieces between marks."""
    out: list[tuple[int, int]] = []
    for i in range(start, end):
        first = at[i]
        mark = re.match(r"&[#\w]{2,9};|\\'[0-9a-fA-F]{2}", text[first:]) if text[first] in "&\\" else None
        last = first + (len(mark[0]) if mark else 1)
        if out and out[-1][1] == first:
            out[-1] = (out[-1][0], last)
        elif not out or first >= out[-1][1]:
            out.append((first, last))
    return out


def unescape_markup(text: str) -> str:
    """A piece of the original as it is read: signs for their names."""
    read = re.sub(
        r"\\'([0-9a-fA-F]{2})", lambda found: bytes.fromhex(found[1]).decode("cp1252", "replace"), text
    )
    return html.unescape(read).replace("\xa0", " ") if "&" in read else read


def _render_mark(mark: str) -> str:
    if _BLOCK_MARK.match(mark):
        return "\n"
    if mark.startswith(("&", "\\'")):
        return unescape_markup(mark)[:1]
    return ""
