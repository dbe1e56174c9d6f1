"""A table's rows as normal scores and level numbers.

Numbers and times pass through a piecewise-linear distribution function F: z = Phi^-1(F(value)),
so every marginal is standard normal and the way back restores the marginal exactly. F knows
two kinds of segment: *atoms*, values that at least `share` records have in common (zeros,
rounded numbers), and *stretches*, runs of rarer values pooled until they hold as many. The
ends of a stretch lie between values, never on one, so no value of a single person is stored.
"""

from __future__ import annotations

import re
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Any, ClassVar, Self

import numpy as np
import pyarrow as pa
import pyarrow.compute
from scipy.special import ndtr, ndtri

from manikin.codec import Codec
from manikin.data.schema import Category, Number, Time
from manikin.errors import SchemaError
from manikin.spec import Categorical, Continuous, Spec

if TYPE_CHECKING:
    from manikin.data.cohort import Cohort
    from manikin.rng import Key

pc: Any = pyarrow.compute  # its functions exist only once it is imported, which type checkers do not see

SHARE = 5  # records that must have a value in common before it is stored
RESOLUTION = 1000  # segments that describe a marginal well enough, whatever the size


@dataclass(frozen=True)
class Scale:
    """The distribution of one number or time.

    Args:
        upper: The cumulated share of records at the end of each segment, ascending to 1.
        start, end: The values between which each segment runs; equal for an atom.
        step: The grid of the values; 0: none.
        dtype: The Arrow type of the column.
        optional: Whether values may be missing.
        months: Whether the values are months, counted from January 1970.
    """

    upper: list[float]
    start: list[float]
    end: list[float]
    step: float
    dtype: str
    optional: bool
    months: bool = False

    @property
    def block(self) -> Continuous:
        """The channel that this column becomes."""
        return Continuous(optional=self.optional)

    def encode(self, column: pa.ChunkedArray, rng: np.random.Generator | None) -> np.ndarray:
        """Values to normal scores (n,), NaN where missing."""
        values = _floats(column, months=self.months)
        z = np.full(len(values), np.nan)
        seen = ~np.isnan(values)
        if self.upper and seen.any():
            z[seen] = ndtri(self._rank(values[seen], rng))
        return z

    def _rank(self, values: np.ndarray, rng: np.random.Generator | None) -> np.ndarray:
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
        return np.clip(rank, 1e-7, 1 - 1e-7)

    def decode(self, z: np.ndarray, _rng: np.random.Generator) -> pa.Array:
        """Normal scores to values of the file's type."""
        values = np.full(len(z), np.nan)
        seen = ~np.isnan(z)
        if self.upper:
            values[seen] = self._value(ndtr(z[seen].astype(float)))
        return _typed(values, self.dtype, months=self.months)

    def _value(self, rank: np.ndarray) -> np.ndarray:
        start, end, upper = map(np.asarray, (self.start, self.end, self.upper))
        lower = np.concatenate([[0.0], upper[:-1]])
        at = np.minimum(np.searchsorted(upper, rank, side="right"), len(upper) - 1)
        share = np.clip((rank - lower[at]) / (upper[at] - lower[at]), 0, 1)
        values = start[at] + share * (end[at] - start[at])
        return on_grid(values, self.step, start[at] < end[at])


