"""Streets, postcodes and towns with one, as they are written in eight countries."""

# ruff: noqa: E501

from __future__ import annotations

import re

from manikin.text.deid.pattern_rules import compile_rules

_CAPITALIZED = r"[A-ZÀ-ÖØ-Þ][\w'’-]{0,40}[a-zà-ÿ][\w'’-]{0,40}"
_HOUSE_NUMBER = r"\d{1,4}(?:\s?[a-dA-D])?"
_STREET_PARTICLE = r"(?:de\s+(?:la|las|los|l')|de|du|des|d'|del|della|dello|dell'|delle|dei|degli|di)"
_STREET_NAME = (
    rf"(?:(?:{_STREET_PARTICLE}\s*)?{_CAPITALIZED})(?:[ -](?:{_STREET_PARTICLE}\s*)?{_CAPITALIZED}){{0,3}}"
)
_GERMAN_STREET = r"(?:stra(?:ss|ß)e|str\.|gasse|platz|allee|weg|damm|ufer|chaussee|steig)"
_NORTHERN_STREET = (
    r"(?:straat|laan|gracht|kade|plein|dreef|singel|weg|gatan|gata|gaten|vagen|veien|vegen|vej|gade|torget|torvet|katu|tie"
    r"|alle|stræde|brink|hof)"
)
_FRENCH_STREET = (
    r"(?i:rue|avenue|av\.|boulevard|bd\.?|place|chemin|impasse|allee|route|quai|cours|square|passage|residence|lotissement"
    r"|faubourg|sentier|ruelle)"
)
_SPANISH_STREET = (
    r"(?:(?i:calle|av\.|avda\.?|avenida|plaza|pza\.?|paseo|camino|carretera|ctra\.?|ronda|travesia|glorieta|urb\.?|urbanizacion"
    r"|rua|carrer|praca)|(?i:c)/\s?|(?i:p)º)"
)
_ITALIAN_STREET = r"(?:Via|Viale|Piazza|P\.zza|Corso|C\.so|Largo|Vicolo|Strada|Lungomare|Piazzale)"
_RESIDENCE_CUE = (
    r"(?i:\b(?:(?:lives?|living|resid(?:es|ing)|stays?|staying|visited|picked up|found(?: down)?|seen at home|moved|moving)"
    r"\s+(?:at|to)|(?:home |mailing |postal |current |permanent )?address(?:\s+is)?:?|home:|wohnhaft|wohnt|anschrift:?|adresse\s?:?"
    r"|domicili\w*(?:\s+au)?:?|direccion:?|indirizzo:?|residente in|abita in|woonadres:?|adres:?|adress:?|bostad:?|bopæl:?"
    r"|habite(?:\s+au)?|demeurant(?:\s+au)?|vive en|bor (?:pa|i|pa adressen)|osoite:?)\s+)"
)
STREET_KIND_PATTERN = re.compile(
    rf"(?:^(?:street|st|avenue|ave|road|rd|boulevard|blvd|lane|ln|drive|dr|court|ct|place|pl|way|terrace|square|sq|highway|hwy"
    rf"|parkway|pkwy|circle|cir|trail|plaza|crescent|close|gardens|grove|mews|hill|park|row|walk|view|rise|green|croft|parade"
    rf"|alley|house|tower|lodge|flat|apt|apartment|suite|ste|unit|floor|p|o|po|box|postfach|postbus|apartado|de|la|las|los|del"
    rf"|du|des|di|della|dei|am|an|der|auf|dem|im|in|zum|zur|the|n|s|e|w|ne|nw|se|sw|north|south|east|west|th|nd|rd|bis|ter|c|b|a"
    rf"|rue|av|bd|chemin|impasse|allee|route|quai|cours|passage|calle|avda|avenida|pza|paseo|camino|carretera|ronda|rua"
    rf"|via|viale|piazza|corso|largo|vicolo|strada)\.?$|(?:{_GERMAN_STREET[3:-1]}|{_NORTHERN_STREET[3:-1]})$)",
    re.IGNORECASE,
)
"""What kind of way a word is, or ends as."""
_POSTCODE_LABEL = r"(?:zip(?:\s+code)?|post\s?code|postal\s+code|plz|postleitzahl|code\s+postal|c\.?p\.?|cap|codigo\s+postal|postnummer|postadress)"
_TOWN_CUE = (
    r"(?i:(?:^|,|;|\b(?:in|aus|a|nach|de|en|te|habite|demeurant|wohnhaft|wohnort:|ort:|address:|adresse:?|ville:|postadress:?"
    r"|woonplaats:?|plaats:|residente|vive|bor|i|ciudad:|poblacion:|localita:|citta:))\s*)"
)
_UNIT_LETTERS = frozenset(
    [
        "AM",
        "PM",
        "ML",
        "MG",
        "CC",
        "IU",
        "HR",
        "HRS",
        "KG",
        "CM",
        "MM",
        "UG",
        "MCG",
        "LB",
        "PT",
        "MD",
        "RN",
        "OD",
        "OS",
        "OU",
        "GM",
        "QD",
        "ON",
        "IN",
        "OF",
        "NO",
        "AT",
        "TO",
        "BY",
        "IS",
        "OR",
        "IV",
        "IM",
        "SC",
        "PO",
        "AN",
        "AS",
        "IF",
        "MS",
        "HZ",
        "KB",
        "GB",
        "MB",
        "TB",
        "BP",
        "KJ",
        "CT",
        "MR",
        "US",
        "UK",
        "ED",
        "ER",
        "OK",
        "RA",
        "LA",
        "SA",
        "SD",
        "SE",
        "CI",
        "PH",
        "WK",
        "YR",
        "DR",
        "ST",
        "MU",
        "NG",
        "PG",
        "NM",
        "MV",
        "MA",
        "KV",
    ]
)
_COUNTED_THINGS = re.compile(
    r"(?i)^\d+\s+(?:units?|cells?|copies|platelets?|steps|patients?|people|years|days|mg|ml|neutro\w*|leu[ck]o\w*|lympho\w*|hgb|hb|wbc"
    r"|rbc|plt|cases|counts?|reads?|dollars|calories|euros?|stuck|einheiten|kopien|schritte|unites|copias|ie)\b"
)
_VIEW_WORDS = re.compile(
    r"(?i)\b(?:lateral|frontal|chest|portable|ap|pa|axial|hip|knee|left|right|grand|surgical|medical|normal|oblique)\b"
)


