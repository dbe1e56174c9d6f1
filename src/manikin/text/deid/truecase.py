"""Casing: text in one case as it would stand in both, so that one set of rules finds names in all.

Where a line is written in capitals, or a whole text without any, capitals tell no name. There a word is
capitalised that no list of usual words holds and that does not end as words of prose do, and every word of
the lists of names, towns, months and titles. Letters change and lose their accents, none moves.
"""

# ruff: noqa: E501

from __future__ import annotations

import re
import unicodedata
from functools import cache

from manikin.schema.name_lists import read_names
from manikin.text.deid.stopwords import is_common_word

_MONTHS = """jan january feb february mar march apr april jun june jul july aug august sep sept september
    oct october nov november dec december"""
_TITLES = """mr mrs ms miss mx dr drs prof professor rev reverend street st avenue ave road rd boulevard
    blvd lane ln drive court ct terrace highway hwy parkway pkwy circle county general memorial hospital
    clinic regional medical center school university church herr herrn frau mme mlle monsieur madame sra srta
    dra dott sig signora signor dhr mevr mevrouw meneer heer fru hospitaal infirmary close gardens grove mews crescent
    boulevard parkway turnpike klinikum krankenhaus hopital ospedale ziekenhuis calle avenida avda plaza paseo
    piazza viale corso via am an postfach rehabilitation"""
_LISTED_WORDS = frozenset(
    part.lower()
    for name in (
        *read_names("women", "men", "cities", "states"),
        *set(read_names("families")).difference(read_names("wordlike_families")),
    )
    for part in (name, *name.split())
)
_LOWERCASE_WORDS = "de la le al del van von den der di da el sur upon on of am new long city little park"
_CAPITALIZED_WORDS = (_LISTED_WORDS | set(_MONTHS.split()) | set(_TITLES.split())) - set(
    _LOWERCASE_WORDS.split()
)
_NAME_AFTER_TITLE = re.compile(
    r"(?<=\bM[rs]\s)\w+|(?<=\bDr\s)\w+|(?<=\bM[rs]\.\s)\w+|(?<=\bDr\.\s)\w+|(?<=\bMrs\.\s)\w+|(?<=-)\w+ly\b"
)
_LETTER_SPELLINGS = str.maketrans(
    {"ø": "o", "æ": "ae", "œ": "oe", "ł": "l", "đ": "d", "ı": "i", "ð": "d", "þ": "th"}
)
_LOWERCASE_NAME = re.compile(
    r"((?i:\b(?:dr|mr|mrs|prof|herr|frau|mme|dhr|sra)\b\.?\s+|\b(?:patient|pt)?(?:'s)?\s?name(?:\s*[:=]|\s+is)\s+))"
    r"([a-z][a-z'-]+(?:\s+[a-z][a-z'-]+)?)"
)
_NAME_AFTER_RELATION = re.compile(
    r"(?<=\bwife\s)[a-z]+|(?<=\bson\s)[a-z]+|(?<=\bhusband\s)[a-z]+|(?<=\bdaughter\s)[a-z]+|(?<=\bsister\s)[a-z]+"
    r"|(?<=\bbrother\s)[a-z]+|(?<=\bmother\s)[a-z]+|(?<=\bfather\s)[a-z]+|(?<=\bpartner\s)[a-z]+|(?<=\bfriend\s)[a-z]+"
)
_TWO_LETTER_NAMES = frozenset(
    ["li", "le", "wu", "ho", "ng", "yu", "xu", "hu", "ma", "ko", "lu", "su", "yi", "oh", "ly", "ay", "ek"]
)
"""Family names of two letters, behind a title."""
_GIVEN_NAMES = frozenset(name.lower() for name in read_names("women", "men"))
_WORD_PATTERN = re.compile(r"(?<![^\W_])[^\W\d_]+(?:['’-][^\W\d_]+)*")
_CITY_PATTERN = "|".join(
    sorted((re.escape(city.lower()) for city in read_names("cities") if " " in city), key=len, reverse=True)
)
_MIDDLE_PARTICLES = r"(?:(?:van|von|de|der|den|la|del|di|du|o['’])\s?){0,3}"
_INSTITUTION_KINDS = (
    r"hospital|infirmary|clinic|medical cent(?:er|re)|health cent(?:er|re)|nursing home|care home|residential home|school|college|academy|university"
    r"|church|hospice|practice|pharmacy|prison|hostel|hotel|company|ltd|limited|inc|llc|works|factory|farm|dialysis|rfc|fc|high school"
)
_FUNCTION_WORDS = r"(?:the|a|an|our|his|her|their|your|this|that|local|same|at|to|from|of|in|by|and|for|with|is|was|as|on|into|or|no)"


