"""Resources of FHIR R4 as rows of events: patients, encounters, and what was found, done and given."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, final

import numpy as np
import pyarrow as pa

from manikin.cohort.histories import BIRTH, DEATH
from manikin.core.short_lists import list_names
from manikin.ehr.assemble import ANSWER, PARTS, Rows
from manikin.ehr.fhir.code_systems import coded
from manikin.ehr.fhir.elements import (
    CODES,
    TIMES,
    UNSAID,
    Bad,
    answered,
    contained,
    days,
    measured,
    moment,
    omb,
    reference,
    unused,
    void,
)
from manikin.errors import FormatError

if TYPE_CHECKING:
    from collections.abc import Iterator

END = "EncounterEnd"


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
        referred: Where each patient was first referred to.
        medications: Codes of Medication resources, by id.
        awaited: Which events need one of these: the event, its id, a name for it, and where it stands.
        aliases: Ids of resources by other names that they are referred to by.
        silent: Encounters that say only that they were, and deaths without a date.
        units: In which units what is measured comes, by its code.
    """

    skip_bad: bool = False
    patients: dict[str, dict[str, Any]] = field(default_factory=dict)
    events: list[tuple[str, float, str, float, str]] = field(default_factory=list)
    names: dict[str, str] = field(default_factory=dict)
    dropped: Counter[str] = field(default_factory=Counter)
    bad: list[str] = field(default_factory=list)
    seen: set[tuple[str, str]] = field(default_factory=set)
    referred: dict[str, str] = field(default_factory=dict)
    medications: dict[str, str] = field(default_factory=dict)
    awaited: list[tuple[int, str, str, str]] = field(default_factory=list)
    aliases: dict[str, str] = field(default_factory=dict)
    silent: Counter[str] = field(default_factory=Counter)
    units: dict[str, set[str]] = field(default_factory=dict)

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
                self.add(self._entered(entry), f"{where}, entry {i + 1}")
            return
        try:
            self._take(resource, where)
        except Bad as error:
            self.fault(f"{where}: {_kind(resource)}{error}")
        except (AttributeError, KeyError, TypeError):  # any JSON may stand where an object or a list should
            self.fault(f"{where}: {_kind(resource)}it is not built as FHIR R4 says")

    def _entered(self, entry: Any) -> Any:  # noqa: ANN401 - JSON
        """The resource of an entry, whose URL others may refer to; it may be its only name."""
        resource = entry.get("resource") if isinstance(entry, dict) else None
        name = reference({"reference": entry.get("fullUrl")}) if isinstance(entry, dict) else ""
        if not isinstance(resource, dict) or not name or resource.get("id") == name:
            return resource
        if isinstance(resource.get("id"), str):
            self.aliases[name] = resource["id"]
            return resource
        return {**resource, "id": name} if "id" not in resource else resource

    def fault(self, said: str) -> None:
        """Note what is wrong with something that is left out.

        Raises:
            FormatError: Nothing may be left out.
        """
        if not self.skip_bad:
            raise FormatError(f"{said}; correct it, or leave bad resources out (skip_bad)")
        self.bad.append(said)

    def _take(self, resource: Any, where: str) -> None:  # noqa: ANN401 - JSON
        if not isinstance(resource, dict) or not isinstance(resource.get("resourceType"), str):
            raise Bad("no resource of FHIR: it has no resourceType")
        kind = resource["resourceType"]
        if kind not in ("Patient", "Medication") and kind not in TIMES:
            self.dropped[kind] += 1
            return
        if void(resource):
            self.dropped[f"{kind} that was not done, or entered in error"] += 1
            return
        key = (kind, str(resource.get("id") or id(resource)))
        if kind == "Medication":  # which each bundle that needs it may repeat
            self.medications[key[1]] = self._named(resource.get("code")) or ""
            return
        if key in self.seen:
            raise Bad("its id stands twice")
        if kind == "Patient":
            self._patient(resource)
        else:
            self.events += list(self._event(kind, resource, where))
        self.seen.add(key)
        self.dropped.update(f"{kind}.{name}" for name in unused(kind, resource))

    def _patient(self, resource: dict[str, Any]) -> None:
        key = resource.get("id")
        if not isinstance(key, str):
            raise Bad("it has no id")
        facts = {name: omb(resource, name) for name in ("race", "ethnicity")}
        self.patients[key] = {"gender": resource.get("gender"), **facts}
        if resource.get("birthDate"):
            self.events.append((key, days(resource["birthDate"]), BIRTH, np.nan, ""))
        if resource.get("deceasedDateTime"):
            self.events.append((key, days(resource["deceasedDateTime"]), DEATH, np.nan, ""))
        elif resource.get("deceasedBoolean"):
            self.silent["deaths have no date and are left out"] += 1

    def _event(
        self, kind: str, resource: dict[str, Any], where: str
    ) -> Iterator[tuple[str, float, str, float, str]]:
        subject = reference(resource.get("subject") or resource.get("patient"))
        if not subject:
            raise Bad("it refers to no patient")
        time = next((t for name in TIMES[kind] if (t := moment(resource.get(name))) is not None), None)
        if time is None:
            raise Bad("it has no time")
        self.referred.setdefault(subject, f"{where}: {kind}")
        visit = reference(resource.get("encounter") or resource.get("context"))
        if kind == "Encounter":
            yield from self._encounter(resource, subject, time)
            return
        if code := self._referred(kind, resource, where):
            yield subject, time, f"{kind}{PARTS}{code}", np.nan, visit
            return
        for code, value in self._said(kind, resource):
            yield subject, time, f"{kind}{PARTS}{code}", value, visit

    def _referred(self, kind: str, resource: dict[str, Any], where: str) -> str:
        """The code of a medication that is a resource of its own; "?" if that must be looked up later."""
        said = resource.get("medicationReference")
        if kind != "MedicationRequest" or not isinstance(said, dict):
            return ""
        name = str(said.get("display") or "").replace(PARTS, "/")
        if code := self._named(contained(resource, str(said.get("reference")))):
            return code
        self.awaited.append((len(self.events), reference(said), name, where))
        return "?"

    def _encounter(
        self, resource: dict[str, Any], subject: str, time: float
    ) -> Iterator[tuple[str, float, str, float, str]]:
        visit, group = str(resource.get("id") or ""), (resource.get("class") or {}).get("code") or UNSAID
        kind = self._named((resource.get("type") or [None])[0]) or ""
        code = PARTS.join(part for part in ("Encounter", group, kind) if part)
        end = (resource.get("period") or {}).get("end")
        left = days(end) if end else time
        if left < time - 1:
            raise Bad("it ends before it begins")
        if code == f"Encounter{PARTS}{UNSAID}":
            self.silent["encounters are of no known class: only their events tell of them"] += 1
            return
        yield subject, time, code, np.nan, visit
        if left - time >= 1:
            yield subject, left, f"{END}{PARTS}{group}", np.nan, visit

    def _said(self, kind: str, resource: dict[str, Any]) -> Iterator[tuple[str, float]]:
        """Codes with values: of an observation with components one for each of these."""
        parts = resource.get("component") if kind == "Observation" else None
        for part in parts or [resource]:
            code = self._named(part.get(CODES.get(kind, "code")))
            if code is None:
                raise Bad("it has no code")
            value, unit = measured(part)
            answer = self._named(answered(part))
            tail = [unit] if value is not None and unit else [ANSWER + answer] if answer else []
            if value is not None:
                self.units.setdefault(code, set()).add(unit or "no unit")
            yield PARTS.join([code, *tail]), np.nan if value is None else value

    def _named(self, concept: Any) -> str | None:  # noqa: ANN401 - JSON
        found = coded(concept)
        if found is None:
            return None
        if found[1]:
            self.names.setdefault(*found)
        return found[0]

    def rows(self, where: str) -> tuple[Rows, list[str]]:
        """All events, and notes; what refers to another name of a resource now has its id.

        Raises:
            FormatError: There is no patient, or nothing happened to any.
        """
        if not self.patients:
            said = "no Patient in it; without patients events belong to nobody"
            raise FormatError(f"{where}: {said}{self._first()}")
        self._looked_up()
        self.events = [
            (self._id(who), t, code, x, self._id(visit)) for who, t, code, x, visit in self.events
        ]
        known = [event for event in self.events if event[0] in self.patients and event[2]]
        places = self.referred.items()
        if strange := [place for name, place in places if self._id(name) not in self.patients]:
            lost = sum(event[0] not in self.patients for event in self.events)
            self.fault(f"{strange[0]}: its Patient is not there ({lost} events of such patients)")
        if all(event[2] == BIRTH for event in known):
            raise FormatError(f"{where}: nothing happened to any patient{self._first()}")
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

    def _id(self, name: str) -> str:
        return self.aliases.get(name, name)

    def _looked_up(self) -> None:
        """The medications that other resources name, in the place of their references."""
        for i, key, name, where in self.awaited:
            code = self.medications.get(self._id(key)) or (f"TEXT{PARTS}{name}" if name else "")
            subject, time, kind, value, visit = self.events[i]
            whole = kind.removesuffix("?") + code if code else ""
            self.events[i] = (subject, time, whole, value, visit)
            if not code:
                self.fault(f"{where}: MedicationRequest: its Medication is not there, or has no code")

    def _first(self) -> str:
        return f"; left out: {self.bad[0]}" if self.bad else ""

    def _notes(self) -> list[str]:
        notes = [f"{count} {said}" for said, count in self.silent.items()]
        if self.dropped:
            listed = ", ".join(f"{kind} ({count})" for kind, count in self.dropped.most_common())
            notes.append(f"not modelled and left out: {listed}")
        if self.bad:
            notes.append(f"{len(self.bad)} bad resources are left out, the first: {self.bad[0]}")
        mixed = {code: found for code, found in self.units.items() if len(found) > 1}
        if mixed:
            listed = [f"{code} in {', '.join(sorted(units))}" for code, units in mixed.items()]
            notes.append(f"measured in several units, each a code of its own: {list_names(listed)}")
        return notes


def _kind(resource: Any) -> str:  # noqa: ANN401 - JSON
    """The kind of a resource and a colon, if it says one; its id may be a patient's."""
    kind = resource.get("resourceType") if isinstance(resource, dict) else None
    return f"{kind}: " if isinstance(kind, str) else ""
