"""Columns beside notes that identify, and what stands in them found in the notes however written."""

from __future__ import annotations

import re

import numpy as np
import pandas as pd
import pytest

import manikin as mk
from manikin.text.deid.identifying_columns import find_identifying_columns
from manikin.text.deid.known_identifiers import find_known_identifiers

REAL = {
    "Thaddeus van der Bergh": ["BERGH, Thaddeus", "T. Bergh", "van der Bergh", "thaddeus bergh", "Bergh's"],
    "Zoë Müller-O’Brien": ["muller", "MUELLER", "O'Brien", "Zoe", "OBrien", "Müller, Z."],
    "Will Green": ["green, will called", "Will was seen", "WILL feels ok", "W. Green", "Mr. Green"],
    "May Rose": ["May came", "Rose, May", "May denies pain"],
    "Karl Wilson": ["Wilson denies pain", "wilson feels ok", "Karl"],
    "Søren Łukasz": ["Soren", "LUKASZ"],
}
KEPT = {
    "Will Green": [
        "Will start ACE.",
        "He will return.",
        "Green sputum.",
        "It WILL need surgery.",
        "green discharge",
    ],
    "May Rose": ["May need surgery.", "She may eat.", "in May", "rose spots"],
    "Karl Wilson": ["Wilson disease", "wilson's disease", "Wilson's Disease of the liver"],
    "Bell Crohn": ["Bell's palsy", "Crohn disease", "Morbus Crohn"],
}


def ward() -> mk.Cohort:
    frame = pd.DataFrame(
        {
            "record": [1, 2, 3, 4],
            "name": ["Umbrosi, Ravel", "Umbrosi, Ravel", "Quill, Ansa", "Quill, Ansa"],
            "mrn": ["A-44B7712", "A-44B7712", "C-90D1234", "C-90D1234"],
            "phone": ["617-555-0134", "617-555-0134", "212-555-0177", "212-555-0177"],
            "dob": ["1947-01-15", "1947-01-15", "1950-02-03", "1950-02-03"],
            "sex": ["M", "M", "F", "F"],
            "glucose": [5.5, 6.1, 7.2, 4.9],
            "note": [
                "RAVEL UMBROSI, born 1947-01-15, MRN A44B7712, called from 6175550134 about pain.",
                "umbrosi feels well. R. Umbrosi has no fever, and glucose is 6.1 today.",
                "Ansa came with her mother. Quill was seen on 3 May 2020.",
                "Platelets 6033391 and glucose 4.9 were noted in Quill.",
            ],
        }
    )
    return mk.Cohort.from_pandas(frame, mk.Schema(note=mk.Text(role="note")))


def test_columns_that_identify_agree_with_the_notes_and_are_named() -> None:
    real = ward()
    clean = mk.deidentify(real, seed=5)
    whole = " ".join(
        str(value) for name in ("name", "mrn", "phone", "note") for value in clean[name]
    ).lower()
    assert not re.search(r"umbrosi|ravel|quill|ansa|44b7712|90d1234|555.?01", whole)
    family, given = clean["name"][0].split(", ")
    assert clean["name"][1] == clean["name"][0] != clean["name"][2]
    assert f"{given} {family}".upper() in clean["note"][0]
    assert clean["note"][1].startswith(family.lower())
    assert f"{given[0]}. {family} has" in clean["note"][1]
    assert clean["mrn"][0] in clean["note"][0]
    assert re.fullmatch(r"[A-Z]-\d\d[A-Z]\d{4}", clean["mrn"][0])
    assert str(clean["dob"][0])[:10] in clean["note"][0]
    assert list(clean["glucose"]) == list(real["glucose"])
    assert "Platelets 6033391 and glucose 4.9" in clean["note"][3]
    said = "\n".join(clean.notes)
    for column in ("name", "mrn", "phone"):
        assert f"{column}: taken for a column that identifies" in said
    assert "dob: 4 dates moved" in said
    assert "columns left as they are" in said
    assert "Umbrosi" not in said


