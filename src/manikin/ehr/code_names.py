"""Display names of codes, and what else a vocabulary says of them: kept for writing, of known codes."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from manikin.ehr.assemble import ANSWER_PREFIX, CODE_SEPARATOR

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from manikin.cohort.source_format import SourceFormat

NAMES_OPTION, CONCEPTS_OPTION = "names", "concepts"
"""Options of an origin: names by code, or by parts of codes; rows of a table of concepts by code."""


def restrict_code_names(origin: SourceFormat, codes: Iterable[str]) -> SourceFormat:
    """The origin with what is said of these codes alone.

    A model must not tell of codes that few patients have, nor of those that only records it never saw
    have: so it keeps no other names.

    Example:
        >>> from manikin.cohort.source_format import SourceFormat
        >>> names = {"SNOMED//44054006": "Diabetes", "SNOMED//190794006": "Gaucher"}
        >>> source = SourceFormat("fhir", {"names": names})
        >>> dict(restrict_code_names(source, ["Condition//SNOMED//44054006"]).options["names"])
        {'SNOMED//44054006': 'Diabetes'}
    """
    told = [key for key in (NAMES_OPTION, CONCEPTS_OPTION) if key in origin.options]
    if not told:
        return origin
    known = {part for code in codes for part in _iterate_code_parts(code)}
    kept = {key: _select_keys(origin.options[key], known) for key in told}
    return replace(origin, options={**origin.options, **kept})


def find_code_name(names: Mapping[str, str], code: str) -> str:
    """The name of a code, or of what it is measured in or answered to; "" where none is known.

    Example:
        >>> names = {"LOINC//8302-2": "Height"}
        >>> find_code_name(names, "LOINC//8302-2//cm"), find_code_name({}, "LOINC//8302-2")
        ('Height', '')
    """
    if code in names:
        return names[code]
    asked = code.rpartition(CODE_SEPARATOR)[0]
    return names.get(asked, "")


def _select_keys(told: Mapping[str, Any], known: set[str]) -> dict[str, Any]:
    return {key: value for key, value in told.items() if key in known}


def _iterate_code_parts(code: str) -> Iterator[str]:
    """Everything that a name may be about: parts of a code that follow one another."""
    parts = code.split(CODE_SEPARATOR)
    for i in range(len(parts)):
        for j in range(i + 1, len(parts) + 1):
            yield CODE_SEPARATOR.join(parts[i:j]).removeprefix(ANSWER_PREFIX)
