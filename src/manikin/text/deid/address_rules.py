"""Whole addresses: what follows "Address:", and the flat, postcode and town behind a street that was found."""

# ruff: noqa: E501

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from manikin.text.deid.pattern_rules import compile_rules
from manikin.text.deid.stopwords import is_common_word

if TYPE_CHECKING:
    from collections.abc import Iterator

_CAPITALIZED = r"[A-ZÀ-ÖØ-Þ][\w'’-]{1,40}"
_ADDRESS_LABEL = (
    r"(?i:\b(?:(?:home|postal|mailing|current|permanent|residential|street|billing)\s+)?(?:address|addr|adresse|anschrift|wohnhaft|adres|adress|domicilio"
    r"|domicile|direccion|indirizzo|bopael|bopæl|bostad|osoite|morada|residenza|residence|woonadres|wohnadresse))\s*:\s*"
)
_ADDRESS_END = (
    r"(?=\s*(?:\n|;|$|[,.]?\s*(?i:tel|phone|telefon|ph|mob|mobile|fax|dob|mrn|nhs|e-?mail|born|geb|gp|nok|occupation)\b"
    r"|(?<!\d)(?<!\b[A-Z])(?<!\bNo)(?<!\bSt)(?<!\bApt)(?<!\bAve)(?<!\bRd)\.(?:\s|$)))"
)
_RESIDENCE_CUE = (
    r"(?i:\b(?:lives?|lived|living|resid(?:es|ing|ed)|stay(?:s|ing)|residente|abita|wohnt|wohnhaft|habite|demeurant|vive|woont|bor|bosatt|found|collapsed)"
    r"\s+(?:at|in|a|au|en|i|pa|aan\s+de|in\s+der|am|te|ved)\s+)"
)
ADDRESS_RULES = compile_rules(
    ("address", rf"{_ADDRESS_LABEL}(?P<x>(?=[^\n;]{{0,120}}\d)[^\n;]{{4,120}}?){_ADDRESS_END}"),
    (
        "address",
        rf"{_RESIDENCE_CUE}(?P<x>(?:[Tt]he\s+)?{_CAPITALIZED}(?:\s+{_CAPITALIZED}){{0,2}},\s+(?:\d+\w?\s+)?{_CAPITALIZED}\s+(?:Street|St|Road|Rd|Lane|Close|Avenue|Drive|Court|Terrace|Way|Row|Hill|Green|View|Place|Square)\b(?:,\s*{_CAPITALIZED}(?:\s+{_CAPITALIZED}){{0,2}})*)",
    ),
    (
        "address",
        r"\b(?P<x>(?i:h\.?\s?no\.?|house\s+no\.?|plot(?:\s+no\.?)?|door\s+no\.?|d\.?\s?no\.?|flat\s+no\.?|sector|s\.?\s?no\.?)\s*#?\s*\d[\w/-]*(?:,\s*(?:[A-Z][\w'-]*|\d+(?:st|nd|rd|th)?)(?:\s+[A-Z][\w'-]*){0,3}){1,3})",
    ),
    (
        "address",
        rf"\b(?P<x>(?:{_CAPITALIZED}\s+){{1,2}}(?:Nagar|Colony|Vihar|Marg|Layout|Enclave|Chowk|Gali|Bagh|Society|Apartments?|Towers?|Mansions|Villas?)\b)",
    ),
    (
        "address",
        r"\b(?P<x>(?i:unit|shop|lot|level|flat|villa)\s+\d+[A-Za-z]?\s?/\s?\d+[A-Za-z]?\s+(?:[A-Z][\w'-]{1,40}\s+){1,3}(?:St|Street|Rd|Road|Ave|Avenue|Cres|Crescent|Ct|Court|Dr|Drive|Pde|Parade|Pl|Place|Tce|Terrace|Way|Hwy|Highway)\b\.?)",
    ),
    (
        "address",
        r"\b(?P<x>(?i:route|rural\s+route|rr|highway|hwy|county\s+road|state\s+route)\s+\d+,?\s+(?i:box|lot)\s+\d+\w?)",
    ),
    (
        "address",
        r"\b(?P<x>(?:[A-Z][\w'-]{1,40}|\d{1,3}(?:st|nd|rd|th))\s+(?:Street|St\.?|Avenue|Ave\.?|Road|Rd\.?|Blvd|Boulevard)\s+(?:and|&)\s+(?:[A-Z][\w'-]{1,40}|\d{1,3}(?:st|nd|rd|th))\s+(?:Street|St|Avenue|Ave|Road|Rd|Blvd|Boulevard)\b)",
    ),
    ("address", rf"{_ADDRESS_LABEL}(?P<x>{_CAPITALIZED}(?:[ -]{_CAPITALIZED}){{0,2}}(?:,\s*{_CAPITALIZED}(?:[ -]{_CAPITALIZED}){{0,2}}){{1,3}})"),
    ("address", rf"\b(?P<x>\d{{1,4}}\s+The\s+{_CAPITALIZED})(?=,\s*{_CAPITALIZED})"),
    (
        "address",
        rf"\b(?P<x>(?:[Tt]he\s+)?(?:{_CAPITALIZED}\s+){{1,2}}(?:Cottage|House|Farm|Lodge|Villa|Barn|Manor|Hall|Bungalow|Court|Grange|Rectory)(?:,\s*(?:\d+\w?\s+)?(?:{_CAPITALIZED}\s+){{1,2}}(?:Street|St|Road|Rd|Lane|Close|Avenue|Drive|Terrace|Way|Row|Hill|Green|Square)\b))",
    ),
    ("address", r"(?:[A-Z]{2,},?\s+|\b)(?P<x>(?i:general\s+delivery|poste\s+restante)\b,?\s+[A-Z][\w'-]{1,40})"),
)  # fmt: skip
"""Addresses that a label, a number of a house or a kind of settlement tells."""