def test_columns_are_told_by_name_or_by_values() -> None:
    frame = pd.DataFrame(
        {
            "surname": ["Doe", "Roe", "Poe"] * 10,
            "who": ["Jane Smith", "Smith, John", "Mary Brown"] * 10,
            "reach": ["617-555-0134", "+44 20 7946 0958", "(212) 555-0177"] * 10,
            "postcode": ["02139", "10115", "75001"] * 10,
            "drug_name": ["aspirin", "lisinopril", "Lasix"] * 10,
            "finding": ["Left lower lobe", "Right upper lobe", "None seen"] * 10,
            "dose": ["100-200-300", "5-10-15", "1-1-1"] * 10,
            "age": [50.0, 60.0, 93.0] * 10,
        }
    )
    found = {column.field: column.kind for column in find_identifying_columns(mk.Cohort.from_pandas(frame))}
    assert found == {"surname": "name", "who": "name", "reach": "phone", "postcode": "place", "age": "age"}


@pytest.mark.parametrize(("name", "said"), [(name, one) for name, some in REAL.items() for one in some])
def test_a_known_name_is_found_in_any_order_and_case(name: str, said: str) -> None:
    text = f"No fever. {said} and nothing else."
    hidden = list(text)
    for start, end, _ in find_known_identifiers(text, [name]):
        hidden[start:end] = "#" * (end - start)
    left = "".join(hidden).lower().replace("called", "").replace("mr.", "")
    wanted = re.findall(r"[a-zäöüéëøł]{3,}", said.lower())
    verbs = {"called", "was", "seen", "feels", "denies", "pain", "came", "van", "der"}
    assert not [word for word in wanted if word not in verbs and re.search(rf"\b{word}\b", left)], left


@pytest.mark.parametrize(("name", "said"), [(name, one) for name, some in KEPT.items() for one in some])
def test_words_that_a_name_shares_are_left(name: str, said: str) -> None:
    assert not list(find_known_identifiers(f"No fever. {said}", [name]))


def test_a_name_found_in_one_note_is_found_turned_round_in_another() -> None:
    notes = [
        "pt seen by dr anneliese thorvaldsdottir",
        "Thorvaldsdottir, Anneliese called. THORVALDSDOTTIR declined.",
    ]
    frame = pd.DataFrame({"patient_id": ["p1", "p1"], "note": notes})
    schema = mk.Schema(patient_id=mk.Text(role="subject"), note=mk.Text())
    clean = mk.deidentify(mk.Cohort.from_pandas(frame, schema), seed=7)
    assert not re.search("thorvald|anneliese", " ".join(clean["note"]).lower())


def test_surrogates_keep_sex_layout_and_intervals() -> None:
    frame = pd.DataFrame(
        {
            "patient_id": ["p1", "p1"],
            "note": [
                "Mrs. Zyxana Quorl, seen on 31/01/2020 and 02/02/2020, and on 4. März 2020.",
                "Mrs. Quorl: 3rd of May 2020, mid-March 2021, Xmas 2020, 4.3.21.",
            ],
        }
    )
    schema = mk.Schema(patient_id=mk.Text(role="subject"), note=mk.Text())
    clean = list(mk.deidentify(mk.Cohort.from_pandas(frame, schema), seed=2)["note"])
    days = [pd.to_datetime(said, dayfirst=True) for said in re.findall(r"\d\d/\d\d/\d{4}", clean[0])]
    assert (days[1] - days[0]).days == 2
    assert (days[0] - pd.Timestamp("2020-01-31")).days % 7 == 0
    assert not re.search(r"Quorl|Zyxana|4\. März 2020|3rd of May|March 2021|Xmas|4\.3\.21", " ".join(clean))
    from manikin.schema.name_lists import read_names

    assert clean[0].split()[1] in read_names("women")


