"""Dates and moments: read from text in one format, written back in the same."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from manikin.core.arrow import pc
from manikin.errors import SchemaError
from manikin.schema.inference.columns import InferredColumn
from manikin.schema.inference.sentinel_dates import describe_sentinels, find_sentinels
from manikin.schema.kinds import Category, Time

if TYPE_CHECKING:
    from manikin.schema.inference.columns import DistinctValues

_DATE_LAYOUTS = (
    "%Y-%m-%d", "%Y/%m/%d", "%Y.%m.%d", "%d/%m/%Y", "%m/%d/%Y", "%d-%m-%Y", "%m-%d-%Y", "%d.%m.%Y",
    "%d %b %Y", "%d-%b-%Y", "%d%b%Y", "%b %d, %Y", "%d %B %Y", "%B %d, %Y", "%Y%m%d", "%Y-%m",
    "%d/%m/%y", "%m/%d/%y", "%d-%b-%y", "%d.%m.%y", "%d%m%Y", "%m%d%Y",
)  # fmt: skip
_CLOCK_LAYOUTS = ("", "%H:%M", "%H:%M:%S", "%H:%M:%S.%f", "%I:%M %p", "%I:%M:%S %p")
_CLOCK_UNITS = {"": "day", "%H:%M": "minute", "%I:%M %p": "minute", "%H:%M:%S": "s", "%I:%M:%S %p": "s"}
_DATE_PATTERN = r"^\d{1,4}[-/. ]\d{1,2}[-/. ]\d{1,4}([ T]|$)"
_MAX_SCREENED_WORDS, _MAX_WRONG_SHARE, _MAX_SHOWN_WORDS = 20, 0.1, 5
_EARLIEST, _LATEST = np.datetime64("1700-01-01"), np.datetime64("2400-01-01")
_MAX_OVERRUN_DAYS = 3
_TIME_PATTERN = (
    r"^\d{1,4}[-/. ]?(\d{1,2}|[A-Za-z]{3,9})[-/. ,]*\d{0,4}|^[A-Za-z]{3,9} \d{1,2}, \d{4}|^\d{1,2}:\d{2}"
)


def parse_times(words: pa.Array, layout: str) -> pa.Array | None:
    """Moments written in one strptime layout; None where a word does not follow it.

    Example:
        >>> parse_times(pa.array(["2020-01-05 10:11:12.5"]), "%Y-%m-%d %H:%M:%S.%f")[0].as_py().microsecond
        500000
        >>> [parse_times(pa.array([word]), "%Y-%m-%d") for word in ("2020-13-05", "2021-02-30")]
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
    if found.null_count or are_impossible(words, found, layout.replace(".%f", "")).any():
        return None
    if part is None:
        return found
    micro = pc.add(found.cast(pa.timestamp("us")).cast(pa.int64()), pc.round(part).cast(pa.int64()))
    return micro.cast(pa.timestamp("us"))


def are_impossible(words: pa.Array, found: pa.Array, layout: str) -> np.ndarray:
    """Which words (n,) name a day that no calendar has: 30 February, which Arrow reads as 2 March."""
    day = pc.fill_null(pc.day(found), 0).to_numpy(zero_copy_only=False)
    wrong = np.zeros(len(words), dtype=bool)
    late = np.flatnonzero(
        (day > 0) & (day <= _MAX_OVERRUN_DAYS)
    )  # a month's end is overrun by three days at most
    places = pa.array(late)
    written, read = (
        words.take(places).to_pylist(),
        pc.strftime(found.take(places), format=layout).to_pylist(),
    )
    wrong[late] = [_extract_numbers(a) != _extract_numbers(b) for a, b in zip(written, read, strict=True)]
    return wrong


def _extract_numbers(word: str) -> list[int]:
    return [int(part) for part in re.findall(r"\d+", word)]


def format_times(moments: pa.Array, layout: str) -> pa.Array:
    """Moments as text in a strptime layout, the inverse of `parse_times`.

    Example:
        >>> format_times(parse_times(pa.array(["05/02/2020"]), "%d/%m/%Y"), "%d/%m/%Y").to_pylist()
        ['05/02/2020']
    """
    unit = "us" if ".%f" in layout else "s"
    moments = moments.cast(pa.timestamp("us")).cast(pa.timestamp(unit), safe=False)
    return pc.strftime(moments, format=layout.replace(".%f", ""))


def _list_layouts(word: str) -> list[str]:
    """The layouts that one word may follow."""
    tail = re.search(r"(Z|[+-]\d{2}:?\d{2})$", word) if re.search(r"\d:\d", word) else None
    zone = tail[0] if tail else ""
    glue = "T" if re.search(r"\dT\d", word) else " "
    days = [date + (glue + clock if clock else "") for date in _DATE_LAYOUTS for clock in _CLOCK_LAYOUTS]
    every = [*days, *(clock for clock in _CLOCK_LAYOUTS if clock)]
    return [layout + zone for layout in every if _can_follow_layout(word, layout + zone)]


