"""Resources of FHIR R4 as rows of events: patients, encounters, and what was found, done and given."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, final

import numpy as np
import pyarrow as pa

from manikin.cohort.histories import BIRTH_CODE, DEATH_CODE
from manikin.core.short_lists import list_names
from manikin.ehr.assemble import ANSWER_PREFIX, CODE_SEPARATOR, EventRows
from manikin.ehr.fhir.code_systems import parse_concept
from manikin.ehr.fhir.elements import (
    CODE_ELEMENTS,
    TIME_ELEMENTS,
    UNKNOWN_CLASS,
    InvalidResource,
    find_contained_code,
    format_kind,
    is_void,
    list_unused_elements,
    parse_answer,
    parse_date,
    parse_moment,
    parse_omb_category,
    parse_quantity,
    parse_reference,
)
from manikin.errors import FormatError

if TYPE_CHECKING:
    from collections.abc import Iterator

ENCOUNTER_END = "EncounterEnd"


@final
@dataclass
class FhirReader:
    """Events of resources that were read so far.

    Args:
        skip_bad: Whether bad resources are left out and counted, instead of being an error.
        patient_fields: Facts of each patient, by id.
        events: Subject, days, code, value, encounter.
        names: What codes are called.
        dropped_counts: How many resources of each kind are not modelled.
        faults: What was wrong with resources that were left out.
        seen_ids: Kind and id of all resources.
        first_references: Where each patient was first referred to.
        medication_codes: Codes of Medication resources, by id.
        pending_medications: Which events need one of these: the event, its id, a name for it, and where it
            stands.
        aliases: Ids of resources by other names that they are referred to by.
        note_counts: Encounters that say only that they were, and deaths without a date.
        units: In which units what is measured comes, by its code.
    """

    skip_bad: bool = False
    patient_fields: dict[str, dict[str, Any]] = field(default_factory=dict)
    events: list[tuple[str, float, str, float, str]] = field(default_factory=list)
    names: dict[str, str] = field(default_factory=dict)
    dropped_counts: Counter[str] = field(default_factory=Counter)
    faults: list[str] = field(default_factory=list)
    seen_ids: set[tuple[str, str]] = field(default_factory=set)
    first_references: dict[str, str] = field(default_factory=dict)
    medication_codes: dict[str, str] = field(default_factory=dict)
    pending_medications: list[tuple[int, str, str, str]] = field(default_factory=list)
    aliases: dict[str, str] = field(default_factory=dict)
    note_counts: Counter[str] = field(default_factory=Counter)
    units: dict[str, set[str]] = field(default_factory=dict)

    def add_resources(self, resource: Any, where: str) -> None:  # noqa: ANN401 - JSON
        """One resource, or all of a bundle.

        Raises:
            FormatError: It is bad; the message names file and resource.
        """
        if isinstance(resource, dict) and resource.get("resourceType") == "Bundle":
            entries = resource.get("entry") or []
            if not isinstance(entries, list):
                self.skip_or_raise(f"{where}: Bundle: its entry is no list")
                return
            for i, entry in enumerate(entries):
                self.add_resources(self._read_entry(entry), f"{where}, entry {i + 1}")
            return
        try:
            self._add_resource(resource, where)
        except InvalidResource as error:
            self.skip_or_raise(f"{where}: {format_kind(resource)}{error}")
        except (AttributeError, KeyError, TypeError):  # any JSON may stand where an object or a list should
            self.skip_or_raise(f"{where}: {format_kind(resource)}it is not built as FHIR R4 says")

    def _read_entry(self, entry: Any) -> Any:  # noqa: ANN401 - JSON
        """The resource of an entry, whose URL others may refer to; it may be its only name."""
        resource = entry.get("resource") if isinstance(entry, dict) else None
        name = parse_reference({"reference": entry.get("fullUrl")}) if isinstance(entry, dict) else ""
        if not isinstance(resource, dict) or not name or resource.get("id") == name:
            return resource
        if isinstance(resource.get("id"), str):
            self.aliases[name] = resource["id"]
            return resource
        return {**resource, "id": name} if "id" not in resource else resource

    def skip_or_raise(self, said: str) -> None:
        """Note what is wrong with something that is left out.

        Raises:
            FormatError: Nothing may be left out.
        """
        if not self.skip_bad:
            raise FormatError(f"{said}; correct it, or leave bad resources out (skip_bad)")
        self.faults.append(said)

    def _add_resource(self, resource: Any, where: str) -> None:  # noqa: ANN401 - JSON
        if not isinstance(resource, dict) or not isinstance(resource.get("resourceType"), str):
            raise InvalidResource("no resource of FHIR: it has no resourceType")
        kind = resource["resourceType"]
        if kind not in ("Patient", "Medication") and kind not in TIME_ELEMENTS:
            self.dropped_counts[kind] += 1
            return
        if is_void(resource):
            self.dropped_counts[f"{kind} that was not done, or entered in error"] += 1
            return
        key = (kind, str(resource.get("id") or id(resource)))
        if kind == "Medication":  # which each bundle that needs it may repeat
            self.medication_codes[key[1]] = self._read_code(resource.get("code")) or ""
            return
        if key in self.seen_ids:
            raise InvalidResource("its id stands twice")
        if kind == "Patient":
            self._add_patient(resource)
        else:
            self.events += list(self._read_events(kind, resource, where))
        self.seen_ids.add(key)
        self.dropped_counts.update(f"{kind}.{name}" for name in list_unused_elements(kind, resource))

    def _add_patient(self, resource: dict[str, Any]) -> None:
        key = resource.get("id")
        if not isinstance(key, str):
            raise InvalidResource("it has no id")
        facts = {name: parse_omb_category(resource, name) for name in ("race", "ethnicity")}
        self.patient_fields[key] = {"gender": resource.get("gender"), **facts}
        if resource.get("birthDate"):
            self.events.append((key, parse_date(resource["birthDate"]), BIRTH_CODE, np.nan, ""))
        if resource.get("deceasedDateTime"):
            self.events.append((key, parse_date(resource["deceasedDateTime"]), DEATH_CODE, np.nan, ""))
        elif resource.get("deceasedBoolean"):
            self.note_counts["deaths have no date and are left out"] += 1

    def _read_events(
        self, kind: str, resource: dict[str, Any], where: str
    ) -> Iterator[tuple[str, float, str, float, str]]:
        subject = parse_reference(resource.get("subject") or resource.get("patient"))
        if not subject:
            raise InvalidResource("it refers to no patient")
        time = next(
            (t for name in TIME_ELEMENTS[kind] if (t := parse_moment(resource.get(name))) is not None), None
        )
        if time is None:
            raise InvalidResource("it has no time")
        self.first_references.setdefault(subject, f"{where}: {kind}")
        visit = parse_reference(resource.get("encounter") or resource.get("context"))
        if kind == "Encounter":
            yield from self._read_encounter(resource, subject, time)
            return
        if code := self._find_medication_code(kind, resource, where):
            yield subject, time, f"{kind}{CODE_SEPARATOR}{code}", np.nan, visit
            return
        for code, value in self._read_codes(kind, resource):
            yield subject, time, f"{kind}{CODE_SEPARATOR}{code}", value, visit

    def _find_medication_code(self, kind: str, resource: dict[str, Any], where: str) -> str:
        """The code of a medication that is a resource of its own; "?" if that must be looked up later."""
        said = resource.get("medicationReference")
        if kind != "MedicationRequest" or not isinstance(said, dict):
            return ""
        name = str(said.get("display") or "").replace(CODE_SEPARATOR, "/")
        if code := self._read_code(find_contained_code(resource, str(said.get("reference")))):
            return code
        self.pending_medications.append((len(self.events), parse_reference(said), name, where))
        return "?"

    def _read_encounter(
        self, resource: dict[str, Any], subject: str, time: float
    ) -> Iterator[tuple[str, float, str, float, str]]:
        visit = str(resource.get("id") or "")
        group = (resource.get("class") or {}).get("code") or UNKNOWN_CLASS
        kind = self._read_code((resource.get("type") or [None])[0]) or ""
        code = CODE_SEPARATOR.join(part for part in ("Encounter", group, kind) if part)
        end = (resource.get("period") or {}).get("end")
        left = parse_date(end) if end else time
        if left < time - 1:
            raise InvalidResource("it ends before it begins")
        if code == f"Encounter{CODE_SEPARATOR}{UNKNOWN_CLASS}":
            self.note_counts["encounters are of no known class: only their events tell of them"] += 1
            return
        yield subject, time, code, np.nan, visit
        if left - time >= 1:
            yield subject, left, f"{ENCOUNTER_END}{CODE_SEPARATOR}{group}", np.nan, visit

    def _read_codes(self, kind: str, resource: dict[str, Any]) -> Iterator[tuple[str, float]]:
        """Codes with values: of an observation with components one for each of these."""
        parts = resource.get("component") if kind == "Observation" else None
        for part in parts or [resource]:
            code = self._read_code(part.get(CODE_ELEMENTS.get(kind, "code")))
            if code is None:
                raise InvalidResource("it has no code")
            value, unit = parse_quantity(part)
            answer = self._read_code(parse_answer(part))
            tail = [unit] if value is not None and unit else [ANSWER_PREFIX + answer] if answer else []
            if value is not None:
                self.units.setdefault(code, set()).add(unit or "no unit")
            yield CODE_SEPARATOR.join([code, *tail]), np.nan if value is None else value

    def _read_code(self, concept: Any) -> str | None:  # noqa: ANN401 - JSON
        found = parse_concept(concept)
        if found is None:
            return None
        if found[1]:
            self.names.setdefault(*found)
        return found[0]

    def to_rows(self, where: str) -> tuple[EventRows, list[str]]:
        """All events, and notes; what refers to another name of a resource now has its id.

        Raises:
            FormatError: There is no patient, or nothing happened to any.
        """
        if not self.patient_fields:
            said = "no Patient in it; without patients events belong to nobody"
            raise FormatError(f"{said}{self._format_first_fault()}", where)
        self._resolve_medications()
        self.events = [
            (self._resolve_id(who), t, code, x, self._resolve_id(visit))
            for who, t, code, x, visit in self.events
        ]
        known = [event for event in self.events if event[0] in self.patient_fields and event[2]]
        places = self.first_references.items()
        if strange := [
            place for name, place in places if self._resolve_id(name) not in self.patient_fields
        ]:
            lost = sum(event[0] not in self.patient_fields for event in self.events)
            self.skip_or_raise(f"{strange[0]}: its Patient is not there ({lost} events of such patients)")
        if all(event[2] == BIRTH_CODE for event in known):
            raise FormatError(f"nothing happened to any patient{self._format_first_fault()}", where)
        subject, time, code, value, visit = zip(*known, strict=True)
        number = {name: i for i, name in enumerate(dict.fromkeys(v for v in visit if v))}
        facts = {
            name: pa.array([facts[name] for facts in self.patient_fields.values()], pa.string())
            for name in ("gender", "race", "ethnicity")
            if any(facts[name] for facts in self.patient_fields.values())
        }
        rows = EventRows(
            pa.array(subject),
            np.array(time),
            pa.array(code),
            np.array(value, dtype=float),
            np.array([number.get(v, -1) for v in visit]),
            facts,
            pa.array(list(self.patient_fields)),
        )
        return rows, self._build_notes()

    def _resolve_id(self, name: str) -> str:
        return self.aliases.get(name, name)

    def _resolve_medications(self) -> None:
        """The medications that other resources name, in the place of their references."""
        for i, key, name, where in self.pending_medications:
            code = self.medication_codes.get(self._resolve_id(key)) or (
                f"TEXT{CODE_SEPARATOR}{name}" if name else ""
            )
            subject, time, kind, value, visit = self.events[i]
            whole = kind.removesuffix("?") + code if code else ""
            self.events[i] = (subject, time, whole, value, visit)
            if not code:
                self.skip_or_raise(
                    f"{where}: MedicationRequest: its Medication is not there, or has no code"
                )

    def _format_first_fault(self) -> str:
        return f"; left out: {self.faults[0]}" if self.faults else ""

    def _build_notes(self) -> list[str]:
        notes = [f"{count} {said}" for said, count in self.note_counts.items()]
        if self.dropped_counts:
            listed = ", ".join(f"{kind} ({count})" for kind, count in self.dropped_counts.most_common())
            notes.append(f"not modelled and left out: {listed}")
        if self.faults:
            notes.append(f"{len(self.faults)} bad resources are left out, the first: {self.faults[0]}")
        mixed = {code: found for code, found in self.units.items() if len(found) > 1}
        if mixed:
            listed = [f"{code} in {', '.join(sorted(units))}" for code, units in mixed.items()]
            notes.append(f"measured in several units, each a code of its own: {list_names(listed)}")
        return notes
