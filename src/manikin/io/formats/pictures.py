"""Pictures: a folder of them, by patients and classes or by a table, or one file alone."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, final

from manikin.core import record_files
from manikin.imaging.files import manifest, write
from manikin.imaging.files.folder_index import interpret_subfolders, list_images, pair_masks
from manikin.imaging.files.folder_options import ImageFolderOptions
from manikin.imaging.files.table_links import TableLinks, match_by_filename, match_by_key
from manikin.io.format import Format
from manikin.io.formats.csv import read_cells

if TYPE_CHECKING:
    from pathlib import Path

    from manikin.cohort.cohort import Cohort
    from manikin.schema.kinds import Schema


@final
class ImageFiles(Format):
    """PNG, JPEG, TIFF and their kin, and arrays of one record (.npy)."""

    suffixes: ClassVar[tuple[str, ...]] = tuple(
        name for name in record_files.IMAGE_SUFFIXES if name != ".npy"
    )
    is_binary: ClassVar[bool] = True
    can_write_folder: ClassVar[bool] = True

    def read(self, path: Path, schema: Schema | None, *, skip_bad: bool = False) -> Cohort:
        """One picture, one record."""
        del skip_bad  # one file is one record, good or bad
        return manifest.assemble_cohort(None, TableLinks({"image": [path]}, {}), schema)

    def read_folder(self, path: Path, schema: Schema | None, *, skip_bad: bool = False) -> Cohort:
        """By the table that lists the pictures, or by subfolders as patients and classes."""
        places, notes, levels = list_images(path), [], schema.folders if schema is not None else ()
        for table in record_files.list_tables(path):
            cells = read_cells(table, schema)
            listing = match_by_filename(cells, path, table) or match_by_key(cells, places, levels)
            if listing is not None:
                options = ImageFolderOptions(manifest=table.name)
                found = manifest.assemble_cohort(cells, listing, schema, options, skip_bad=skip_bad)
                return found.add_notes(*notes)
            notes.append(f"{table.name} names none of the pictures and is left aside")
        found = interpret_subfolders(places, levels)
        with found.hidden.mask_errors():
            listing = TableLinks(pair_masks(places, path), {}, meaning=found)
        return manifest.assemble_cohort(None, listing, schema, skip_bad=skip_bad).add_notes(*notes)

    def write(self, cohort: Cohort, path: Path) -> None:
        """One picture as a file; several as a folder, with a table of all other fields."""
        if path.suffix:
            write.write_single(cohort, path)
        else:
            write.write_folder(cohort, path)


__plugin__ = ImageFiles
