"""Frames of pandas to Arrow columns and back, so that values and types return as they came."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, final
from uuid import UUID

import pyarrow as pa

from manikin.cohort.source_format import SourceFormat, SourceOptions
from manikin.errors import SchemaError
from manikin.schema.inference.formatting import format_column
from manikin.schema.kinds import Category

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pandas as pd

    from manikin.schema.kinds import Schema

_CONVERSION_ERRORS = (pa.ArrowException, OverflowError, TypeError, ValueError)


@final
@dataclass(frozen=True)
class FrameOptions(SourceOptions):
    """The types of pandas that Arrow alone would not give back, by field; "text" for objects of text."""

    dtypes: Mapping[str, str] | None = None


def to_arrow(frame: pd.DataFrame) -> tuple[pa.Table, SourceFormat]:
    """A frame's columns, and which types of pandas to give back.

    An index with a name is a column, and so is one without that holds text or dates (it is called
    "index"): it often says whose the rows are. Whole numbers without a name are positions, and left out.

    Raises:
        SchemaError: Column names repeat, or a column holds what no kind of field describes.
    """
    frame = _include_index(frame)
    frame = frame.set_axis([str(name) for name in frame.columns], axis=1)
    if not frame.columns.is_unique:
        repeated = frame.columns[frame.columns.duplicated()].unique()
        raise SchemaError(f"column names repeat: {', '.join(repeated)}; rename them")
    columns = {str(name): _convert_column(str(name), series) for name, series in frame.items()}
    kept = {str(name): str(series.dtype) for name, series in frame.items() if _is_special_dtype(series)}
    kept |= {name: "text" for name, dtype in kept.items() if dtype == "object" and _is_text(columns[name])}
    return pa.table(columns), SourceFormat("csv").add_options(FrameOptions(kept or None))


def _include_index(frame: pd.DataFrame) -> pd.DataFrame:
    """The frame with its index as columns, where that is more than positions."""
    levels = [frame.index.get_level_values(place) for place in range(frame.index.nlevels)]
    kept = {
        place: "index" if level.name is None else str(level.name)
        for place, level in enumerate(levels)
        if level.name is not None or level.dtype.kind not in "iub"
    }
    if taken := [name for name in kept.values() if name in map(str, frame.columns)]:
        raise SchemaError(f"the index and a column are both called {', '.join(taken)}; rename or drop one")
    return frame.reset_index(level=list(kept), names=list(kept.values())) if kept else frame


def _is_text(values: pa.Array) -> bool:
    return pa.types.is_string(values.type)


def _is_special_dtype(series: pd.Series) -> bool:
    """Whether Arrow alone would not give the type of pandas back."""
    import pandas as pd

    dtype = series.dtype
    return dtype.kind == "O" or (
        pd.api.types.is_extension_array_dtype(dtype) and not isinstance(dtype, pd.DatetimeTZDtype)
    )


def _convert_column(name: str, series: pd.Series) -> pa.Array:
    import pandas as pd

    if isinstance(series.dtype, pd.CategoricalDtype) and isinstance(
        series.cat.categories, pd.IntervalIndex
    ):
        series = series.cat.rename_categories(str)
    try:
        return _combine_chunks(pa.array(series, from_pandas=True))
    except _CONVERSION_ERRORS:
        return _convert_mixed_column(name, series)


def _combine_chunks(values: pa.Array | pa.ChunkedArray) -> pa.Array:
    return values if isinstance(values, pa.Array) else pa.concat_arrays(values.chunks)


def _convert_mixed_column(name: str, series: pd.Series) -> pa.Array:
    """Numbers and text in one column, as text; anything else cannot be expressed."""
    present = series.dropna()
    if (
        series.dtype != object
        or not present.map(lambda value: isinstance(value, str | int | float | UUID)).all()
    ):
        raise SchemaError(
            f"field {name!r}: holds values that are neither numbers, text nor dates; convert them"
        )
    return pa.array(series.map(str, na_action="ignore"), pa.string(), from_pandas=True)


def from_arrow(columns: pa.Table, schema: Schema, origin: SourceFormat) -> pd.DataFrame:
    """Columns as a frame; `origin` names the types of pandas that a column came in."""
    import pandas as pd

    frame = columns.to_pandas()
    dtypes = origin.find_options(FrameOptions).dtypes or {}
    restored = {
        name: _restore_dtype(frame[name], schema[name], dtypes[name]) for name in frame if name in dtypes
    }
    frame = frame.assign(**restored)
    texts = [name for name in frame if frame[name].dtype == object]
    return frame.assign(**{name: frame[name].where(pd.notna(frame[name])) for name in texts})


def _restore_dtype(series: pd.Series, kind: Any, dtype: str) -> pd.Series:  # noqa: ANN401 - any kind of field
    import pandas as pd

    if dtype == "category" and isinstance(kind, Category):
        return series.astype(pd.CategoricalDtype(list(kind.levels), kind.ordered))
    if dtype == "text":
        return _restore_text(series, kind)
    if dtype == "object":
        return series
    return series.astype(dtype)  # pyright: ignore[reportArgumentType]


def _restore_text(series: pd.Series, kind: Any) -> pd.Series:  # noqa: ANN401 - any kind of field
    """Dates and numbers that a frame held as text, as text again."""
    import pandas as pd

    if series.dtype == object:
        return series
    values = pa.array(series, from_pandas=True)
    text = pd.Series(format_column(values, kind, blank="").to_pandas(), dtype=object).set_axis(series.index)
    return text.where(series.notna())
