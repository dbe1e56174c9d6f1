"""Tables of folders of histories, of text whatever they were: csv, or Parquet."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from manikin.core import record_files
from manikin.ehr.long.validate import is_missing
from manikin.errors import EmptyTable, FormatError
from manikin.schema.vocabulary import MISSING_SPELLINGS
from manikin.tables.delimited import read_text_columns

if TYPE_CHECKING:
    from pathlib import Path

TextTable = tuple[pa.Table, "Path"]
"""A table of text, its columns named in lower case, and its file."""


def read_table(folder: Path, name: str) -> TextTable | None:
    """The table of a folder by its name in lower case; None: there is none, or it is empty.

    Raises:
        FormatError: It cannot be read.
    """
    for path in record_files.list_files(folder):
        if record_files.get_table_name(path) != name:
            continue
        try:
            found = _read_parquet_as_text(path) if path.suffix == ".parquet" else read_text_columns(path)
        except EmptyTable:
            return None
        return found.rename_columns([column.lower() for column in found.column_names]), path
    return None


def _read_parquet_as_text(path: Path) -> pa.Table:
    """A table of Parquet as text, as if it had been csv.

    Raises:
        FormatError: It cannot be read, or holds no record.
    """
    from pyarrow import parquet

    try:
        found = parquet.read_table(path)
        if not found.num_rows:
            raise EmptyTable("holds no record", path)
        return pa.table({name: _to_text(found[name]) for name in found.column_names})
    except pa.ArrowException as error:
        raise FormatError(f"is no table of Parquet that can be read ({error})", path) from error


def _to_text(values: pa.ChunkedArray) -> pa.ChunkedArray:
    seconds = values.cast(pa.timestamp("s"), safe=False) if pa.types.is_timestamp(values.type) else values
    return seconds.cast(pa.string()).fill_null("")


def is_blank(values: pa.ChunkedArray) -> bool:
    """Whether a column says nothing: "" and concept 0."""
    return {*values.unique().to_pylist()} <= {*MISSING_SPELLINGS, "0", None}


def is_repeated(values: pa.ChunkedArray) -> np.ndarray:
    """Which values stand in a row before, (n,); nothing does not."""
    code = values.combine_chunks().dictionary_encode().indices.fill_null(-1).to_numpy(zero_copy_only=False)
    first = np.zeros(len(code), dtype=bool)
    first[np.unique(code, return_index=True)[1]] = True
    return ~first & ~is_missing(values)


def read_text_column(found: pa.Table, name: str, path: Path) -> np.ndarray:
    """A column as text, (n,) of objects, None where nothing stands.

    Raises:
        FormatError: There is no such column.
    """
    if name not in found.column_names:
        raise FormatError(f"has no column {name}", path, "is it a table of this format?")
    values = np.array(found[name].to_pylist(), dtype=object)
    values[np.isin(values, sorted(MISSING_SPELLINGS))] = None
    return values
