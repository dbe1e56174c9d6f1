"""Display names of codes, and what else a vocabulary says of them: kept for writing, of known codes."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from manikin.ehr.assemble import ANSWER, PARTS

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from manikin.cohort.cohort import Origin

NAMES, CONCEPTS = "names", "concepts"
"""Options of an origin: names by code, or by parts of codes; rows of a table of concepts by code."""


def within(origin: Origin, codes: Iterable[str]) -> Origin:
    """The origin with what is said of these codes alone.

    A model must not tell of codes that few patients have, nor of those that only records it never saw
    have: so it keeps no other names.

    Example:
        >>> from manikin.cohort.cohort import Origin
        >>> names = {"SNOMED//44054006": "Diabetes", "SNOMED//190794006": "Gaucher"}
        >>> dict(within(Origin("fhir", {"names": names}), ["Condition//SNOMED//44054006"]).options["names"])
        {'SNOMED//44054006': 'Diabetes'}
    """
    told = [key for key in (NAMES, CONCEPTS) if key in origin.options]
    if not told:
        return origin
    known = {part for code in codes for part in _parts(code)}
    kept = {key: _only(origin.options[key], known) for key in told}
    return replace(origin, options={**origin.options, **kept})


def named(names: Mapping[str, str], code: str) -> str:
    """The name of a code, or of what it is measured in or answered to; "" where none is known.

    Example:
        >>> named({"LOINC//8302-2": "Height"}, "LOINC//8302-2//cm"), named({}, "LOINC//8302-2")
        ('Height', '')
    """
    if code in names:
        return names[code]
    asked = code.rpartition(PARTS)[0]
    return names.get(asked, "")


def _only(told: Mapping[str, Any], known: set[str]) -> dict[str, Any]:
    return {key: value for key, value in told.items() if key in known}


def _parts(code: str) -> Iterator[str]:
    """Everything that a name may be about: parts of a code that follow one another."""
    parts = code.split(PARTS)
    for i in range(len(parts)):
        for j in range(i + 1, len(parts) + 1):
            yield PARTS.join(parts[i:j]).removeprefix(ANSWER)
