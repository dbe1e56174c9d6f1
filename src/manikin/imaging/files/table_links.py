"""Which pictures a table lists: by their file names, or by a number that the files are called after."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, final

import pyarrow as pa

from manikin.core import record_files
from manikin.errors import FormatError
from manikin.imaging.files.folder_index import is_collection_folder
from manikin.schema.inference.file_owners import add_owners
from manikin.schema.inference.folder_meaning import (
    NO_FOLDER_MEANING,
    FolderMeaning,
    interpret_or_number_folders,
    interpret_plain_folders,
)
from manikin.schema.remark import Remark

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from manikin.cohort.cohort import Cohort
    from manikin.imaging.dicom.series import Series
    from manikin.imaging.files.folder_index import ImageFile

_FILE_WORDS = re.compile(r"(^|_)(file_?names?|file_?paths?|files?|names?|paths?|png|jpe?g)$", re.IGNORECASE)
_MIN_MATCH_SHARE = 0.5


@final
@dataclass(frozen=True)
class TableLinks:
    """What a table says of pictures.

    Args:
        files: For each field one file for each row.
        columns: The column of file names that each field takes the place of.
        key: The column whose values files are called after, or None.
        meaning: What the subfolders of the pictures say of each row: whose it is, and of which class.
        notes: What was noticed.
        unused_columns: Columns of file names that no field takes the place of.
    """

    files: Mapping[str, Sequence[Path | Series]]
    columns: dict[str, str]
    key: str | None = None
    meaning: FolderMeaning = NO_FOLDER_MEANING
    notes: tuple[str, ...] = ()
    unused_columns: tuple[str, ...] = ()


def match_by_filename(table: Cohort, folder: Path, path: Path) -> TableLinks | None:
    """The pictures that columns of file names list.

    Raises:
        FormatError: A file that most of a column's neighbours suggest is not there.
    """
    named = {name: values for name in table.schema if (values := _read_file_names(table, name))}
    found = {name: _resolve_paths(values, name, folder) for name, values in named.items()}
    whole = {name: files for name, files in found.items() if all(files)}
    if not whole:
        _refuse_missing(named, found, path)
        return None
    files: dict[str, list[Path]] = {}
    columns: dict[str, str] = {}
    for name, paths in whole.items():
        known = [path for path in paths if path]
        if known not in files.values():
            called = name_image_field(name, {*table.schema, *files})
            files[called], columns[called] = known, name
    unused = tuple(name for name in named if name not in columns.values())
    notes = tuple(Remark("names of files, never modelled", name) for name in unused)
    meaning = _find_owners(table, next(iter(files.values())), folder)
    return TableLinks(files, columns, meaning=meaning, notes=notes, unused_columns=unused)


def _find_owners(table: Cohort, files: Sequence[Path], folder: Path) -> FolderMeaning:
    """Whose the pictures of a table are, where folders or names of files say it; it holds the classes."""
    above = [path.parent.relative_to(folder).parts if folder in path.parents else () for path in files]
    found = interpret_plain_folders(
        [tuple(part for part in parts if not is_collection_folder(part)) for parts in above]
    )
    found = replace(found, labels=()) if found.subjects else NO_FOLDER_MEANING
    named = table.schema.find_by_role("subject")
    return found if named else add_owners(found, [record_files.strip_suffix(path) for path in files])


def _read_file_names(table: Cohort, name: str) -> list[str]:
    """The values of a column that holds file names, else nothing."""
    values = table.columns[name]
    if not pa.types.is_string(values.type):
        return []
    names = [value or "" for value in values.to_pylist()]
    present = [value for value in names if value]
    return names if present and all(map(record_files.is_image_path, present)) else []


def _resolve_paths(values: Sequence[str], name: str, folder: Path) -> list[Path | None]:
    """Files relative to the table, or in a subfolder of it; label maps first in folders called so."""
    like = record_files.is_label_map_name(name)
    subs = sorted(
        record_files.list_subfolders(folder),
        key=lambda sub: (sub not in (name, f"{name}s"), record_files.is_label_map_name(sub) != like),
    )
    tries = [folder, *(folder / sub for sub in subs)]
    return [
        next(
            (
                place / value
                for place in tries
                if record_files.is_possible_path(value) and (place / value).is_file()
            ),
            None,
        )
        for value in values
    ]


def _refuse_missing(
    named: Mapping[str, Sequence[str]], found: Mapping[str, Sequence[Path | None]], path: Path
) -> None:
    for name, files in found.items():
        if sum(file is not None for file in files) >= _MIN_MATCH_SHARE * len(files):
            lost = next(row for row, file in enumerate(files) if file is None)
            what = repr(named[name][lost]) if named[name][lost] else "an empty cell"
            raise FormatError(
                f"column {name!r}, record {lost + 1}: {what} names no file beside the table",
                path,
                "add the file, or remove the row",
            )


def name_image_field(name: str, taken: set[str]) -> str:
    """What the pictures of a column are called: `image` where the column only says that they are files."""
    plain = _FILE_WORDS.sub("", name) or "image"
    plain = "image" if plain.lower() in ("img", "picture") else plain
    return plain if plain == name or plain not in taken else name


def match_by_key(
    table: Cohort, places: Sequence[ImageFile], declared: Sequence[str] = ()
) -> TableLinks | None:
    """The pictures that are called after the values of a column, as IMD003.png after "IMD003".

    Args:
        table: The cells.
        places: The pictures of its folder.
        declared: What each level of subfolders is, where a person says it.
    """
    by_field: dict[str, list[ImageFile]] = {}
    for place in places:
        by_field.setdefault("mask" if place.is_mask else "image", []).append(place)
    for name in table.schema:
        for spelled in (str.lower, _extract_number, _extract_subject):
            found = {
                field: _look_up_files(table, name, group, spelled) for field, group in by_field.items()
            }
            files = {field: paths for field, paths in found.items() if paths}
            if files and ("image" in files or "image" not in by_field):
                return _build_links(table, name, files, by_field, declared)
    _refuse_incomplete(table, places)
    return None


def _refuse_incomplete(table: Cohort, places: Sequence[ImageFile]) -> None:
    """Refuse a table of which most rows, but not all, have a picture of their name."""
    known = {place.key.lower() for place in places if not place.is_mask}
    for name in table.schema:
        if pa.types.is_string(table.columns[name].type):
            rows = [str(value or "").lower() for value in table.columns[name].to_pylist()]
            lost = [i for i, row in enumerate(rows, 1) if row not in known]
            if 0 < len(lost) < _MIN_MATCH_SHARE * len(rows):
                raise FormatError(
                    f"no picture is called as column {name!r} says in record {lost[0]} "
                    f"(and {len(lost) - 1} more)",
                    places[0].path.parent,
                    "add it, or remove the row",
                )


def _extract_number(text: str) -> str:
    """The only number in a name: "patient07" is 7."""
    numbers = re.findall(r"\d+", text.partition("_")[0])
    return str(int(numbers[0])) if len(numbers) == 1 else text.lower()


def _extract_subject(text: str) -> str:
    return text.partition("_")[0].lower()


def _look_up_files(table: Cohort, name: str, places: Sequence[ImageFile], spelled: Any) -> list[Path]:  # noqa: ANN401 - a function
    values = table.columns[name]
    if not (pa.types.is_string(values.type) or pa.types.is_integer(values.type)) or values.null_count:
        return []
    spellings = Counter(spelled(place.key) for place in places)
    if max(spellings.values()) > 1:
        return []
    known = {spelled(place.key): place.path for place in places}
    paths = [known.get(spelled(str(value))) for value in values.to_pylist()]
    return [path for path in paths if path] if all(paths) else []


def _build_links(
    table: Cohort,
    key: str,
    files: dict[str, list[Path]],
    by_field: Mapping[str, Sequence[ImageFile]],
    declared: Sequence[str],
) -> TableLinks:
    used = {path for paths in files.values() for path in paths}
    left = sum(place.path not in used for places in by_field.values() for place in places)
    notes = [f"{left} pictures that no row names are left out"] if left else []
    if lost := [field for field in by_field if field not in files]:
        notes.append(Remark("files that do not match the rows one to one are left out", lost[0]))
    above = {place.path: place.parent_folders for places in by_field.values() for place in places}
    meaning = interpret_or_number_folders([above[path] for path in next(iter(files.values()))], declared)
    if (
        meaning.unclear_reason
    ):  # the table says whose the pictures are; their folders are left out, and a note says so
        notes.append(f"subfolders are left out: {meaning.unclear_reason}")
        meaning = NO_FOLDER_MEANING
    meaning = replace(meaning, labels=()) if "label" in table.schema else meaning
    return TableLinks(files, {}, key, meaning, tuple(notes))
