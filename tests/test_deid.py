"""De-identification: what is found, what takes its place, and that nothing is learned before it."""

from __future__ import annotations

import datetime as dt
import sys
from types import SimpleNamespace

import pandas as pd
import pytest

import manikin as mk
from manikin.core.seeds import Key
from manikin.errors import MissingExtra, SchemaError
from manikin.text.deid.deidentify import detect_identifiers
from manikin.text.deid.evaluate import measure_recall
from manikin.text.deid.presidio import load_presidio_finder
from manikin.text.deid.surrogates import SurrogateGenerator

NOTES = (
    "Mr. Ravel Umbrosi, a 93-year-old, was seen on 03/04/2021. MRN: 5512345. BP 120/80, 20/20 vision.",
    "Umbrosi returned on 3/14/2021. Call 617-555-0134 or write to ravel@mail.example.",
    "No fever, chills or cough today. Half a tablet (1/2) of 81 mg.",
)


def ward() -> mk.Cohort:
    frame = pd.DataFrame(
        {
            "patient_id": ["p1", "p1", "p2"],
            "last_name": ["Umbrosi", "Umbrosi", "Quillfeather"],
            "seen": pd.to_datetime(["2021-03-04", "2021-03-14", "2020-01-01"]),
            "note": [*NOTES[:2], f"Quillfeather said: {NOTES[2]}"],
        }
    )
    kinds = {"patient_id": mk.Text(role="subject"), "last_name": mk.Text(), "note": mk.Text()}
    return mk.Cohort.from_pandas(frame, mk.Schema(kinds))


@pytest.mark.parametrize(
    ("text", "found"),
    [
        (NOTES[0], ["name:Ravel Umbrosi", "age:93", "date:03/04/2021", "id:5512345"]),
        (NOTES[1], ["date:3/14/2021", "phone:617-555-0134", "email:ravel@mail.example"]),
        (NOTES[2], []),
        (
            "Lives at 12 Elm Street, Apt 4. P.O. Box 77.",
            ["address:12 Elm Street, Apt 4", "address:P.O. Box 77"],
        ),
        ("JANE DOE, room 3. In 1998 she had 2 children.", ["name:JANE DOE"]),
        ("Patient: Yeah. Doctor: Sure, Tylenol. She has Parkinson disease.", []),
        (
            "https://a.example/x?id=1 from 10.0.0.1, SSN 123-45-6789",
            ["url", "id:10.0.0.1", "id:123-45-6789"],
        ),
        ("5 May 1999, March of 2007, July 4th and 2020-02-29", ["date"] * 4),
    ],
)
def test_identifiers_are_found_and_numbers_of_medicine_are_not(text: str, found: list[str]) -> None:
    spans = [f"{span.kind}:{text[span.start : span.end]}" for span in detect_identifiers(text)]
    assert len(spans) == len(found), spans
    assert all(span.startswith(wanted) for span, wanted in zip(spans, found, strict=True))


def test_a_patient_keeps_one_surrogate_and_one_shift() -> None:
    cohort = ward()
    clean = mk.deidentify(cohort, seed=3)
    first, second, third = clean["note"]
    assert not any(
        word in " ".join(clean["note"]) for word in ("Umbrosi", "Ravel", "Quillfeather", "5512345")
    )
    name = first.removeprefix("Mr. ").split(",")[0].split()[1]
    assert second.startswith(name)
    assert "90-year-old" in first
    assert "120/80, 20/20" in first
    assert third.endswith(NOTES[2])
    days = (clean["seen"] - cohort["seen"]).astype("timedelta64[D]").astype(int)
    assert days[0] == days[1] != 0
    assert days[0] % 7 == 0
    moved = dt.date(2021, 3, 4) + dt.timedelta(days=int(days[0]))
    assert moved.strftime("%m/%d/%Y") in first
    assert clean["patient_id"][0] == clean["patient_id"][1] != "p1"
    assert clean.columns.equals(mk.deidentify(cohort, seed=3).columns)
    assert not clean.columns.equals(mk.deidentify(cohort, seed=4).columns)


@pytest.mark.parametrize(
    "spelled", ["2021-03-04", "3/4/21", "March 4th, 2021", "4 Mar 2021", "MAR 2021", "3/2021", "25.12.1999"]
)
def test_a_date_moves_in_its_own_spelling(spelled: str) -> None:
    patient = SurrogateGenerator(Key(0))
    moved = patient.generate(spelled, "date")
    assert moved != spelled
    there, back = (pd.to_datetime(text, dayfirst="." in text, format="mixed") for text in (spelled, moved))
    exact = any(char.isdigit() for char in spelled[:2]) and spelled.count("/") != 1
    days = (back - there).days
    assert days == patient.shift_days if exact or "th" in spelled else abs(days - patient.shift_days) <= 31


