"""A table that lists pictures: by their file names, or by a number that the files are called after."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, final

import pyarrow as pa

from manikin.data import folders
from manikin.data.cohort import Cohort, Origin, column
from manikin.data.images import levels
from manikin.data.images.gather import gather
from manikin.data.images.index import index
from manikin.data.infer import infer
from manikin.data.schema import Category, Image, Number, Schema, Text
from manikin.errors import FormatError, SchemaError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from pathlib import Path

    from manikin.data.dicom.series import Series
    from manikin.data.images.gather import Gathered
    from manikin.data.images.index import Place

_FILE = re.compile(r"\.(png|jpe?g|tiff?|bmp|pgm|ppm|npy|dcm|dicom|ima|nii|nii\.gz)$", re.IGNORECASE)
_FILE_WORDS = re.compile(r"(^|_)(file_?names?|file_?paths?|files?|names?|paths?|png|jpe?g)$", re.IGNORECASE)
_MOSTLY = 0.5
_SENTENCE = 4


@final
@dataclass(frozen=True)
class Listing:
    """What a table says of pictures.

    Args:
        files: For each field one file for each row.
        columns: The column of file names that each field takes the place of.
        key: The column whose values files are called after, or None.
        labels: The class of each row by the subfolder of its picture; empty: no classes.
        notes: What was noticed.
    """

    files: Mapping[str, Sequence[Path | Series]]
    columns: dict[str, str]
    key: str | None = None
    labels: Sequence[str] = ()
    notes: tuple[str, ...] = ()


def of_cells(declared: Schema | None, header: Path | None = None) -> Schema | None:
    """What is declared of a table's own cells: not what their files hold.

    Args:
        declared: Kinds that a person declared.
        header: A table in a folder whose files give fields too: only its columns count.
    """
    if declared is None:
        return None
    cells = {name: kind for name, kind in declared.items() if not isinstance(kind, Image)}
    if header is not None:
        with header.open(encoding="utf-8", errors="replace") as file:
            columns = {name.strip(" \ufeff\r\n") for name in re.split(r'[,;\t|"]', file.readline())}
        cells = {name: kind for name, kind in cells.items() if name in columns}
    return Schema(cells)


def joined(table: Cohort, path: Path, declared: Schema | None, *, skip_bad: bool = False) -> Cohort:
    """A table with its pictures; as it is, where it lists none.

    Args:
        table: The cells.
        path: The file that they stand in.
        declared: Kinds that a person declared, those of pictures among them.
        skip_bad: Whether records with a bad picture are left out and noted.

    Raises:
        FormatError: A picture is absent or cannot be read.
    """
    folder = path.parent
    listing = by_name(table, folder, path)
    if listing is None and any(levels.named(sub) or sub.startswith("image") for sub in _subfolders(folder)):
        listing = by_key(table, index(folder))
    if listing is None:
        return table
    return with_pictures(table, listing, declared, {"manifest": path.name}, skip_bad=skip_bad)


def _subfolders(folder: Path) -> list[str]:
    return sorted(sub.name for sub in folder.iterdir() if sub.is_dir() and not sub.name.startswith("."))


def by_name(table: Cohort, folder: Path, path: Path) -> Listing | None:
    """The pictures that columns of file names list.

    Raises:
        FormatError: A file that most of a column's neighbours suggest is not there.
    """
    named = {name: values for name in table.schema if (values := _file_names(table, name))}
    found = {name: _resolved(values, name, folder) for name, values in named.items()}
    whole = {name: files for name, files in found.items() if all(files)}
    if not whole:
        _missing(named, found, path)
        return None
    files: dict[str, list[Path]] = {}
    columns: dict[str, str] = {}
    for name, paths in whole.items():
        known = [path for path in paths if path]
        if known not in files.values():
            called = field(name, {*table.schema, *files})
            files[called], columns[called] = known, name
    hidden = tuple(name for name in named if name not in columns.values())
    return Listing(
        files, columns, notes=tuple(f"{name}: names of files, never modelled" for name in hidden)
    )


def _file_names(table: Cohort, name: str) -> list[str]:
    """The values of a column that holds file names, else nothing."""
    values = table.columns[name]
    if not pa.types.is_string(values.type):
        return []
    names = [value or "" for value in values.to_pylist()]
    present = [value for value in names if value]
    return names if present and all(_FILE.search(value) for value in present) else []


def _resolved(values: Sequence[str], name: str, folder: Path) -> list[Path | None]:
    """Files relative to the table, or in a subfolder of it; label maps first in folders called so."""
    like = levels.named(name)
    subs = sorted(
        _subfolders(folder), key=lambda sub: (sub not in (name, f"{name}s"), levels.named(sub) != like)
    )
    tries = [folder, *(folder / sub for sub in subs)]
    return [
        next((place / value for place in tries if value and (place / value).is_file()), None)
        for value in values
    ]


def _missing(
    named: Mapping[str, Sequence[str]], found: Mapping[str, Sequence[Path | None]], path: Path
) -> None:
    for name, files in found.items():
        if sum(file is not None for file in files) >= _MOSTLY * len(files):
            lost = next(row for row, file in enumerate(files) if file is None)
            what = repr(named[name][lost]) if named[name][lost] else "an empty cell"
            raise FormatError(
                f"{path}: column {name!r}, record {lost + 1}: {what} names no file beside the table; "
                "add the file, or remove the row"
            )


def field(name: str, taken: set[str]) -> str:
    """What the pictures of a column are called: `image` where the column only says that they are files."""
    plain = _FILE_WORDS.sub("", name) or "image"
    plain = "image" if plain.lower() in ("img", "picture") else plain
    return plain if plain == name or plain not in taken else name


def by_key(table: Cohort, places: Sequence[Place]) -> Listing | None:
    """The pictures that are called after the values of a column, as IMD003.png after "IMD003"."""
    by_field: dict[str, list[Place]] = {}
    for place in places:
        by_field.setdefault("mask" if place.mask else "image", []).append(place)
    for name in table.schema:
        for spelled in (str.lower, _number, _subject):
            found = {field: _looked_up(table, name, group, spelled) for field, group in by_field.items()}
            files = {field: paths for field, paths in found.items() if paths}
            if files and ("image" in files or "image" not in by_field):
                return _keyed(table, name, files, by_field)
    return None


def _number(text: str) -> str:
    """The only number in a name: "patient07" is 7."""
    numbers = re.findall(r"\d+", text.partition("_")[0])
    return str(int(numbers[0])) if len(numbers) == 1 else text.lower()


def _subject(text: str) -> str:
    return text.partition("_")[0].lower()


def _looked_up(table: Cohort, name: str, places: Sequence[Place], spelled: Any) -> list[Path]:  # noqa: ANN401 - a function
    values = table.columns[name]
    if not (pa.types.is_string(values.type) or pa.types.is_integer(values.type)) or values.null_count:
        return []
    spellings = Counter(spelled(place.key) for place in places)
    if max(spellings.values()) > 1:
        return []
    known = {spelled(place.key): place.path for place in places}
    paths = [known.get(spelled(str(value))) for value in values.to_pylist()]
    return [path for path in paths if path] if all(paths) else []


def _keyed(
    table: Cohort, key: str, files: dict[str, list[Path]], by_field: Mapping[str, Sequence[Place]]
) -> Listing:
    used = {path for paths in files.values() for path in paths}
    left = sum(place.path not in used for places in by_field.values() for place in places)
    notes = [f"{left} pictures that no row names are left out"] if left else []
    if lost := [field for field in by_field if field not in files]:
        notes.append(f"{lost[0]}: files that do not match the rows one to one are left out")
    label = {place.path: place.label for places in by_field.values() for place in places}
    labels = [label[path] for path in next(iter(files.values()))]
    fresh = all(labels) and "label" not in table.schema
    return Listing(files, {}, key, labels if fresh else (), tuple(notes))


def with_pictures(
    table: Cohort | None,
    listing: Listing,
    declared: Mapping[str, Any] | None,
    options: Mapping[str, Any],
    *,
    skip_bad: bool = False,
) -> Cohort:
    """A cohort of the cells of a table, the classes of subfolders, and pictures.

    Raises:
        FormatError: A picture cannot be read.
    """
    gathered = gather(listing.files, declared or {}, skip_bad=skip_bad)
    cells = _hidden(table, listing).take(gathered.kept) if table is not None else None
    labels = _labels(listing.labels, (declared or {}).get("label")) if listing.labels else None
    scalars = [part for part in (cells, labels.take(gathered.kept) if labels else None) if part]
    columns: dict[str, Any] = {name: part.columns[name] for part in scalars for name in part.schema}
    columns |= {name: column(x) for name, x in gathered.arrays.items()}
    schema = Schema({name: kind for part in scalars for name, kind in part.schema.items()} | gathered.kinds)
    if absent := [name for name in declared or () if name not in schema]:
        raise SchemaError(f"the schema declares {', '.join(absent)}; the fields are {', '.join(schema)}")
    origin = _origin(table, listing, gathered, options)
    notes = (note for part in (*scalars, listing, gathered) for note in part.notes)
    return Cohort(pa.table(columns), schema, origin, tuple(notes))


def _origin(
    table: Cohort | None, listing: Listing, gathered: Gathered, options: Mapping[str, Any]
) -> Origin:
    suffixes = {name: folders.suffix(paths[0]) for name, paths in listing.files.items()}
    mine = {"suffixes": suffixes, "columns": listing.columns, "classes": bool(listing.labels)}
    came = table.origin.options if table is not None else {}
    return Origin("pictures", {**came, **options, **mine, **gathered.options})


def _labels(labels: Iterable[str], kind: Any) -> Cohort:  # noqa: ANN401 - any kind of field
    values = list(labels)
    return infer(
        pa.table({"label": values}),
        Schema(label=kind or Category(tuple(sorted(set(values))), role="label")),
    )


def _hidden(table: Cohort, listing: Listing) -> Cohort:
    """The table without the columns of file names that became pictures; other names of files hidden."""
    gone = set(listing.columns.values())
    kinds = {name: Text() if _prose(table, name) else kind for name, kind in table.schema.items()}
    for note in listing.notes:
        if (name := note.partition(": ")[0]) in kinds and name not in gone:
            kinds[name] = Text(role="identifier")
    if listing.key is not None:
        kinds[listing.key] = _identity(table, listing.key)
    kept = [name for name in kinds if name not in gone]
    notes = tuple(note for note in table.notes if note.partition(": ")[0] not in gone)
    return replace(
        table,
        columns=table.columns.select(kept),
        schema=Schema({name: kinds[name] for name in kept}),
        notes=notes,
    )


def _prose(table: Cohort, name: str) -> bool:
    """Whether what a short table would take for levels are sentences: a report of each picture."""
    kind = table.schema[name]
    if (
        not isinstance(kind, Category)
        or kind.role
        or not all(isinstance(level, str) for level in kind.levels)
    ):
        return False
    words = [len(str(level).split()) for level in kind.levels]
    return bool(words) and sum(words) >= _SENTENCE * len(words) and len(words) > _MOSTLY * len(table)


def _identity(table: Cohort, key: str) -> Text | Number:
    """What files are called after is an identifier; several rows of one file are one subject."""
    values = table.columns[key]
    repeated = len(values.unique()) < len(values) and table.schema.named("subject") in (None, key)
    role = "subject" if repeated else "identifier"
    return Text(role=role) if pa.types.is_string(values.type) else Number(step=1, role=role)
