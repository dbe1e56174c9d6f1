"""Text files: one note each, alone or in a folder, whose subfolders are patients or classes."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, final

import pyarrow as pa

from manikin.cohort.cohort import Cohort
from manikin.cohort.source_format import SourceFormat
from manikin.cohort.unclear_fields import FOLDER_FIELD, describe_unclear_folders, drop_settled_folders
from manikin.core import record_files
from manikin.core.text_files import decode_text, read_bytes, write_bytes
from manikin.errors import FormatError, SchemaError
from manikin.io.format import Format
from manikin.schema.inference.file_owners import add_owners
from manikin.schema.inference.folder_meaning import FolderMeaning, interpret_or_number_folders
from manikin.schema.kinds import Category, Number, Schema, Text
from manikin.schema.subject_kind import SUBJECT_NUMBER

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

NOTE_FIELD, LABEL_FIELD, SUBJECT_FIELD = "note", "label", "subject"


@final
class TextFiles(Format):
    """Plain text in UTF-8; the text is the field `note`, the subfolder the field `subject` or `label`."""

    suffixes: ClassVar[tuple[str, ...]] = (".txt",)
    can_write_folder: ClassVar[bool] = True

    def read(self, path: Path, schema: Schema | None, *, skip_bad: bool = False) -> Cohort:
        """One file, one record."""
        del skip_bad  # one file is one record, good or bad
        if record_files.is_delimited_text(path):
            raise FormatError("looks like a table", path, "rename it to .csv")
        return _build_cohort([decode_text(read_bytes(path), path)], FolderMeaning(), schema, ())

    def read_folder(self, path: Path, schema: Schema | None, *, skip_bad: bool = False) -> Cohort:
        """Every text file below the folder, and whose or of which class it is by its subfolders."""
        found = record_files.list_note_files(path)
        above = [file.relative_to(path).parts[:-1] for file in found]
        meaning = interpret_or_number_folders(above, schema.folders if schema is not None else ())
        meaning = add_owners(meaning, [file.stem for file in found])
        texts, rows, bad = [], [], []
        with meaning.hidden.mask_errors():
            for row, file in enumerate(found):
                try:
                    texts.append(decode_text(read_bytes(file), file))
                except FormatError as error:
                    if not skip_bad:
                        raise
                    bad.append(meaning.hidden.mask_names(str(error)))
                else:
                    rows.append(row)
        if not texts:
            raise FormatError("no text file can be read", path)
        return _build_cohort(texts, meaning.take(rows), schema, (*bad, *meaning.notes))

    def write(self, cohort: Cohort, path: Path) -> None:
        """One record as a file; several as a folder, in subfolders by label."""
        if (
            strange := sorted(set(cohort.schema) - {NOTE_FIELD, LABEL_FIELD, SUBJECT_FIELD, FOLDER_FIELD})
            or NOTE_FIELD not in cohort.schema
        ):
            named = ", ".join(strange) if isinstance(strange, list) else "a table without notes"
            raise FormatError(f"text files cannot hold {named}", path, "name a table, such as .jsonl")
        texts = [text or "" for text in cohort.columns[NOTE_FIELD].to_pylist()]
        if path.suffix:
            if len(texts) > 1:
                raise FormatError("one text file holds one note", path, "name a folder, or .jsonl")
            write_bytes(path, texts[0].encode())
            return
        labels = (
            cohort.columns[LABEL_FIELD].to_pylist() if LABEL_FIELD in cohort.schema else [""] * len(texts)
        )
        whose = cohort.subject
        for i, (text, label) in enumerate(zip(texts, labels, strict=True), 1):
            part = str(label)
            if label is None or part.strip(". ") != part or set(part) & set('/\\:*?"<>|\0'):
                raise FormatError(f"record {i}: its label cannot be the name of a folder", path)
            place = (
                path / part / f"subject-{whose[i - 1] + 1:06d}"
                if SUBJECT_FIELD in cohort.schema
                else path / part
            )
            place.mkdir(parents=True, exist_ok=True)
            (place / f"note-{i:06d}.txt").write_bytes(text.encode())


def _build_cohort(
    texts: list[str], meaning: FolderMeaning, schema: Schema | None, notes: Sequence[str]
) -> Cohort:
    """Notes are modelled: who names a file of nothing else asks for them."""
    columns: dict[str, pa.Array] = {NOTE_FIELD: pa.array(texts)}
    kinds = Schema({NOTE_FIELD: Text(role="note")})
    if meaning.labels:
        columns[LABEL_FIELD] = pa.array(meaning.labels)
        kinds[LABEL_FIELD] = Category(tuple(sorted(set(meaning.labels))), role="label")
    if meaning.subjects:
        columns[SUBJECT_FIELD] = pa.array(meaning.subjects, pa.int64())
        kinds[SUBJECT_FIELD] = SUBJECT_NUMBER
    kinds.folders = meaning.roles
    if meaning.unclear_reason:
        columns[FOLDER_FIELD], kinds[FOLDER_FIELD] = (
            pa.array(meaning.folder_numbers, pa.int64()),
            Number(step=1, role="unclear"),
        )
        notes = (*notes, describe_unclear_folders(meaning.unclear_reason))
    for name, kind in drop_settled_folders(schema).items():
        if name not in kinds or type(kind) is not type(kinds[name]):
            raise SchemaError(f"field {name!r}: text files have the fields {', '.join(kinds)}")
        kinds[name] = kind
    return Cohort(pa.table(columns), kinds, SourceFormat("text"), tuple(notes))


__plugin__ = TextFiles
