"""Histograms of real against synthetic values, in which no few real records can be seen."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from manikin.schema.kinds import Number, Time

if TYPE_CHECKING:
    from manikin.contracts.split import Sample

MIN_SHOWN_RECORDS = 5  # fewer real records than this are not shown
BIN_COUNT = 24
MAX_LEVELS = 30  # of a category that are shown one by one
AXIS_DIGITS = 3  # significant ones, of the ends of an axis


def compute_histograms(real: Sample, synthetic: Sample) -> dict[str, Any]:
    """The distribution of every field on both sides, as shares of the records with a value."""
    found = {}
    for j, (name, levels) in enumerate(zip(real.fields.names, real.fields.levels, strict=True)):
        a, b = (side.table[:, j][~np.isnan(side.table[:, j])] for side in (real, synthetic))
        if len(a) < MIN_SHOWN_RECORDS:
            continue
        kind = real.source_cohort.schema[name]
        made = _count_levels(a, b, levels) if levels is not None else _bin_values(a, b, _find_step(kind))
        unit = "days since 1970" if isinstance(kind, Time) else getattr(kind, "unit", None)
        found[name] = {"kind": kind.name, **made, "unit": unit}
    return found


def count_in_bins(values: np.ndarray, bins: np.ndarray) -> np.ndarray:
    """How many values fall into each bin; those beyond the ends fall into the first and last."""
    return np.histogram(np.clip(values, bins[0], bins[-1]), bins)[0]


def to_shares(counts: np.ndarray, small: int = 0) -> list[float]:
    """Counts as shares of all; those below `small` are shown as none."""
    shown = np.where(counts < small, 0, counts)
    return (shown / max(counts.sum(), 1)).round(5).tolist()


def find_trimmed_range(values: np.ndarray) -> tuple[float, float]:
    """Ends beyond which lie at least five values on either side, to three digits."""
    beyond = min(0.5, max(0.005, MIN_SHOWN_RECORDS / len(values)))
    low, high = np.quantile(values, (beyond, 1 - beyond))
    return _round_digits(low), _round_digits(high)


def compute_bin_edges(values: np.ndarray, bins: int) -> np.ndarray:
    """The ends of equal bins over the trimmed range."""
    low, high = find_trimmed_range(values)
    return np.linspace(low, high if high > low else low + 1.0, bins + 1)


def _round_digits(value: float) -> float:
    return float(f"{value:.{AXIS_DIGITS}g}")


def _find_step(kind: Any) -> float:  # noqa: ANN401 - any kind
    return kind.step or 0.0 if isinstance(kind, Number) else 0.0


def _bin_values(real: np.ndarray, synthetic: np.ndarray, step: float) -> dict[str, Any]:
    """Equal bins; where values lie on a grid, a bin holds equally many of its points."""
    low, high = find_trimmed_range(real)
    wide = max(high - low, step) or 1.0
    if step and wide / step < 10 * BIN_COUNT:
        width = step * np.ceil((wide / step + 1) / BIN_COUNT)
        bins = np.arange(low - step / 2, high + width, width)
    else:
        bins = np.linspace(low, low + wide, BIN_COUNT + 1)
    return {
        "edges": [float(f"{edge:.6g}") for edge in bins],
        "real": to_shares(count_in_bins(real, bins), MIN_SHOWN_RECORDS),
        "synthetic": to_shares(count_in_bins(synthetic, bins)),
    }


def _count_levels(real: np.ndarray, synthetic: np.ndarray, levels: tuple[str, ...]) -> dict[str, Any]:
    """The frequent levels one by one; all others, and those that the real records lack, together."""
    counts = [np.bincount(side.astype(int), minlength=len(levels) + 1) for side in (real, synthetic)]
    order = np.argsort(-counts[0], kind="stable")[:MAX_LEVELS]
    frequent = [code for code in order if counts[0][code] >= MIN_SHOWN_RECORDS and code < len(levels)]
    shown = np.array(sorted(frequent), dtype=int)
    rest = [max(side.sum() - side[shown].sum(), 0) for side in counts]
    names, last = [levels[code] for code in shown], []
    if any(rest):
        names, last = [*names, "other"], [[count] for count in rest]
    both = [
        np.concatenate([side[shown], extra]) for side, extra in zip(counts, last or [[], []], strict=True)
    ]
    return {"levels": names, "real": to_shares(both[0], MIN_SHOWN_RECORDS), "synthetic": to_shares(both[1])}
