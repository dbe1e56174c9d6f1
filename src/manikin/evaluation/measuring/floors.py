"""Floors: bad generators on purpose, to mark the lower end of each metric's scale.

Each turns fresh real records (the candidate of a split) into as many bad ones. Which one
is bad depends on what is measured: shuffled columns have perfect marginals and no joint structure.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from manikin.core import arrow
from manikin.ehr import corrupt
from manikin.errors import UsageError
from manikin.schema.history_type import is_codes_type
from manikin.schema.kinds import IDENTITY_ROLES, SCALAR_TYPES, Category, Image, Signal, Text
from manikin.text import corrupt as prose
from manikin.text.note_fields import list_note_fields, rewrite_column

if TYPE_CHECKING:
    from collections.abc import Callable

    from manikin.cohort.cohort import Cohort
    from manikin.cohort.histories import Histories
    from manikin.contracts.metric import Floor
    from manikin.contracts.split import Split

RECORDS_PER_MODE = 20  # a collapsed generator has one mode for so many records
MISSING_SHARE = 0.1  # share of values that are lost where none was missing


def draw_independently(split: Split) -> Cohort:
    """Every field, place of a picture or signal, and word drawn alone: real marginals, nothing joint."""
    rng = split.key.child("independent").numpy()
    schema, n = split.synthetic.cohort.schema, len(split.synthetic)

    def change(column: pa.ChunkedArray, name: str) -> pa.Array | pa.ChunkedArray:
        if isinstance(column.type, pa.FixedShapeTensorType):
            x = arrow.to_array(column)
            return arrow.to_column(rng.permuted(x, axis=0))
        if is_codes_type(column.type):
            return corrupt.map_histories(column, lambda found: corrupt.shuffle_codes(found, rng))
        if isinstance(schema[name], Text):
            return rewrite_column(column, lambda texts: prose.shuffle_words(texts, rng))
        return column.take(pa.array(rng.permutation(n)))

    return _alter_columns(split, change)


def draw_evenly(split: Split) -> Cohort:
    """Every field alone and evenly spread between its smallest and largest value."""
    return _draw_uniform(split, 0.0, "uniform")


def draw_wildly(split: Split) -> Cohort:
    """As `draw_evenly`, on five times the range: most values lie where no real one does."""
    return _draw_uniform(split, 2.0, "wild")


def collapse_modes(split: Split) -> Cohort:
    """A few real records over and over: one mode for every twenty records."""
    rng = split.key.child("collapsed").numpy()
    n = len(split.synthetic)
    modes = rng.choice(n, max(2, n // RECORDS_PER_MODE), replace=False)
    return split.synthetic.cohort.take(rng.choice(modes, n))


def repeat_training_records(split: Split) -> Cohort:
    """Training records, given out as synthetic."""
    rng = split.key.child("copies").numpy()
    n, available = len(split.synthetic), len(split.train)
    return split.train.take(rng.choice(available, n, replace=n > available)).cohort


def hide_missingness(split: Split) -> Cohort:
    """No value missing: gaps are filled by values of others; where there are none, one in ten is lost."""
    rng = split.key.child("complete").numpy()
    change = _fill_missing if np.isnan(split.synthetic.table).any() else _remove_values

    def complete_one(column: pa.ChunkedArray, _: str) -> pa.Array | pa.ChunkedArray:
        tensor = isinstance(column.type, pa.FixedShapeTensorType)
        return _complete_array(column, rng) if tensor else change(column, rng)

    return _alter_columns(split, complete_one)


def superimpose_records(split: Split) -> Cohort:
    """Every picture or signal laid half and half over another record's, with whose label map it goes.

    Of a note the second half of the sentences is another's.
    """
    cohort = split.synthetic.cohort
    other = split.key.child("superimposed").numpy().permutation(len(cohort))
    columns = {name: _superimpose_field(cohort, name, other) for name in cohort.schema}
    return replace(cohort, columns=pa.table(columns))


def exchange_visits(split: Split) -> Cohort:
    """Every visit of a history with the content of another patient's: nothing holds from visit to visit."""
    rng = split.key.child("exchanged").numpy()
    return _alter_histories(split, lambda found: corrupt.shuffle_visits(found, rng))


