"""FHIR R4 in and out: resources to histories, new resources, bad input."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

import manikin as mk
from manikin.data.events.made import made
from manikin.data.fhir.writing import resources
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
    listed = next(iter(resources(cohort)))
    assert all(resource["meta"]["tag"][0]["code"] == "HTEST" for resource in listed)
    text = json.dumps(listed)
    assert not any(word in text for word in ('"p1"', "/e1", '"1960-', '"2010-'))
    known = {f"{resource['resourceType']}/{resource['id']}" for resource in listed}
    told = [r.get("subject", r.get("encounter")) for r in listed[1:]]
    assert all(reference["reference"] in known for reference in told)
    assert listed[2]["code"]["coding"][0]["display"] == "Diabetes"


def test_histories_of_other_formats_become_valid_resources() -> None:
    models = pytest.importorskip("fhir.resources.R4B", reason="fhir.resources is not installed")
    for patient in resources(made(20)):
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
            "1 resources of patients who are not there",
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
