"""The distribution of a number or time, through which values become normal scores."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
from scipy.special import ndtr, ndtri

from manikin.codecs.table.arrow_columns import from_floats, to_floats
from manikin.encoding.spec import Continuous

if TYPE_CHECKING:
    import pyarrow as pa

MIN_SUBJECTS = 5  # people who must have a value in common before it is stored
MAX_SEGMENTS = 1000  # segments that describe a marginal well enough, whatever the size
OUTER_SHARE = 0.05  # of the outer segments: less than one record's part, for five or more are in each
MIN_SHARE = 1e-9  # a smaller share of records is a rounding error

Segments = tuple[list[float], list[float], list[float]]


@dataclass(frozen=True)
class QuantileTransform:
    """The distribution of one number or time.

    Args:
        upper: The cumulated share of records at the end of each segment, ascending to 1.
        start, end: The values between which each segment runs; equal for an atom.
        step: The grid of the values; 0: none.
        dtype: The Arrow type of the column.
        optional: Whether values may be missing.
        months: Whether the values are months, counted from January 1970.
        within: The range of the values, where the distribution is that of several columns; else empty.
    """

    upper: list[float]
    start: list[float]
    end: list[float]
    step: float
    dtype: str
    optional: bool
    months: bool = False
    within: list[float | None] = field(default_factory=list)

    @property
    def block(self) -> Continuous:
        """The channel that this column becomes."""
        return Continuous(optional=self.optional)

    def encode(self, column: pa.ChunkedArray, rng: np.random.Generator | None) -> np.ndarray:
        """Values to normal scores (n,), NaN where missing."""
        return self.to_scores(to_floats(column, months=self.months), rng)

    def to_scores(self, values: np.ndarray, rng: np.random.Generator | None = None) -> np.ndarray:
        """Numbers to normal scores (n,), NaN where missing; with `rng` spread over what they stand for."""
        z = np.full(len(values), np.nan)
        seen = ~np.isnan(values)
        if self.upper and seen.any():
            z[seen] = ndtri(self._to_ranks(values[seen], rng))
        return z

    def _to_ranks(self, values: np.ndarray, rng: np.random.Generator | None) -> np.ndarray:
        start, end, upper = map(np.asarray, (self.start, self.end, self.upper))
        lower = np.concatenate([[0.0], upper[:-1]])
        # The values between two segments belong to the nearer one.
        between = (end[:-1] + start[1:]) / 2
        at = np.searchsorted(between, values, side="right")
        spread = 0.5 if rng is None else rng.random(len(values))
        run = end[at] - start[at]
        jitter = 0.0 if rng is None else self.step * (spread - 0.5)
        inside = np.divide(values + jitter - start[at], run, where=run > 0, out=np.full(len(at), -1.0))
        share = np.where(run > 0, np.clip(inside, 0, 1), spread)
        rank = lower[at] + share * (upper[at] - lower[at])
        # The outermost value is one person's, and far out in normal scores nothing would move it.
        outer = np.where(start[[0, -1]] < end[[0, -1]], OUTER_SHARE * (upper - lower)[[0, -1]], 1e-7)
        return np.clip(rank, outer[0], 1 - outer[1])

    def decode(self, z: np.ndarray, _rng: np.random.Generator) -> pa.Array:
        """Normal scores to values of the file's type."""
        return from_floats(self.to_values(z), self.dtype, months=self.months)

    def to_values(self, z: np.ndarray) -> np.ndarray:
        """Normal scores to numbers (n,), NaN where missing."""
        values = np.full(len(z), np.nan)
        seen = ~np.isnan(z)
        if self.upper:
            values[seen] = self._from_ranks(ndtr(z[seen].astype(float)))
        return values

    def _from_ranks(self, rank: np.ndarray) -> np.ndarray:
        start, end, upper = map(np.asarray, (self.start, self.end, self.upper))
        lower = np.concatenate([[0.0], upper[:-1]])
        at = np.minimum(np.searchsorted(upper, rank, side="right"), len(upper) - 1)
        share = np.clip((rank - lower[at]) / (upper[at] - lower[at]), 0, 1)
        values = start[at] + share * (end[at] - start[at])
        values = round_to_step(values, self.step, start[at] < end[at])
        return np.clip(values, *to_bounds(*self.within)) if self.within else values


def round_to_step(values: np.ndarray, step: float, where: np.ndarray | bool = True) -> np.ndarray:
    """Values rounded to multiples of `step` (0: as they are), without binary dust.

    Example:
        >>> round_to_step(np.array([0.31, 0.449]), 0.1).tolist()
        [0.3, 0.4]
    """
    if not step:
        return values
    digits = max(0, int(np.ceil(-np.log10(step))) + 2)
    return np.where(where, np.round(np.round(values / step) * step, digits), values)