@dataclass(frozen=True)
class Levels:
    """The levels of one category; one more stands for missing where that occurs."""

    levels: list[Any]
    dtype: str
    optional: bool
    name: str = ""

    @property
    def block(self) -> Categorical:
        """The channel that this column becomes."""
        return Categorical(len(self.levels) + self.optional)

    def encode(self, column: pa.ChunkedArray, _rng: np.random.Generator | None) -> np.ndarray:
        """Values to level numbers (n,)."""
        known = pa.array(self.levels, type=column.type)
        codes = pc.fill_null(pc.index_in(column, known), -1).to_numpy()
        missing = pc.is_null(column, nan_is_null=True).to_numpy()
        strange = (codes < 0) & ~missing
        if strange.any():
            message = (
                f"field {self.name!r}: {int(strange.sum())} records have a level that was not seen in "
                f"training; the levels are {', '.join(map(str, self.levels[:20]))}"
            )
            raise SchemaError(message)
        if missing.any() and not self.optional:
            message = f"field {self.name!r}: missing in {int(missing.sum())} records, never in training"
            raise SchemaError(message)
        return np.where(missing, len(self.levels), codes).astype(float)

    def decode(self, z: np.ndarray, _rng: np.random.Generator) -> pa.Array:
        """Level numbers to values of the file's type."""
        codes = z.astype(int)
        missing = codes >= len(self.levels)
        known = pa.array(self.levels, type=arrow(self.dtype))
        return known.take(pa.array(np.where(missing, 0, codes), mask=missing))


@dataclass(frozen=True)
class TableCodec(Codec):
    """Scalar fields <-> compact rows (n, fields)."""

    kinds: ClassVar[tuple[type, ...]] = (Number, Category, Time)
    tokens: ClassVar[bool] = False
    columns: dict[str, Scale | Levels] | None = None

    @property
    def spec(self) -> Spec:
        """One channel per field."""
        return Spec(tuple(column.block for column in self._columns.values()))

    @property
    def _columns(self) -> dict[str, Scale | Levels]:
        return self.columns or {}

    def fit(self, cohort: Cohort, fields: list[str]) -> Self:
        """Learn each field's distribution or levels."""
        return replace(self, columns={name: _learn(cohort, name) for name in fields})

    def encode(self, cohort: Cohort, key: Key | None = None) -> np.ndarray:
        """Rows of shape (n, fields), float32."""
        x = np.empty((len(cohort), len(self._columns)), dtype=np.float32)
        for i, (name, column) in enumerate(self._columns.items()):
            x[:, i] = column.encode(cohort.columns[name], key.child(name).numpy() if key else None)
        return x

    def decode(self, x: np.ndarray, key: Key) -> dict[str, pa.Array]:
        """Columns in the types of the file, numbers on their grid."""
        return {
            name: column.decode(x[:, i], key.child(name).numpy())
            for i, (name, column) in enumerate(self._columns.items())
        }

    def to_dict(self) -> dict[str, Any]:
        """Per field, its segments or its levels."""
        return {name: asdict(column) for name, column in self._columns.items()}

    @classmethod
    def from_dict(cls, state: dict[str, Any]) -> Self:
        """The inverse of `to_dict`."""
        return cls({name: (Levels if "levels" in s else Scale)(**s) for name, s in state.items()})


def on_grid(values: np.ndarray, step: float, where: np.ndarray | bool = True) -> np.ndarray:
    """Values rounded to multiples of `step` (0: as they are), without binary dust.

    Example:
        >>> on_grid(np.array([0.31, 0.449]), 0.1).tolist()
        [0.3, 0.4]
    """
    if not step:
        return values
    digits = max(0, int(np.ceil(-np.log10(step))) + 2)
    return np.where(where, np.round(np.round(values / step) * step, digits), values)


def _learn(cohort: Cohort, name: str) -> Scale | Levels:
    kind, column = cohort.schema[name], cohort.columns[name]
    optional = pc.any(pc.is_null(column, nan_is_null=True)).as_py() or False
    if isinstance(kind, Category):
        return Levels(list(kind.levels), str(column.type), optional, name)
    months = isinstance(kind, Time) and kind.unit == "month"
    values = _floats(column, months=months)
    values = values[~np.isnan(values)]
    if not np.isfinite(values).all():
        message = f"field {name!r}: infinite values; mark them as missing in schema.toml"
        raise SchemaError(message)
    low, high = (kind.low, kind.high) if isinstance(kind, Number) else (None, None)
    step = _TICKS.get(kind.unit, 1.0) if isinstance(kind, Time) else getattr(kind, "step", None) or 0.0
    upper, start, end = segments(values, low, high)
    return Scale(upper, start, end, step, str(column.type), optional, months)