def _capitalize_phrase(found: re.Match[str]) -> str:
    """Words with capitals, where one of them is no usual word."""
    words = re.findall(r"[^\W\d_]+", found[0])
    kinds = set(re.findall(r"\w+", _INSTITUTION_KINDS))
    if all(is_common_word(word.lower()) or word.lower() in kinds for word in words):
        return found[0]
    return re.sub(r"(?<![\w'’])[a-z](?=[\w'’])", lambda letter: letter[0].upper(), found[0])


_PROPER_NAME_PATTERNS = (  # words before the kind of a house, and what stands in streets of other languages
    re.compile(
        rf"(?<=\s)(?!{_FUNCTION_WORDS}\s)(?:[^\W\d_][\w'’-]*\s(?!{_FUNCTION_WORDS}\s)){{1,3}}(?:{_INSTITUTION_KINDS})\b|^(?!{_FUNCTION_WORDS}\s)(?:[^\W\d_][\w'’-]*\s(?!{_FUNCTION_WORDS}\s)){{1,3}}(?:{_INSTITUTION_KINDS})\b",
        re.IGNORECASE | re.MULTILINE,
    ),
    re.compile(r"\b[^\W\d_]{3,}\s(?:&|and)\s(?:sons?|partners|brothers)\b", re.IGNORECASE),
    re.compile(
        r"(?<=\bat\s)the\s(?:[^\W\d_]+\s){1,2}surgery\b|(?<=,\s)the\s(?:[^\W\d_]+\s){1,2}surgery\b",
        re.IGNORECASE,
    ),
    re.compile(
        r"(?<=\d[,\s])\s?(?:rue|avenue|boulevard|impasse|chemin|place|allee|quai|route)\s(?:(?:de|la|des|du|le|les)\s)*[a-z'-]{3,}",
        re.IGNORECASE,
    ),
    re.compile(
        r"\b(?:calle|avenida|avda\.?|plaza|paseo|piazza|viale|corso|burgemeester|burg\.)\s(?:(?:de|la|del|della|dei|las|los)\s)*[a-z'-]{3,}(?:\s[a-z'-]{3,})?(?=,?\s(?:n\.?\s?)?\d)",
        re.IGNORECASE,
    ),
    re.compile(
        r"(?<!\d\s)\b(?:am|an der|auf der|im)\s[^\W\d_]{4,}\s(?=\d{1,3}\s?[a-d]?\s*(?:,|\n|$))",
        re.IGNORECASE,
    ),
    re.compile(
        r"(?<=\d\s)(?!mg\b|ml\b|cm\b|mm\b|feet\b|ft\b|mile|min|hour|day|week|month|year|times|yard|step|of\b|units?\b|met|kg|km|cell|copies)(?:(?!(?:in|the|along|of|up|on|to|for|and|with|at|left|right)\b)[a-z'-]{2,}\s){1,3}"
        r"(?:(?:terrace|place|way|square|highway|hwy|parkway|pkwy|circle|cir|trail|hill|park|row|view|rise|green|croft|parade|wharf|heights|ridge|vale|blvd|st|rd|ave|ln|road|street|lane|avenue|drive|court|close)\b\s*(?:[.,;\n]|$|in\b))",
        re.IGNORECASE,
    ),
)
_CONTEXT_PATTERNS = (  # what is written in capitals, or begins with one, by what stands beside it
    (
        re.compile(
            r"\b(?:hmp|hotel|firma|clinique|klinik|klinikum|vardcentralen|clinica|ditta|boulangerie|talleres|hopital|sygehus|sykehus|praxis)\s(?:(?:am|im|an der|zum|zur|de|de la|du|van|saint|san|st)[\s-])?(?=[A-Z])"
        ),
        str.title,
    ),
    (
        re.compile(r"\b(?:upper|lower|little|great|north|south|east|west|mount|lake|port|fort)\s(?=[A-Z])"),
        str.title,
    ),
    (re.compile(rf"\b(?:{_CITY_PATTERN})\b", re.IGNORECASE), str.title),
    (
        re.compile(
            r"\b(?:nursing home|care home|medical cent(?:er|re)|health cent(?:er|re)|family clinic|family practice"
            r"|medical practice|elementary school|middle school|high school|primary school|regional medical center|general hospital|day cent(?:er|re)|assisted living|rehab)\b",
            re.IGNORECASE,
        ),
        str.title,
    ),
    (  # what stands between a number and the kind of street, and behind the number of a flat
        re.compile(
            r"(?<=\d\s)(?:(?:[nsew]{1,2}|north|south|east|west|old|new|the|st)\.?\s)?(?:[a-z'-]{2,}\s|\d+(?:st|nd|rd|th)\s){1,2}"
            r"(?=(?:Street|St|Avenue|Ave|Road|Rd|Lane|Ln|Drive|Court|Ct|Boulevard|Blvd|Close|Gardens|Grove|Mews|Crescent)\b"
            r"(?!\s+(?:hospital|mary)))",
            re.IGNORECASE,
        ),
        lambda said: re.sub(
            r"\b(?:[nsew]|nw|ne|sw|se)\b",
            lambda wind: wind[0].upper(),
            re.sub(r"(?<!\d)\b[a-z]", lambda first: first[0].upper(), said.lower()),
        ),
    ),
    (re.compile(r"(?<=\bflat\s\d,\s)[a-z' ]+|(?<=\bflat\s\d\d,\s)[a-z']+(?=\s)"), str.title),
    (re.compile(r"(?<=\bat\s\d\sthe\s)[a-z]+|(?<=\bat\s\d\d\sthe\s)[a-z]+"), str.title),
    (re.compile(r"(?<=\d{4})[a-z]{2}(?=\s+[A-Z])|(?<=\d{4}\s)[a-z]{2}(?=\s+[A-Z])"), str.upper),
    (re.compile(r"\b[a-pr-uwyz][a-hk-y]?\d[a-z\d]?\s\d[abd-hjlnp-uw-z]{2}(?=\s*(?:[.,;\n]|$))"), str.upper),
    (re.compile(r"(?<=,\s)[a-z]{2}(?=\s+\d{5}\b|\s*[.,;\n]|\s*$)"), str.upper),
    (re.compile(r"(?<=\s)[a-z]{2}(?=\s+\d{5}(?:-\d{4})?\b)"), str.upper),
    (re.compile(r"(?<=[\w.],\s)(?:md|rn|do|np|pa-c|phd|m\.d|r\.n|d\.o)\b|(?<=\w\s)(?:md|rn)\b"), str.upper),
    (
        re.compile(
            r"\bmay(?=\s+the\s+[A-Za-z]+(?:th|st|nd|rd)\b|\.?\s+(?:of\s+)?(?:\d{1,2}(?:st|nd|rd|th|,)|\d{1,2}\s+(?:19|20)\d\d|(?:19|20)\d\d))"
        ),
        str.title,
    ),
    (
        re.compile(
            r"\bmay(?=\s\d{1,2}\s?[-–]\s?\d{1,2}\b(?!\s?(?:times|x\b|tab|cap|mg|ml|day|week|hour|puff|unit|glass)))|(?<=\d\s)may(?=,?\s+(?:19|20)\d\d)|(?<=\dth\sof\s)may\b|(?<=\dth\s)may\b|(?<=\b(?:on|in)\s)may\b"
        ),
        str.title,
    ),
    (
        re.compile(
            r"\b(?:mon|tues?|wed(?:nes)?|thu(?:rs)?|fri|sat(?:ur)?|sun)(?:day)?,?\s\d{1,2}(?:st|nd|rd|th)?\smay\b"
        ),
        lambda said: said[:-3] + "May",
    ),
    (re.compile(r"(?<=\d[-/])[a-z]{3}(?=[-/]\d)"), str.title),
    (
        re.compile(r"(?<=\s)[nsew](?=\.?\s+[A-Z]\w+\s+(?:St|Ave|Rd|Road|Street|Avenue|Lane|Ln)\b)"),
        str.upper,
    ),
    (
        re.compile(
            rf"\b(?:Dr|Mr|Mrs|Ms|Miss|Prof|Herr|Frau|Mme|Dhr|Mevr|Dott)\.?\s(?:[a-z]\.?\s?){{1,2}}(?=\s?{_MIDDLE_PARTICLES}[A-Z])"
        ),
        lambda said: re.sub(r"(?<![\w'])[a-z]\b", lambda letter: letter[0].upper(), said),
    ),
    (re.compile(rf"(?<![\w'])[a-z](?=\.\s?(?:[a-z]\.\s?)?{_MIDDLE_PARTICLES}[A-Z])"), str.upper),
    (re.compile(r"(?<!\d\s)\b(?:sr|sig|hr|fr|m)(?=\.\s+[A-Z])|\bdon(?=\s+[A-Z]\w+\s+[A-Z])"), str.title),
    (re.compile(r"(?<=[A-Z]\w\s)[a-z](?=\.?\s+[A-Z])|(?<=[a-z]\s)[a-z](?=\.\s+[A-Z])"), str.upper),
)


