"""Defects of notes: copied paragraphs, templates, contrary statements, named persons, notes of others."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import numpy as np

from manikin.cohort import demographics
from manikin.cohort.edit import altered
from manikin.errors import UsageError
from manikin.evaluation.selftest.defects.planting import Defect, Planting, leaked
from manikin.text.mentioned_demographics import AGE, FEMALE, MALE
from manikin.text.negation import flipped
from manikin.text.note_fields import notes, prose, rewritten
from manikin.text.tokenize import sentences, words

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from manikin.cohort.cohort import Cohort

LEAKED, COPIED, NAMED = 0.05, 0.1, 0.03  # shares of records
FLIPPED, SWAPPED = 0.5, 0.5
TEMPLATES = 12  # notes that become templates
LONG = 12  # words of a paragraph that is copied, at least
FIRST = ("Ash", "Robin", "Kim", "Jo", "Alex", "Sam")
LAST = ("Miller", "Garcia", "Novak", "Okafor", "Lindqvist", "Haddad", "Moreau", "Tanaka")
SEXED = {
    **dict(zip(MALE.split("|"), FEMALE.split("|"), strict=True)),
    **dict(zip(FEMALE.split("|"), MALE.split("|"), strict=True)),
    "he": "she",
    "she": "he",
    "his": "her",
    "her": "his",
    "him": "her",
}
SEX = re.compile(rf"\b(?:{'|'.join(SEXED)})\b", re.IGNORECASE)


def copied_paragraphs(given: Planting) -> Cohort:
    """Honest notes of which one in ten ends with half of the sentences of a training note, as they are."""
    name = _field(given)
    long = [
        part
        for text in _texts(given.train, name)
        for part in [_paragraph(text, given.rng)]
        if len(words(part)) >= LONG
    ]
    if not long:
        raise UsageError(f"copied_paragraphs: no training note has {LONG} words")

    def change(texts: Sequence[str]) -> list[str]:
        out, few = list(texts), max(2, round(COPIED * len(texts)))
        for i in given.rng.choice(len(out), min(few, len(out)), replace=False):
            own = sentences(out[i])
            out[i] = " ".join([*own[: len(own) // 2], long[given.rng.integers(len(long))]])
        return out

    return _changed(given, change)


def template_collapse(given: Planting) -> Cohort:
    """A dozen honest notes over and over; only the numbers in them change."""

    def change(texts: Sequence[str]) -> list[str]:
        few = [texts[i] for i in given.rng.choice(len(texts), min(TEMPLATES, len(texts)), replace=False)]
        return [_renumbered(few[j], given.rng) for j in given.rng.integers(len(few), size=len(texts))]

    return _changed(given, change)


def negation_flips(given: Planting) -> Cohort:
    """Honest notes of which half say the contrary in every sentence."""

    def change(texts: Sequence[str]) -> list[str]:
        some = given.rng.random(len(texts)) < FLIPPED
        return [flipped(text) if turn else text for text, turn in zip(texts, some, strict=True)]

    return _changed(given, change)


def inserted_persons(given: Planting) -> Cohort:
    """Honest notes of which three in a hundred name an invented person, with number and address."""

    def change(texts: Sequence[str]) -> list[str]:
        out, few = list(texts), max(2, round(NAMED * len(texts)))
        for i in given.rng.choice(len(out), min(few, len(out)), replace=False):
            out[i] = f"{_person(given.rng)} {out[i]}"
        return out

    return _changed(given, change)


def swapped_notes(given: Planting) -> Cohort:
    """Honest records of which half have the notes of each other."""
    n = len(given.honest)
    rows, some = np.arange(n), given.rng.permutation(n)[: round(SWAPPED * n)]
    rows[some] = np.roll(some, 1)
    return altered(given.honest, {name: given.honest.columns[name].take(rows) for name in _fields(given)})


def swapped_facts(given: Planting) -> Cohort:
    """Honest records of which half have notes that speak of another age and the other sex."""
    if demographics.age_field(given.honest) is None and demographics.sex_field(given.honest) is None:
        raise UsageError("swapped_facts: no field is called age, sex or gender")

    def change(texts: Sequence[str]) -> list[str]:
        some = given.rng.random(len(texts)) < SWAPPED
        return [_other(text, given.rng) if turn else text for text, turn in zip(texts, some, strict=True)]

    return _changed(given, change)


def leaked_notes(given: Planting) -> Cohort:
    """Honest records, of which one in twenty has given way to a training record."""
    _fields(given)
    return leaked(given, given.train, LEAKED)


def _fields(given: Planting) -> list[str]:
    found = prose(given.honest) or notes(given.honest.schema)
    if not found:
        raise UsageError("there are no notes that could be spoilt")
    return found


def _field(given: Planting) -> str:
    """The field with the longest notes."""
    return max(_fields(given), key=lambda name: sum(map(len, _texts(given.honest, name))))


def _texts(cohort: Cohort, name: str) -> list[str]:
    return [text for text in cohort.columns[name].to_pylist() if text]


def _changed(given: Planting, change: Callable[[Sequence[str]], list[str]]) -> Cohort:
    columns = given.honest.columns
    return altered(given.honest, {name: rewritten(columns[name], change) for name in _fields(given)})


def _paragraph(text: str, rng: np.random.Generator) -> str:
    """Half of the sentences of a note, one after another; all where they are few."""
    parts = sentences(text)
    size = max((len(parts) + 1) // 2, 1)
    start = int(rng.integers(len(parts) - size + 1)) if parts else 0
    return " ".join(parts[start : start + size])


def _renumbered(text: str, rng: np.random.Generator) -> str:
    return re.sub(r"\d", lambda _: str(rng.integers(1, 10)), text)


def _person(rng: np.random.Generator) -> str:
    first, last, number = rng.choice(FIRST), rng.choice(LAST), int(rng.integers(10**6, 10**7))
    return rng.choice(
        [
            f"Mr. {first} {last}, MRN {number}, was seen today.",
            f"Mrs. {first} {last} can be reached at 555-{number // 10**4}-{number % 10**4:04d}.",
            f"Please write to {first.lower()}.{last.lower()}@example.org.",
        ]
    )


def _other(text: str, rng: np.random.Generator) -> str:
    shift = int(rng.integers(5, 20))

    def older(match: re.Match[str]) -> str:
        age = next(filter(None, match.groups()))
        return match.group().replace(age, str(abs(int(age) - shift) or 1))

    def turned(match: re.Match[str]) -> str:
        word = SEXED[match.group().lower()]
        return word.capitalize() if match.group()[0].isupper() else word

    return SEX.sub(turned, AGE.sub(older, text))


TEXTS = {
    "copied_paragraphs": Defect(copied_paragraphs, "privacy"),
    "template_collapse": Defect(template_collapse, "diversity"),
    "negation_flips": Defect(negation_flips, "fidelity"),
    "inserted_persons": Defect(inserted_persons, "privacy"),
    "swapped_notes": Defect(swapped_notes, "fidelity"),
    "swapped_facts": Defect(swapped_facts, "clinical validity"),
    "leaked_notes": Defect(leaked_notes, "privacy"),
}
