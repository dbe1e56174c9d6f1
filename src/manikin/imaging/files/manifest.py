"""A table and the pictures that it lists, as one cohort."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from manikin.cohort.cohort import Cohort, Origin, column
from manikin.cohort.unclear_fields import FOLDER, UNCLEAR, settled
from manikin.core import record_files
from manikin.errors import SchemaError
from manikin.imaging.files import label_maps
from manikin.imaging.files.assemble import gather
from manikin.imaging.files.folder_index import index
from manikin.imaging.files.table_links import Listing, by_key, by_name, subfolders
from manikin.schema.inference.infer import infer
from manikin.schema.kinds import Category, Image, Number, Schema, Text

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from manikin.imaging.files.assemble import Gathered
    from manikin.schema.inference.folder_roles import Meaning

SUBJECT = "subject"
"""The field of the patients whose folders pictures lie in."""
_MOSTLY = 0.5
_SENTENCE = 4


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
    if listing is None and any(
        label_maps.named(sub) or sub.startswith("image") for sub in subfolders(folder)
    ):
        listing = by_key(table, index(folder), getattr(declared, "folders", ()))
    if listing is None:
        return table
    return with_pictures(table, listing, declared, {"manifest": path.name}, skip_bad=skip_bad)


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
    meaning = listing.meaning
    with meaning.hidden.kept():
        gathered = gather(listing.files, declared or {}, skip_bad=skip_bad)
    cells = _hidden(table, listing).take(gathered.kept) if table is not None else None
    taken = cells.schema if cells is not None else Schema()
    whose = _subjects(meaning, declared) if meaning.subjects and not taken.named("subject") else None
    labels = _labels(meaning.labels, (declared or {}).get("label")) if meaning.labels else None
    unclear = _unclear(meaning) if meaning.unclear else None
    parts = (
        whose.take(gathered.kept) if whose else None,
        unclear.take(gathered.kept) if unclear else None,
        cells,
        labels.take(gathered.kept) if labels else None,
    )
    scalars = [part for part in parts if part]
    columns: dict[str, Any] = {name: part.columns[name] for part in scalars for name in part.schema}
    columns |= {name: column(x) for name, x in gathered.arrays.items()}
    schema = Schema({name: kind for part in scalars for name, kind in part.schema.items()} | gathered.kinds)
    told = _unfounded(table, declared, schema)
    needed = [name for name in settled(declared) if not (told and name == SUBJECT)]
    if absent := [name for name in needed if name not in schema]:
        raise SchemaError(f"the schema declares {', '.join(absent)}; the fields are {', '.join(schema)}")
    schema.folders = meaning.roles
    held = {UNCLEAR: {FOLDER: meaning.unclear}} if meaning.unclear else {}
    origin = _origin(table, listing, gathered, {**options, **held})
    notes = (note for part in (meaning, *scalars, listing, gathered) for note in part.notes)
    return Cohort(pa.table(columns), schema, origin, tuple(map(meaning.hidden.text, (*told, *notes))))


def _unclear(meaning: Meaning) -> Cohort:
    """Running numbers of folders that may be patients or classes: nothing is learned from them."""
    numbers = pa.table({FOLDER: pa.array(meaning.numbers, pa.int64())})
    kinds = Schema({FOLDER: Number(step=1, role="unclear")})
    return Cohort(numbers, kinds, notes=(f"{FOLDER}: {meaning.unclear}",))


def _unfounded(table: Cohort | None, declared: Mapping[str, Any] | None, schema: Schema) -> tuple[str, ...]:
    """A note where subjects are declared, as of pictures in folders of patients, but none are here."""
    kind = (declared or {}).get(SUBJECT)
    lacks = kind is not None and kind.role == "subject" and SUBJECT not in schema and table is None
    return (f"{SUBJECT}: no folder says whose the pictures are, so each is its own",) if lacks else ()


def _subjects(meaning: Meaning, declared: Mapping[str, Any] | None) -> Cohort:
    """Running numbers of the patients whose folders pictures lie in, never the names of these."""
    kind = (declared or {}).get(SUBJECT) or Number(step=1, role="subject")
    if kind.role != "subject":
        raise SchemaError(
            f"field {SUBJECT!r}: subfolders are subjects; declare its role so, or their level so"
        )
    numbers = pa.array(meaning.subjects, pa.int64())
    numbers = numbers if isinstance(kind, Number) else numbers.cast(pa.string())
    return Cohort(pa.table({SUBJECT: numbers}), Schema({SUBJECT: kind}))


def _origin(
    table: Cohort | None, listing: Listing, gathered: Gathered, options: Mapping[str, Any]
) -> Origin:
    suffixes = {name: record_files.suffix(paths[0]) for name, paths in listing.files.items()}
    mine = {"suffixes": suffixes, "columns": listing.columns, "classes": bool(listing.meaning.labels)}
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
