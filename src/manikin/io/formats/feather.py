"""Feather (Arrow IPC files): columns with types, factors included."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, final

import pyarrow as pa
from pyarrow import feather

from manikin.core.text_files import read_bytes, write_bytes
from manikin.errors import FormatError
from manikin.io.format import Format
from manikin.tables.column_types import from_typed_table, to_typed_table

if TYPE_CHECKING:
    from pathlib import Path

    from manikin.cohort.cohort import Cohort
    from manikin.schema.kinds import Schema


@final
class Feather(Format):
    """Arrow's own file format, version 2 of Feather."""

    suffixes: ClassVar[tuple[str, ...]] = (".feather", ".arrow")
    signature: ClassVar[bytes] = b"ARROW1"

    def read(self, path: Path, schema: Schema | None, *, skip_bad: bool = False) -> Cohort:
        """The columns in their types."""
        del skip_bad  # columns with types hold no bad cell
        try:
            table = feather.read_table(pa.BufferReader(read_bytes(path)))
        except (pa.ArrowInvalid, pa.ArrowNotImplementedError, OSError) as error:
            raise FormatError("not a readable Feather file", path) from error
        return from_typed_table(table, schema, "feather")

    def write(self, cohort: Cohort, path: Path) -> None:
        """The columns in the types they came in."""
        sink = pa.BufferOutputStream()
        feather.write_feather(to_typed_table(cohort), sink, compression="zstd")
        write_bytes(path, sink.getvalue().to_pybytes())


__plugin__ = Feather
