"""Canaries: invented phrases planted into training notes, and how far a generator has them by heart.

A phrase is words drawn at random, so nothing but its presence in training can make it likelier than others
drawn in the same way. Its exposure is log2 of how many phrases there are over its rank among them (Carlini
et al. 2019, The Secret Sharer, definition 3). Ranks are by the loss of a model where one is given, else by
counts of words, pairs and triples in the notes that it wrote (Meeus et al. 2025, The Canary's Echo).

The judge imports no generator: the caller gives `refit(cohort, seed) -> synthetic cohort`, or losses.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
from scipy.stats import rankdata

from manikin.cohort.edit import replace_columns
from manikin.contracts.metric import MetricDescription
from manikin.core.seeds import Key
from manikin.errors import UsageError
from manikin.evaluation.score import Score, Thresholds, decide_verdict
from manikin.text.ngram_model import TrigramModel
from manikin.text.note_fields import detect_note_fields, tokenize_notes
from manikin.text.tokenize import TokenStream, tokenize

if TYPE_CHECKING:
    from collections.abc import Callable

    from manikin.cohort.cohort import Cohort

WORDS_PER_PHRASE = 6  # of a phrase
UNPLANTED_PER_PHRASE = 511  # phrases that were not planted, for each that was: nine bits at most
MAX_POOL_WORDS, MIN_WORD_LETTERS, MIN_WORD_SUBJECTS = 200, 4, 5
"""Usual words, of so many letters, that so many subjects share."""

NULL_DRAWS = 4_000  # of exposures by chance
NORMAL_QUANTILE_975 = 1.96
SCORE_NAME = "canary_exposure"
SCORE_DESCRIPTIONS = {
    SCORE_NAME: MetricDescription(
        "How far phrases that stood in one training note can be told from phrases that stood in none.",
        reading="""In bits, the mean over twenty invented phrases, by the notes that the generator
        writes once they are planted: about 1.4 by chance, 9 if every one can be read back.""",
        blind_spot="""It cannot see what one who holds the model itself can read from it; exposure with
        the losses of the model tells.""",
        source="Carlini et al. 2019, The Secret Sharer, definition 3; Meeus et al. 2025, The Canary's Echo",
    )
}
THRESHOLDS = Thresholds(0.9, 0.8)  # in calibrated scores: exposures of 2.2 and 2.9 bits


@dataclass(frozen=True, eq=False)
class Canaries:
    """Training records with planted phrases.

    Args:
        cohort: The records; the phrases stand before some of their notes.
        field: The field of notes.
        rows: In which records each phrase stands, shape (phrases, copies).
        phrases: For each planted phrase, that one and then those that were not planted.
        original_cohort: The records as they were.
    """

    cohort: Cohort
    field: str
    rows: np.ndarray
    phrases: list[list[str]]
    original_cohort: Cohort

    @property
    def max_exposure(self) -> float:
        """The exposure of a phrase that is likelier than all others, in bits."""
        return float(np.log2(len(self.phrases[0])))

    @property
    def chance_exposure(self) -> float:
        """The mean exposure by chance, in bits."""
        return float(np.mean(self.max_exposure - np.log2(np.arange(1, len(self.phrases[0]) + 1))))

    def build_candidates(self, i: int) -> Cohort:
        """The record in which phrase i was planted first, once with each phrase, the planted one first."""
        one = self.original_cohort.take(np.full(len(self.phrases[i]), self.rows[i, 0]))
        note = one.columns[self.field][0].as_py() or ""
        return _replace_notes(
            one, self.field, [_prepend_phrase(phrase, note) for phrase in self.phrases[i]]
        )


def plant_canaries(
    train: Cohort, field: str | None = None, *, count: int = 20, copies: int = 1, seed: int = 0
) -> Canaries:
    """Plant invented phrases into training notes.

    Args:
        train: The records that a generator would learn from.
        field: The field of notes; None: the first that there is.
        count: How many phrases.
        copies: In the notes of how many subjects each stands.
        seed: The same seed plants the same phrases.

    Raises:
        UsageError: There are no notes, too few subjects, or hardly a word that several share.

    Example:
        >>> from manikin.datasets.notes import generate_toy_notes
        >>> planted = plant_canaries(generate_toy_notes(200, seed=0), count=3)
        >>> note = planted.cohort[planted.field][planted.rows[1, 0]]
        >>> note.startswith(planted.phrases[1][0]), len(planted.phrases[1])
        (True, 512)
    """
    fields = detect_note_fields(train)
    name = field or next(iter(fields), None)
    if name not in fields:
        raise UsageError("canaries are planted into notes; name a field of text of several words")
    rng, texts = Key(seed).child("canaries").numpy(), train.columns[name].to_pylist()
    pool = _collect_words(texts, train.subject.tolist())
    subjects = rng.permutation(np.unique(train.subject[[text is not None for text in texts]]))
    if len(pool) < WORDS_PER_PHRASE or len(subjects) < count * copies:
        raise UsageError(
            f"{count} phrases in {copies} notes each need {count * copies} subjects with notes, and "
            f"{WORDS_PER_PHRASE} words that {MIN_WORD_SUBJECTS} subjects share; "
            f"there are {len(subjects)} and {len(pool)}"
        )
    known = {subject: row for row, subject in enumerate(train.subject.tolist()) if texts[row] is not None}
    chosen = subjects[: count * copies].reshape(count, copies)
    rows = np.array([[known[subject] for subject in part] for part in chosen.tolist()])
    phrases = [[_draw_phrase(pool, rng) for _ in range(UNPLANTED_PER_PHRASE + 1)] for _ in range(count)]
    for i, part in enumerate(rows.tolist()):
        for row in part:
            texts[row] = _prepend_phrase(phrases[i][0], texts[row])
    return Canaries(_replace_notes(train, name, texts), name, rows, phrases, train)


def compute_exposure(
    planted: Canaries,
    notes: Cohort | None = None,
    *,
    losses: Callable[[Cohort], np.ndarray] | None = None,
) -> np.ndarray:
    """The exposure of each phrase, in bits, shape (phrases,): 0 to 9, and 1.4 in the mean by chance.

    Args:
        planted: From `plant_canaries`.
        notes: What a generator wrote that was fitted to `planted.cohort`.
        losses: `(cohort) -> (n,)`: how badly the generator itself foretells each record, such as the
            `losses` of a fitted `Synthesizer`; more telling than its notes.

    Raises:
        UsageError: Neither or both are given.
    """
    if (notes is None) == (losses is None):
        raise UsageError("give what the generator wrote, or its losses")
    if losses is not None:
        found = [losses(planted.build_candidates(i)) for i in range(len(planted.phrases))]
    else:
        model = TrigramModel.from_tokens(tokenize_notes(notes))  # pyright: ignore[reportArgumentType] - notes where there are no losses
        found = [model.compute_surprisal(TokenStream.from_notes(phrases)) for phrases in planted.phrases]
    return planted.max_exposure - np.log2([rankdata(one)[0] for one in found])


def draw_null_exposures(planted: Canaries, key: Key) -> np.ndarray:
    """Mean exposures of as many phrases that nothing has learned, shape (draws,)."""
    ranks = key.numpy().integers(1, len(planted.phrases[0]) + 1, (NULL_DRAWS, len(planted.phrases)))
    return planted.max_exposure - np.log2(ranks).mean(axis=1)


def compute_canary_score(
    refit: Callable[[Cohort, int], Cohort], train: Cohort, field: str | None = None, *, seed: int = 0
) -> Score:
    """The attack as a score of the axis privacy, `canary_exposure`, for `mk.Scorecard.with_scores`.

    Args:
        refit: `(cohort, seed) -> synthetic cohort`, as of a fitted `Synthesizer`; asked once.
        train: The records that the judged generator learned from.
        field: The field of notes; None: the first that there is.
        seed: The same seed plants alike.
    """
    planted = plant_canaries(train, field, count=min(20, len(np.unique(train.subject)) // 2), seed=seed)
    key = Key(seed).child("canaries", "refit")
    return score_exposure(
        planted, compute_exposure(planted, refit(planted.cohort, key.integer() % 2**31)), key
    )


def score_exposure(planted: Canaries, bits: np.ndarray, key: Key) -> Score:
    """The mean exposure as a score of the axis privacy."""
    null = draw_null_exposures(planted, key)
    value, reach = float(bits.mean()), NORMAL_QUANTILE_975 * float(null.std())
    low, high = max(value - reach, 0.0), min(value + reach, planted.max_exposure)
    whole = planted.max_exposure - planted.chance_exposure
    calibrated, worst = ((planted.max_exposure - end) / whole for end in (value, high))
    chance = float((1 + (null >= value).sum()) / (1 + len(null)))
    least, most = planted.chance_exposure, planted.max_exposure
    note = f"{len(bits)} phrases planted once: {value:.1f} of {most:.0f} bits, by chance {least:.1f}"
    return Score(
        SCORE_NAME,
        "privacy",
        value,
        low,
        high,
        floor=planted.max_exposure,
        ceiling=planted.chance_exposure,
        calibrated=calibrated,
        better="low",
        verdict=decide_verdict(calibrated, worst, chance, THRESHOLDS),
        note=note,
    )


def _collect_words(texts: list[str | None], subject: list[int]) -> list[str]:
    """The most usual words that several subjects share."""
    people: dict[str, set[int]] = {}
    for text, whose in zip(texts, subject, strict=True):
        for word in tokenize(text or ""):
            if len(word) >= MIN_WORD_LETTERS and word.isalpha():
                people.setdefault(word, set()).add(whose)
    usual = sorted(
        (word for word in people if len(people[word]) >= MIN_WORD_SUBJECTS),
        key=lambda w: (-len(people[w]), w),
    )
    return usual[:MAX_POOL_WORDS]


def _draw_phrase(pool: list[str], rng: np.random.Generator) -> str:
    return (
        " ".join(pool[i] for i in rng.choice(len(pool), WORDS_PER_PHRASE, replace=False)).capitalize() + "."
    )


def _prepend_phrase(phrase: str, note: str) -> str:
    return f"{phrase} {note}"


def _replace_notes(cohort: Cohort, field: str, texts: list[str | None]) -> Cohort:
    return replace_columns(cohort, {field: pa.array(texts, cohort.columns[field].type)})
