"""Display names of codes, and what else a vocabulary says of them: kept for writing, of known codes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, final

from manikin.cohort.source_format import SourceOptions
from manikin.ehr.assemble import ANSWER_PREFIX, CODE_SEPARATOR

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from manikin.cohort.source_format import SourceFormat


@final
@dataclass(frozen=True)
class VocabularyOptions(SourceOptions):
    """What a vocabulary says of codes.

    Args:
        concepts: Rows of a table of concepts, by code.
        names: Display names, by code or by parts of codes.
    """

    concepts: Mapping[str, list[str]] | None = None
    names: dict[str, str] | None = None


def restrict_code_names(origin: SourceFormat, codes: Iterable[str]) -> SourceFormat:
    """The origin with what is said of these codes alone.

    A model must not tell of codes that few patients have, nor of those that only records it never saw
    have: so it keeps no other names.

    Example:
        >>> from manikin.cohort.source_format import SourceFormat
        >>> names = {"SNOMED//44054006": "Diabetes", "SNOMED//190794006": "Gaucher"}
        >>> source = SourceFormat("fhir").add_options(VocabularyOptions(names=names))
        >>> restrict_code_names(source, ["Condition//SNOMED//44054006"]).options
        {'names': {'SNOMED//44054006': 'Diabetes'}}
    """
    known = {part for code in codes for part in _iterate_code_parts(code)}
    told = origin.find_options(VocabularyOptions)
    kept = VocabularyOptions(_select_keys(told.concepts, known), _select_keys(told.names, known))
    return origin.add_options(kept)


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


def _select_keys(told: Mapping[str, Any] | None, known: set[str]) -> dict[str, Any] | None:
    return None if told is None else {key: value for key, value in told.items() if key in known}


def _iterate_code_parts(code: str) -> Iterator[str]:
    """Everything that a name may be about: parts of a code that follow one another."""
    parts = code.split(CODE_SEPARATOR)
    for i in range(len(parts)):
        for j in range(i + 1, len(parts) + 1):
            yield CODE_SEPARATOR.join(parts[i:j]).removeprefix(ANSWER_PREFIX)
