"""Dates and moments: read from text in one format, written back in the same."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.compute

from manikin.errors import SchemaError
from manikin.schema.inference.inferred_column import Finding
from manikin.schema.inference.sentinel_dates import describe_sentinels, find_sentinels
from manikin.schema.kinds import Category, Time

if TYPE_CHECKING:
    from manikin.schema.inference.distinct_values import Words

pc: Any = pyarrow.compute  # its functions exist only once it is imported, which type checkers do not see

_DATES = (
    "%Y-%m-%d", "%Y/%m/%d", "%Y.%m.%d", "%d/%m/%Y", "%m/%d/%Y", "%d-%m-%Y", "%m-%d-%Y", "%d.%m.%Y",
    "%d %b %Y", "%d-%b-%Y", "%d%b%Y", "%b %d, %Y", "%d %B %Y", "%B %d, %Y", "%Y%m%d", "%Y-%m",
    "%d/%m/%y", "%m/%d/%y", "%d-%b-%y", "%d.%m.%y", "%d%m%Y", "%m%d%Y",
)  # fmt: skip
_CLOCKS = ("", "%H:%M", "%H:%M:%S", "%H:%M:%S.%f", "%I:%M %p", "%I:%M:%S %p")
_UNITS = {"": "day", "%H:%M": "minute", "%I:%M %p": "minute", "%H:%M:%S": "s", "%I:%M:%S %p": "s"}
_PARTS = r"^\d{1,4}[-/. ]\d{1,2}[-/. ]\d{1,4}([ T]|$)"
_GLANCE, _MOSTLY, _SHOWN = 20, 0.1, 5
_EARLIEST, _LATEST = np.datetime64("1700-01-01"), np.datetime64("2400-01-01")
_OVERRUN = 3
_LOOKS = (
    r"^\d{1,4}[-/. ]?(\d{1,2}|[A-Za-z]{3,9})[-/. ,]*\d{0,4}|^[A-Za-z]{3,9} \d{1,2}, \d{4}|^\d{1,2}:\d{2}"
)


def parse(words: pa.Array, layout: str) -> pa.Array | None:
    """Moments written in one strptime layout; None where a word does not follow it.

    Example:
        >>> parse(pa.array(["2020-01-05 10:11:12.5"]), "%Y-%m-%d %H:%M:%S.%f")[0].as_py().microsecond
        500000
        >>> [parse(pa.array([word]), "%Y-%m-%d") for word in ("2020-13-05", "2021-02-30")]
        [None, None]
    """
    part = None
    if ".%f" in layout:
        fraction = pc.extract_regex(words, r":\d{2}(?P<f>\.\d{1,6})")
        if fraction.null_count:
            return None
        part = pc.multiply(pc.struct_field(fraction, [0]).cast(pa.float64()), 1e6)
        words = pc.replace_substring_regex(words, r"(:\d{2})\.\d{1,6}", r"\1")
    found = pc.strptime(words, format=layout.replace(".%f", ""), unit="s", error_is_null=True)
    if found.null_count or impossible(words, found, layout.replace(".%f", "")).any():
        return None
    if part is None:
        return found
    micro = pc.add(found.cast(pa.timestamp("us")).cast(pa.int64()), pc.round(part).cast(pa.int64()))
    return micro.cast(pa.timestamp("us"))


def impossible(words: pa.Array, found: pa.Array, layout: str) -> np.ndarray:
    """Which words (n,) name a day that no calendar has: 30 February, which Arrow reads as 2 March."""
    day = pc.fill_null(pc.day(found), 0).to_numpy(zero_copy_only=False)
    wrong = np.zeros(len(words), dtype=bool)
    late = np.flatnonzero((day > 0) & (day <= _OVERRUN))  # a month's end is overrun by three days at most
    places = pa.array(late)
    written, read = (
        words.take(places).to_pylist(),
        pc.strftime(found.take(places), format=layout).to_pylist(),
    )
    wrong[late] = [_figures(a) != _figures(b) for a, b in zip(written, read, strict=True)]
    return wrong


def _figures(word: str) -> list[int]:
    return [int(part) for part in re.findall(r"\d+", word)]


def spell(moments: pa.Array, layout: str) -> pa.Array:
    """Moments as text in a strptime layout, the inverse of `parse`.

    Example:
        >>> spell(parse(pa.array(["05/02/2020"]), "%d/%m/%Y"), "%d/%m/%Y").to_pylist()
        ['05/02/2020']
    """
    unit = "us" if ".%f" in layout else "s"
    moments = moments.cast(pa.timestamp("us")).cast(pa.timestamp(unit), safe=False)
    return pc.strftime(moments, format=layout.replace(".%f", ""))


def _layouts(word: str) -> list[str]:
    """The layouts that one word may follow."""
    tail = re.search(r"(Z|[+-]\d{2}:?\d{2})$", word) if re.search(r"\d:\d", word) else None
    zone = tail[0] if tail else ""
    glue = "T" if re.search(r"\dT\d", word) else " "
    days = [date + (glue + clock if clock else "") for date in _DATES for clock in _CLOCKS]
    every = [*days, *(clock for clock in _CLOCKS if clock)]
    return [layout + zone for layout in every if _fits(word, layout + zone)]


def _fits(word: str, layout: str) -> bool:
    found = parse(pa.array([word]), layout)
    if found is None or ("%d" not in layout and "%m" not in layout):
        return found is not None
    moment = found.cast(pa.timestamp("s"), safe=False).to_numpy(zero_copy_only=False)[0]
    return bool(_EARLIEST < moment < _LATEST)


def _within(found: pa.Array, layout: str) -> bool:
    days = found.cast(pa.timestamp("s"), safe=False).to_numpy(zero_copy_only=False)
    return "%d" not in layout or bool(days.min() > _EARLIEST and days.max() < _LATEST)


def _faithful(words: pa.Array, found: pa.Array, layout: str) -> int:
    """How many words would be written back as they were."""
    same = pc.equal(pc.utf8_lower(spell(found, layout)), pc.utf8_lower(words))
    return pc.sum(same).as_py()


def moments(name: str, words: Words) -> Finding | None:
    """A text column of dates or moments; None: it is not one.

    Dates that stand for a gap, such as 9999-12-31, are missing, and a note says so.

    Raises:
        SchemaError: Day and month cannot be told apart, or a date is no day of the calendar.
    """
    if not words.like(_LOOKS).all():
        return None
    open_ended = find_sentinels(words)
    if open_ended.all():
        nothing = words.without(open_ended)
        gap = words.spelled(open_ended)
        return Finding(
            nothing.spread(nothing.words),
            Category(missing=gap),
            ("no date but those that stand for a gap",),
        )
    known = words.without(open_ended) if open_ended.any() else words
    fits = {layout: parse(known.words, layout) for layout in _layouts(known.words[0].as_py())}
    fits = {layout: found for layout, found in fits.items() if found is not None and _within(found, layout)}
    if not fits:
        _refuse_impossible(name, known)
        return None
    layout = max(fits, key=lambda layout: _faithful(known.words, fits[layout], layout))
    swapped = layout.replace("%d", "%?").replace("%m", "%d").replace("%?", "%m")
    if swapped != layout and swapped in fits:
        message = (
            f"field {name!r}: day and month cannot be told apart; write YYYY-MM-DD, or declare "
            f'in schema.toml kind = "time" with format = "{layout}" or format = "{swapped}"'
        )
        raise SchemaError(message)
    kind, notes = Time(unit(fits[layout], layout), layout), _two_digit(layout)
    if known is not words:
        kind = replace(kind, missing=words.spelled(open_ended))
        notes = (*notes, *describe_sentinels(words, open_ended))
    return Finding(known.spread(fits[layout]), kind, notes)


def _two_digit(layout: str) -> tuple[str, ...]:
    return ("two-digit years: 69-99 read as 19.., 00-68 as 20..",) if "%y" in layout else ()


def _refuse_impossible(name: str, words: Words) -> None:
    """Refuse a column of dates among which a few are no days of the calendar, and name them.

    Raises:
        SchemaError: It is one.
    """
    some = words.words[:_GLANCE].to_pylist()
    for layout in dict.fromkeys(layout for word in some for layout in _layouts(word)):
        plain = layout.replace(".%f", "")
        found = pc.strptime(words.words, format=plain, unit="s", error_is_null=True)
        absent = found.is_null().to_numpy(zero_copy_only=False)
        wrong = impossible(words.words, found, plain) | (absent & words.like(_PARTS))
        count = int(words.counts[wrong].sum())
        if not (absent & ~wrong).any() and wrong.any() and count < words.rows * _MOSTLY:
            first = words.words.filter(pa.array(wrong))[0].as_py()
            verb = "is" if count == 1 else "are"
            raise SchemaError(
                f"field {name!r}: {count} of {words.rows} dates {verb} no day of the "
                f"calendar, the first of them {first} in record {words.first(wrong)}; correct "
                f'{"it" if count == 1 else "them"}, or declare in schema.toml kind = "time" with '
                f"missing = {list(words.spelled(wrong)[:_SHOWN])}"
            )


def unit(values: pa.Array, layout: str | None = None) -> str:
    """The resolution that is enough for all moments: "month", "day", "minute", "s", "ms" or "us"."""
    if pa.types.is_date(values.type):
        return "day"
    if layout and "%m" in layout and "%d" not in layout:
        return "month"
    moments = values.drop_null().cast(pa.timestamp("us"), safe=False).cast(pa.int64()).to_numpy()
    steps = {"day": 86_400_000_000, "minute": 60_000_000, "s": 1_000_000, "ms": 1_000}
    return next((name for name, step in steps.items() if not (moments % step).any()), "us")
