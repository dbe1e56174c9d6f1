"""Defects of notes: copied paragraphs, templates, contrary statements, named persons, notes of others."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import numpy as np

from manikin.cohort import demographics
from manikin.cohort.edit import replace_columns
from manikin.errors import UsageError
from manikin.evaluation.selftest.defects.planting import Defect, DefectInput, inject_leaks
from manikin.text.mentioned_demographics import AGE_PATTERN, FEMALE_NOUNS, MALE_NOUNS
from manikin.text.negation import flip_negation
from manikin.text.note_fields import detect_note_fields, list_note_fields, rewrite_column
from manikin.text.tokenize import split_sentences, tokenize

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from manikin.cohort.cohort import Cohort

LEAKED_SHARE, COPIED_SHARE, NAMED_SHARE = 0.05, 0.1, 0.03  # shares of records
FLIPPED_SHARE, SWAPPED_SHARE = 0.5, 0.5
TEMPLATE_COUNT = 12  # notes that become templates
MIN_PARAGRAPH_WORDS = 12  # words of a paragraph that is copied, at least
FIRST_NAMES = ("Ash", "Robin", "Kim", "Jo", "Alex", "Sam")
LAST_NAMES = ("Miller", "Garcia", "Novak", "Okafor", "Lindqvist", "Haddad", "Moreau", "Tanaka")
SEX_SWAPS = {
    **dict(zip(MALE_NOUNS.split("|"), FEMALE_NOUNS.split("|"), strict=True)),
    **dict(zip(FEMALE_NOUNS.split("|"), MALE_NOUNS.split("|"), strict=True)),
    "he": "she",
    "she": "he",
    "his": "her",
    "her": "his",
    "him": "her",
}
SEX_PATTERN = re.compile(rf"\b(?:{'|'.join(SEX_SWAPS)})\b", re.IGNORECASE)


def copy_paragraphs(given: DefectInput) -> Cohort:
    """Honest notes of which one in ten ends with half of the sentences of a training note, as they are."""
    name = _find_longest_field(given)
    long = [
        part
        for text in _list_notes(given.train, name)
        for part in [_draw_paragraph(text, given.rng)]
        if len(tokenize(part)) >= MIN_PARAGRAPH_WORDS
    ]
    if not long:
        raise UsageError(f"copied_paragraphs: no training note has {MIN_PARAGRAPH_WORDS} words")

    def change(texts: Sequence[str]) -> list[str]:
        out, few = list(texts), max(2, round(COPIED_SHARE * len(texts)))
        for i in given.rng.choice(len(out), min(few, len(out)), replace=False):
            own = split_sentences(out[i])
            out[i] = " ".join([*own[: len(own) // 2], long[given.rng.integers(len(long))]])
        return out

    return _alter_notes(given, change)


def collapse_to_templates(given: DefectInput) -> Cohort:
    """A dozen honest notes over and over; only the numbers in them change."""

    def change(texts: Sequence[str]) -> list[str]:
        few = [
            texts[i] for i in given.rng.choice(len(texts), min(TEMPLATE_COUNT, len(texts)), replace=False)
        ]
        return [_renumber(few[j], given.rng) for j in given.rng.integers(len(few), size=len(texts))]

    return _alter_notes(given, change)


def flip_negations(given: DefectInput) -> Cohort:
    """Honest notes of which half say the contrary in every sentence."""

    def change(texts: Sequence[str]) -> list[str]:
        some = given.rng.random(len(texts)) < FLIPPED_SHARE
        return [flip_negation(text) if turn else text for text, turn in zip(texts, some, strict=True)]

    return _alter_notes(given, change)


def insert_persons(given: DefectInput) -> Cohort:
    """Honest notes of which three in a hundred name an invented person, with number and address."""

    def change(texts: Sequence[str]) -> list[str]:
        out, few = list(texts), max(2, round(NAMED_SHARE * len(texts)))
        for i in given.rng.choice(len(out), min(few, len(out)), replace=False):
            out[i] = f"{_draw_person(given.rng)} {out[i]}"
        return out

    return _alter_notes(given, change)


def swap_notes(given: DefectInput) -> Cohort:
    """Honest records of which half have the notes of each other."""
    n = len(given.cohort)
    rows, some = np.arange(n), given.rng.permutation(n)[: round(SWAPPED_SHARE * n)]
    rows[some] = np.roll(some, 1)
    return replace_columns(
        given.cohort, {name: given.cohort.columns[name].take(rows) for name in _list_note_fields(given)}
    )


def swap_facts(given: DefectInput) -> Cohort:
    """Honest records of which half have notes that speak of another age and the other sex."""
    if (
        demographics.find_age_field(given.cohort) is None
        and demographics.find_sex_field(given.cohort) is None
    ):
        raise UsageError("swapped_facts: no field is called age, sex or gender")

    def change(texts: Sequence[str]) -> list[str]:
        some = given.rng.random(len(texts)) < SWAPPED_SHARE
        return [
            _swap_age_and_sex(text, given.rng) if turn else text
            for text, turn in zip(texts, some, strict=True)
        ]

    return _alter_notes(given, change)


def leak_notes(given: DefectInput) -> Cohort:
    """Honest records, of which one in twenty has given way to a training record."""
    _list_note_fields(given)
    return inject_leaks(given, given.train, LEAKED_SHARE)


def _list_note_fields(given: DefectInput) -> list[str]:
    found = detect_note_fields(given.cohort) or list_note_fields(given.cohort.schema)
    if not found:
        raise UsageError("there are no notes that could be spoilt")
    return found


def _find_longest_field(given: DefectInput) -> str:
    """The field with the longest notes."""
    return max(_list_note_fields(given), key=lambda name: sum(map(len, _list_notes(given.cohort, name))))


def _list_notes(cohort: Cohort, name: str) -> list[str]:
    return [text for text in cohort.columns[name].to_pylist() if text]


def _alter_notes(given: DefectInput, change: Callable[[Sequence[str]], list[str]]) -> Cohort:
    columns = given.cohort.columns
    return replace_columns(
        given.cohort, {name: rewrite_column(columns[name], change) for name in _list_note_fields(given)}
    )


def _draw_paragraph(text: str, rng: np.random.Generator) -> str:
    """Half of the sentences of a note, one after another; all where they are few."""
    parts = split_sentences(text)
    size = max((len(parts) + 1) // 2, 1)
    start = int(rng.integers(len(parts) - size + 1)) if parts else 0
    return " ".join(parts[start : start + size])


def _renumber(text: str, rng: np.random.Generator) -> str:
    return re.sub(r"\d", lambda _: str(rng.integers(1, 10)), text)


def _draw_person(rng: np.random.Generator) -> str:
    first, last, number = rng.choice(FIRST_NAMES), rng.choice(LAST_NAMES), int(rng.integers(10**6, 10**7))
    return rng.choice(
        [
            f"Mr. {first} {last}, MRN {number}, was seen today.",
            f"Mrs. {first} {last} can be reached at 555-{number // 10**4}-{number % 10**4:04d}.",
            f"Please write to {first.lower()}.{last.lower()}@example.org.",
        ]
    )


def _swap_age_and_sex(text: str, rng: np.random.Generator) -> str:
    shift = int(rng.integers(5, 20))

    def older(match: re.Match[str]) -> str:
        age = next(filter(None, match.groups()))
        return match.group().replace(age, str(abs(int(age) - shift) or 1))

    def turned(match: re.Match[str]) -> str:
        word = SEX_SWAPS[match.group().lower()]
        return word.capitalize() if match.group()[0].isupper() else word

    return SEX_PATTERN.sub(turned, AGE_PATTERN.sub(older, text))


NOTE_DEFECTS = {
    "copied_paragraphs": Defect(copy_paragraphs, "privacy"),
    "template_collapse": Defect(collapse_to_templates, "diversity"),
    "negation_flips": Defect(flip_negations, "fidelity"),
    "inserted_persons": Defect(insert_persons, "privacy"),
    "swapped_notes": Defect(swap_notes, "fidelity"),
    "swapped_facts": Defect(swap_facts, "clinical validity"),
    "leaked_notes": Defect(leak_notes, "privacy"),
}
