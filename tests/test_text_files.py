"""Notes in files: JSON lines, text files and folders of them, and what is wrong with them."""

from __future__ import annotations

import gzip
from typing import TYPE_CHECKING

import pytest

import manikin as mk
from manikin.errors import FormatError

if TYPE_CHECKING:
    from pathlib import Path

LINES = """{"age": 61, "seen": "2024-03-01", "note": "No fever. Café."}

{"age": 47.5, "note": "Cough\\nand \\u00e9."}
"""


def put(folder: Path, name: str, data: str | bytes) -> Path:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data.encode() if isinstance(data, str) else data)
    return path


@pytest.mark.parametrize("name", ["a.jsonl", "a.ndjson", "a.jsonl.gz"])
def test_json_lines_come_and_go(name: str, tmp_path: Path) -> None:
    path = put(tmp_path, name, gzip.compress(LINES.encode()) if name.endswith("gz") else LINES)
    cohort = mk.read(path)
    assert cohort.to_pandas()["note"].tolist() == ["No fever. Café.", "Cough\nand é."]
    mk.write(cohort, tmp_path / f"again-{name}")
    again = mk.read(tmp_path / f"again-{name}")
    assert again.columns.equals(cohort.columns)
    assert again.schema == cohort.schema
    mk.write(cohort, tmp_path / "bare")
    assert [found.name for found in tmp_path.glob("bare*")] == [f"bare{name.removeprefix('a')}"]


@pytest.mark.parametrize(
    ("data", "message"),
    [
        ('{"a": 1}\n{"a": }\n', "line 2: no JSON"),
        ('{"a": 1}\n[1]\n', "line 2: is no object"),
        ('{"a": 1}\n{"a": "x"}\n', "line 2: 'a' is text, but a number in line 1"),
        ('{"a": 1}\n{"a": {"b": 2}}\n', "line 2: 'a' holds a list or an object"),
        ('{"a": "x"}\n{"a": "Ödem"}\n'.encode("latin-1"), "line 2: not in UTF-8"),
        ('{"a": 100000000000000000000}\n', "too large for 64 bits"),
        ("\n \n", "the file is empty"),
    ],
)
def test_bad_lines_are_named(data: str | bytes, message: str, tmp_path: Path) -> None:
    with pytest.raises(FormatError, match=message) as error:
        mk.read(put(tmp_path, "a.jsonl", data))
    assert "Ödem" not in str(error.value)


def test_a_folder_of_notes_has_classes(tmp_path: Path) -> None:
    for name, text in {
        "cc/1.txt": "Cough.",
        "cc/2.txt": "Fever, chills.\r\né",
        "plan/1.txt": "Rest.",
    }.items():
        put(tmp_path / "in", name, text)
    cohort = mk.read(tmp_path / "in")
    assert cohort["note"].tolist() == ["Cough.", "Fever, chills.\r\né", "Rest."]
    assert cohort["label"].tolist() == ["cc", "cc", "plan"]
    assert cohort.schema.modelled_fields == ["note", "label"]
    mk.write(cohort, tmp_path / "out")
    again = mk.read(tmp_path / "out")
    assert again.columns.equals(cohort.columns)
    assert again.schema == cohort.schema


def test_one_note_is_a_record(tmp_path: Path) -> None:
    cohort = mk.read(put(tmp_path, "a.txt", "No fever."))
    mk.write(cohort, tmp_path / "b.txt")
    assert (tmp_path / "b.txt").read_text(encoding="utf-8") == "No fever."


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "empty"),
        (b"fine\n\xff\xfa\x00\x01", "line 2: holds binary data"),
        (b"\xd6dem", "line 1: not in UTF-8"),
    ],
)
def test_a_bad_note_is_named_or_left_out(data: bytes, message: str, tmp_path: Path) -> None:
    put(tmp_path, "a.txt", "Cough.")
    put(tmp_path, "b.txt", data)
    with pytest.raises(FormatError, match=rf"b\.txt.*{message}"):
        mk.read(tmp_path)
    cohort = mk.read(tmp_path, skip_bad=True)
    assert len(cohort) == 1
    assert "b.txt" in cohort.notes[0]


def test_text_files_hold_only_notes(tmp_path: Path) -> None:
    cohort = mk.read(put(tmp_path, "a.jsonl", LINES))
    with pytest.raises(FormatError, match="cannot hold age, seen"):
        mk.write(cohort, tmp_path / "a.txt")


def test_one_very_long_note_in_a_table_is_read(tmp_path: Path) -> None:
    long = "cough " * 400_000 + "."
    (tmp_path / "notes.csv").write_text(f'age,note\n40,No fever at all.\n50,"{long}"\n', encoding="utf-8")
    assert [len(text) for text in mk.read(tmp_path / "notes.csv")["note"]] == [16, len(long)]


def test_long_notes_in_a_table_are_no_file_names(tmp_path: Path) -> None:
    rows = "".join(f"{i},{'No fever at all and no cough. ' * 20}{i**5}\n" for i in range(12))
    (tmp_path / "notes.csv").write_text("age,note\n" + rows)
    assert isinstance(mk.read(tmp_path / "notes.csv").schema["note"], mk.Text)


@pytest.mark.parametrize("alone", [True, False])
def test_a_binary_file_is_called_so_and_clauses_are_no_columns(tmp_path: Path, alone: bool) -> None:
    note = "No fever, no cough.\nNo chills, no sweats.\nNo pain; no rash, none."
    (tmp_path / "a.txt").write_bytes(bytes(range(256)) * 4)
    with pytest.raises(FormatError, match=r"a\.txt: line 2: holds binary data, not text"):
        mk.read(tmp_path / "a.txt" if alone else tmp_path)
    (tmp_path / "a.txt").write_text(note)
    assert mk.read(tmp_path / "a.txt" if alone else tmp_path)["note"].tolist() == [note]
