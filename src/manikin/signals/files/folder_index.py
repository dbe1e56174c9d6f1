"""What a folder says of its recordings: whose they are, and what a table beside them tells."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

import pyarrow as pa

from manikin.core import record_files
from manikin.errors import FormatError
from manikin.schema.inference.file_owners import add_owners
from manikin.schema.inference.folder_meaning import FolderMeaning, interpret_plain_folders
from manikin.schema.kinds import Category, Image, Schema, Signal
from manikin.schema.remark import drop_remarks

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from manikin.cohort.cohort import Cohort
    from manikin.core.skipped import SkippedRecords
    from manikin.schema.kinds import Kind
    from manikin.signals.files.recording import Recording

_SUBJECT_PATTERN = re.compile(r"^(patient|subject|person|sub|pat|p|s)[-_ ]?\d+$", re.IGNORECASE)
_MIN_NAMED_SHARE = 0.5


def find_subject(path: Path, folder: Path) -> str:
    """Whose a recording is: the innermost folder called like a person, else its own.

    Example:
        >>> from pathlib import Path
        >>> top = Path("db")
        >>> find_subject(Path("db/patient001/s01.hea"), top), find_subject(Path("db/100.hea"), top)
        ('patient001', '100.hea')
    """
    place = path.relative_to(folder)
    return next(
        (part for part in reversed(place.parts[:-1]) if _SUBJECT_PATTERN.match(part)), place.as_posix()
    )


def find_subjects(
    paths: Sequence[Path], folder: Path, schema: Schema | None
) -> tuple[dict[Path, str], FolderMeaning]:
    """Whose each recording is: by the level of folders that are patients, else by `find_subject`.

    Raises:
        SchemaError: The declared levels do not fit the folders.
    """
    levels = schema.folders if schema is not None else ()
    found = interpret_plain_folders([path.relative_to(folder).parts[:-1] for path in paths], levels)
    if not found.subjects and not any(
        _SUBJECT_PATTERN.match(part) for path in paths for part in path.parts
    ):
        found = add_owners(found, [path.stem for path in paths])
    whose = dict(zip(paths, found.subjects, strict=True)) if found.subjects else {}
    found = replace(found, notes=found.notes if whose else (), labels=())
    return {
        path: find_subject(path, folder) if whose.get(path) is None else f"/{whose[path]}" for path in paths
    }, found


def read_recordings(
    paths: Sequence[Path], read: Callable[[Path], Recording], bad: SkippedRecords
) -> list[Recording]:
    """The recordings that can be read; the others are counted as bad, or the first of them is an error."""
    found = []
    for i, path in enumerate(paths):
        try:
            found.append(read(path))
        except FormatError as error:
            bad.add(i, path, error)
    return found


def add_folder_notes(cohort: Cohort, meaning: FolderMeaning) -> Cohort:
    """The cohort with what its folders were taken for, without the names of patients."""
    cohort.schema.folders = meaning.roles if meaning.subjects else ()
    return replace(cohort, notes=meaning.hidden.mask_notes((*meaning.notes, *cohort.notes)))


def find_linked_table(
    folder: Path,
    paths: Sequence[Path],
    schema: Schema | None,
    read_cells: Callable[[Path, Schema | None], Cohort],
) -> tuple[Cohort | None, list[Path], tuple[str, ...]]:
    """The table of a folder whose cells name its recordings.

    Args:
        folder: The folder.
        paths: Its recordings.
        schema: What a person declared.
        read_cells: Reads a table by what its cells hold, in the kinds that are declared of them.

    Returns:
        One record for each recording, or None; the recordings in its order; and notes.
    """
    notes: list[str] = []
    for table in record_files.list_tables(folder):
        cells = read_cells(table, _select_scalars(schema))
        named = next((name for name in cells.schema if _match_recordings(cells, name, folder, paths)), None)
        if named is None:
            notes.append(f"{table.name} names none of the recordings and is left aside")
            continue
        found = _match_recordings(cells, named, folder, paths)
        rows = [row for row, path in enumerate(found) if path]
        if left := len(set(paths) - {path for path in found if path}):
            notes.append(f"{left} recordings that no row of {table.name} names are left out")
        if len(rows) < len(found):
            notes.append(
                f"{len(found) - len(rows)} rows of {table.name} name no recording and are left out"
            )
        rest = [name for name in cells.schema if name != named or cells.schema[name].role == "subject"]
        kept = assign_label_role(cells.take(rows).select(*rest), named) if rest else None
        return kept, [p for p in found if p], tuple(notes)
    return None, list(paths), tuple(notes)


def _select_scalars(schema: Schema | None) -> Schema:
    """What is declared of scalar fields; diagnoses are codes, also several with commas between."""
    scalars: dict[str, Kind] = {"diagnosis": Category()}
    scalars |= {name: kind for name, kind in (schema or {}).items() if not isinstance(kind, Signal | Image)}
    return Schema(scalars)


def assign_label_role(cells: Cohort, named: str) -> Cohort:
    """The cells with a column called label as the label; without notes on names of recordings."""
    kind, kinds = cells.schema.get("label"), dict(cells.schema)
    if isinstance(kind, Category) and cells.schema.find_by_role("label") is None:
        kinds["label"] = replace(kind, role="label")
    return replace(cells, schema=Schema(kinds), notes=drop_remarks(cells.notes, [named]))


def _match_recordings(cells: Cohort, name: str, folder: Path, paths: Sequence[Path]) -> list[Path | None]:
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
        found
        if len(hits) > _MIN_NAMED_SHARE * min(len(found), len(paths)) and len(set(hits)) == len(hits)
        else []
    )