def test_notes_in_html_and_rtf_are_read_without_their_marks() -> None:
    notes = [
        "<p>Patient <b>Mary&nbsp;O&#39;Brien</b>, MRN&nbsp;1234567<br/>seen 03/04/2021</p>",
        r"{\rtf1\ansi Patient \b John Smith\b0  seen 3/4/2021}",
    ]
    frame = pd.DataFrame({"note": notes})
    clean = mk.deidentify(mk.Cohort.from_pandas(frame, mk.Schema(note=mk.Text(role="note"))), seed=1)[
        "note"
    ]
    assert not re.search(r"Mary|Brien|1234567|03/04/2021|John|Smith|3/4/2021", " ".join(clean))
    assert re.fullmatch(r"<p>Patient <b>[^<>]+</b>, MRN&nbsp;\d{7}<br/>seen \d\d/\d\d/\d{4}</p>", clean[0])
    assert clean[1].startswith(r"{\rtf1\ansi Patient \b ")


def test_a_note_full_of_slashes_is_a_note(tmp_path) -> None:
    said = "Seen by Dr. Ravel Umbrosi on 03/04/2021. Lungs clear. " * 2000
    pd.DataFrame({"id": [0, 1, 2], "note": [said, "No fever.", "No cough."]}).to_csv(
        tmp_path / "n.csv", index=False
    )
    cohort = mk.read(tmp_path / "n.csv")
    clean = mk.deidentify(cohort, ["note"], seed=1)["note"]
    assert "Umbrosi" not in clean[0]
    assert "03/04/2021" not in clean[0]


def test_windows_1252_keeps_its_dashes(tmp_path) -> None:
    text = 'id,note\n1,"Temp 38°C, café au lait spots – stable"\n2,"ok – no change"\n'
    (tmp_path / "n.csv").write_bytes(text.encode("cp1252"))
    cohort = mk.read(tmp_path / "n.csv")
    assert "spots – stable" in cohort.columns["note"].to_pylist()[0]
    assert any("Windows-1252" in note for note in cohort.notes)


@pytest.mark.parametrize("kind", [mk.Number, mk.Text])
@pytest.mark.parametrize("role", ["subject", "identifier", "unclear"])
def test_numbers_that_say_who_somebody_is_are_replaced(kind, role) -> None:
    key = [7340912, 7340912, 5550017, 9120034]
    values = key if kind is mk.Number else [str(number) for number in key]
    frame = pd.DataFrame({"x": values, "note": [f"Patient {number} was seen, no fever." for number in key]})
    clean = mk.deidentify(
        mk.Cohort.from_pandas(frame, mk.Schema(x=kind(role=role), note=mk.Text(role="note"))), seed=3
    ).to_pandas()
    said = " ".join(map(str, clean.to_numpy().ravel()))
    assert not any(str(number) in said for number in key)
    assert clean["x"][0] == clean["x"][1] != clean["x"][2]


def test_numbers_with_gaps_that_say_who_somebody_is_stay_numbers() -> None:
    frame = pd.DataFrame({"x": [7340912.0, None, 5550017.0], "note": ["No fever was seen today."] * 3})
    schema = mk.Schema(x=mk.Number(role="identifier"), note=mk.Text(role="note"))
    clean = mk.deidentify(mk.Cohort.from_pandas(frame, schema), seed=3).to_pandas()["x"]
    assert set(clean.dropna()) == {1, 2}
    assert clean.isna()[1]


def test_columns_beside_pictures_are_treated_and_pictures_are_not_called_columns() -> None:
    arrays = {
        "patient_name": np.array(["Umbrosi, Ravel", "Quill, Ansa"] * 6, dtype=object),
        "image": np.random.default_rng(0).integers(0, 255, (12, 1, 8, 8), dtype=np.uint8),
    }
    kinds = {"patient_name": mk.Text(role="identifier"), "image": mk.Image()}
    clean = mk.deidentify(mk.Cohort.from_arrays(arrays, kinds), seed=5)
    assert not {"Umbrosi, Ravel", "Quill, Ansa"} & set(clean["patient_name"])
    said = "\n".join(clean.notes)
    assert "columns left as they are" not in said
    assert "image: blanking text in pictures is a step of its own" in said