def fit_segments(
    values: np.ndarray, low: float | None, high: float | None, who: np.ndarray | None = None
) -> Segments:
    """Atoms and stretches of a sample: (upper, start, end) as in `QuantileTransform`.

    Args:
        values: The sample, (n,).
        low: The least value that is declared; None: open.
        high: The greatest.
        who: Whose each value is, codes (n,), where one person has several: people are then counted, not
            values, so that neither an atom nor a stretch is made of the values of one; None: each value
            is another person's.

    Example:
        >>> upper, start, end = fit_segments(np.array([0.0] * 6 + [1.0, 2.0, 3.0, 4.0]), None, None)
        >>> upper, start[0], end[0]
        ([0.6, 1.0], 0.0, 0.0)
    """
    if len(values) == 0:
        return [], [], []
    distinct, counts = np.unique(values, return_counts=True)
    people = None if who is None else _find_owners(distinct, values, who)
    crowd = counts if people is None else np.diff(people[0])
    share = max(MIN_SUBJECTS, int(crowd.sum()) // MAX_SEGMENTS)
    group = _group_values(crowd, share, people)
    first = np.flatnonzero(np.diff(group, prepend=-1))
    last = np.append(first[1:], len(distinct)) - 1
    held = np.add.reduceat(counts, first)
    mean = np.add.reduceat(distinct * counts, first) / held
    atom = crowd[first] >= share
    between = (distinct[last[:-1]] + distinct[first[1:]]) / 2
    start = np.where(atom, distinct[first], np.append(distinct[0], between))
    end = np.where(atom, distinct[last], np.append(between, distinct[-1]))
    # The outermost values are one person's each: the ends are set so that the mean is kept.
    if not atom[0]:
        start[0] = max(2 * mean[0] - end[0], distinct[0]) if len(first) > 1 else start[0]
    if not atom[-1]:
        end[-1] = min(2 * mean[-1] - start[-1], distinct[-1]) if len(first) > 1 else end[-1]
    bounds = to_bounds(low, high)
    upper = np.cumsum(held) / held.sum()
    upper[-1] = 1.0
    return upper.tolist(), np.clip(start, *bounds).tolist(), np.clip(end, *bounds).tolist()


def _find_owners(
    distinct: np.ndarray, values: np.ndarray, who: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Who has each of the distinct values: where each value's people start, (k + 1,), and the people."""
    width = int(who.max()) + 1
    pairs = np.unique(np.searchsorted(distinct, values) * width + who)
    return np.searchsorted(pairs // width, np.arange(len(distinct) + 1)), pairs % width


def _group_values(
    counts: np.ndarray, share: int, people: tuple[np.ndarray, np.ndarray] | None
) -> np.ndarray:
    """The segment that each distinct value belongs to; a stretch goes on until enough people are in it."""
    group = np.empty(len(counts), dtype=int)
    at, held, was_atom = -1, share, True
    met: set[int] = set()
    for i, count in enumerate(counts.tolist()):
        atom = count >= share
        if atom or was_atom or held >= share:
            at, held, met = at + 1, 0, set()
        group[i], was_atom = at, atom
        if people is None or atom:
            held += count
        else:
            start, whose = people
            met.update(whose[start[i] : start[i + 1]].tolist())
            held = len(met)
    return group


def to_bounds(low: float | None, high: float | None) -> tuple[float, float]:
    """The range of a number, infinite where it is open."""
    return (-np.inf if low is None else low, np.inf if high is None else high)


def mix_segments(parts: list[Segments], weights: list[int]) -> Segments:
    """The distribution of several columns' values together, with the segments of all of them.

    Args:
        parts: The segments of each column.
        weights: How many values each column has.

    Example:
        >>> half = ([1.0], [0.0], [2.0]), ([0.5, 1.0], [0.0, 1.0], [1.0, 1.0])
        >>> mix_segments(list(half), [1, 1])
        ([0.5, 0.75, 1.0], [0.0, 1.0, 1.0], [1.0, 1.0, 2.0])
    """
    whole, arrays = sum(weights), [tuple(map(np.array, part)) for part in parts]
    if not whole:
        return [], [], []
    points = np.unique(np.concatenate([edges for _, *ends in arrays for edges in ends]))
    atoms, stretches = np.zeros(len(points)), np.zeros(len(points))
    for (upper, start, end), weight in zip(arrays, weights, strict=True):
        held = np.diff(upper, prepend=0) * weight / whole
        atom = start == end
        np.add.at(atoms, np.searchsorted(points, start[atom]), held[atom])
        if not atom.all():
            below = np.cumsum(held[~atom])
            ends = np.column_stack([start, end])[~atom].ravel()
            stretches += np.interp(points, ends, np.column_stack([below - held[~atom], below]).ravel())
    held = np.column_stack([atoms, np.diff(stretches, append=stretches[-1])]).ravel()
    start, end = np.repeat(points, 2), np.column_stack([points, np.append(points[1:], points[-1])]).ravel()
    kept = held > MIN_SHARE
    upper = np.cumsum(held[kept])
    return (upper / upper[-1]).tolist(), start[kept].tolist(), end[kept].tolist()
