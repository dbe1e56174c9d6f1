"""How much de-identification finds: identifiers are planted into notes, and those left are counted.

What is planted is spelled in many ways and by many cues, a third each as people write, in capitals and in
small letters, and half of the names stand in no list. It is still made by a program: people write in ways
that nobody foresaw, so recall on real notes is lower. Only identifiers that a person marked in notes of the
same ward measure that.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from manikin.core.seeds import Key
from manikin.schema.name_lists import read_names
from manikin.text.deid.detect import detect_identifiers
from manikin.text.deid.truecase import strip_accents

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np

PHRASES = {
    "name": (
        *("Mr. {name} was seen again.", "Seen by Dr. {name} in clinic.", "{name} reports no change."),
        *("Her daughter {name} was at the bedside.", "Dictated by {name}, MD.", "Name: {name}"),
        *("I spoke with {name} today.", "cc: {name}", "The patient, {name}, agrees.", "Thank you, {name}."),
        *("DR. {NAME} AWARE.", "Case discussed with {name}.", "{name} signed the consent."),
        *("PCP: {name}", "{name} is a 54-year-old man.", "Reviewed by: {name}, RN", "Next of kin: {name}."),
    ),
    "date": (
        *("Seen on {month}/{day}/{year}.", "Admitted {year}-{mm}-{dd}.", "Surgery in {Month} {year}."),
        *("Discharged {Month} {day}, {year}.", "Last visit {day} {Mon} {year}.", "DOB: {mm}/{dd}/{yy}"),
        *("Return on {month}/{day}.", "He fell on {Month} {day}th.", "Labs of {dd}.{mm}.{year} reviewed."),
        *(
            "Date: {day}-{Mon}-{year}",
            "Recorded {year}-{mm}-{dd}T09:15.",
            "Echo {mm}/{dd}/{yy} was normal.",
        ),
    ),
    "phone": (
        *(
            "Call {d3}-555-{d4}.",
            "Tel: ({d3}) 555-{d4}",
            "Pager {d5}.",
            "Reached at {d3}.555.{d4} ext. {d3}.",
        ),
        *("Phone +44 20 7946 {d4}.", "Her cell is {d3} 555 {d4}."),
    ),
    "id": (
        *("MRN: {d7}", "Medical record number {d5}{d3}.", "SSN {d3}-{d2}-{d4}.", "Account # {L}{L}{d5}."),
        *(
            "Accession {L}{d2}-{d5}.",
            "Policy no. {d3}{d5}.",
            "Serial number {L}{d4}{L}{d3}.",
            "Chart {d5}.",
        ),
        *("MR# {d5}{d2}", "Medicare ID {d3}{L}-{L}{d2}-{d4}.", "Group # {d5}.", "Unit No: {d3}-{d2}-{d2}"),
        *("Plate no. {L}{L}{L} {d4}.", "Specimen {L}{d2}-{d5}.", "Badge # {d5}.", "NPI {d7}{d3}."),
        *(
            "Fingerprint ID FP-{d5}.",
            "See IMG_{d4}.jpg.",
            "VIN 1HGCM82633A{d4}{d2}.",
            "SSN ending in {d4}.",
        ),
    ),
    "address": (
        *("Lives at {d3} {Town} Street.", "{d4} N. {Town} Ave, Apt {d2}.", "Sent to {d2} {Town} Court."),
        "P.O. Box {d4}.",
    ),
    "place": (
        *(
            "She lives in {Town}.",
            "A retired teacher from {Town}, MA {d5}.",
            "Transferred from {Town} Hospital.",
        ),
        *("He was born in {Town}.", "Zip code {d5}.", "Seen at {Town} Medical Center."),
        *("City: {Town}", "Grew up in {Town}.", "Admitted from {Town} Nursing Home."),
    ),
    "email": ("Write to {lower}.{d2}@mail.example.com.", "E-mail: {lower}_{d2}@clinic.example.org"),
    "url": ("See https://portal.example.org/{lower}/{d4}.", "Results at www.{lower}.example.net/results."),
    "age": ("A {old}-year-old woman.", "He is {old} years old.", "Age {old}.", "This {old} yo man fell."),
}
"""Sentences by what they hold; words in braces are identifiers or parts of one."""

CASE_VARIANTS = (str, str.upper, str.lower)
_MONTHS = "January February March April May June July August September October November December".split()  # noqa: SIM905
_SYLLABLES = ("ka", "mo", "ri", "zel", "tan", "vo", "shi", "bren", "qu", "dal", "fen", "ju")


class Recall(NamedTuple):
    """What share of planted identifiers was found, 0 to 1.

    Args:
        overall: Of all kinds together.
        by_kind: Of each kind.
        planted_counts: How many of each kind were planted.
    """

    overall: float
    by_kind: dict[str, float]
    planted_counts: dict[str, int]


def measure_recall(texts: Sequence[str], seed: int = 0, each: int = 100) -> Recall:
    """Plant identifiers into notes and count those of which no letter or digit is left.

    Args:
        texts: Notes into which sentences are put, at ends of sentences.
        seed: The same seed plants the same.
        each: How many sentences of each kind.

    Example:
        >>> found = measure_recall(["No fever. Lungs are clear."], each=20)
        >>> found.overall > 0.8, sorted(found.by_kind) == sorted(PHRASES)
        (True, True)
    """
    rng = Key(seed).child("planted").numpy()
    hits: dict[str, int] = dict.fromkeys(PHRASES, 0)
    for kind, phrases in PHRASES.items():
        for number in range(each):
            text = strip_accents(texts[int(rng.integers(len(texts)))])
            ends = [0, *(match.end() for match in re.finditer(r"[.!?]\s+", text))]
            at = ends[rng.integers(len(ends))]
            said, marks = _fill_phrase(phrases[number // len(CASE_VARIANTS) % len(phrases)], rng)
            whole = CASE_VARIANTS[number % len(CASE_VARIANTS)](f"{text[:at]}{said} {text[at:]}")
            spans = detect_identifiers(whole)
            hits[kind] += all(
                any(span.start <= at + a and at + b <= span.end for span in spans) for a, b in marks
            )
    shares = {kind: hit / each for kind, hit in hits.items()}
    return Recall(sum(hits.values()) / (each * len(PHRASES)), shares, dict.fromkeys(PHRASES, each))


def _fill_phrase(phrase: str, rng: np.random.Generator) -> tuple[str, list[tuple[int, int]]]:
    """A sentence, and where each of its identifiers begins and ends."""
    words = _draw_words(rng)
    parts: list[str] = []
    marks: list[tuple[int, int]] = []
    end = 0
    for match in re.finditer(r"\{(\w+)\}", phrase):
        parts.append(phrase[end : match.start()])
        start = sum(map(len, parts))
        parts.append(words[match[1]])
        marks.append((start, start + len(words[match[1]])))
        end = match.end()
    return "".join((*parts, phrase[end:])), marks


def _draw_words(rng: np.random.Generator) -> dict[str, str]:
    """A word for each brace; names are of the lists or made of syllables, evenly."""

    def made() -> str:
        return "".join(_SYLLABLES[i] for i in rng.integers(len(_SYLLABLES), size=3)).capitalize()

    listed = rng.random() < 0.5  # noqa: PLR2004 - evenly
    given, family = read_names("women", "men"), read_names("families")
    towns = read_names("surrogate_towns")
    first = given[rng.integers(len(given))] if listed else made()
    last = family[rng.integers(len(family))] if listed else made()
    name = last if rng.random() < 0.3 else f"{first} {last}"  # noqa: PLR2004 - often the family's alone
    month, day, year = int(rng.integers(1, 13)), int(rng.integers(4, 28)), int(rng.integers(1950, 2024))
    digits = {f"d{n}": "".join(str(d) for d in rng.integers(1, 10, size=n)) for n in (2, 3, 4, 5, 7)}
    return digits | {
        "name": name,
        "NAME": name.upper(),
        "lower": made().lower(),
        "Town": towns[rng.integers(len(towns))] if listed else made(),
        "month": str(month),
        "mm": f"{month:02d}",
        "Month": _MONTHS[month - 1],
        "Mon": _MONTHS[month - 1][:3],
        "day": str(day),
        "dd": f"{day:02d}",
        "year": str(year),
        "yy": f"{year % 100:02d}",
        "old": str(rng.integers(90, 108)),
        "L": "ABCDEFGHJK"[rng.integers(10)],
    }
