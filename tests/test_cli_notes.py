"""Notes on the command line: which fields are notes, de-identification, and bad input."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import pandas as pd
import pytest

import manikin as mk
from manikin.cli import main

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(autouse=True)
def _arguments(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "argv", ["manikin"])


@pytest.fixture
def table(tmp_path: Path) -> Path:
    path = tmp_path / "notes.csv"
    ages, sexes = [20 + 7 * i % 60 for i in range(200)], ["F", "M"] * 100
    said = ["The lungs are clear.", "There is a small effusion."]
    notes = [
        f"{age}-year-old {'woman' if sex == 'F' else 'man'}. {said[i % 3 == 0]}"
        for i, (age, sex) in enumerate(zip(ages, sexes, strict=True))
    ]
    frame = pd.DataFrame(
        {"patient": [f"p{i}" for i in range(200)], "age": ages, "sex": sexes, "note": notes}
    )
    frame.to_csv(path, index=False)
    return path


def _code(*arguments: object) -> int:
    sys.argv = ["manikin", *map(str, arguments)]
    with pytest.raises(SystemExit) as ended:
        main()
    return int(ended.value.code or 0)


@pytest.mark.parametrize("asked", [("--note", "note"), ("-f", "templates")])
def test_notes_are_modelled_where_they_are_asked_for(
    table: Path, tmp_path: Path, asked: tuple[str, str]
) -> None:
    assert _code("fit", table, "-o", tmp_path / "model", *asked, "-q") == 0
    drawn = mk.load(tmp_path / "model").sample(20, seed=1)
    assert sum("-year-old" in note for note in drawn["note"]) > 10


def test_what_is_no_note_is_refused_with_what_to_do(
    table: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = table.parent / "model"
    assert _code("fit", table, "-o", out, "--note", "age", "-q") == 2
    assert "--note age: no field of text; there are note" in capsys.readouterr().err
    frame = pd.read_csv(table)[["patient", "note"]]
    frame.to_csv(table, index=False)
    assert _code("fit", table, "-o", out, "-q") == 2
    assert "nothing is left to model" in (said := capsys.readouterr().err)
    assert "--note" in said


def test_a_language_model_is_refused_where_there_is_no_note(
    table: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    frame = pd.read_csv(table).assign(note=range(200))
    frame.to_csv(table, index=False)
    pytest.importorskip("transformers", reason="language models need the extra 'llm'")
    assert _code("fit", table, "-o", table.parent / "model", "-f", "lora:nowhere", "-q") == 2
    assert "a language model writes one field of text" in capsys.readouterr().err


def test_notes_are_cleaned_and_the_count_is_told(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path, out = tmp_path / "notes.csv", tmp_path / "clean.csv"
    said = [f"MR. UMBROSI SEEN ON 03/0{i + 1}/2021. MRN: 551234{i}." for i in range(4)]
    pd.DataFrame({"patient_id": [1, 1, 2, 2], "note": said}).to_csv(path, index=False)
    assert _code("deidentify", path, "-o", out, "--seed", 7) == 0
    told = capsys.readouterr().err
    assert "note: identifiers replaced: 4 date, 4 id, 4 name" in told
    assert "have a person look" in told
    clean = pd.read_csv(out)["note"]
    assert not clean.str.contains("UMBROSI|2021. MRN: 55123", regex=True).any()
    assert _code("deidentify", path, "-o", out) == 2  # never overwritten
    pd.DataFrame({"note": [1, 2, 3]}).to_csv(path, index=False)
    assert _code("deidentify", path, "-o", tmp_path / "other.csv") == 2
    assert "no field holds prose" in capsys.readouterr().err
