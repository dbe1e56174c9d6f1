"""Pictures: a folder of them, by patients and classes or by a table, or one file alone."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, final

from manikin.core import record_files
from manikin.imaging.files import manifest, write
from manikin.imaging.files.folder_index import index, meaning, paired
from manikin.imaging.files.table_links import Listing, by_key, by_name
from manikin.io.format import Format
from manikin.io.formats.csv import Csv

if TYPE_CHECKING:
    from pathlib import Path

    from manikin.cohort.cohort import Cohort
    from manikin.schema.kinds import Schema


@final
class Pictures(Format):
    """PNG, JPEG, TIFF and their kin, and arrays of one record (.npy)."""

    suffixes: ClassVar[tuple[str, ...]] = tuple(name for name in record_files.PICTURES if name != ".npy")
    binary: ClassVar[bool] = True
    writes_folders: ClassVar[bool] = True

    def read(self, path: Path, schema: Schema | None) -> Cohort:
        """One picture, one record."""
        return manifest.with_pictures(None, Listing({"image": [path]}, {}), schema, {})

    def read_folder(self, path: Path, schema: Schema | None, *, skip_bad: bool = False) -> Cohort:
        """By the table that lists the pictures, or by subfolders as patients and classes."""
        places, notes, levels = index(path), [], schema.folders if schema is not None else ()
        for table in record_files.tables(path):
            cells = Csv().read(table, manifest.of_cells(schema, table))
            listing = by_name(cells, path, table) or by_key(cells, places, levels)
            if listing is not None:
                told = {"manifest": table.name}
                return manifest.with_pictures(cells, listing, schema, told, skip_bad=skip_bad).noted(*notes)
            notes.append(f"{table.name} names none of the pictures and is left aside")
        found = meaning(places, levels)
        with found.hidden.kept():
            listing = Listing(paired(places, path), {}, meaning=found)
        return manifest.with_pictures(None, listing, schema, {}, skip_bad=skip_bad).noted(*notes)

    def write(self, cohort: Cohort, path: Path) -> None:
        """One picture as a file; several as a folder, with a table of all other fields."""
        if path.suffix:
            write.alone(cohort, path)
        else:
            write.folder(cohort, path)


__plugin__ = Pictures