def test_a_field_that_is_no_text_is_refused() -> None:
    with pytest.raises(SchemaError, match="seen: no field of text; there are note"):
        mk.deidentify(ward(), ["seen"])


@pytest.mark.parametrize("rows", [1, 3, 30])
def test_a_handful_of_notes_and_equal_notes_are_cleaned_too(rows: int) -> None:
    said = "Mr. Umbrosi was seen on 03/04/2021 for pain in the chest."
    equal = mk.Cohort.from_pandas(pd.DataFrame({"note": [said] * rows}))
    few = mk.Cohort.from_pandas(pd.DataFrame({"note": [f"{said} {i} tablets." for i in range(rows)]}))
    for cohort in (equal, few):
        for clean in (mk.deidentify(cohort), mk.deidentify(cohort, ["note"])):
            assert not any("Umbrosi" in text or "03/04" in text for text in clean["note"])
            assert isinstance(clean.schema["note"], mk.Text)


def test_levels_that_name_nobody_stay_levels() -> None:
    frame = pd.DataFrame({"place": ["left lower lobe", "right upper lobe"] * 20, "x": [1.0, 2.0] * 20})
    clean = mk.deidentify(mk.Cohort.from_pandas(frame))
    assert isinstance(clean.schema["place"], mk.Category)


def test_recall_is_measured_on_planted_identifiers() -> None:
    found = measure_recall(list(NOTES), seed=1, each=60)
    assert found.planted_counts == dict.fromkeys(found.by_kind, 60)
    assert found.overall > 0.95
    assert found.by_kind["name"] > 0.75  # half of the names stand in no list


def test_a_model_learns_from_scanned_notes_only() -> None:
    pytest.importorskip("tokenizers", reason="text needs the extra 'text'")
    name = "Dr. Zyxwalbert"
    frame = pd.DataFrame({"note": [f"Seen by {name} on 03/04/2021 for cough."] * 40})
    cohort = mk.Cohort.from_pandas(frame, mk.Schema(note=mk.Text()))
    family = mk.families.Autoregressive(width=16, depth=1, heads=2)
    for scan, there in ((True, False), (False, True)):
        model = mk.Synthesizer("note", family=family, training=mk.Training(steps=2), scan=scan)
        model.fit(cohort, quiet=True)
        assert ("Zyxw" in model.fitted_model.codec.pieces) is there
        assert ("identifiers" in model.facts) is scan
    model = mk.Synthesizer("note", family=family, training=mk.Training(steps=2)).fit(cohort, quiet=True)
    assert model.facts["identifiers"] == {"note": {"name": 40, "date": 40}}


class Analyzer:
    """What Presidio's engine looks like: it knows one name, a place of which it is unsure, and a date."""

    def analyze(self, text: str, language: str) -> list[SimpleNamespace]:
        """What it finds."""
        assert language == "en"
        known = (("zyxwal", "PERSON", 0.85), ("qwertz", "LOCATION", 0.2), ("monday", "DATE_TIME", 0.9))
        return [
            SimpleNamespace(
                start=text.find(word), end=text.find(word) + len(word), entity_type=kind, score=score
            )
            for word, kind, score in known
            if word in text
        ]


def test_other_finders_stand_beside_the_rules() -> None:
    frame = pd.DataFrame({"note": ["spoke to zyxwal in qwertz on monday, MRN: 5512345", "no fever today"]})
    cohort = mk.Cohort.from_pandas(frame, mk.Schema(note=mk.Text()))
    plain = mk.deidentify(cohort)["note"][0]
    assert plain.startswith("spoke to zyxwal in qwertz on monday")
    found = mk.deidentify(cohort, also=[load_presidio_finder(Analyzer())])["note"]
    assert "zyxwal" not in found[0]
    assert " in qwertz on monday" in found[0]
    assert "5512345" not in found[0]
    assert found[1] == "no fever today"
    sure = mk.deidentify(cohort, also=[load_presidio_finder(Analyzer(), least=0.1)])["note"][0]
    assert "qwertz" not in sure


def test_presidio_that_is_missing_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "presidio_analyzer", None)
    with pytest.raises(MissingExtra, match=r"pip install 'manikin\[deid\]'"):
        load_presidio_finder()
