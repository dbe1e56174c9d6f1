"""New resources of FHIR R4 from histories: with new ids, tagged as test data."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np

from manikin.cohort.histories import DEATH_CODE, extract_histories
from manikin.ehr.assemble import AGE_FIELD, ANSWER_PREFIX, CODE_SEPARATOR, DAYS_PER_YEAR
from manikin.ehr.code_names import VocabularyOptions
from manikin.ehr.fhir.code_systems import build_concept
from manikin.ehr.fhir.elements import CODE_ELEMENTS, TIME_ELEMENTS, UNKNOWN_CLASS, US_CORE_URL
from manikin.ehr.fhir.read import ENCOUNTER_END

if TYPE_CHECKING:
    from collections.abc import Iterator

    from manikin.cohort.cohort import Cohort

TEST_DATA_TAG = {
    "system": "http://terminology.hl7.org/CodeSystem/v3-ActReason",
    "code": "HTEST",
    "display": "test health data",
}
_EPOCH = datetime(2000, 1, 1, tzinfo=UTC)
_ENCOUNTER_PREFIX = f"Encounter{CODE_SEPARATOR}"
_TERMINOLOGY_URL = "http://terminology.hl7.org/CodeSystem/"
_CLASS_SYSTEM, _NULL_FLAVOR_SYSTEM = f"{_TERMINOLOGY_URL}v3-ActCode", f"{_TERMINOLOGY_URL}v3-NullFlavor"
_UUID_NAMESPACE = uuid.UUID("6f3f1f0e-6d0c-5f6e-9b1f-2f0f8d5b7a11")
_STATUS_ELEMENTS: dict[str, dict[str, Any]] = {
    "Encounter": {"status": "finished"},
    "Condition": {
        "clinicalStatus": {
            "coding": [
                {"system": "http://terminology.hl7.org/CodeSystem/condition-clinical", "code": "active"}
            ]
        }
    },
    "Procedure": {"status": "completed"},
    "MedicationRequest": {"status": "active", "intent": "order"},
    "Observation": {"status": "final"},
    "Immunization": {"status": "completed"},
    "AllergyIntolerance": {},
}
_GENDER_CODES = {"m": "male", "male": "male", "f": "female", "female": "female"}


def build_patient_resources(cohort: Cohort) -> Iterator[list[dict[str, Any]]]:
    """The resources of each patient, the patient first, then visit by visit.

    Codes that begin with no kind of resource become conditions if they are of ICD, else observations.
    """
    found = extract_histories(cohort.columns, cohort.schema)
    codes: list[str] = found.codes.tolist()
    names = cohort.origin.find_options(VocabularyOptions).names or {}
    ages = cohort[AGE_FIELD] if AGE_FIELD in cohort.schema else np.full(len(cohort), np.nan)
    sex = next((n for n in ("gender", "sex", "GENDER", "SEX") if n in cohort.schema), None)
    genders = cohort[sex] if sex else np.full(len(cohort), None)
    origins = {name: cohort[name] for name in ("race", "ethnicity") if name in cohort.schema}
    for row in range(len(cohort)):
        patient = _build_patient(row, ages[row], genders[row])
        if more := [
            _build_extension(name, values[row])
            for name, values in origins.items()
            if values[row] is not None
        ]:
            patient["extension"] = more
        listed = [patient]
        edges = (
            np.flatnonzero(found.is_visit_start[found.start[row] : found.start[row + 1]]) + found.start[row]
        )
        for low, high in pairwise([*edges.tolist(), int(found.start[row + 1])]):
            told = [codes[code] for code in found.code[low:high]]
            encounter = _build_encounter(patient, int(found.visit[low]), told, found.time[low:high], names)
            listed.append(encounter)
            for code, time, value in zip(told, found.time[low:high], found.value[low:high], strict=True):
                moment = _format_moment(time)
                if code == DEATH_CODE:
                    patient["deceasedDateTime"] = moment
                elif not code.startswith((_ENCOUNTER_PREFIX, ENCOUNTER_END)):
                    listed.append(_build_event(patient, encounter, code, value, moment, len(listed), names))
        yield listed


def _build_patient(row: int, age: float, gender: Any) -> dict[str, Any]:  # noqa: ANN401 - a cell
    out = _build_resource("Patient", str(row))
    if gender is not None:
        out["gender"] = _GENDER_CODES.get(str(gender).lower(), "other")
    if not np.isnan(age):
        out["birthDate"] = (_EPOCH - timedelta(days=round(float(age) * DAYS_PER_YEAR))).date().isoformat()
    return out


def _build_extension(name: str, value: Any) -> dict[str, Any]:  # noqa: ANN401 - a cell
    return {"url": US_CORE_URL + name, "extension": [{"url": "text", "valueString": str(value)}]}


def _build_encounter(
    patient: dict[str, Any], visit: int, told: list[str], time: np.ndarray, names: dict[str, str]
) -> dict[str, Any]:
    """An encounter for the codes of a visit at their times: of unknown class where none of them says it."""
    begins = next((i for i, code in enumerate(told) if code.startswith(_ENCOUNTER_PREFIX)), None)
    _, group, *kind = told[begins].split(CODE_SEPARATOR, 2) if begins is not None else ("", UNKNOWN_CLASS)
    start = time[begins or 0]
    stays = [t for t, code in zip(time, told, strict=True) if code.startswith(ENCOUNTER_END)]
    within = time[(time >= start) & (time < start + 1)]  # what comes later does not prolong it
    end = max(start, stays[0] if stays else within.max())
    return {
        **_build_resource("Encounter", f"{patient['id']}/{visit}"),
        **_STATUS_ELEMENTS["Encounter"],
        "class": {
            "system": _NULL_FLAVOR_SYSTEM if group == UNKNOWN_CLASS else _CLASS_SYSTEM,
            "code": group,
        },
        **({"type": [build_concept(kind[0], names.get(kind[0], ""))]} if kind else {}),
        "subject": _build_reference(patient),
        "period": {"start": _format_moment(start), "end": _format_moment(end)},
    }


def _build_event(
    patient: dict[str, Any],
    encounter: dict[str, Any],
    code: str,
    value: float,
    moment: str,
    number: int,
    names: dict[str, str],
) -> dict[str, Any]:
    kind, _, rest = code.partition(CODE_SEPARATOR)
    if kind not in TIME_ELEMENTS:
        kind, rest = ("Condition" if "ICD" in code.upper() else "Observation"), code
    out = {**_build_resource(kind, f"{patient['id']}/{number}"), **_STATUS_ELEMENTS[kind]}
    plain, _, tail = _split_code(rest)
    out[CODE_ELEMENTS.get(kind, "code")] = build_concept(plain, names.get(plain, ""))
    out["patient" if kind in ("Immunization", "AllergyIntolerance") else "subject"] = _build_reference(
        patient
    )
    if kind != "AllergyIntolerance":
        out["encounter"] = _build_reference(encounter)
    out[TIME_ELEMENTS[kind][0]] = moment
    if kind == "Observation":
        if not np.isnan(value):
            unit = {"unit": tail} if tail else {}
            out["valueQuantity"] = {"value": float(f"{value:.10g}"), **unit}
        elif tail.startswith(ANSWER_PREFIX):
            answer = tail.removeprefix(ANSWER_PREFIX)
            out["valueCodeableConcept"] = build_concept(answer, names.get(answer, ""))
    return out


def _split_code(code: str) -> tuple[str, str, str]:
    """System and code, and what stands behind them: a unit, or an answer."""
    system, _, rest = code.partition(CODE_SEPARATOR)
    plain, mark, tail = rest.partition(CODE_SEPARATOR)
    return (f"{system}{CODE_SEPARATOR}{plain}" if rest else f"NONE{CODE_SEPARATOR}{system}"), mark, tail


def _build_resource(kind: str, name: str) -> dict[str, Any]:
    return {
        "resourceType": kind,
        "id": str(uuid.uuid5(_UUID_NAMESPACE, f"{kind}/{name}")),
        "meta": {"tag": [TEST_DATA_TAG]},
    }


def _build_reference(resource: dict[str, Any]) -> dict[str, str]:
    return {"reference": f"{resource['resourceType']}/{resource['id']}"}


def _format_moment(days: float) -> str:
    return (_EPOCH + timedelta(days=float(days))).isoformat(timespec="seconds")
