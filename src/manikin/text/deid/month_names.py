"""Months of eight languages: how they are spelled, in full and shortened."""

# ruff: noqa: E501

from __future__ import annotations

import unicodedata

_MONTH_TEXTS = {
    "en": "January February March April May June July August September October November December",
    "de": "Januar Februar März April Mai Juni Juli August September Oktober November Dezember",
    "fr": "janvier février mars avril mai juin juillet août septembre octobre novembre décembre",
    "es": "enero febrero marzo abril mayo junio julio agosto septiembre octubre noviembre diciembre",
    "it": "gennaio febbraio marzo aprile maggio giugno luglio agosto settembre ottobre novembre dicembre",
    "pt": "janeiro fevereiro março abril maio junho julho agosto setembro outubro novembro dezembro",
    "nl": "januari februari maart april mei juni juli augustus september oktober november december",
    "sv": "januari februari mars april maj juni juli augusti september oktober november december",
    "da": "januar februar marts april maj juni juli august september oktober november december",
    "no": "januar februar mars april mai juni juli august september oktober november desember",
    "fi": "tammikuu helmikuu maaliskuu huhtikuu toukokuu kesäkuu heinäkuu elokuu syyskuu lokakuu marraskuu joulukuu",
}
MONTHS_BY_LANGUAGE = {language: tuple(names.split()) for language, names in _MONTH_TEXTS.items()}
_SHORT_MONTHS = {
    "jan": 1, "feb": 2, "fev": 2, "mar": 3, "marz": 3, "mrz": 3, "mrt": 3, "apr": 4, "avr": 4, "abr": 4, "may": 5,
    "jun": 6, "jul": 7, "juil": 7, "aug": 8, "sep": 9, "sept": 9, "oct": 10, "okt": 10, "ott": 10, "nov": 11, "dec": 12,
    "dez": 12, "gen": 1, "dic": 12, "des": 12, "ene": 1, "janv": 1, "fevr": 2, "juill": 7, "genn": 1, "febbr": 2, "lug": 7, "giu": 6,
}  # fmt: skip


def _strip_accents(word: str) -> str:
    return "".join(unicodedata.normalize("NFD", char)[0] for char in word.casefold())


_FULL_MONTHS = {
    (language, _strip_accents(name)): month
    for language, names in MONTHS_BY_LANGUAGE.items()
    for month, name in enumerate(names, 1)
}
FULL_MONTH_NAMES = frozenset(name for _, name in _FULL_MONTHS)
"""All full spellings, small letters without accents."""
FOREIGN_MONTH_PATTERN = "|".join(
    sorted(
        FULL_MONTH_NAMES - {_strip_accents(name) for name in MONTHS_BY_LANGUAGE["en"]},
        key=len,
        reverse=True,
    )
)
"""Full spellings that English has not, for patterns."""
SHORT_MONTH_PATTERN = "|".join(sorted(_SHORT_MONTHS, key=len, reverse=True))
"""Shortened spellings, for patterns."""


def parse_month(word: str) -> int:
    """The month that a word spells, in full or shortened; 0: none.

    Example:
        >>> parse_month("März"), parse_month("déc"), parse_month("Sept"), parse_month("Mayer")
        (3, 12, 9, 0)
    """
    bare = _strip_accents(word.strip("."))
    return next((m for (_, name), m in _FULL_MONTHS.items() if name == bare), 0) or _SHORT_MONTHS.get(
        bare, 0
    )


def spell_month(word: str, other: int) -> str:
    """Another month in the language, the length and the case of a word.

    Example:
        >>> spell_month("März", 12), spell_month("OCT", 1), spell_month("août", 2), spell_month("Sept", 3)
        ('Dezember', 'JAN', 'février', 'Mar')
    """
    bare = _strip_accents(word.strip("."))
    full = next((language for (language, name) in _FULL_MONTHS if name == bare), None)
    if full is not None:
        name = MONTHS_BY_LANGUAGE[full][other - 1]
    else:
        begins = [
            key
            for key in MONTHS_BY_LANGUAGE
            if _strip_accents(MONTHS_BY_LANGUAGE[key][_SHORT_MONTHS.get(bare, 1) - 1]).startswith(bare)
        ]
        name = MONTHS_BY_LANGUAGE[begins[0] if begins else "en"][other - 1][:3]
    if word.isupper():
        return name.upper()
    return name.lower() if word.islower() else name[:1].upper() + name[1:]
