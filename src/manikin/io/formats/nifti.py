"""NIfTI: one volume, or a folder of them, several of one subject side by side."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, ClassVar, final

from manikin.core import record_files
from manikin.imaging.files import manifest, write
from manikin.imaging.files.folder_index import index, sequences
from manikin.imaging.files.table_links import Listing, by_key, by_name
from manikin.io.format import Format
from manikin.io.formats.csv import Csv

if TYPE_CHECKING:
    from pathlib import Path

    from manikin.cohort.cohort import Cohort
    from manikin.schema.kinds import Schema


@final
class Nifti(Format):
    """NIfTI-1 and NIfTI-2 (.nii, .nii.gz)."""

    suffixes: ClassVar[tuple[str, ...]] = (".nii",)
    binary: ClassVar[bool] = True
    writes_folders: ClassVar[bool] = True

    def read(self, path: Path, schema: Schema | None) -> Cohort:
        """One volume, one record."""
        return _named(manifest.with_pictures(None, Listing({"image": [path]}, {}), schema, {}))

    def read_folder(self, path: Path, schema: Schema | None, *, skip_bad: bool = False) -> Cohort:
        """By the table that lists the volumes, else by their names, `patient07_T1`, `patient07_T2`."""
        notes, levels = [], schema.folders if schema is not None else ()
        for table in record_files.tables(path):
            cells = Csv().read(table, manifest.of_cells(schema, table))
            listing = by_name(cells, path, table) or by_key(cells, index(path), levels)
            if listing is not None:
                told = {"manifest": table.name}
                return _named(manifest.with_pictures(cells, listing, schema, told, skip_bad=skip_bad))
            notes.append(f"{table.name} names none of the volumes and is left aside")
        files, found = sequences(path, levels)
        listing = Listing(files, {}, meaning=found)
        cohort = manifest.with_pictures(None, listing, schema, {}, skip_bad=skip_bad)
        return _named(cohort).noted(*notes)

    def write(self, cohort: Cohort, path: Path) -> None:
        """One volume as a file; several as a folder, with a table of all other fields."""
        if path.suffix:
            write.alone(cohort, path)
        else:
            write.folder(cohort, path)


__plugin__ = Nifti


def _named(cohort: Cohort) -> Cohort:
    return replace(cohort, origin=replace(cohort.origin, format="nifti"))