def cut_histories_short(split: Split) -> Cohort:
    """Only the first half of the visits of each history, with every other event."""
    return _alter_histories(
        split, lambda found: corrupt.drop_alternate_events(corrupt.truncate_histories(found))
    )


FLOORS: dict[str, Callable[[Split], Cohort]] = {
    "independent": draw_independently,
    "uniform": draw_evenly,
    "wild": draw_wildly,
    "collapsed": collapse_modes,
    "copies": repeat_training_records,
    "complete": hide_missingness,
    "superimposed": superimpose_records,
    "exchanged": exchange_visits,
    "cut_short": cut_histories_short,
}


def find_floor(name: Floor) -> Callable[[Split], Cohort]:
    """The bad generator that a metric asks for.

    Raises:
        UsageError: There is none of that name.
    """
    if not isinstance(name, str):
        return name
    if name not in FLOORS:
        message = f"no floor {name!r}; there are {', '.join(FLOORS)}, or give a function"
        raise UsageError(message)
    return FLOORS[name]


def _alter_histories(split: Split, change: Callable[[Histories], Histories]) -> Cohort:
    def altered(column: Any, _: str) -> Any:  # noqa: ANN401 - columns of Arrow
        return corrupt.map_histories(column, change) if is_codes_type(column.type) else column

    return _alter_columns(split, altered)


def _alter_columns(split: Split, change: Callable[[Any, str], pa.Array | pa.ChunkedArray]) -> Cohort:
    cohort = split.synthetic.cohort
    columns = {
        name: column if cohort.schema[name].role in IDENTITY_ROLES else change(column, name)
        for name, column in zip(cohort.schema, cohort.columns.combine_chunks().columns, strict=True)
    }
    return replace(cohort, columns=pa.table(columns))


def _draw_uniform(split: Split, widen: float, stream: str) -> Cohort:
    rng = split.key.child(stream).numpy()
    schema = split.synthetic.cohort.schema

    def change(column: pa.ChunkedArray, name: str) -> pa.Array | pa.ChunkedArray:
        kind = schema[name]
        if isinstance(column.type, pa.FixedShapeTensorType):
            return arrow.to_column(_draw_uniform_array(arrow.to_array(column), widen, rng))
        if is_codes_type(column.type):
            return corrupt.map_histories(
                column, lambda found: corrupt.draw_uniform_histories(found, rng, widen)
            )
        if isinstance(kind, Text) and not widen:
            return rewrite_column(column, lambda texts: prose.draw_uniform_words(texts, rng))
        if not isinstance(kind, SCALAR_TYPES):
            return column.take(pa.array(rng.permutation(len(column))))
        present = column.drop_null()
        if len(present) == 0:
            return column
        drawn = _draw_levels(present, rng, len(column)) if isinstance(kind, Category) else None
        values = _draw_values(present, widen, rng, len(column)) if drawn is None else drawn
        lost = rng.permutation(np.asarray(column.is_null()))
        return _mask_values(values, lost)

    return _alter_columns(split, change)


def _superimpose_field(cohort: Cohort, name: str, other: np.ndarray) -> pa.Array | pa.ChunkedArray:
    kind, column = cohort.schema[name], cohort.columns[name]
    if isinstance(kind, Image | Signal):
        return _blend_arrays(cohort, name, other)
    if name in list_note_fields(cohort.schema):
        return pa.array(prose.splice_notes([text or "" for text in column.to_pylist()], other), column.type)
    return column


