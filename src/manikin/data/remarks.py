"""What is worth saying of a quantity: point masses, suspicious values, strays off the grid."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from manikin.data.schema import Number

_FEW = 20
"""So many records, or distinct values, say too little."""


def remarks(kind: Number, values: np.ndarray, counts: np.ndarray) -> tuple[str, ...]:
    """Notes on a quantity, in words and shares, without its values.

    Args:
        kind: The quantity.
        values: Its distinct values in ascending order, (k,).
        counts: In how many rows each stands, (k,).

    Example:
        >>> from manikin.data.schema import Number
        >>> remarks(Number(step=1), np.arange(-1, 30), np.full(31, 2))
        ('-1 is the only negative value; if it stands for a gap, list it under missing',)
    """
    noticed = {
        "-1 is the only negative value; if it stands for a gap, list it under missing": _minus_one(
            values, counts
        ),
        f"0 stands in {counts[0]} records, far below all others; if it is a gap, list it under missing": (
            _zero(values, kind.step or 0)
        ),
        "nearly every value is another large whole number; if they number records, role = 'identifier'": (
            kind.step == 1 and _numbers(values, counts)
        ),
        _mass(values, counts): len(values) > _FEW / 2 and counts.sum() >= _FEW,
        _strays(kind.step or 0, values, counts): True,
        f"only {len(values)} distinct values, yet on no decimal grid": (
            kind.step is None and len(values) * 5 < counts.sum()
        ),
    }
    return tuple(note for note, true in noticed.items() if note and true)


def _minus_one(values: np.ndarray, counts: np.ndarray) -> bool:
    return bool(values[0] == -1 and counts[0] > 1 and values[1] >= 0)


def _zero(values: np.ndarray, step: float) -> bool:
    """Whether the smallest value is a zero that no other value comes near, as a blood pressure of 0."""
    if len(values) < _FEW or values[0] != 0:
        return False
    return bool(values[1] >= 0.2 * np.median(values[1:]) and values[1] >= 5 * step)


def _numbers(values: np.ndarray, counts: np.ndarray) -> bool:
    return bool(len(values) > 0.99 * counts.sum() and counts.sum() > _FEW and values[0] >= 10_000)  # noqa: PLR2004


def _mass(values: np.ndarray, counts: np.ndarray) -> str:
    """The share of the commonest value, if it is large."""
    share, zero = counts.max() / counts.sum(), values[counts.argmax()] == 0
    if share < (0.3 if zero else 0.6):
        return ""
    return f"{share:.0%} of the values {'are 0' if zero else 'are one and the same'}"


def _strays(step: float, values: np.ndarray, counts: np.ndarray) -> str:
    if not step:
        return ""
    off = counts[np.abs(np.rint(values / step) * step - values) > step / 100].sum()
    return f"values that are not on the grid of {step:g}: {off}" if off else ""
