"""Zip archives of tables and of folders."""

from __future__ import annotations

import zipfile
from typing import TYPE_CHECKING

import pytest

import manikin as mk
from manikin.errors import FormatError, SchemaError

if TYPE_CHECKING:
    from pathlib import Path

TABLE = "sex,age\nF,61\nM,47\nF,50\n"
PERSON = "PERSON_ID,GENDER_CONCEPT_ID,YEAR_OF_BIRTH\n1,8507,1960\n2,8532,1970\n"
VISIT = "VISIT_OCCURRENCE_ID,PERSON_ID,VISIT_CONCEPT_ID,VISIT_START_DATE,VISIT_END_DATE\n"
VISIT += "5,1,9201,2001-02-03,2001-02-04\n"
CONDITION = "PERSON_ID,CONDITION_CONCEPT_ID,CONDITION_START_DATE,VISIT_OCCURRENCE_ID\n1,44,2001-02-03,5\n"


def packed(path: Path, **members: str) -> Path:
    with zipfile.ZipFile(path, "w") as archive:
        for name, text in members.items():
            archive.writestr(name.replace("__", "/").replace("_csv", ".csv"), text)
        archive.writestr("__MACOSX/._a.csv", "no table")
    return path


def test_a_table_in_an_archive_is_that_table(tmp_path: Path) -> None:
    (tmp_path / "plain.csv").write_text(TABLE)
    cohort = mk.read(packed(tmp_path / "a.zip", table_csv=TABLE))
    assert cohort.columns.equals(mk.read(tmp_path / "plain.csv").columns)
    mk.write(cohort, tmp_path / "out")
    assert mk.read(tmp_path / "out.csv").columns.equals(cohort.columns)


def test_a_folder_in_an_archive_is_that_folder(tmp_path: Path) -> None:
    tables = {"cdm__PERSON_csv": PERSON, "cdm__VISIT_OCCURRENCE_csv": VISIT}
    found = mk.read(packed(tmp_path / "a.zip", **tables, cdm__CONDITION_OCCURRENCE_csv=CONDITION))
    assert len(found) == 2
    assert "CONDITION//44" in [code for _, _, code, _ in found["history"][0]]


def test_a_folder_that_holds_but_an_archive_is_that_archive(tmp_path: Path) -> None:
    packed(tmp_path / "a.zip", table_csv=TABLE)
    assert len(mk.read(tmp_path)) == 3
    (tmp_path / "schema.toml").write_text('[age]\nkind = "category"\n')
    assert isinstance(mk.read(tmp_path).schema["age"], mk.Category)
    packed(tmp_path / "b.zip", table_csv=TABLE)
    with pytest.raises(FormatError, match="name a file, an archive or a folder"):
        mk.read(tmp_path)


def test_a_schema_beside_an_archive_counts(tmp_path: Path) -> None:
    (tmp_path / "schema.toml").write_text('[age]\nkind = "category"\n')
    cohort = mk.read(packed(tmp_path / "a.zip", table_csv=TABLE))
    assert isinstance(cohort.schema["age"], mk.Category)
    assert any("schema.toml" in note for note in cohort.notes)


def test_errors_name_the_archive(tmp_path: Path) -> None:
    (tmp_path / "cut.zip").write_bytes(packed(tmp_path / "a.zip", table_csv=TABLE).read_bytes()[:-30])
    with pytest.raises(FormatError, match=r"cut\.zip: cannot be unpacked"):
        mk.read(tmp_path / "cut.zip")
    with pytest.raises(FormatError, match="holds no file"):
        mk.read(packed(tmp_path / "empty.zip"))
    bad = packed(tmp_path / "bad.zip", table_csv="a,a\n1,2\n")
    with pytest.raises((FormatError, SchemaError), match=r"bad\.zip"):
        mk.read(bad)
