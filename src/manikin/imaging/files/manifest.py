"""A table and the pictures that it lists, as one cohort."""

from __future__ import annotations

from dataclasses import replace
from functools import reduce
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from manikin.cohort.cohort import Cohort
from manikin.cohort.source_format import SourceFormat, SourceOptions
from manikin.cohort.unclear_fields import FOLDER_FIELD, describe_unclear_folders, drop_settled_folders
from manikin.core import record_files
from manikin.errors import SchemaError
from manikin.imaging.files.assemble import stack_images
from manikin.imaging.files.folder_index import list_images
from manikin.imaging.files.folder_options import ImageFolderOptions
from manikin.imaging.files.table_links import TableLinks, match_by_filename, match_by_key
from manikin.schema.kinds import Category, Number, Schema, Text
from manikin.schema.remark import Remark, drop_remarks
from manikin.schema.subject_kind import SUBJECT_NUMBER

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from manikin.imaging.files.assemble import ImageStack
    from manikin.schema.inference.folder_meaning import FolderMeaning

SUBJECT_FIELD = "subject"
"""The field of the patients whose folders pictures lie in."""
_MIN_DISTINCT_SHARE = 0.5
_MIN_SENTENCE_WORDS = 4


def join_images(table: Cohort, path: Path, declared: Schema | None, *, skip_bad: bool = False) -> Cohort:
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
    listing = match_by_filename(table, folder, path)
    if listing is None and record_files.has_image_folder(folder):
        listing = match_by_key(table, list_images(folder), getattr(declared, "folders", ()))
    if listing is None:
        return table
    options = ImageFolderOptions(manifest=path.name)
    return assemble_cohort(table, listing, declared, options, skip_bad=skip_bad)


def assemble_cohort(
    table: Cohort | None,
    listing: TableLinks,
    declared: Mapping[str, Any] | None,
    options: SourceOptions | None = None,
    *,
    skip_bad: bool = False,
) -> Cohort:
    """A cohort of the cells of a table, the classes of subfolders, and pictures.

    Args:
        table: The cells; None: there is no table.
        listing: The pictures of each record.
        declared: Kinds that a person declared.
        options: What else its format remembers.
        skip_bad: Whether records with a bad picture are left out and noted.

    Raises:
        FormatError: A picture cannot be read.
    """
    meaning = listing.meaning
    with meaning.hidden.mask_errors():
        gathered = stack_images(listing.files, declared or {}, skip_bad=skip_bad)
    cells = _hide_file_names(table, listing).take(gathered.is_kept) if table is not None else None
    taken = cells.schema if cells is not None else Schema()
    whose = (
        _build_subject_field(meaning, declared)
        if meaning.subjects and not taken.find_by_role("subject")
        else None
    )
    labels = _build_label_field(meaning.labels, (declared or {}).get("label")) if meaning.labels else None
    unclear = _build_unclear_field(meaning) if meaning.unclear_reason else None
    parts = (
        whose.take(gathered.is_kept) if whose else None,
        unclear.take(gathered.is_kept) if unclear else None,
        cells,
        labels.take(gathered.is_kept) if labels else None,
    )
    scalars = [part for part in parts if part]
    cohort = reduce(Cohort.join, [*scalars, Cohort.from_arrays(gathered.arrays, gathered.kinds)])
    schema = cohort.schema
    told = _note_missing_subjects(table, declared, schema)
    needed = [name for name in drop_settled_folders(declared) if not (told and name == SUBJECT_FIELD)]
    if absent := [name for name in needed if name not in schema]:
        raise SchemaError(f"the schema declares {', '.join(absent)}; the fields are {', '.join(schema)}")
    schema.folders = meaning.roles
    origin = _build_origin(table, listing, gathered, options)
    notes = (note for part in (meaning, *scalars, listing, gathered) for note in part.notes)
    return replace(cohort, origin=origin, notes=meaning.hidden.mask_notes((*told, *notes)))