def _can_follow_layout(word: str, layout: str) -> bool:
    found = parse_times(pa.array([word]), layout)
    if found is None or ("%d" not in layout and "%m" not in layout):
        return found is not None
    moment = found.cast(pa.timestamp("s"), safe=False).to_numpy(zero_copy_only=False)[0]
    return bool(_EARLIEST < moment < _LATEST)


def _is_within_range(found: pa.Array, layout: str) -> bool:
    days = found.cast(pa.timestamp("s"), safe=False).to_numpy(zero_copy_only=False)
    return "%d" not in layout or bool(days.min() > _EARLIEST and days.max() < _LATEST)


def _count_faithful(words: pa.Array, found: pa.Array, layout: str) -> int:
    """How many words would be written back as they were."""
    same = pc.equal(pc.utf8_lower(format_times(found, layout)), pc.utf8_lower(words))
    return pc.sum(same).as_py()


def infer_time_column(name: str, words: DistinctValues) -> InferredColumn | None:
    """A text column of dates or moments; None: it is not one.

    Dates that stand for a gap, such as 9999-12-31, are missing, and a note says so.

    Raises:
        SchemaError: Day and month cannot be told apart, or a date is no day of the calendar.
    """
    if not words.are_matching(_TIME_PATTERN).all():
        return None
    open_ended = find_sentinels(words)
    if open_ended.all():
        nothing = words.drop_values(open_ended)
        gap = words.list_values(open_ended)
        return InferredColumn(
            nothing.broadcast(nothing.values),
            Category(missing=gap),
            ("no date but those that stand for a gap",),
        )
    known = words.drop_values(open_ended) if open_ended.any() else words
    fits = {layout: parse_times(known.values, layout) for layout in _list_layouts(known.values[0].as_py())}
    fits = {
        layout: found
        for layout, found in fits.items()
        if found is not None and _is_within_range(found, layout)
    }
    if not fits:
        _raise_if_impossible(name, known)
        return None
    layout = max(fits, key=lambda layout: _count_faithful(known.values, fits[layout], layout))
    swapped = layout.replace("%d", "%?").replace("%m", "%d").replace("%?", "%m")
    if swapped != layout and swapped in fits:
        message = (
            f"field {name!r}: day and month cannot be told apart; write YYYY-MM-DD, or declare "
            f'in schema.toml kind = "time" with format = "{layout}" or format = "{swapped}"'
        )
        raise SchemaError(message)
    kind, notes = Time(find_resolution(fits[layout], layout), layout), _describe_two_digit_years(layout)
    if known is not words:
        kind = replace(kind, missing=words.list_values(open_ended))
        notes = (*notes, *describe_sentinels(words, open_ended))
    return InferredColumn(known.broadcast(fits[layout]), kind, notes)


def _describe_two_digit_years(layout: str) -> tuple[str, ...]:
    return ("two-digit years: 69-99 read as 19.., 00-68 as 20..",) if "%y" in layout else ()


def _raise_if_impossible(name: str, words: DistinctValues) -> None:
    """Refuse a column of dates among which a few are no days of the calendar, and name them.

    Raises:
        SchemaError: It is one.
    """
    some = words.values[:_MAX_SCREENED_WORDS].to_pylist()
    for layout in dict.fromkeys(layout for word in some for layout in _list_layouts(word)):
        plain = layout.replace(".%f", "")
        found = pc.strptime(words.values, format=plain, unit="s", error_is_null=True)
        absent = found.is_null().to_numpy(zero_copy_only=False)
        wrong = are_impossible(words.values, found, plain) | (absent & words.are_matching(_DATE_PATTERN))
        count = int(words.counts[wrong].sum())
        if not (absent & ~wrong).any() and wrong.any() and count < words.n_rows * _MAX_WRONG_SHARE:
            first = words.values.filter(pa.array(wrong))[0].as_py()
            verb = "is" if count == 1 else "are"
            raise SchemaError(
                f"field {name!r}: {count} of {words.n_rows} dates {verb} no day of the "
                f"calendar, the first of them {first} in record {words.find_first_record(wrong)}; correct "
                f'{"it" if count == 1 else "them"}, or declare in schema.toml kind = "time" with '
                f"missing = {list(words.list_values(wrong)[:_MAX_SHOWN_WORDS])}"
            )


def find_resolution(values: pa.Array, layout: str | None = None) -> str:
    """The resolution that is enough for all moments: "month", "day", "minute", "s", "ms" or "us"."""
    if pa.types.is_date(values.type):
        return "day"
    if layout and "%m" in layout and "%d" not in layout:
        return "month"
    moments = values.drop_null().cast(pa.timestamp("us"), safe=False).cast(pa.int64()).to_numpy()
    steps = {"day": 86_400_000_000, "minute": 60_000_000, "s": 1_000_000, "ms": 1_000}
    return next((name for name, step in steps.items() if not (moments % step).any()), "us")