_TICKS = {"month": 1.0, "day": 86_400e6, "minute": 60e6, "s": 1e6, "ms": 1e3, "us": 1.0}


def segments(
    values: np.ndarray, low: float | None, high: float | None
) -> tuple[list[float], list[float], list[float]]:
    """Atoms and stretches of a sample: (upper, start, end) as in `Scale`.

    Example:
        >>> upper, start, end = segments(np.array([0.0] * 6 + [1.0, 2.0, 3.0, 4.0]), None, None)
        >>> upper, start[0], end[0]
        ([0.6, 1.0], 0.0, 0.0)
    """
    if len(values) == 0:
        return [], [], []
    distinct, counts = np.unique(values, return_counts=True)
    share = max(SHARE, len(values) // RESOLUTION)
    group = _groups(counts, share)
    first = np.flatnonzero(np.diff(group, prepend=-1))
    last = np.append(first[1:], len(distinct)) - 1
    held = np.add.reduceat(counts, first)
    mean = np.add.reduceat(distinct * counts, first) / held
    atom = counts[first] >= share
    between = (distinct[last[:-1]] + distinct[first[1:]]) / 2
    start = np.where(atom, distinct[first], np.append(distinct[0], between))
    end = np.where(atom, distinct[last], np.append(between, distinct[-1]))
    # The outermost values are one person's each: the ends are set so that the mean is kept.
    if not atom[0]:
        start[0] = max(2 * mean[0] - end[0], distinct[0]) if len(first) > 1 else start[0]
    if not atom[-1]:
        end[-1] = min(2 * mean[-1] - start[-1], distinct[-1]) if len(first) > 1 else end[-1]
    bounds = (-np.inf if low is None else low, np.inf if high is None else high)
    upper = np.cumsum(held) / held.sum()
    upper[-1] = 1.0
    return upper.tolist(), np.clip(start, *bounds).tolist(), np.clip(end, *bounds).tolist()


def _groups(counts: np.ndarray, share: int) -> np.ndarray:
    """The segment that each distinct value belongs to."""
    group = np.empty(len(counts), dtype=int)
    at, held, was_atom = -1, share, True
    for i, count in enumerate(counts.tolist()):
        atom = count >= share
        if atom or was_atom or held >= share:
            at, held = at + 1, 0
        group[i], was_atom = at, atom
        held += count
    return group


def _floats(column: pa.ChunkedArray, *, months: bool = False) -> np.ndarray:
    """Values as float64, NaN where missing; moments in microseconds, or in months, since 1970."""
    if not pa.types.is_temporal(column.type):
        return column.cast(pa.float64()).to_numpy().astype(float)
    moments = column.cast(pa.timestamp("us")).to_numpy()
    counted = moments.astype("datetime64[M]" if months else "datetime64[us]").astype(float)
    return np.where(np.isnat(moments), np.nan, counted)


def arrow(dtype: str) -> pa.DataType:
    """The Arrow type called so by `str`.

    Example:
        >>> all(arrow(str(t)) == t for t in (pa.int8(), pa.date32(), pa.timestamp("s", tz="UTC")))
        True
    """
    if moment := re.fullmatch(r"timestamp\[(\w+)(?:, tz=(.+))?\]", dtype):
        return pa.timestamp(moment[1], tz=moment[2])
    return pa.type_for_alias({"date32[day]": "date32", "date64[ms]": "date64"}.get(dtype, dtype))


def _typed(values: np.ndarray, dtype: str, *, months: bool = False) -> pa.Array:
    kind, missing = arrow(dtype), np.isnan(values)
    if pa.types.is_floating(kind):
        return pa.array(values, type=kind, mask=missing)
    whole = np.where(missing, 0, np.round(values)).astype(np.int64)
    if not pa.types.is_temporal(kind):
        return pa.array(whole, mask=missing).cast(kind)
    moments = whole.astype("datetime64[M]" if months else "datetime64[us]").astype("datetime64[us]")
    return pa.array(moments, mask=missing).cast(kind, safe=False)


__plugin__ = TableCodec
