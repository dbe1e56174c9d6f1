"""Code systems by their canonical URL (HL7 Terminology), and what stands for them in a code."""

from __future__ import annotations

from typing import Any

from manikin.ehr.assemble import CODE_SEPARATOR

SYSTEM_NAMES = {
    "http://snomed.info/sct": "SNOMED",
    "http://loinc.org": "LOINC",
    "http://www.nlm.nih.gov/research/umls/rxnorm": "RxNorm",
    "http://hl7.org/fhir/sid/cvx": "CVX",
    "http://hl7.org/fhir/sid/icd-10": "ICD10",
    "http://hl7.org/fhir/sid/icd-10-cm": "ICD10CM",
    "http://hl7.org/fhir/sid/icd-9-cm": "ICD9CM",
    "http://www.whocc.no/atc": "ATC",
    "http://www.ama-assn.org/go/cpt": "CPT",
}
_SYSTEM_URLS = {short: url for url, short in SYSTEM_NAMES.items()}
_HTTP_PREFIX = "http://"


def parse_concept(concept: Any) -> tuple[str, str] | None:  # noqa: ANN401 - JSON
    """System and code of a CodeableConcept, and its display name; None: it has no code.

    Example:
        >>> coding = {"system": "http://loinc.org", "code": "8302-2", "display": "Body Height"}
        >>> parse_concept({"coding": [coding]})
        ('LOINC//8302-2', 'Body Height')
    """
    if not isinstance(concept, dict):
        return None
    coding = next((c for c in concept.get("coding") or () if isinstance(c, dict) and c.get("code")), None)
    if coding is None:
        text = concept.get("text")
        return (
            (f"TEXT{CODE_SEPARATOR}{text.replace(CODE_SEPARATOR, '/')}", text)
            if isinstance(text, str) and text
            else None
        )
    url = coding.get("system") or ""
    short = SYSTEM_NAMES.get(url) or url.removeprefix(_HTTP_PREFIX).replace(CODE_SEPARATOR, "/") or "NONE"
    return f"{short}{CODE_SEPARATOR}{coding['code']}", coding.get("display") or concept.get("text") or ""


def build_concept(code: str, name: str) -> dict[str, Any]:
    """The CodeableConcept of a system and code; the inverse of `parse_concept`.

    Example:
        >>> build_concept("LOINC//8302-2", "Body Height")["coding"][0]["system"]
        'http://loinc.org'
    """
    short, _, tail = code.partition(CODE_SEPARATOR)
    if short == "TEXT":
        return {"text": tail}
    url = (
        {}
        if short == "NONE"
        else {"system": _SYSTEM_URLS.get(short, short if ":" in short else _HTTP_PREFIX + short)}
    )
    display = {"display": name} if name else {}
    return {"coding": [{**url, "code": tail, **display}], **({"text": name} if name else {})}
