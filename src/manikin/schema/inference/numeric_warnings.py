"""What is worth saying of a quantity: point masses, suspicious values, strays off the grid."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from manikin.schema.remark import Remark

if TYPE_CHECKING:
    from manikin.schema.kinds import Number

_MIN_RECORDS = 20
"""So many records, or distinct values, say too little."""

_MIN_LARGE_NUMBER, _MIN_DISTINCT_SHARE = 10_000, 0.99
"""Whole numbers from here on that hardly repeat may number records."""

MAX_WIDTHS, MAX_LOG_WIDTHS = 20.0, 8.0
"""Widths of the middle half, of values and of logarithms, beyond which a value looks impossible: more than
ten standard deviations of a normal and of a log-normal quantity."""

MAX_LOG_FACTOR = float(np.log(100))
"""The logarithm of the factor above the middle half that always looks impossible, if FAR says so too."""

MAX_SLIP_SHARE = 0.02
"""Share of the records up to which such values are slips and no kind of patient."""

CORRECTION_HINT = "if that cannot be, declare low and high in schema.toml, or correct them"


def collect_numeric_warnings(kind: Number, values: np.ndarray, counts: np.ndarray) -> tuple[str, ...]:
    """Notes on a quantity, in words and shares, without its values.

    Args:
        kind: The quantity.
        values: Its distinct values in ascending order, (k,).
        counts: In how many rows each stands, (k,).

    Example:
        >>> from manikin.schema.kinds import Number
        >>> collect_numeric_warnings(Number(step=1), np.arange(-1, 30), np.full(31, 2))
        ('-1 is the only negative value; if it stands for a gap, list it under missing',)
    """
    step = kind.step or 0
    warnings = (
        _warn_of_minus_one(values, counts),
        _warn_of_isolated_zero(values, counts, step),
        _warn_of_record_numbers(values, counts, step),
        _describe_mass(values, counts),
        _describe_off_grid(step, values, counts),
        _describe_negatives(values, counts),
        _describe_outliers(values, counts),
        _warn_of_few_values(values, counts, step),
    )
    return tuple(warning for warning in warnings if warning)


def _warn_of_minus_one(values: np.ndarray, counts: np.ndarray) -> str:
    if not (values[0] == -1 and counts[0] > 1 and values[1] >= 0):
        return ""
    return _about_values("-1 is the only negative value; if it stands for a gap, list it under missing")


def _warn_of_isolated_zero(values: np.ndarray, counts: np.ndarray, step: float) -> str:
    """That the smallest value is a zero that no other value comes near, as a blood pressure of 0.

    It may stand for a gap among the numbers of persons too, so the warning stays whatever the field is.
    """
    if len(values) < _MIN_RECORDS or values[0] != 0:
        return ""
    if not (values[1] >= 0.2 * np.median(values[1:]) and values[1] >= 5 * step):
        return ""
    return f"0 stands in {counts[0]} records, far below all others; if it is a gap, list it under missing"


def _warn_of_record_numbers(values: np.ndarray, counts: np.ndarray, step: float) -> str:
    records = counts.sum()
    large = step == 1 and records > _MIN_RECORDS and values[0] >= _MIN_LARGE_NUMBER
    if not large or len(values) <= _MIN_DISTINCT_SHARE * records:
        return ""
    return _about_values(
        "nearly every value is another large whole number; if they number records, role = 'identifier'"
    )


def _warn_of_few_values(values: np.ndarray, counts: np.ndarray, step: float) -> str:
    if step or len(values) * 5 >= counts.sum():
        return ""
    return _about_values(f"only {len(values)} distinct values, yet on no decimal grid")


def _describe_mass(values: np.ndarray, counts: np.ndarray) -> str:
    """The share of the commonest value, if it is large."""
    share, zero = counts.max() / counts.sum(), values[counts.argmax()] == 0
    few = len(values) <= _MIN_RECORDS / 2 or counts.sum() < _MIN_RECORDS
    if few or share < (0.3 if zero else 0.6):
        return ""
    return _about_values(f"{share:.0%} of the values {'are 0' if zero else 'are one and the same'}")


def _describe_negatives(values: np.ndarray, counts: np.ndarray) -> str:
    """How many values are below 0 where nearly all are well above it."""
    below = int(counts[values < 0].sum())
    rare = 0 < below <= MAX_SLIP_SHARE * counts.sum() and counts.sum() >= _MIN_RECORDS
    if (
        not rare
        or _compute_quartiles(values, counts)[0] <= 0
        or (values[0] == -1 and below == counts[0] > 1)
    ):
        return ""
    verb = "value is" if below == 1 else "values are"
    return _about_values(f"{below:,} {verb} below 0, all others above; {CORRECTION_HINT}")


def _describe_outliers(values: np.ndarray, counts: np.ndarray) -> str:
    """How many values lie absurdly far from the middle half, by amount and by order of magnitude.

    Laboratory values have long tails, amounts that differ by orders of magnitude have none in logarithms:
    what is far on both scales looks like another unit, a missing point, or a slip of the pen.
    """
    low, high = _compute_quartiles(values, counts)
    if counts.sum() < _MIN_RECORDS or not 0 < low < high:
        return ""
    wide, ratio = high - low, np.log(high / low)
    over = (values > high + MAX_WIDTHS * wide) & (
        values > high * np.exp(min(MAX_LOG_WIDTHS * ratio, MAX_LOG_FACTOR))
    )
    found = int(counts[over].sum())
    if not 0 < found <= MAX_SLIP_SHARE * counts.sum():
        return ""
    verb = "value looks" if found == 1 else "values look"
    far = f"more than {MAX_WIDTHS:g} times the width of the middle half above it"
    return _about_values(f"{found:,} {verb} impossible, {far}; {CORRECTION_HINT}")


def _compute_quartiles(values: np.ndarray, counts: np.ndarray) -> tuple[float, float]:
    """The ends of the middle half."""
    places = np.searchsorted(np.cumsum(counts), counts.sum() * np.array([0.25, 0.75]))
    return float(values[places[0]]), float(values[places[1]])


def _describe_off_grid(step: float, values: np.ndarray, counts: np.ndarray) -> str:
    if not step:
        return ""
    off = counts[np.abs(np.rint(values / step) * step - values) > step / 100].sum()
    return _about_values(f"values that are not on the grid of {step:g}: {off}") if off else ""


def _about_values(text: str) -> Remark:
    """A warning that holds only while the field is a quantity."""
    return Remark(text, topic="values")