_FLAT_PATTERN = re.compile(
    r"(?:\s?[,/-]\s*|\s+)(?:(?:\d{1,3}\s?[º°ª.]?\s?)?(?:tv|th|mf|st|izq|dcha|int|piso|bajo|hs|bis|ter|[IVX]{1,4}|[A-Ha-h])\b[.º°ª]?|\d{1,4}(?:\s?[a-d]\b|\s?/\s?\w{1,3}\b)?[º°ª.]?(?:\s?[A-H]\b)?(?=\s*(?:,|\.?$|\n)))"
)
_POSTCODE_PATTERN = re.compile(
    r",?\s+(?:[A-Z]{1,2}-)?(?:\d{5}(?:-\d{4})?|\d{4}\s?[A-Z]{2}\b|\d{4}|\d{3}\s\d\d|\d{3}\s?\d{3}|[A-Z]{1,2}\d[A-Z\d]?\s\d[A-Z]{2})\b(?!\s?(?:mg|ml|hours|hrs))"
)
_TOWN_PATTERN = re.compile(
    rf"(?:(?:,|\s-)\s*|\s(?:a|in|en|te|i)\s)(?P<x>{_CAPITALIZED}(?:[\s-](?:(?:sur|am|an der|en|de|la|le|upon|under|on|of|in|los|las|el)[\s-])?{_CAPITALIZED}){{0,2}}(?:\s\d{{1,2}}\b)?)(?=\s*(?:[.,;\n)]|$|\s-|\d|\s[A-Z]))"
)
_TOWN_AFTER_POSTCODE = re.compile(
    rf"\s+(?P<x>{_CAPITALIZED}(?:[\s-](?:(?:am|an der|sur|aan|den)[\s-])?{_CAPITALIZED}){{0,2}})(?=\s*(?:[.,;\n)]|$))"
)
_LOWERCASE_TOWN = re.compile(
    r",\s*(?P<x>[^\W\d_][^\W\d_'’]+(?:[\s-][^\W\d_]{2,}){0,2})(?=\s*(?:[.,;\n)]|$))"
)
_MAX_PARTS = 4


def follow_address(read: str, end: int, *, single: bool) -> Iterator[tuple[int, int, str]]:
    """What belongs to an address behind its street: flat, postcode, town.

    Args:
        read: The text as `truecase` gives it.
        end: Where the street ends.
        single: Whether the line is in one case, so that capitals tell no town.

    Example:
        >>> text = "Via Roma 14, 3/b, 45100 Prato. No fever."
        >>> [text[a:b] for a, b, _ in follow_address(text, 11, single=False)]
        [', 3/b', ', 45100', 'Prato']
    """
    if flat := _FLAT_PATTERN.match(read, end):
        yield *flat.span(), "address"
        end = flat.end()
    for _ in range(_MAX_PARTS):
        code = _POSTCODE_PATTERN.match(read, end)
        if code:
            yield *code.span(), "place"
            end = code.end()
        town = (_TOWN_AFTER_POSTCODE if code else _TOWN_PATTERN).match(read, end) or _TOWN_PATTERN.match(
            read, end
        )
        if town is None and single:
            town = _LOWERCASE_TOWN.match(read, end)
        if town is None or is_common_word(town["x"].split()[0].lower(), cased=True):
            return
        yield *town.span("x"), "place"
        end = town.end()
