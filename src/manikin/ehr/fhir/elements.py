"""Elements of resources of FHIR R4: references, times, values, answers, and what is not modelled."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from manikin.ehr.assemble import CODE_SEPARATOR

if TYPE_CHECKING:
    from collections.abc import Iterator

CODE_ELEMENTS = {"MedicationRequest": "medicationCodeableConcept", "Immunization": "vaccineCode"}
"""Where a code stands that is not called code."""

TIME_ELEMENTS = {
    "Encounter": ("period",),
    "Condition": ("onsetDateTime", "onsetPeriod", "recordedDate"),
    "Procedure": ("performedDateTime", "performedPeriod"),
    "MedicationRequest": ("authoredOn",),
    "Observation": ("effectiveDateTime", "effectivePeriod", "effectiveInstant", "issued"),
    "Immunization": ("occurrenceDateTime",),
    "AllergyIntolerance": ("onsetDateTime", "recordedDate"),
}
"""The resources that are events, and where their times stand, the best first."""

US_CORE_URL = "http://hl7.org/fhir/us/core/StructureDefinition/us-core-"
UNKNOWN_CLASS = "UNK"
"""The class of an encounter of which nobody knows more than that it was (HL7 v3, null flavours)."""
VALUE_ELEMENTS = ("valueQuantity", "valueInteger", "valueCodeableConcept", "valueString", "valueBoolean")
_COMMON_ELEMENTS = (
    *("resourceType", "id", "meta", "implicitRules", "language", "text", "status"),
    *("verificationStatus", "subject", "patient", "encounter", "context"),
)
_USED_ELEMENTS = {
    "Patient": ("gender", "birthDate", "deceasedDateTime", "deceasedBoolean", "extension"),
    "Encounter": ("class", "type"),
    "MedicationRequest": ("medicationReference", "contained"),
    "Observation": ("component", *VALUE_ELEMENTS),
    "Medication": ("code",),
}
_VOID_STATUSES = frozenset({"entered-in-error", "not-done", "cancelled", "refuted"})
_SECONDS_PER_DAY = 86_400.0
_DATE_LENGTH = 10  # characters
_MAX_ABS_VALUE = 1e300


class InvalidResource(Exception):  # noqa: N818 - never leaves the reader of FHIR
    """What is wrong with a resource."""


def parse_reference(said: Any) -> str:  # noqa: ANN401 - JSON
    """The id that a reference ends in: Patient/7, urn:uuid:7, http://server/Patient/7/_history/2."""
    text = said.get("reference") if isinstance(said, dict) else None
    if not isinstance(text, str):
        return ""
    return text.partition("/_history/")[0].replace(":", "/").rpartition("/")[2]


def parse_moment(value: Any) -> float | None:  # noqa: ANN401 - JSON
    """A moment, or the beginning of a period, in days since 1970; None: nothing is said."""
    text = value.get("start") if isinstance(value, dict) else value
    return parse_date(text) if text else None


def parse_date(text: Any) -> float:  # noqa: ANN401 - JSON
    """A date or moment as days since 1970, in UTC; a year or a month stands for its first day.

    Raises:
        Bad: It is neither.
    """
    try:
        whole = text + "-01-01"[len(text) - 4 :] if len(text) < _DATE_LENGTH else text
        found = datetime.fromisoformat(whole)
    except (TypeError, ValueError):
        raise InvalidResource(
            "a date in it cannot be read; FHIR writes 2020-05-31 or 2020-05-31T14:00:00+02:00"
        ) from None
    found = found if found.tzinfo else found.replace(tzinfo=UTC)
    return found.timestamp() / _SECONDS_PER_DAY


def parse_quantity(part: dict[str, Any]) -> tuple[float | None, str]:
    """The number of an observation, and its unit as it stands in a code.

    Raises:
        Bad: What should be a number is none.

    Example:
        >>> parse_quantity({"valueQuantity": {"value": 5.5, "unit": "mmol/L"}})
        (5.5, 'mmol/L')
        >>> parse_quantity({"valueInteger": 3})
        (3.0, '')
    """
    quantity = part.get("valueQuantity") or {}
    value = quantity.get("value", part.get("valueInteger"))
    if value is None:
        return None, ""
    if (
        isinstance(value, bool)
        or not isinstance(value, int | float)
        or not -_MAX_ABS_VALUE < value < _MAX_ABS_VALUE
    ):
        raise InvalidResource("its value is no number")
    return float(value), str(quantity.get("unit") or quantity.get("code") or "").replace(
        CODE_SEPARATOR, "/"
    )


def parse_answer(part: dict[str, Any]) -> Any:  # noqa: ANN401 - JSON
    """What an observation says in words, as a concept; None: nothing.

    Example:
        >>> parse_answer({"valueString": "clear"}), parse_answer({"valueBoolean": True})
        ({'text': 'clear'}, {'text': 'true'})
    """
    if (yes := part.get("valueBoolean")) is not None:
        return {"text": "true" if yes else "false"}
    text = part.get("valueString")
    return {"text": text} if isinstance(text, str) else part.get("valueCodeableConcept")


def find_contained_code(resource: dict[str, Any], name: str) -> Any:  # noqa: ANN401 - JSON
    """The code of a resource that another one carries inside, by its id; None: it carries no such."""
    inside = (r for r in resource.get("contained") or () if f"#{r.get('id')}" == name)
    return next(inside, {}).get("code")


def is_void(resource: dict[str, Any]) -> bool:
    """Whether a resource says that nothing was: entered in error, not done, cancelled, refuted."""
    told = (resource.get("verificationStatus") or {}).get("coding") or ()
    return resource.get("status") in _VOID_STATUSES or any(
        coding.get("code") in _VOID_STATUSES for coding in told
    )


def list_unused_elements(kind: str, resource: dict[str, Any]) -> Iterator[str]:
    """The elements of a resource that are not modelled."""
    used = {
        *_COMMON_ELEMENTS,
        *_USED_ELEMENTS.get(kind, ()),
        *TIME_ELEMENTS.get(kind, ()),
        CODE_ELEMENTS.get(kind, "code"),
    }
    yield from (name for name in resource if name not in used)


def parse_omb_category(patient: dict[str, Any], name: str) -> str | None:
    """Race or ethnicity as US Core has them (OMB categories)."""
    outer = next((e for e in patient.get("extension") or () if e.get("url") == US_CORE_URL + name), {})
    parts = {e.get("url"): e for e in outer.get("extension") or ()}
    return (parts.get("ombCategory", {}).get("valueCoding") or {}).get("display") or parts.get(
        "text", {}
    ).get("valueString")


def format_kind(resource: Any) -> str:  # noqa: ANN401 - JSON
    """The kind of a resource and a colon, if it says one; its id may be a patient's."""
    kind = resource.get("resourceType") if isinstance(resource, dict) else None
    return f"{kind}: " if isinstance(kind, str) else ""
