"""Resources of FHIR R4 as rows of events: patients, encounters, and what was found, done and given."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, final

import numpy as np
import pyarrow as pa

from manikin.data.events.gather import PARTS, Rows
from manikin.data.events.history import BIRTH, DEATH
from manikin.data.fhir.systems import coded
from manikin.errors import FormatError

if TYPE_CHECKING:
    from collections.abc import Iterator

CODES = {"MedicationRequest": "medicationCodeableConcept", "Immunization": "vaccineCode"}
"""Where a code stands that is not called code."""

TIMES = {
    "Encounter": ("period",),
    "Condition": ("onsetDateTime", "onsetPeriod", "recordedDate"),
    "Procedure": ("performedDateTime", "performedPeriod"),
    "MedicationRequest": ("authoredOn",),
    "Observation": ("effectiveDateTime", "effectivePeriod", "effectiveInstant", "issued"),
    "Immunization": ("occurrenceDateTime",),
    "AllergyIntolerance": ("onsetDateTime", "recordedDate"),
}
"""The resources that are events, and where their times stand, the best first."""

END = "EncounterEnd"
ANSWER = "="
US_CORE = "http://hl7.org/fhir/us/core/StructureDefinition/us-core-"
_SECOND = 86_400.0
_DATE = 10  # characters


class Bad(Exception):  # noqa: N818 - never leaves this module
    """What is wrong with a resource."""


@final
@dataclass
class Gathered:
    """Events of resources that were read so far.

    Args:
        skip_bad: Whether bad resources are left out and counted, instead of being an error.
        patients: Facts of each patient, by id.
        events: Subject, days, code, value, encounter.
        names: What codes are called.
        dropped: How many resources of each kind are not modelled.
        bad: What was wrong with resources that were left out.
        seen: Kind and id of all resources.
    """

    skip_bad: bool = False
    patients: dict[str, dict[str, Any]] = field(default_factory=dict)
    events: list[tuple[str, float, str, float, str]] = field(default_factory=list)
    names: dict[str, str] = field(default_factory=dict)
    dropped: Counter[str] = field(default_factory=Counter)
    bad: list[str] = field(default_factory=list)
    seen: set[tuple[str, str]] = field(default_factory=set)

    def add(self, resource: Any, where: str) -> None:  # noqa: ANN401 - JSON
        """One resource, or all of a bundle.

        Raises:
            FormatError: It is bad; the message names file and resource.
        """
        if isinstance(resource, dict) and resource.get("resourceType") == "Bundle":
            entries = resource.get("entry") or []
            if not isinstance(entries, list):
                self.fault(f"{where}: Bundle: its entry is no list")
                return
            for i, entry in enumerate(entries):
                self.add(
                    entry.get("resource") if isinstance(entry, dict) else None, f"{where}, entry {i + 1}"
                )
            return
        try:
            self._take(resource)
        except Bad as error:
            self.fault(f"{where}: {_kind(resource)}: {error}")
        except (AttributeError, KeyError, TypeError):  # any JSON may stand where an object or a list should
            self.fault(f"{where}: {_kind(resource)}: it is not built as FHIR R4 says")

    def fault(self, said: str) -> None:
        """Note what is wrong with something that is left out.

        Raises:
            FormatError: Nothing may be left out.
        """
        if not self.skip_bad:
            raise FormatError(f"{said}; correct it, or leave bad resources out (skip_bad)")
        self.bad.append(said)

    def _take(self, resource: Any) -> None:  # noqa: ANN401 - JSON
        if not isinstance(resource, dict) or not isinstance(resource.get("resourceType"), str):
            raise Bad("no resource: it has no resourceType")
        kind = resource["resourceType"]
        if kind != "Patient" and kind not in TIMES:
            self.dropped[kind] += 1
            return
        key = (kind, str(resource.get("id") or id(resource)))
        if key in self.seen:
            raise Bad("its id stands twice")
        if kind == "Patient":
            self._patient(resource)
        else:
            self.events += list(self._event(kind, resource))
        self.seen.add(key)

    def _patient(self, resource: dict[str, Any]) -> None:
        key = resource.get("id")
        if not isinstance(key, str):
            raise Bad("it has no id")
        facts = {name: _omb(resource, name) for name in ("race", "ethnicity")}
        self.patients[key] = {"gender": resource.get("gender"), **facts}
        if resource.get("birthDate"):
            self.events.append((key, _days(resource["birthDate"]), BIRTH, np.nan, ""))
        if resource.get("deceasedDateTime"):
            self.events.append((key, _days(resource["deceasedDateTime"]), DEATH, np.nan, ""))

    def _event(self, kind: str, resource: dict[str, Any]) -> Iterator[tuple[str, float, str, float, str]]:
        subject = _reference(resource.get("subject") or resource.get("patient"))
        if not subject:
            raise Bad("it refers to no patient")
        time = next((t for name in TIMES[kind] if (t := _moment(resource.get(name))) is not None), None)
        if time is None:
            raise Bad("it has no time")
        visit = _reference(resource.get("encounter") or resource.get("context"))
        if kind == "Encounter":
            yield from self._encounter(resource, subject, time)
            return
        for code, value in self._said(kind, resource):
            yield subject, time, f"{kind}{PARTS}{code}", value, visit

    def _encounter(
        self, resource: dict[str, Any], subject: str, time: float
    ) -> Iterator[tuple[str, float, str, float, str]]:
        visit, group = str(resource.get("id") or ""), (resource.get("class") or {}).get("code") or "AMB"
        kind = self._named((resource.get("type") or [None])[0]) or ""
        yield subject, time, PARTS.join(part for part in ("Encounter", group, kind) if part), np.nan, visit
        end = (resource.get("period") or {}).get("end")
        left = _days(end) if end else time
        if left < time - 1:
            raise Bad("it ends before it begins")
        if left - time >= 1:
            yield subject, left, f"{END}{PARTS}{group}", np.nan, visit

    def _said(self, kind: str, resource: dict[str, Any]) -> Iterator[tuple[str, float]]:
        """Codes with values: of an observation with components one for each of these."""
        parts = resource.get("component") if kind == "Observation" else None
        for part in parts or [resource]:
            code = self._named(part.get(CODES.get(kind, "code")))
            if code is None:
                raise Bad("it has no code")
            quantity, answer = (
                part.get("valueQuantity") or {},
                self._named(part.get("valueCodeableConcept")),
            )
            value = quantity.get("value")
            if value is not None and not isinstance(value, int | float):
                raise Bad("its value is no number")
            unit = str(quantity.get("unit") or quantity.get("code") or "").replace(PARTS, "/")
            tail = [unit] if value is not None and unit else [ANSWER + answer] if answer else []
            whole = PARTS.join([code, *tail])
            yield whole, np.nan if value is None else float(value)

    def _named(self, concept: Any) -> str | None:  # noqa: ANN401 - JSON
        found = coded(concept)
        if found is None:
            return None
        if found[1]:
            self.names.setdefault(*found)
        return found[0]

    def rows(self, where: str) -> tuple[Rows, list[str]]:
        """All events, and notes.

        Raises:
            FormatError: There is no patient, or nothing happened to any.
        """
        if not self.patients:
            raise FormatError(f"{where}: no Patient in it; without patients events belong to nobody")
        known = [event for event in self.events if event[0] in self.patients]
        if strange := len(self.events) - len(known):
            self.bad.append(f"{strange} resources of patients who are not there")
            if not self.skip_bad:
                raise FormatError(
                    f"{where}: {self.bad[-1]}; add these, or leave bad resources out (skip_bad)"
                )
        if not known:
            raise FormatError(f"{where}: nothing is said of any patient")
        subject, time, code, value, visit = zip(*known, strict=True)
        number = {name: i for i, name in enumerate(dict.fromkeys(v for v in visit if v))}
        facts = {
            name: pa.array([facts[name] for facts in self.patients.values()], pa.string())
            for name in ("gender", "race", "ethnicity")
            if any(facts[name] for facts in self.patients.values())
        }
        rows = Rows(
            pa.array(subject),
            np.array(time),
            pa.array(code),
            np.array(value, dtype=float),
            np.array([number.get(v, -1) for v in visit]),
            facts,
            pa.array(list(self.patients)),
        )
        return rows, self._notes()

    def _notes(self) -> list[str]:
        notes = []
        if self.dropped:
            listed = ", ".join(f"{kind} ({count})" for kind, count in self.dropped.most_common())
            notes.append(f"not modelled and left out: {listed}")
        if self.bad:
            notes.append(f"{len(self.bad)} bad resources are left out, the first: {self.bad[0]}")
        return notes


def _kind(resource: Any) -> str:  # noqa: ANN401 - JSON
    """The kind of a resource; its id may be a patient's."""
    kind = resource.get("resourceType") if isinstance(resource, dict) else None
    return kind if isinstance(kind, str) else "resource"


