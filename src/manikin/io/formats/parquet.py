"""Parquet: columns with types, factors included."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, final

import pyarrow as pa

from manikin.cohort.cohort import Origin
from manikin.cohort.histories import fields
from manikin.ehr.long import read, write
from manikin.errors import FormatError
from manikin.io.format import Format, content, store
from manikin.tables.column_types import received, restored

if TYPE_CHECKING:
    from pathlib import Path

    from manikin.cohort.cohort import Cohort
    from manikin.schema.kinds import Schema


@final
class Parquet(Format):
    """Apache Parquet, with the metadata that pandas leaves in it."""

    suffixes: ClassVar[tuple[str, ...]] = (".parquet", ".pq")
    signature: ClassVar[bytes] = b"PAR1"

    def read(self, path: Path, schema: Schema | None) -> Cohort:
        """The columns in their types."""
        return self._read(path, schema, skip_bad=False)

    def read_most(self, path: Path, schema: Schema | None) -> Cohort:
        """As `read`, but rows of a table of events that cannot be read are left out and noted."""
        return self._read(path, schema, skip_bad=True)

    def _read(self, path: Path, schema: Schema | None, *, skip_bad: bool) -> Cohort:
        from pyarrow import parquet

        try:
            table = parquet.read_table(pa.BufferReader(content(path)))
        except (pa.ArrowInvalid, pa.ArrowNotImplementedError, OSError) as error:
            raise FormatError(f"{path}: not a readable Parquet file") from error
        if (columns := read.detected(table.column_names, schema)) is not None:
            return read.cohort(table, columns, path, schema, Origin("parquet"), skip_bad=skip_bad)
        return received(table, schema, "parquet")

    def write(self, cohort: Cohort, path: Path) -> None:
        """The columns in the types they came in."""
        from pyarrow import parquet

        sink = pa.BufferOutputStream()
        events = bool(fields(cohort.schema))
        parquet.write_table(write.typed(write.laid(cohort)) if events else restored(cohort), sink)
        store(path, sink.getvalue().to_pybytes())


__plugin__ = Parquet
