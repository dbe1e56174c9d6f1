"""Parquet: columns with types, factors included."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, final

import pyarrow as pa

from manikin.cohort.histories import list_history_fields
from manikin.cohort.source_format import SourceFormat
from manikin.core.text_files import read_bytes, write_bytes
from manikin.ehr.long import read, write
from manikin.errors import FormatError
from manikin.io.format import Format
from manikin.tables import EventColumns
from manikin.tables.column_types import from_typed_table, to_typed_table

if TYPE_CHECKING:
    from pathlib import Path

    from manikin.cohort.cohort import Cohort
    from manikin.schema.kinds import Schema


@final
class Parquet(Format):
    """Apache Parquet, with the metadata that pandas leaves in it."""

    suffixes: ClassVar[tuple[str, ...]] = (".parquet", ".pq")
    signature: ClassVar[bytes] = b"PAR1"

    def read(self, path: Path, schema: Schema | None, *, skip_bad: bool = False) -> Cohort:
        """The columns in their types; with `skip_bad` rows of events that cannot be read are noted."""
        from pyarrow import parquet

        try:
            table = parquet.read_table(pa.BufferReader(read_bytes(path)))
        except (pa.ArrowInvalid, pa.ArrowNotImplementedError, OSError) as error:
            raise FormatError("not a readable Parquet file", path) from error
        if (columns := EventColumns.from_names(table.column_names, schema)) is not None:
            return read.build_cohort(
                table, columns, path, schema, SourceFormat("parquet"), skip_bad=skip_bad
            )
        return from_typed_table(table, schema, "parquet")

    def write(self, cohort: Cohort, path: Path) -> None:
        """The columns in the types they came in."""
        from pyarrow import parquet

        sink = pa.BufferOutputStream()
        events = bool(list_history_fields(cohort.schema))
        parquet.write_table(
            write.cast_to_meds_types(write.to_long_table(cohort)) if events else to_typed_table(cohort),
            sink,
        )
        write_bytes(path, sink.getvalue().to_pybytes())


__plugin__ = Parquet