def is_postcode(match: re.Match[str]) -> bool:
    """Whether two capitals behind a number are neither a unit nor an ending."""
    return match[0][-2:].upper() not in _UNIT_LETTERS | {"TH", "ST", "ND", "RD"}


def is_town(match: re.Match[str]) -> bool:
    """Whether what follows five digits is a town rather than what is counted."""
    return not _COUNTED_THINGS.match(match["x"])


def is_street(match: re.Match[str]) -> bool:
    """Whether a numbered way is a street, and no view of a picture or a position."""
    return not _VIEW_WORDS.search(match[0])


STREET_RULES = compile_rules(
    ("address", rf"\b(?:{_CAPITALIZED}[ -]){{1,2}}(?i:{_GERMAN_STREET})\s?{_HOUSE_NUMBER}\b", is_street),
    ("address", rf"\b[A-ZÀ-ÖØ-Þ][\w'’-]{{2,40}}(?:{_GERMAN_STREET}|{_NORTHERN_STREET})\s{_HOUSE_NUMBER}\b(?!\s?(?:mg|ml|%|cm|mm))"),
    ("address", rf"\b(?:Am|An der|Auf der|Auf dem|Im|In der|Zum|Zur|Hinter der|Unter den|Alte|Neue|Grosse|Große|Kleine)\s{_CAPITALIZED}(?:\s{_CAPITALIZED})?\s{_HOUSE_NUMBER}\b(?!\s?(?:mg|ml|%|cm|mm|h\b|Uhr|Tag|Jahr|\.))"),
    ("address", rf"\b\d{{1,4}}\s?(?:bis|ter|quater|[A-Da-d]\b)?,?\s+{_FRENCH_STREET}\s+{_STREET_NAME}"),
    ("address", rf"\b{_SPANISH_STREET}\s*{_STREET_NAME},?\s*(?:n[º°]\s*)?{_HOUSE_NUMBER}(?:,?\s*\d{{1,2}}\s?[º°ª]?\s*[A-Z]?\b)?"),
    ("address", rf"\b{_ITALIAN_STREET}\s+{_STREET_NAME},?\s*(?:n\.?\s*)?{_HOUSE_NUMBER}\b(?!\s?(?:mg|ml|cc|%|Fr\b|cm|mm))"),
    ("address", rf"{_RESIDENCE_CUE}(?P<x>(?i:{_ITALIAN_STREET}|{_FRENCH_STREET}|{_SPANISH_STREET})\s+{_STREET_NAME}(?:,?\s*{_HOUSE_NUMBER})?)"),
    ("address", rf"{_RESIDENCE_CUE}(?:in der\s+|auf der\s+)?(?P<x>(?:\d{{1,5}}[a-z]?,?\s+(?i:the\s+)?{_CAPITALIZED}(?:\s+{_CAPITALIZED}){{0,3}}|{_CAPITALIZED}(?:\s+{_CAPITALIZED}){{0,2}},?\s+{_HOUSE_NUMBER}\b))"),
    ("address", r"(?i:\b(?:p\.?\s?o\.?\s+box|postfach|apartado(?: de correos)?|casella postale|postbus|boite postale|postboks|pl)\s+)\d+"),
    ("place", rf"(?i:\b{_POSTCODE_LABEL}\W{{0,3}})(?P<x>\d{{5}}(?:-\d{{4}})?|\d{{4}}\s?[a-z]{{2}}|[a-z]{{1,2}}\d[a-z\d]?\s?\d[a-z]{{2}}|\d{{3}}\s\d\d|\d{{4}})\b"),
    ("place", r"\b[A-PR-UWYZ][A-HK-Y]?\d[A-Z\d]?\s\d[A-Z]{2}\b", is_postcode),
    ("place", rf"{_TOWN_CUE}(?P<x>(?i:[A-Z]{{1,2}}-)?\d{{5}}\s+{_CAPITALIZED}(?:[ -](?:am |an der |en |sur |de |la )?{_CAPITALIZED}){{0,2}})", is_town),
    ("place", rf"\b(?<![\d.,])\d{{4}}\s?[A-Z]{{2}}\b(?=\s+{_CAPITALIZED}|\s*$|\s*[.,;])(?:\s+{_CAPITALIZED}(?:\s+aan\s+\w+\s+{_CAPITALIZED})?)?", lambda m: (re.match(r"\d{4}\s?([A-Z]{2})", m[0]) or m)[1] not in _UNIT_LETTERS),
    ("place", r"(?i:\beircode\W{0,3})(?P<x>[A-Za-z]\d[\dWw]\s?[A-Za-z\d]{4})\b"),
    ("place", r"\b[AC-FHKNPRTV-Y]\d[\dW]\s(?=[A-Z\d]*[A-Z])(?=[A-Z\d]*\d)[AC-FHKNPRTV-Y\d]{4}\b"),
    ("place", r"\b[ABCEGHJ-NPRSTVXY]\d[A-Z]\s\d[A-Z]\d\b"),
    ("place", rf"{_TOWN_CUE}(?P<x>\d{{3}}\s\d\d\s+{_CAPITALIZED})", is_town),
)  # fmt: skip
