"""EDF, EDF+ and BDF: recordings of sleep, brain and muscle in one file each."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, final

import numpy as np

from manikin.cohort.source_format import SourceFormat
from manikin.core import record_files
from manikin.core.skipped import SkippedRecords
from manikin.errors import FormatError
from manikin.io.format import Format
from manikin.io.formats.csv import read_cells
from manikin.signals.files import edf, folder_index, write
from manikin.signals.files.assemble import assemble_recordings

if TYPE_CHECKING:
    from pathlib import Path

    from manikin.cohort.cohort import Cohort
    from manikin.schema.kinds import Schema


@final
class Edf(Format):
    """The European Data Format (Kemp et al. 1992), EDF+ (Kemp and Olivan 2003) and BDF of 24 bits."""

    suffixes: ClassVar[tuple[str, ...]] = (".edf", ".bdf", ".rec")
    is_binary: ClassVar[bool] = True
    can_write_folder: ClassVar[bool] = True

    def read(self, path: Path, schema: Schema | None, *, skip_bad: bool = False) -> Cohort:
        """One recording."""
        del skip_bad  # one file is one record, good or bad
        found = edf.drop_free_text([edf.read_recording(path, path.name)])
        return assemble_recordings(found[0], schema, SourceFormat("edf")).add_notes(*found[1])

    def read_folder(self, path: Path, schema: Schema | None, *, skip_bad: bool = False) -> Cohort:
        """All recordings below a folder, with what a table beside them tells."""
        bad = SkippedRecords(skip=skip_bad)
        files = [
            file for file in record_files.list_files(path) if record_files.detect_file_format(file) == "edf"
        ]
        whose, meaning = folder_index.find_subjects(files, path, schema)
        with meaning.hidden.mask_errors():
            found = folder_index.read_recordings(
                files, lambda file: edf.read_recording(file, whose[file]), bad
            )
            if not found:
                raise FormatError("no recording can be read", path, next(iter(bad.values()), ""))
            found, told = edf.drop_free_text(found)
            cells, order, notes = folder_index.find_linked_table(
                path, [recording.path for recording in found], schema, read_cells
            )
            by_path = {recording.path: recording for recording in found}
            chosen = [by_path[file] for file in order]
            cohort = assemble_recordings(chosen, schema, SourceFormat("edf"), cells, skip_bad=skip_bad)
        return folder_index.add_folder_notes(cohort.add_notes(*bad.values(), *notes, *told), meaning)

    def write(self, cohort: Cohort, path: Path) -> None:
        """EDF+ without a name, number or date, marked as synthetic: a folder, or one record as a file."""
        name = write.find_signal_field(cohort, path)
        if np.isnan(cohort[name]).any():
            raise FormatError(f"EDF has no missing values, but {name!r} has", path, "write WFDB or .npz")
        if not path.suffix:
            write.write_folder(cohort, path, ".edf", edf.write_record)
        elif len(cohort) == 1:
            edf.write_record(
                write.build_record(cohort, name, write.describe_channels(cohort, name), 0), path
            )
        else:
            raise FormatError("one file holds one recording", path, "name a folder (no suffix)")


__plugin__ = Edf
