"""Excerpts: synthetic notes for the card beside the values of their records; never a real patient's words.

Left out is what lies suspiciously near a training note: one that equals it, that has a run of eight words
of one training patient alone, or more in common with one than nine in ten held-out notes have; and what
points to a person.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from manikin.cohort.scalar_matrix import normalize_level
from manikin.evaluation.report.image_examples import group_by_class
from manikin.text import shared_spans
from manikin.text.identifier_patterns import find_identifiers
from manikin.text.note_fields import list_note_fields, read_notes, tokenize_notes
from manikin.text.tokenize import tokenize

if TYPE_CHECKING:
    from manikin.cohort.cohort import Cohort
    from manikin.core.seeds import Key
    from manikin.evaluation.measuring.evaluation_data import EvaluationData

MAX_CLASSES, NOTES_PER_CLASS = 4, 2  # classes that have notes of their own, and how many
DRAWN_PER_CLASS = 12  # notes of a class among which they are chosen
MAX_FIELDS = 8  # values beside a note
MAX_NOTE_LETTERS = 700  # letters of a note that are shown
MAX_HOLDOUT_COMPARED, MAX_TRAIN_COMPARED = 200, 4_000
"""Held-out notes that say how near is usual; training notes looked at."""

MAX_SIMILARITY_QUANTILE = 0.9
"""Share of held-out notes that are less near, beyond which a note is not shown."""

SHARED_RUN_WORDS = 8  # words


def collect_note_examples(sides: EvaluationData, key: Key) -> list[dict[str, Any]]:
    """Synthetic notes, each with its group, the values of its record and what is written, field by field.

    Args:
        sides: All records, through any feature.
        key: Which notes are shown.
    """
    cohort = sides.synthetic.source_cohort
    drawn = {
        group: np.sort(key.child("excerpts", group).numpy().permutation(rows)[:DRAWN_PER_CLASS])
        for group, rows in list(group_by_class(cohort, sides.question.label).items())[:MAX_CLASSES]
    }
    asked = np.concatenate([np.zeros(0, dtype=int), *drawn.values()])
    fine = dict(zip(asked.tolist(), are_shareable(sides, asked, key).tolist(), strict=True))
    return [
        {"group": group, **_describe_record(cohort.take(np.array([row])))}
        for group, rows in drawn.items()
        for row in [row for row in rows.tolist() if fine[row]][:NOTES_PER_CLASS]
    ]


def are_shareable(sides: EvaluationData, rows: np.ndarray, key: Key) -> np.ndarray:
    """Which synthetic notes may be shown, bool (n,)."""
    rng = key.child("known").numpy()
    some = rng.permutation(len(sides.train))[:MAX_TRAIN_COMPARED]
    held = rng.permutation(len(sides.holdout))[:MAX_HOLDOUT_COMPARED]
    train, owner = sides.train.source_cohort.take(some), sides.train.subject[some]
    holdout, stranger = sides.holdout.source_cohort.take(held), sides.holdout.subject[held]
    asked = sides.synthetic.source_cohort.take(rows)
    known = shared_spans.TrainingRuns.from_tokens(
        tokenize_notes(train), owner, tokenize_notes(holdout), stranger
    )
    usual, _ = known.measure_overlap(tokenize_notes(holdout), np.full(len(held), -1))
    near, _ = known.measure_overlap(tokenize_notes(asked), None)
    runs, people, _ = shared_spans.count_run_subjects(
        tokenize_notes(sides.train.source_cohort), sides.train.subject, SHARED_RUN_WORDS
    )
    found = near <= np.quantile(usual, MAX_SIMILARITY_QUANTILE)
    found[
        shared_spans.find_notes_with_runs(tokenize_notes(asked), SHARED_RUN_WORDS, runs[people == 1])[0]
    ] = False
    real = {tuple(tokenize(text)) for text in read_notes(sides.train.source_cohort)}
    plain = [not find_identifiers(text) and tuple(tokenize(text)) not in real for text in read_notes(asked)]
    return found & np.array(plain, dtype=bool)


def _describe_record(one: Cohort) -> dict[str, Any]:
    """The values and the notes of one record."""
    known = [name for name in one.schema.scalar_fields if one.columns[name].null_count == 0][:MAX_FIELDS]
    values = {name: normalize_level(one.columns[name][0].as_py()) for name in known}
    said = {name: one.columns[name][0].as_py() for name in list_note_fields(one.schema)}
    return {"values": values, "notes": {name: _truncate(text) for name, text in said.items() if text}}


def _truncate(text: str) -> str:
    return text if len(text) <= MAX_NOTE_LETTERS else text[:MAX_NOTE_LETTERS].rsplit(" ", 1)[0] + " …"
