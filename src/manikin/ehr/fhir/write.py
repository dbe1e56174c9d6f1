"""New resources of FHIR R4 from histories: with new ids, tagged as test data."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np

from manikin.cohort.histories import DEATH, Histories, fields
from manikin.ehr.assemble import AGE, ANSWER, PARTS, YEAR
from manikin.ehr.fhir.code_systems import concept
from manikin.ehr.fhir.elements import CODES, TIMES, UNSAID, US_CORE
from manikin.ehr.fhir.read import END

if TYPE_CHECKING:
    from collections.abc import Iterator

    from manikin.cohort.cohort import Cohort

TAG = {
    "system": "http://terminology.hl7.org/CodeSystem/v3-ActReason",
    "code": "HTEST",
    "display": "test health data",
}
_EPOCH = datetime(2000, 1, 1, tzinfo=UTC)
_BEGIN = f"Encounter{PARTS}"
_TERMS = "http://terminology.hl7.org/CodeSystem/"
_CLASSES, _UNKNOWN = f"{_TERMS}v3-ActCode", f"{_TERMS}v3-NullFlavor"
_NAMESPACE = uuid.UUID("6f3f1f0e-6d0c-5f6e-9b1f-2f0f8d5b7a11")
_STATUS: dict[str, dict[str, Any]] = {
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
_GENDERS = {"m": "male", "male": "male", "f": "female", "female": "female"}


def resources(cohort: Cohort) -> Iterator[list[dict[str, Any]]]:
    """The resources of each patient, the patient first, then visit by visit.

    Codes that begin with no kind of resource become conditions if they are of ICD, else observations.
    """
    found = Histories.of(cohort.columns[fields(cohort.schema)[0]])
    codes: list[str] = found.codes.tolist()
    names = cohort.origin.options.get("names", {})
    ages = cohort[AGE] if AGE in cohort.schema else np.full(len(cohort), np.nan)
    sex = next((n for n in ("gender", "sex", "GENDER", "SEX") if n in cohort.schema), None)
    genders = cohort[sex] if sex else np.full(len(cohort), None)
    origins = {name: cohort[name] for name in ("race", "ethnicity") if name in cohort.schema}
    for row in range(len(cohort)):
        patient = _patient(row, ages[row], genders[row])
        if more := [
            _extension(name, values[row]) for name, values in origins.items() if values[row] is not None
        ]:
            patient["extension"] = more
        listed = [patient]
        edges = np.flatnonzero(found.opens[found.start[row] : found.start[row + 1]]) + found.start[row]
        for low, high in pairwise([*edges.tolist(), int(found.start[row + 1])]):
            told = [codes[code] for code in found.code[low:high]]
            encounter = _encounter(patient, int(found.visit[low]), told, found.time[low:high], names)
            listed.append(encounter)
            for code, time, value in zip(told, found.time[low:high], found.value[low:high], strict=True):
                moment = _moment(time)
                if code == DEATH:
                    patient["deceasedDateTime"] = moment
                elif not code.startswith((_BEGIN, END)):
                    listed.append(_event(patient, encounter, code, value, moment, len(listed), names))
        yield listed


def _patient(row: int, age: float, gender: Any) -> dict[str, Any]:  # noqa: ANN401 - a cell
    out = _resource("Patient", str(row))
    if gender is not None:
        out["gender"] = _GENDERS.get(str(gender).lower(), "other")
    if not np.isnan(age):
        out["birthDate"] = (_EPOCH - timedelta(days=round(float(age) * YEAR))).date().isoformat()
    return out


def _extension(name: str, value: Any) -> dict[str, Any]:  # noqa: ANN401 - a cell
    return {"url": US_CORE + name, "extension": [{"url": "text", "valueString": str(value)}]}


def _encounter(
    patient: dict[str, Any], visit: int, told: list[str], time: np.ndarray, names: dict[str, str]
) -> dict[str, Any]:
    """An encounter for the codes of a visit at their times: of unknown class where none of them says it."""
    begins = next((i for i, code in enumerate(told) if code.startswith(_BEGIN)), None)
    _, group, *kind = told[begins].split(PARTS, 2) if begins is not None else ("", UNSAID)
    start = time[begins or 0]
    stays = [t for t, code in zip(time, told, strict=True) if code.startswith(END)]
    within = time[(time >= start) & (time < start + 1)]  # what comes later does not prolong it
    end = max(start, stays[0] if stays else within.max())
    return {
        **_resource("Encounter", f"{patient['id']}/{visit}"),
        **_STATUS["Encounter"],
        "class": {"system": _UNKNOWN if group == UNSAID else _CLASSES, "code": group},
        **({"type": [concept(kind[0], names.get(kind[0], ""))]} if kind else {}),
        "subject": _to(patient),
        "period": {"start": _moment(start), "end": _moment(end)},
    }


def _event(
    patient: dict[str, Any],
    encounter: dict[str, Any],
    code: str,
    value: float,
    moment: str,
    number: int,
    names: dict[str, str],
) -> dict[str, Any]:
    kind, _, rest = code.partition(PARTS)
    if kind not in TIMES:
        kind, rest = ("Condition" if "ICD" in code.upper() else "Observation"), code
    out = {**_resource(kind, f"{patient['id']}/{number}"), **_STATUS[kind]}
    plain, _, tail = _halved(rest)
    out[CODES.get(kind, "code")] = concept(plain, names.get(plain, ""))
    out["patient" if kind in ("Immunization", "AllergyIntolerance") else "subject"] = _to(patient)
    if kind != "AllergyIntolerance":
        out["encounter"] = _to(encounter)
    out[TIMES[kind][0]] = moment
    if kind == "Observation":
        if not np.isnan(value):
            unit = {"unit": tail} if tail else {}
            out["valueQuantity"] = {"value": float(f"{value:.10g}"), **unit}
        elif tail.startswith(ANSWER):
            answer = tail.removeprefix(ANSWER)
            out["valueCodeableConcept"] = concept(answer, names.get(answer, ""))
    return out


def _halved(code: str) -> tuple[str, str, str]:
    """System and code, and what stands behind them: a unit, or an answer."""
    system, _, rest = code.partition(PARTS)
    plain, mark, tail = rest.partition(PARTS)
    return (f"{system}{PARTS}{plain}" if rest else f"NONE{PARTS}{system}"), mark, tail


def _resource(kind: str, name: str) -> dict[str, Any]:
    return {
        "resourceType": kind,
        "id": str(uuid.uuid5(_NAMESPACE, f"{kind}/{name}")),
        "meta": {"tag": [TAG]},
    }


def _to(resource: dict[str, Any]) -> dict[str, str]:
    return {"reference": f"{resource['resourceType']}/{resource['id']}"}


def _moment(days: float) -> str:
    return (_EPOCH + timedelta(days=float(days))).isoformat(timespec="seconds")