def truecase(text: str) -> str:
    """The text with capitals where names likely stand, of the same length.

    Example:
        >>> truecase("SEEN BY DR. KOWALCZYK FOR SEVERE PAIN."), truecase("Fever is over.")
        ('seen by Dr. Kowalczyk for severe pain.', 'Fever is over.')
    """
    text = strip_accents(text)
    if not any(char.isupper() for char in text):
        read = _capitalize_names(text)
    else:
        read = re.sub(
            r"[^\n]+",
            lambda line: (
                _capitalize_names(line[0]) if _is_uppercase(line[0]) else _capitalize_addressed(line[0])
            ),
            text,
        )
    return read if len(read) == len(text) else text  # a ligature is two letters as a capital


def is_single_case(text: str, at: int) -> bool:
    """Whether the line around a position is all in capitals, or without any.

    Example:
        >>> is_single_case("LIVES IN A FLAT", 3), is_single_case("Lives in a flat", 3)
        (True, False)
    """
    line = text[text.rfind("\n", 0, at) + 1 : (text.find("\n", at) + 1 or len(text) + 1) - 1]
    return line.isupper() or line.islower()


def _capitalize_addressed(line: str) -> str:
    """A line of both cases, with capitals for names in small letters behind a title, a label or a relation."""
    line = _LOWERCASE_NAME.sub(
        lambda found: found[1] + re.sub(r"[^\W\d_]+", _capitalize_uncommon, found[2]), line
    )
    return _NAME_AFTER_RELATION.sub(
        lambda found: found[0].title() if found[0] in _GIVEN_NAMES else found[0], line
    )


