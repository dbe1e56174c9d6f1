"""NIfTI: one volume, or a folder of them, several of one subject side by side."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, ClassVar, final

from manikin.core import record_files
from manikin.imaging.files import manifest, write
from manikin.imaging.files.folder_index import group_volumes_by_kind, list_images
from manikin.imaging.files.folder_options import ImageFolderOptions
from manikin.imaging.files.table_links import TableLinks, match_by_filename, match_by_key
from manikin.io.format import Format
from manikin.io.formats.csv import read_cells

if TYPE_CHECKING:
    from pathlib import Path

    from manikin.cohort.cohort import Cohort
    from manikin.schema.kinds import Schema


@final
class Nifti(Format):
    """NIfTI-1 and NIfTI-2 (.nii, .nii.gz)."""

    suffixes: ClassVar[tuple[str, ...]] = (".nii",)
    is_binary: ClassVar[bool] = True
    can_write_folder: ClassVar[bool] = True

    def read(self, path: Path, schema: Schema | None, *, skip_bad: bool = False) -> Cohort:
        """One volume, one record."""
        del skip_bad  # one file is one record, good or bad
        return _set_origin_format(manifest.assemble_cohort(None, TableLinks({"image": [path]}, {}), schema))

    def read_folder(self, path: Path, schema: Schema | None, *, skip_bad: bool = False) -> Cohort:
        """By the table that lists the volumes, else by their names, `patient07_T1`, `patient07_T2`."""
        notes, levels = [], schema.folders if schema is not None else ()
        for table in record_files.list_tables(path):
            cells = read_cells(table, schema)
            listing = match_by_filename(cells, path, table) or match_by_key(
                cells, list_images(path), levels
            )
            if listing is not None:
                options = ImageFolderOptions(manifest=table.name)
                return _set_origin_format(
                    manifest.assemble_cohort(cells, listing, schema, options, skip_bad=skip_bad)
                )
            notes.append(f"{table.name} names none of the volumes and is left aside")
        files, found = group_volumes_by_kind(path, levels)
        listing = TableLinks(files, {}, meaning=found)
        cohort = manifest.assemble_cohort(None, listing, schema, skip_bad=skip_bad)
        return _set_origin_format(cohort).add_notes(*notes)

    def write(self, cohort: Cohort, path: Path) -> None:
        """One volume as a file; several as a folder, with a table of all other fields."""
        if path.suffix:
            write.write_single(cohort, path)
        else:
            write.write_folder(cohort, path)


__plugin__ = Nifti


def _set_origin_format(cohort: Cohort) -> Cohort:
    return replace(cohort, origin=replace(cohort.origin, format="nifti"))
