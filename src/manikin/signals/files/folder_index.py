"""What a folder says of its recordings: whose they are, and what a table beside them tells."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

import pyarrow as pa

from manikin.core import record_files
from manikin.errors import FormatError
from manikin.imaging.files import manifest
from manikin.io.formats.csv import Csv
from manikin.schema.inference.file_owners import add_owners
from manikin.schema.inference.folder_roles import Meaning, plainly
from manikin.schema.kinds import Category, Image, Schema, Signal

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from manikin.cohort.cohort import Cohort
    from manikin.imaging.files.assemble import Bad
    from manikin.schema.kinds import Kind
    from manikin.signals.files.recording import Recording

_PERSON = re.compile(r"^(patient|subject|person|sub|pat|p|s)[-_ ]?\d+$", re.IGNORECASE)
_MOSTLY = 0.5


def person(path: Path, folder: Path) -> str:
    """Whose a recording is: the innermost folder called like a person, else its own.

    Example:
        >>> from pathlib import Path
        >>> person(Path("db/patient001/s01.hea"), Path("db")), person(Path("db/100.hea"), Path("db"))
        ('patient001', '100.hea')
    """
    place = path.relative_to(folder)
    return next((part for part in reversed(place.parts[:-1]) if _PERSON.match(part)), place.as_posix())


def persons(paths: Sequence[Path], folder: Path, schema: Schema | None) -> tuple[dict[Path, str], Meaning]:
    """Whose each recording is: by the level of folders that are patients, else by `person`.

    Raises:
        SchemaError: The declared levels do not fit the folders.
    """
    levels = schema.folders if schema is not None else ()
    found = plainly([path.relative_to(folder).parts[:-1] for path in paths], levels)
    if not found.subjects and not any(_PERSON.match(part) for path in paths for part in path.parts):
        found = add_owners(found, [path.stem for path in paths])
    whose = dict(zip(paths, found.subjects, strict=True)) if found.subjects else {}
    found = replace(found, notes=found.notes if whose else (), labels=())
    return {
        path: person(path, folder) if whose.get(path) is None else f"/{whose[path]}" for path in paths
    }, found


def opened(paths: Sequence[Path], read: Callable[[Path], Recording], bad: Bad) -> list[Recording]:
    """The recordings that can be read; the others are counted as bad, or the first of them is an error."""
    found = []
    for i, path in enumerate(paths):
        try:
            found.append(read(path))
        except FormatError as error:
            bad.add(i, path, error)
    return found


def told(cohort: Cohort, meaning: Meaning) -> Cohort:
    """The cohort with what its folders were taken for, without the names of patients."""
    cohort.schema.folders = meaning.roles if meaning.subjects else ()
    notes = tuple(map(meaning.hidden.text, (*meaning.notes, *cohort.notes)))
    return replace(cohort, notes=notes)


def beside(
    folder: Path, paths: Sequence[Path], schema: Schema | None
) -> tuple[Cohort | None, list[Path], tuple[str, ...]]:
    """The table of a folder whose cells name its recordings.

    Returns:
        One record for each recording, or None; the recordings in its order; and notes.
    """
    notes: list[str] = []
    for table in record_files.tables(folder):
        cells = Csv().read(table, _of_cells(schema, table))
        named = next((name for name in cells.schema if _named(cells, name, folder, paths)), None)
        if named is None:
            notes.append(f"{table.name} names none of the recordings and is left aside")
            continue
        found = _named(cells, named, folder, paths)
        rows = [row for row, path in enumerate(found) if path]
        if left := len(set(paths) - {path for path in found if path}):
            notes.append(f"{left} recordings that no row of {table.name} names are left out")
        if len(rows) < len(found):
            notes.append(
                f"{len(found) - len(rows)} rows of {table.name} name no recording and are left out"
            )
        rest = [name for name in cells.schema if name != named or cells.schema[name].role == "subject"]
        kept = labelled(cells.take(rows).select(*rest), named) if rest else None
        return kept, [p for p in found if p], tuple(notes)
    return None, list(paths), tuple(notes)


def _of_cells(schema: Schema | None, table: Path) -> Schema | None:
    """What is declared of the cells of a table; diagnoses are codes, also several with commas between."""
    scalars: dict[str, Kind] = {"diagnosis": Category()}
    scalars |= {name: kind for name, kind in (schema or {}).items() if not isinstance(kind, Signal | Image)}
    return manifest.of_cells(Schema(scalars), table)


def labelled(cells: Cohort, named: str) -> Cohort:
    """The cells with a column called label as the label; without notes on names of recordings."""
    kind, kinds = cells.schema.get("label"), dict(cells.schema)
    if isinstance(kind, Category) and cells.schema.named("label") is None:
        kinds["label"] = replace(kind, role="label")
    notes = tuple(note for note in cells.notes if note.partition(": ")[0] != named)
    return replace(cells, schema=Schema(kinds), notes=notes)


def _named(cells: Cohort, name: str, folder: Path, paths: Sequence[Path]) -> list[Path | None]:
    """The recording that each cell of a column names, by its place with or without suffix."""
    known = {path.stem: path for path in reversed(paths)}
    for path in paths:
        place = path.relative_to(folder)
        known |= {place.as_posix(): path, place.with_suffix("").as_posix(): path}
    values = cells.columns[name]
    if not (pa.types.is_string(values.type) or pa.types.is_integer(values.type)):
        return []
    found = [known.get(str(value)) for value in values.to_pylist()]
    hits = [path for path in found if path]
    return (
        found if len(hits) > _MOSTLY * min(len(found), len(paths)) and len(set(hits)) == len(hits) else []
    )