def _reference(reference: Any) -> str:  # noqa: ANN401 - JSON
    """The id that a reference ends in: Patient/7, urn:uuid:7, http://server/Patient/7/_history/2."""
    text = reference.get("reference") if isinstance(reference, dict) else None
    return (
        text.partition("/_history/")[0].replace(":", "/").rpartition("/")[2]
        if isinstance(text, str)
        else ""
    )


def _moment(value: Any) -> float | None:  # noqa: ANN401 - JSON
    text = value.get("start") if isinstance(value, dict) else value
    return _days(text) if text else None


def _days(text: Any) -> float:  # noqa: ANN401 - JSON
    """A date or moment as days since 1970, in UTC; a year or a month stands for its first day."""
    try:
        whole = text + "-01-01"[len(text) - 4 :] if len(text) < _DATE else text
        moment = datetime.fromisoformat(whole)
    except (TypeError, ValueError):
        raise Bad(
            "a date in it cannot be read; FHIR writes 2020-05-31 or 2020-05-31T14:00:00+02:00"
        ) from None
    moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return moment.timestamp() / _SECOND


def _omb(patient: dict[str, Any], name: str) -> str | None:
    """Race or ethnicity as US Core has them (OMB categories)."""
    outer = next((e for e in patient.get("extension") or () if e.get("url") == US_CORE + name), {})
    parts = {e.get("url"): e for e in outer.get("extension") or ()}
    return (parts.get("ombCategory", {}).get("valueCoding") or {}).get("display") or parts.get(
        "text", {}
    ).get("valueString")
