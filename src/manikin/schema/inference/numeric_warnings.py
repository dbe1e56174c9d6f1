"""What is worth saying of a quantity: point masses, suspicious values, strays off the grid."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from manikin.schema.kinds import Number

_MIN_RECORDS = 20
"""So many records, or distinct values, say too little."""

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
    noticed = {
        "-1 is the only negative value; if it stands for a gap, list it under missing": _has_only_minus_one(
            values, counts
        ),
        f"0 stands in {counts[0]} records, far below all others; if it is a gap, list it under missing": (
            _has_isolated_zero(values, kind.step or 0)
        ),
        "nearly every value is another large whole number; if they number records, role = 'identifier'": (
            kind.step == 1 and _are_record_numbers(values, counts)
        ),
        _describe_mass(values, counts): len(values) > _MIN_RECORDS / 2 and counts.sum() >= _MIN_RECORDS,
        _describe_off_grid(kind.step or 0, values, counts): True,
        _describe_negatives(values, counts): True,
        _describe_outliers(values, counts): True,
        f"only {len(values)} distinct values, yet on no decimal grid": (
            kind.step is None and len(values) * 5 < counts.sum()
        ),
    }
    return tuple(note for note, true in noticed.items() if note and true)


def _has_only_minus_one(values: np.ndarray, counts: np.ndarray) -> bool:
    return bool(values[0] == -1 and counts[0] > 1 and values[1] >= 0)


def _has_isolated_zero(values: np.ndarray, step: float) -> bool:
    """Whether the smallest value is a zero that no other value comes near, as a blood pressure of 0."""
    if len(values) < _MIN_RECORDS or values[0] != 0:
        return False
    return bool(values[1] >= 0.2 * np.median(values[1:]) and values[1] >= 5 * step)


def _are_record_numbers(values: np.ndarray, counts: np.ndarray) -> bool:
    return bool(len(values) > 0.99 * counts.sum() and counts.sum() > _MIN_RECORDS and values[0] >= 10_000)  # noqa: PLR2004


def _describe_mass(values: np.ndarray, counts: np.ndarray) -> str:
    """The share of the commonest value, if it is large."""
    share, zero = counts.max() / counts.sum(), values[counts.argmax()] == 0
    if share < (0.3 if zero else 0.6):
        return ""
    return f"{share:.0%} of the values {'are 0' if zero else 'are one and the same'}"


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
    return f"{below:,} {verb} below 0, all others above; {CORRECTION_HINT}"


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
    return f"{found:,} {verb} impossible, {far}; {CORRECTION_HINT}"


def _compute_quartiles(values: np.ndarray, counts: np.ndarray) -> tuple[float, float]:
    """The ends of the middle half."""
    places = np.searchsorted(np.cumsum(counts), counts.sum() * np.array([0.25, 0.75]))
    return float(values[places[0]]), float(values[places[1]])


def _describe_off_grid(step: float, values: np.ndarray, counts: np.ndarray) -> str:
    if not step:
        return ""
    off = counts[np.abs(np.rint(values / step) * step - values) > step / 100].sum()
    return f"values that are not on the grid of {step:g}: {off}" if off else ""
