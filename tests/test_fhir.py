"""FHIR R4 in and out: resources to histories, new resources, bad input."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

import manikin as mk
from manikin.datasets.histories import generate_toy_histories
from manikin.ehr.fhir.write import build_patient_resources
from manikin.errors import FormatError, SchemaError

if TYPE_CHECKING:
    from pathlib import Path

SNOMED, LOINC = "http://snomed.info/sct", "http://loinc.org"


def concept(system: str, code: str, display: str) -> dict[str, Any]:
    return {"coding": [{"system": system, "code": code, "display": display}]}


def bundle(**changes: Any) -> dict[str, Any]:
    about = {"subject": {"reference": "urn:uuid:p1"}, "encounter": {"reference": "Encounter/e1"}}
    pressure = [
        {"code": concept(LOINC, "8480-6", "Systolic"), "valueQuantity": {"value": 140, "unit": "mm[Hg]"}},
        {"code": concept(LOINC, "8462-4", "Diastolic"), "valueQuantity": {"value": 90, "unit": "mm[Hg]"}},
    ]
    listed: list[dict[str, Any]] = [
        {"resourceType": "Patient", "id": "p1", "gender": "female", "birthDate": "1960-05-01"},
        {
            "resourceType": "Encounter",
            "id": "e1",
            "class": {"code": "IMP"},
            "subject": {"reference": "Patient/p1"},
            "period": {"start": "2010-05-01T08:00:00+02:00", "end": "2010-05-04T06:00:00Z"},
        },
        {
            "resourceType": "Condition",
            "id": "c1",
            **about,
            "code": concept(SNOMED, "44054006", "Diabetes"),
            "onsetDateTime": "2010-05-01",
        },
        {
            "resourceType": "Observation",
            "id": "o1",
            **about,
            "code": concept(LOINC, "85354-9", "Blood pressure"),
            "effectiveDateTime": "2010-05-02T06:00:00Z",
            "component": pressure,
        },
        {"resourceType": "Claim", "id": "x1"},
    ]
    for resource in listed:
        resource.update(changes.get(resource["id"], {}))
    return {"resourceType": "Bundle", "type": "collection", "entry": [{"resource": r} for r in listed]}


def read(tmp_path: Path, content: Any, name: str = "in.json", **options: Any) -> mk.Cohort:
    text = content if isinstance(content, str) else json.dumps(content)
    (tmp_path / name).write_text(text)
    return mk.read(tmp_path if options else tmp_path / name, **options)


def test_a_bundle_is_a_patient_with_a_history(tmp_path: Path) -> None:
    cohort = read(tmp_path, bundle())
    assert cohort["age"].tolist() == [49.9986]  # 18,262 days
    events = cohort["history"][0]
    assert events["code"].tolist() == [
        "Condition//SNOMED//44054006",
        "Encounter//IMP",
        "Observation//LOINC//8462-4//mm[Hg]",
        "Observation//LOINC//8480-6//mm[Hg]",
        "EncounterEnd//IMP",
    ]
    assert events["time"].round(2).tolist() == [
        0,
        0.25,
        1.25,
        1.25,
        3.25,
    ]  # 06:00 UTC is a quarter of a day
    assert set(events["visit"]) == {0}
    assert any("Claim (1)" in note for note in cohort.notes)


@pytest.mark.parametrize("name", ["out.json", "out.ndjson", "folder"])
def test_what_is_modelled_comes_back(tmp_path: Path, name: str) -> None:
    cohort = read(tmp_path, bundle())
    mk.write(cohort, tmp_path / name)  # without a suffix as it came in
    again = mk.read(tmp_path / (name if name != "folder" else "folder.json"))
    assert again.columns.select(["gender", "age", "history"]) == cohort.columns.select(
        ["gender", "age", "history"]
    )
    assert again["patient"][0] != "p1"


def test_what_is_written_is_new_and_says_that_it_is_made(tmp_path: Path) -> None:
    cohort = read(tmp_path, bundle())
    listed = next(iter(build_patient_resources(cohort)))
    assert all(resource["meta"]["tag"][0]["code"] == "HTEST" for resource in listed)
    text = json.dumps(listed)
    assert not any(word in text for word in ('"p1"', "/e1", '"1960-', '"2010-'))
    known = {f"{resource['resourceType']}/{resource['id']}" for resource in listed}
    told = [r.get("subject", r.get("encounter")) for r in listed[1:]]
    assert all(reference["reference"] in known for reference in told)
    assert listed[2]["code"]["coding"][0]["display"] == "Diabetes"


def test_histories_of_other_formats_become_valid_resources() -> None:
    models = pytest.importorskip("fhir.resources.R4B", reason="fhir.resources is not installed")
    for patient in build_patient_resources(generate_toy_histories(20)):
        for resource in patient:
            models.get_fhir_model_class(resource["resourceType"]).model_validate(resource)


def test_a_synthetic_folder_comes_back_as_a_folder(tmp_path: Path) -> None:
    for i in range(12):
        changes = {"p1": {"gender": "male" if i % 2 else "female"}}
        text = json.dumps(bundle(**changes)).replace("p1", f"p{i}x").replace("e1", f"e{i}x")
        text = text.replace('"c1"', f'"c{i}x"').replace('"o1"', f'"o{i}x"')
        (tmp_path / "in").mkdir(exist_ok=True)
        (tmp_path / "in" / f"{i}.json").write_text(text)
    train = mk.read(tmp_path / "in")
    model = mk.Synthesizer(training=mk.Training(steps=2)).fit(train, quiet=True)
    mk.write(model.sample(8), tmp_path / "out")
    assert len(list((tmp_path / "out").iterdir())) == 8
    assert len(mk.read(tmp_path / "out")) == 8


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ('{"resourceType": "Bundle",\n', "in.json: line 2: no JSON"),
        ({"resourceType": "Bundle", "entry": []}, "no Patient in it"),
        (bundle(c1={"onsetDateTime": None}), "entry 3: Condition: it has no time"),
        (bundle(c1={"onsetDateTime": "May 2010"}), "entry 3: Condition: a date in it cannot be read"),
        (bundle(c1={"subject": {}}), "entry 3: Condition: it refers to no patient"),
        (bundle(c1={"code": {}}), "entry 3: Condition: it has no code"),
        (
            bundle(c1={"subject": {"reference": "Patient/other"}}),
            "entry 3: Condition: its Patient is not there",
        ),
        (bundle(c1={"resourceType": "Patient", "id": "p1"}), "entry 3: Patient: its id stands twice"),
        (
            bundle(c1={"subject": "Patient/p1", "resourceType": "Encounter"}),
            "entry 3: Encounter: it refers to no",
        ),
        (
            bundle(c1={"code": {"coding": [{"system": 5, "code": "1"}]}}),
            "entry 3: Condition: it is not built as",
        ),
        (
            bundle(
                c1={"resourceType": "Encounter", "period": {"start": "2020-01-05", "end": "2020-01-01"}}
            ),
            "entry 3: Encounter: it ends before it begins",
        ),
        (
            bundle(e1={"period": "2020-01-05"}),
            "entry 2: Encounter: it is not built as",
        ),
        ({"resourceType": "Bundle", "entry": {"resource": 1}}, "Bundle: its entry is no list"),
    ],
)
def test_bad_resources_are_named(tmp_path: Path, content: Any, says: str) -> None:
    with pytest.raises(FormatError, match=says):
        read(tmp_path, content)


def test_bad_resources_are_left_out_on_request(tmp_path: Path) -> None:
    cohort = read(tmp_path, bundle(c1={"onsetDateTime": None}), skip_bad=True)
    assert len(cohort["history"][0]) == 4
    assert any("1 bad resources are left out" in note for note in cohort.notes)


def test_lines_that_are_no_json_are_left_out_on_request(tmp_path: Path) -> None:
    path = tmp_path / "in.ndjson"
    listed = [json.dumps(entry["resource"]) for entry in bundle()["entry"]]
    path.write_text("\n".join([*listed, '{"resourceType"']))
    with pytest.raises(FormatError, match=rf"line {len(listed) + 1}: no JSON"):
        mk.read(path)
    cohort = mk.read(path, skip_bad=True)
    assert len(cohort["history"][0]) == 5
    assert any("1 bad resources are left out" in note for note in cohort.notes)


def test_what_is_not_in_utf_8_is_refused_not_replaced(tmp_path: Path) -> None:
    path = tmp_path / "in.ndjson"
    listed = [json.dumps(entry["resource"]).encode() for entry in bundle()["entry"]]
    path.write_bytes(b"\n".join([*listed, b'{"resourceType": "Condition", "id": "\xe9"}']))
    with pytest.raises(FormatError, match=rf"line {len(listed) + 1}: not in UTF-8"):
        mk.read(path)
    assert any("not in UTF-8" in note for note in mk.read(path, skip_bad=True).notes)


def test_an_event_long_before_birth_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SchemaError, match="before the birth"):
        read(tmp_path, bundle(c1={"onsetDateTime": "1950-01-01"}))


def medication(**changes: Any) -> dict[str, Any]:
    about = {"subject": {"reference": "Patient/p1"}, "encounter": {"reference": "Encounter/e1"}}
    return {"resourceType": "MedicationRequest", "id": "m1", **about, "authoredOn": "2010-05-02", **changes}


def more(*resources_: Any, **changes: Any) -> dict[str, Any]:
    whole = bundle(**changes)
    return {**whole, "entry": [*whole["entry"], *({"resource": r} for r in resources_)]}


RXNORM = "http://www.nlm.nih.gov/research/umls/rxnorm"
DRUG = {"resourceType": "Medication", "id": "d1", "code": concept(RXNORM, "860975", "Metformin")}


@pytest.mark.parametrize(
    "listed",
    [
        [medication(medicationReference={"reference": "Medication/d1"}), DRUG],
        [medication(medicationReference={"reference": "#d1"}, contained=[DRUG])],
    ],
    ids=["elsewhere", "inside"],
)
def test_medications_of_their_own_are_looked_up(tmp_path: Path, listed: list[Any]) -> None:
    cohort = read(tmp_path, more(*listed))
    assert "MedicationRequest//RxNorm//860975" in cohort["history"][0]["code"]
    assert cohort.origin.options["names"]["RxNorm//860975"] == "Metformin"


def test_a_medication_that_is_nowhere_is_named_or_left_out(tmp_path: Path) -> None:
    lost = more(medication(medicationReference={"reference": "Medication/d9"}))
    with pytest.raises(FormatError, match=r"entry 6: MedicationRequest: its Medication is not there"):
        read(tmp_path, lost)
    known = [e["code"] for e in read(tmp_path, bundle(), "known.json")["history"][0]]
    (tmp_path / "known.json").unlink()
    assert [e["code"] for e in mk.read(tmp_path, skip_bad=True)["history"][0]] == known
    said = medication(medicationReference={"display": "Aspirin"})
    cohort = read(tmp_path, more(said))
    assert "MedicationRequest//TEXT//Aspirin" in cohort["history"][0]["code"]


def test_what_says_that_it_was_not_is_no_event(tmp_path: Path) -> None:
    refuted = {"verificationStatus": {"coding": [{"code": "refuted"}]}}
    cohort = read(tmp_path, more(medication(status="cancelled"), c1=refuted))
    assert not any(code.startswith(("Condition", "Medication")) for code in cohort["history"][0]["code"])
    assert any("Condition that was not done, or entered in error (1)" in note for note in cohort.notes)


def test_what_is_not_modelled_of_resources_is_said(tmp_path: Path) -> None:
    cohort = read(tmp_path, bundle(c1={"abatementDateTime": "2011-01-01"}, p1={"deceasedBoolean": True}))
    assert any("Condition.abatementDateTime (1)" in note for note in cohort.notes)
    assert any("1 deaths have no date and are left out" in note for note in cohort.notes)


def test_answers_in_words_and_whole_numbers_come_back(tmp_path: Path) -> None:
    about = {"subject": {"reference": "Patient/p1"}, "effectiveDateTime": "2010-05-02"}
    told = [{"valueString": "clear"}, {"valueBoolean": False}, {"valueInteger": 3}]
    listed = [
        {
            "resourceType": "Observation",
            "id": f"x{i}",
            **about,
            "code": concept(LOINC, f"{i}-1", "x"),
            **value,
        }
        for i, value in enumerate(told)
    ]
    cohort = read(tmp_path, more(*listed))
    codes = cohort["history"][0]["code"].tolist()
    assert "Observation//LOINC//0-1//=TEXT//clear" in codes
    assert "Observation//LOINC//1-1//=TEXT//false" in codes
    assert cohort["history"][0]["value"][codes.index("Observation//LOINC//2-1")] == 3
    mk.write(cohort, tmp_path / "out.json")
    assert mk.read(tmp_path / "out.json").columns["history"] == cohort.columns["history"]


def test_visits_without_an_encounter_come_back_as_they_were(tmp_path: Path) -> None:
    late = {"resourceType": "Procedure", "id": "q", "subject": {"reference": "Patient/p1"}}
    done = [
        {**late, "performedDateTime": "2015-01-01", "code": concept(SNOMED, "1", "a")},
        {**late, "id": "r", "encounter": {"reference": "Encounter/e1"}, "performedDateTime": "2010-05-09"},
    ]
    done[1]["code"] = concept(SNOMED, "2", "b")  # after its encounter has ended
    cohort = read(tmp_path, more(*done))
    mk.write(cohort, tmp_path / "out.json")
    again = mk.read(tmp_path / "out.json")
    assert again.columns["history"] == cohort.columns["history"]
    assert any("1 encounters are of no known class" in note for note in again.notes)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (json.dumps(bundle()).replace("140", "1" + "0" * 400), "Observation: its value is no number"),
        (json.dumps(bundle()).replace("140", "NaN"), r"line 1: no JSON \(NaN is no number\)"),
        ('{"resourceType": "Bundle", "entry": ' + "[" * 100_000, "line 1: no JSON"),
        (json.dumps(bundle()).replace("urn:uuid:p1", "Patient/p2"), "Condition: its Patient is not there"),
        (json.dumps({"resourceType": "Patient", "id": "p1"}), "nothing happened to any patient"),
        ("[]", r"in\.json: no resource of FHIR"),
    ],
)
def test_numbers_and_shapes_that_json_or_fhir_do_not_have(tmp_path: Path, text: str, says: str) -> None:
    with pytest.raises(FormatError, match=says):
        read(tmp_path, text)


def test_where_all_is_bad_the_first_fault_is_told(tmp_path: Path) -> None:
    (tmp_path / "in.json").write_text('{"resourceType": "Bundle",\n')
    with pytest.raises(FormatError, match=r"no Patient in it.*left out: .*in\.json: line 2: no JSON"):
        mk.read(tmp_path, skip_bad=True)


def test_a_saved_model_names_no_code_that_it_does_not_have(tmp_path: Path) -> None:
    cohort = rare(tmp_path)
    model = mk.Synthesizer(training=mk.Training(steps=2)).fit(cohort, quiet=True)
    model.save(tmp_path / "model")
    text = "".join(path.read_text() for path in (tmp_path / "model").rglob("*.json"))
    text += "".join(path.read_text() for path in (tmp_path / "model").rglob("*.toml"))
    assert "Systolic" in text
    assert "Gaucher" not in text
    assert "Gaucher" not in "".join(model.sample(2).origin.options["names"].values())


def rare(tmp_path: Path) -> mk.Cohort:
    """Eight patients with the same codes, of whom one has a disease that nobody else has."""
    disease = {"code": concept(SNOMED, "190794006", "Gaucher disease")}
    (tmp_path / "in").mkdir()
    for i in range(8):
        text = json.dumps(bundle(**({"c1": disease} if i == 0 else {})))
        for name in ("p1", "e1", '"c1', '"o1'):
            text = text.replace(name, f"{name}x{i}")
        (tmp_path / "in" / f"{i}.json").write_text(text)
    return mk.read(tmp_path / "in")


def test_references_by_the_url_of_an_entry_are_followed(tmp_path: Path) -> None:
    whole = bundle()
    known = read(tmp_path, whole).columns["history"]
    for entry in whole["entry"][:2]:
        entry["fullUrl"] = f"urn:uuid:url-{entry['resource']['id']}"
    text = json.dumps(whole).replace('"urn:uuid:p1"', '"urn:uuid:url-p1"')
    text = text.replace("Encounter/e1", "urn:uuid:url-e1").replace("Patient/p1", "urn:uuid:url-p1")
    assert read(tmp_path, text).columns["history"] == known
    nameless = json.loads(text)
    for entry in nameless["entry"]:
        del entry["resource"]["id"]
    cohort = read(tmp_path, nameless)
    assert cohort.columns["history"] == known
    assert cohort["patient"].tolist() == ["url-p1"]


def test_a_medication_may_stand_in_each_bundle_that_needs_it(tmp_path: Path) -> None:
    asked = medication(medicationReference={"reference": "Medication/d1"})
    cohort = read(tmp_path, more(asked, DRUG, DRUG))
    assert "MedicationRequest//RxNorm//860975" in cohort["history"][0]["code"]


def test_units_of_one_measurement_are_named(tmp_path: Path) -> None:
    there = bundle()
    heights = [
        {
            "resourceType": "Observation",
            "id": f"h{place}",
            "subject": {"reference": "Patient/p1"},
            "code": concept(LOINC, "8302-2", "Height"),
            "effectiveDateTime": f"2010-05-0{place + 2}T06:00:00Z",
            "valueQuantity": {"value": value, "unit": unit},
        }
        for place, (value, unit) in enumerate([(170, "cm"), (1.7, "m")])
    ]
    there["entry"] += [{"resource": resource} for resource in heights]
    cohort = read(tmp_path, there)
    assert "measured in several units, each a code of its own: LOINC//8302-2 in cm, m" in cohort.notes
