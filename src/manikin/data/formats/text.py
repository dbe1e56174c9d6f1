"""Text files: one note each, alone or in a folder, whose subfolders are classes."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, final

import pyarrow as pa

from manikin.data import folders
from manikin.data.cohort import Cohort, Origin
from manikin.data.format import Format, content, store, unicode
from manikin.data.schema import Category, Schema, Text
from manikin.errors import FormatError, SchemaError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

NOTE, LABEL = "note", "label"


@final
class TextFiles(Format):
    """Plain text in UTF-8; the text is the field `note`, the subfolder the field `label`."""

    suffixes: ClassVar[tuple[str, ...]] = (".txt",)
    writes_folders: ClassVar[bool] = True

    def read(self, path: Path, schema: Schema | None) -> Cohort:
        """One file, one record."""
        if folders.tabled(path):
            raise FormatError(f"{path}: looks like a table; rename it to .csv")
        return _cohort([unicode(content(path), path)], [], schema, ())

    def read_folder(self, path: Path, schema: Schema | None, *, skip_bad: bool = False) -> Cohort:
        """Every text file below the folder; all lie in it, or all in subfolders."""
        texts, labels, bad = [], [], []
        for file in folders.prose(path):
            try:
                texts.append(unicode(content(file), file))
            except FormatError as error:
                if not skip_bad:
                    raise
                bad.append(str(error))
                continue
            labels.append(_label(file, path))
        if any(labels) and not all(labels):
            bad.append("some notes lie in subfolders and some do not, so subfolders are no classes")
        if not texts:
            raise FormatError(f"{path}: no text file can be read")
        return _cohort(texts, labels if all(labels) else [], schema, bad)

    def write(self, cohort: Cohort, path: Path) -> None:
        """One record as a file; several as a folder, in subfolders by label."""
        if strange := sorted(set(cohort.schema) - {NOTE, LABEL}) or NOTE not in cohort.schema:
            named = ", ".join(strange) if isinstance(strange, list) else "a table without notes"
            raise FormatError(f"{path}: text files cannot hold {named}; name a table, such as .jsonl")
        texts = [text or "" for text in cohort.columns[NOTE].to_pylist()]
        if path.suffix:
            if len(texts) > 1:
                raise FormatError(f"{path}: one text file holds one note; name a folder, or .jsonl")
            store(path, texts[0].encode())
            return
        labels = cohort.columns[LABEL].to_pylist() if LABEL in cohort.schema else [""] * len(texts)
        for i, (text, label) in enumerate(zip(texts, labels, strict=True), 1):
            part = str(label)
            if label is None or part.strip(". ") != part or set(part) & set('/\\:*?"<>|\0'):
                raise FormatError(f"{path}: record {i}: its label cannot be the name of a folder")
            (path / part).mkdir(parents=True, exist_ok=True)
            (path / part / f"note-{i:06d}.txt").write_bytes(text.encode())


def _label(file: Path, folder: Path) -> str:
    parts = file.relative_to(folder).parts[:-1]
    if len(parts) > 1:
        raise FormatError(f"{file}: lies in subfolders of a subfolder; a .jsonl file can say what they are")
    return parts[0] if parts else ""


def _cohort(texts: list[str], labels: list[str], schema: Schema | None, notes: Sequence[str]) -> Cohort:
    """Notes are modelled: who names a file of nothing else asks for them."""
    columns, kinds = {NOTE: pa.array(texts)}, Schema({NOTE: Text(role="note")})
    if labels:
        columns[LABEL] = pa.array(labels)
        kinds[LABEL] = Category(tuple(sorted(set(labels))), role="label")
    for name, kind in (schema or {}).items():
        if name not in kinds or type(kind) is not type(kinds[name]):
            raise SchemaError(f"field {name!r}: text files have the fields {', '.join(kinds)}")
        kinds[name] = kind
    return Cohort(pa.table(columns), kinds, Origin("text"), tuple(notes))


__plugin__ = TextFiles