def _blend_arrays(cohort: Cohort, name: str, other: np.ndarray) -> pa.Array:
    x, kind = cohort[name], cohort.schema[name]
    if isinstance(kind, Image) and kind.levels:
        return arrow.to_column(x[other])
    mean = (x.astype(np.float32) + x[other]) / 2
    if x.dtype.kind == "f":  # where one is missing the other stands
        mean = np.where(np.isnan(x), x[other], np.where(np.isnan(x[other]), x, mean))
    return arrow.to_column((np.rint(mean) if x.dtype.kind in "iu" else mean).astype(x.dtype))


def _draw_uniform_array(x: np.ndarray, widen: float, rng: np.random.Generator) -> np.ndarray:
    """Places evenly spread between the smallest and the largest, within what their type can say.

    Of a signal (n, channels, time) channel by channel; what is missing stays so.
    """
    axes = (0, 2) if x.ndim == 3 else None  # noqa: PLR2004 - a signal
    low, high = (end.reduce(x, axis=axes, keepdims=True).astype(float) for end in (np.fmin, np.fmax))
    span = np.where(high > low, high - low, 1.0)
    drawn = low - widen * span + (1 + 2 * widen) * span * rng.random(x.shape)
    if x.dtype.kind in "iu":
        drawn = np.rint(drawn).clip(np.iinfo(x.dtype).min, np.iinfo(x.dtype).max)
    return (
        np.where(np.isnan(x), np.nan, drawn).astype(x.dtype)
        if x.dtype.kind == "f"
        else drawn.astype(x.dtype)
    )


def _complete_array(column: pa.ChunkedArray, rng: np.random.Generator) -> pa.Array | pa.ChunkedArray:
    """A picture or signal with its gaps filled, place by place; of one without gaps a tenth is lost."""
    x = np.array(arrow.to_array(column))
    if x.dtype.kind != "f":
        return column
    absent = np.isnan(x)
    if not absent.any():
        return arrow.to_column(np.where(rng.random(x.shape) < MISSING_SHARE, np.nan, x).astype(x.dtype))
    for channel, gaps in zip(np.moveaxis(x, 1, 0), np.moveaxis(absent, 1, 0), strict=True):
        known = channel[~gaps]
        if len(known):
            channel[gaps] = rng.choice(known, int(gaps.sum()))
    return arrow.to_column(x)


def _draw_levels(present: pa.ChunkedArray, rng: np.random.Generator, n: int) -> pa.Array:
    levels = present.unique()
    return levels.take(pa.array(rng.integers(len(levels), size=n)))


def _draw_values(present: pa.ChunkedArray, widen: float, rng: np.random.Generator, n: int) -> pa.Array:
    whole = pa.types.is_temporal(present.type)
    numbers = present.cast(pa.timestamp("us")).cast(pa.int64()) if whole else present
    values = numbers.cast(pa.float64()).to_numpy()
    low, high = values.min(), values.max()
    span = (high - low) or 1.0
    drawn = rng.uniform(low - widen * span, high + widen * span, n)
    if pa.types.is_integer(present.type) or whole:
        drawn = np.rint(drawn).astype(np.int64)
    if whole:
        return pa.array(drawn).cast(pa.timestamp("us")).cast(present.type, safe=False)
    return pa.array(drawn).cast(present.type, safe=False)


def _fill_missing(column: pa.ChunkedArray, rng: np.random.Generator) -> pa.ChunkedArray:
    present = column.drop_null()
    if len(present) in (0, len(column)):
        return column
    others = present.take(pa.array(rng.integers(len(present), size=len(column))))
    absent = np.asarray(column.is_null())
    n = len(column)
    rows = np.where(absent, n + np.arange(n), np.arange(n))
    return pa.chunked_array([*column.chunks, *others.chunks]).take(pa.array(rows))


def _remove_values(column: pa.ChunkedArray, rng: np.random.Generator) -> pa.ChunkedArray:
    return _mask_values(column, rng.random(len(column)) < MISSING_SHARE)


def _mask_values(values: pa.Array | pa.ChunkedArray, lost: np.ndarray) -> pa.Array | pa.ChunkedArray:
    return values.take(pa.array(np.arange(len(values)), mask=lost))
