"""Presidio as one more finder of identifiers: names and places that nothing announces (extra `deid`).

https://microsoft.github.io/presidio: patterns, and a language model of spaCy that must be installed beside
it. Dates are left to the rules, which know which of them are identifiers.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from manikin.core.extras import require
from manikin.text.deid.detect import Span

if TYPE_CHECKING:
    from manikin.text.deid.detect import Finder

ENTITY_KINDS = {
    "PERSON": "name",
    "LOCATION": "place",
    "PHONE_NUMBER": "phone",
    "EMAIL_ADDRESS": "email",
    "URL": "url",
    "IP_ADDRESS": "id",
    "US_SSN": "id",
    "US_PASSPORT": "id",
    "US_DRIVER_LICENSE": "id",
    "US_BANK_NUMBER": "id",
    "US_ITIN": "id",
    "UK_NHS": "id",
    "MEDICAL_LICENSE": "id",
    "CREDIT_CARD": "id",
    "IBAN_CODE": "id",
}


def load_presidio_finder(analyzer: Any = None, *, language: str = "en", least: float = 0.4) -> Finder:  # noqa: ANN401
    """A finder for `deidentify(..., also=[presidio()])`.

    Args:
        analyzer: An `AnalyzerEngine` of one's own, with any model; None: Presidio's usual one.
        language: Of the notes.
        least: How sure it must be, 0 to 1.

    Raises:
        MissingExtra: Presidio is not installed.
    """
    engine = _load_engine() if analyzer is None else analyzer

    def found(text: str) -> list[Span]:
        results = engine.analyze(text=text, language=language)
        return [
            Span(result.start, result.end, ENTITY_KINDS[result.entity_type])
            for result in results
            if result.entity_type in ENTITY_KINDS and result.score >= least
        ]

    return found


def _load_engine() -> Any:  # noqa: ANN401 - of an extra
    model = "and a model of spaCy for it: python -m spacy download en_core_web_lg"
    found = require("presidio_analyzer", what="Presidio is not installed", extra="deid", cure=model)
    return found.AnalyzerEngine()