def _capitalize_uncommon(word: re.Match[str]) -> str:
    return word[0] if is_common_word(word[0]) and word[0] not in _TWO_LETTER_NAMES else word[0].title()


def strip_accents(text: str) -> str:
    """The text without accents and with straight apostrophes, of the same length.

    Example:
        >>> strip_accents("José O’Brien, Zoë Müller")
        "Jose O'Brien, Zoe Muller"
    """
    return text if text.isascii() else "".join(map(_strip_accent, text))


def fold_case(text: str) -> str:
    """A word as it is compared: small letters without accents, apostrophes and signs.

    Example:
        >>> fold_case("O’Brien"), fold_case("Søren"), fold_case("GROSS-MÜLLER"), fold_case("Groß")
        ('obrien', 'soren', 'grossmuller', 'gross')
    """
    told = text.casefold().translate(_LETTER_SPELLINGS)
    return "".join(char for char in strip_accents(told) if char.isalnum())


@cache
def _strip_accent(char: str) -> str:
    return "'" if char in "’‘" else unicodedata.normalize("NFD", char)[0]


def _is_uppercase(line: str) -> bool:
    """Whether a line is in capitals, and more than an abbreviation."""
    return not any(char.islower() and char not in "ºª" for char in line) and bool(
        re.search("[A-Z]{3}", line)
    )


def _capitalize_names(text: str) -> str:
    lower = text.lower()
    if len(lower) != len(text):  # a letter that is two in lower case
        return text
    lower = _WORD_PATTERN.sub(lambda word: _capitalize_word(word[0]), lower)
    lower = _NAME_AFTER_TITLE.sub(
        lambda word: (
            word[0]
            if is_common_word(word[0], cased=True) and word[0] not in _TWO_LETTER_NAMES
            else word[0].title()
        ),
        lower,
    )
    for pattern in _PROPER_NAME_PATTERNS:
        lower = pattern.sub(_capitalize_phrase, lower)
    for pattern, change in _CONTEXT_PATTERNS:
        lower = pattern.sub(lambda found, change=change: change(found[0]), lower)
    return lower


def _capitalize_word(word: str) -> str:
    bare = re.sub(r"['’]s$", "", word)
    known = bare in _CAPITALIZED_WORDS or any(
        part in _CAPITALIZED_WORDS
        for part in bare.split("-")
        if len(part) > 2  # noqa: PLR2004
    )
    if not known and is_common_word(bare):
        return word
    parts = re.split(r"(?<=[-])|(?<=^[od]['’])|(?<=^mc)", word)
    return "".join(part[:1].upper() + part[1:] if len(part[:1].upper()) == 1 else part for part in parts)
