"""The time column of a series: clocks (07:30), numbers with a unit, moments; as seconds, and back."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from manikin.errors import FormatError, SchemaError
from manikin.schema.inference.columns import DistinctValues
from manikin.schema.inference.datetimes import infer_time_column

if TYPE_CHECKING:
    from collections.abc import Sequence

_ZONED_PATTERN = re.compile(r"^\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d(:?\d\d)?)$")
_UNZONED_PATTERN = re.compile(r"^\d{4}-\d\d-\d\d([T ]\d\d:\d\d(:\d\d(\.\d+)?)?)?$")
_CLOCK_PATTERN = re.compile(r"^\d+:[0-5]\d(:[0-5]\d(\.\d+)?)?$")
SECONDS_PER_UNIT = {"s": 1.0, "min": 60.0, "h": 3600.0, "d": 86400.0}
_UNIT_PATTERNS = {
    "s": r"(^|[_ (])(s|sec|secs|seconds?)\)?$",
    "min": r"(^|[_ (])(min|mins|minutes?)\)?$",
    "h": r"(^|[_ (])(h|hr|hrs|hours?)\)?$",
    "d": r"(^|[_ (])(d|days?)\)?$",
}


def detect_unit(name: str, usual: str) -> str:
    """The unit that the name of a column says, else the usual one.

    Example:
        >>> detect_unit("time_min", "h"), detect_unit("Hours", "s"), detect_unit("Time", "h")
        ('min', 'h', 'h')
    """
    return next(
        (key for key, like in _UNIT_PATTERNS.items() if re.search(like, name, re.IGNORECASE)), usual
    )


def parse_seconds(column: pa.Array, name: str, usual: str, path: Path) -> tuple[np.ndarray, str, bool]:
    """The times of all rows in seconds.

    Returns:
        The times, (n,); how they are spelled ("clock", a unit, or "moment"); and whether they must
        still be counted from the first of each subject.

    Raises:
        FormatError: Some are no times.
    """
    words = DistinctValues.from_column(column)
    words = words.drop_values(words.are_in(("",)))
    spelled = words.values.to_pylist()
    if words.n_rows < len(column):
        raise FormatError(f"column {name!r} has rows without a time", path, "fill them or leave them out")
    if all(_CLOCK_PATTERN.match(text) for text in spelled):
        return np.array([_parse_clock(text) for text in spelled])[words.codes], "clock", False
    try:
        numbers = np.array([float(text) for text in spelled])
    except ValueError:
        found = infer_time_column(name, words)
        if found is None and (zoned := _parse_iso(spelled)) is not None:
            return zoned[words.codes], "moment", True
        if found is None:
            problem = f"column {name!r} holds what is no time, or several spellings of it"
            remedy = "write 07:30, or numbers, or dates"
            raise FormatError(f"{problem}{_describe_odd_row(words)}", path, remedy) from None
        stamps = found.values.cast(pa.timestamp("us")).to_numpy(zero_copy_only=False)
        return stamps.astype("datetime64[us]").astype(np.int64) / 1e6, "moment", True
    if not np.isfinite(numbers).all():
        raise FormatError(f"column {name!r} has rows without a time", path, "fill them or leave them out")
    said = detect_unit(name, usual)
    return (numbers * SECONDS_PER_UNIT[said])[words.codes], said, False


def _describe_odd_row(words: DistinctValues) -> str:
    """The first row of a column of clocks, or of numbers, that holds neither."""
    odd = ~words.are_matching(rf"{_CLOCK_PATTERN.pattern}|^[-+]?[0-9.]+(e[-+]?[0-9]+)?$")
    few = 0 < 2 * odd.sum() < len(odd)
    return f" (row {words.find_first_record(odd) + 1})" if few else ""


def _parse_iso(texts: list[str]) -> np.ndarray | None:
    """Moments of several time zones, or dates among moments of none (ISO 8601), in seconds; None: others.

    Moments with and without a zone are not compared: nobody knows which zone the latter mean.
    """
    if not any(all(like.match(text) for text in texts) for like in (_ZONED_PATTERN, _UNZONED_PATTERN)):
        return None
    try:
        found = [datetime.fromisoformat(text) for text in texts]
    except ValueError:
        return None
    return np.array([(m if m.tzinfo else m.replace(tzinfo=UTC)).timestamp() for m in found])


def has_mixed_formats(texts: Sequence[str]) -> bool:
    """Whether texts, each of them a time, cannot be read together.

    Example:
        >>> has_mixed_formats(["2020-01-01", "2020-02-01 10:00"])
        False
        >>> has_mixed_formats(["2020-01-01", "13.02.2020"])
        True
    """
    try:
        parse_seconds(pa.array(texts, pa.string()), "time", "d", Path())
    except SchemaError:  # days and months that the texts do not tell apart
        return False
    except FormatError:
        return True
    return False


def find_unparsable(texts: list[str], beside: Sequence[str] = (), start: int = 0) -> list[int]:
    """Which texts are no times even by themselves, or not of one spelling with those `beside` them.

    They are found by halving; `start` is the number of the first.

    Example:
        >>> find_unparsable(["2020-01-01", "soon", "2020-02-01", ""])
        [1, 3]
        >>> find_unparsable(["2020-01-01", "13.02.2020"])
        []
        >>> find_unparsable(["13.02.2020"], beside=["2020-01-01"])
        [0]
    """
    try:
        parse_seconds(pa.array([*beside, *texts], pa.string()), "time", "d", Path())
    except SchemaError:  # days and months that few texts do not tell apart
        return []
    except FormatError:
        if len(texts) == 1:
            return [start]
        half = len(texts) // 2
        first, rest = texts[:half], texts[half:]
        return [*find_unparsable(first, beside, start), *find_unparsable(rest, beside, start + half)]
    return []


def _parse_clock(text: str) -> float:
    parts = [float(part) for part in text.split(":")]
    return parts[0] * 3600 + parts[1] * 60 + (parts[2] if len(parts) > 2 else 0.0)  # noqa: PLR2004 - seconds


def format_time(second: float, spelling: str) -> str:
    """A time as the file spelled it; moments become clocks, since dates of patients stay behind.

    Example:
        >>> format_time(5400.0, "clock"), format_time(5400.0, "h"), format_time(0.5, "clock")
        ('01:30', '1.5', '00:00:00.5')
    """
    if spelling in SECONDS_PER_UNIT:
        return f"{second / SECONDS_PER_UNIT[spelling]:.9g}"
    minutes, rest = divmod(round(second, 6), 60)
    hours, minutes = divmod(int(minutes), 60)
    tail = f":{rest:09.6f}".rstrip("0").rstrip(".") if rest % 1 else f":{int(rest):02d}" if rest else ""
    return f"{hours:02d}:{minutes:02d}{tail}"
