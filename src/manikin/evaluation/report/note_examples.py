"""Excerpts: synthetic notes for the card beside the values of their records; never a real patient's words.

Left out is what lies suspiciously near a training note: one that equals it, that has a run of eight words
of one training patient alone, or more in common with one than nine in ten held-out notes have; and what
points to a person.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from manikin.cohort.scalar_matrix import spelling
from manikin.evaluation.report.image_examples import groups
from manikin.text import shared_spans
from manikin.text.identifier_patterns import marks
from manikin.text.note_fields import notes, running, texts
from manikin.text.tokenize import words

if TYPE_CHECKING:
    from manikin.cohort.cohort import Cohort
    from manikin.core.seeds import Key
    from manikin.evaluation.measuring.evaluation_data import Sides

GROUPS, EACH = 4, 2  # classes that have notes of their own, and how many
DRAWN = 12  # notes of a class among which they are chosen
FIELDS = 8  # values beside a note
LONGEST = 700  # letters of a note that are shown
CONTROL, KNOWN = 200, 4_000  # held-out notes that say how near is usual; training notes looked at
USUAL = 0.9  # share of held-out notes that are less near, beyond which a note is not shown
RUN = 8  # words


def excerpts(sides: Sides, key: Key) -> list[dict[str, Any]]:
    """Synthetic notes, each with its group, the values of its record and what is written, field by field.

    Args:
        sides: All records, through any feature.
        key: Which notes are shown.
    """
    cohort = sides.synthetic.whole
    drawn = {
        group: np.sort(key.child("excerpts", group).numpy().permutation(rows)[:DRAWN])
        for group, rows in list(groups(cohort, sides.question.label).items())[:GROUPS]
    }
    asked = np.concatenate([np.zeros(0, dtype=int), *drawn.values()])
    fine = dict(zip(asked.tolist(), strangers(sides, asked, key).tolist(), strict=True))
    return [
        {"group": group, **_shown(cohort.take(np.array([row])))}
        for group, rows in drawn.items()
        for row in [row for row in rows.tolist() if fine[row]][:EACH]
    ]


def strangers(sides: Sides, rows: np.ndarray, key: Key) -> np.ndarray:
    """Which synthetic notes may be shown, bool (n,)."""
    rng = key.child("known").numpy()
    some = rng.permutation(len(sides.train))[:KNOWN]
    held = rng.permutation(len(sides.holdout))[:CONTROL]
    train, owner = sides.train.whole.take(some), sides.train.subject[some]
    holdout, stranger = sides.holdout.whole.take(held), sides.holdout.subject[held]
    asked = sides.synthetic.whole.take(rows)
    known = shared_spans.Known.of(running(train), owner, running(holdout), stranger)
    usual, _ = known.shared(running(holdout), np.full(len(held), -1))
    near, _ = known.shared(running(asked), None)
    runs, people, _ = shared_spans.owners(running(sides.train.whole), sides.train.subject, RUN)
    found = near <= np.quantile(usual, USUAL)
    found[shared_spans.having(running(asked), RUN, runs[people == 1])[0]] = False
    real = {tuple(words(text)) for text in texts(sides.train.whole)}
    plain = [not marks(text) and tuple(words(text)) not in real for text in texts(asked)]
    return found & np.array(plain, dtype=bool)


def _shown(one: Cohort) -> dict[str, Any]:
    """The values and the notes of one record."""
    known = [name for name in one.schema.scalars if one.columns[name].null_count == 0][:FIELDS]
    values = {name: spelling(one.columns[name][0].as_py()) for name in known}
    said = {name: one.columns[name][0].as_py() for name in notes(one.schema)}
    return {"values": values, "notes": {name: _cut(text) for name, text in said.items() if text}}


def _cut(text: str) -> str:
    return text if len(text) <= LONGEST else text[:LONGEST].rsplit(" ", 1)[0] + " …"