def _build_unclear_field(meaning: FolderMeaning) -> Cohort:
    """Running numbers of folders that may be patients or classes: nothing is learned from them."""
    numbers = pa.table({FOLDER_FIELD: pa.array(meaning.folder_numbers, pa.int64())})
    kinds = Schema({FOLDER_FIELD: Number(step=1, role="unclear")})
    return Cohort(numbers, kinds, notes=(describe_unclear_folders(meaning.unclear_reason),))


def _note_missing_subjects(
    table: Cohort | None, declared: Mapping[str, Any] | None, schema: Schema
) -> tuple[str, ...]:
    """A note where subjects are declared, as of pictures in folders of patients, but none are here."""
    kind = (declared or {}).get(SUBJECT_FIELD)
    lacks = kind is not None and kind.role == "subject" and SUBJECT_FIELD not in schema and table is None
    note = Remark("no folder says whose the pictures are, so each is its own", SUBJECT_FIELD)
    return (note,) if lacks else ()


def _build_subject_field(meaning: FolderMeaning, declared: Mapping[str, Any] | None) -> Cohort:
    """Running numbers of the patients whose folders pictures lie in, never the names of these."""
    kind = (declared or {}).get(SUBJECT_FIELD) or SUBJECT_NUMBER
    if kind.role != "subject":
        raise SchemaError(
            f"field {SUBJECT_FIELD!r}: subfolders are subjects; declare its role so, or their level so"
        )
    numbers = pa.array(meaning.subjects, pa.int64())
    numbers = numbers if isinstance(kind, Number) else numbers.cast(pa.string())
    return Cohort(pa.table({SUBJECT_FIELD: numbers}), Schema({SUBJECT_FIELD: kind}))


def _build_origin(
    table: Cohort | None, listing: TableLinks, gathered: ImageStack, options: SourceOptions | None
) -> SourceFormat:
    suffixes = {name: record_files.get_suffix(paths[0]) for name, paths in listing.files.items()}
    mine = ImageFolderOptions(None, suffixes, listing.columns, bool(listing.meaning.labels))
    came = table.origin.options if table is not None else {}
    told = [options] if options else []
    return SourceFormat("pictures", came).add_options(*told, mine, *gathered.options)


def _build_label_field(labels: Iterable[str], kind: Any) -> Cohort:  # noqa: ANN401 - any kind of field
    values = list(labels)
    return Cohort.from_table(
        pa.table({"label": values}),
        Schema(label=kind or Category(tuple(sorted(set(values))), role="label")),
    )


def _hide_file_names(table: Cohort, listing: TableLinks) -> Cohort:
    """The table without the columns of file names that became pictures; other names of files hidden."""
    gone = set(listing.columns.values())
    kinds = {name: Text() if _is_note(table, name) else kind for name, kind in table.schema.items()}
    kinds |= dict.fromkeys(listing.unused_columns, Text(role="identifier"))
    if listing.key is not None:
        kinds[listing.key] = _choose_identity_kind(table, listing.key)
    kept = [name for name in kinds if name not in gone]
    return replace(
        table,
        columns=table.columns.select(kept),
        schema=Schema({name: kinds[name] for name in kept}),
        notes=drop_remarks(table.notes, gone),
    )


def _is_note(table: Cohort, name: str) -> bool:
    """Whether what a short table would take for levels are sentences: a report of each picture."""
    kind = table.schema[name]
    if (
        not isinstance(kind, Category)
        or kind.role
        or not all(isinstance(level, str) for level in kind.levels)
    ):
        return False
    words = [len(str(level).split()) for level in kind.levels]
    return (
        bool(words)
        and sum(words) >= _MIN_SENTENCE_WORDS * len(words)
        and len(words) > _MIN_DISTINCT_SHARE * len(table)
    )


def _choose_identity_kind(table: Cohort, key: str) -> Text | Number:
    """What files are called after is an identifier; several rows of one file are one subject."""
    values = table.columns[key]
    repeated = len(values.unique()) < len(values) and table.schema.find_by_role("subject") in (None, key)
    role = "subject" if repeated else "identifier"
    return Text(role=role) if pa.types.is_string(values.type) else Number(step=1, role=role)
