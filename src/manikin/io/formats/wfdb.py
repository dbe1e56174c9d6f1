"""WFDB: records of PhysioNet, a header (.hea) with signals (.dat, .mat) and annotations (.atr)."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, final

from manikin.cohort.source_format import SourceFormat
from manikin.core.skipped import SkippedRecords
from manikin.errors import FormatError
from manikin.io.format import Format
from manikin.io.formats.csv import read_cells
from manikin.signals.files import folder_index, wfdb, write
from manikin.signals.files.assemble import assemble_recordings

if TYPE_CHECKING:
    from pathlib import Path

    from manikin.cohort.cohort import Cohort
    from manikin.schema.kinds import Schema


@final
class Wfdb(Format):
    """Records of the WFDB library (header(5), signal(5), annot(5) of the WFDB applications guide)."""

    suffixes: ClassVar[tuple[str, ...]] = (".hea", ".dat", ".atr", ".mat")
    is_binary: ClassVar[bool] = True
    can_write_folder: ClassVar[bool] = True
    can_write_file: ClassVar[bool] = False

    def read(self, path: Path, schema: Schema | None, *, skip_bad: bool = False) -> Cohort:
        """One recording, by its header or any other of its files."""
        del skip_bad  # one file is one record, good or bad
        header = path.with_suffix(".hea")
        if not header.is_file():
            raise FormatError("has no header", path, f"put {header.name} beside it")
        return assemble_recordings([wfdb.read_recording(header, header.name)], schema, SourceFormat("wfdb"))

    def read_folder(self, path: Path, schema: Schema | None, *, skip_bad: bool = False) -> Cohort:
        """All recordings below a folder, with what a table beside them tells."""
        bad = SkippedRecords(skip=skip_bad)
        headers = wfdb.find_headers(path, bad)
        whose, meaning = folder_index.find_subjects(headers, path, schema)
        with meaning.hidden.mask_errors():
            found = folder_index.read_recordings(
                headers, lambda header: wfdb.read_recording(header, whose[header]), bad
            )
            if not found:
                raise FormatError(
                    "no record can be read", path, next(iter(bad.values()), "no header (.hea)")
                )
            cells, order, notes = folder_index.find_linked_table(
                path, [recording.path for recording in found], schema, read_cells
            )
            by_path = {recording.path: recording for recording in found}
            chosen = [by_path[header] for header in order]
            cohort = assemble_recordings(chosen, schema, SourceFormat("wfdb"), cells, skip_bad=skip_bad)
        return folder_index.add_folder_notes(cohort.add_notes(*bad.values(), *notes), meaning)

    def write(self, cohort: Cohort, path: Path) -> None:
        """A folder of records of 16 bits, marked as synthetic, annotated where there are labels."""
        if path.suffix:
            raise FormatError("a WFDB record is several files", path, "name a folder (no suffix)")
        write.write_folder(cohort, path, "", wfdb.write_record)


__plugin__ = Wfdb
