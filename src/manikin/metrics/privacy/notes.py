"""Notes of patients: are theirs copied, are they named, and does a note speak of the patient beside it?"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pyarrow as pa
from scipy.stats import betabinom

from manikin.cohort.cohort import to_object_array
from manikin.contracts.metric import ExactResult, MetricDescription, metric
from manikin.contracts.split import Sample, Split, compute_once, compute_per_record
from manikin.downstream.note_mentions import compute_mention_lifts, find_mentioned_fields
from manikin.errors import Unsupported
from manikin.schema.kinds import SCALAR_TYPES
from manikin.stats.nearest_neighbors import CONFIDENCE_LEVEL
from manikin.stats.permutation import compute_fisher_p_value, compute_share_interval
from manikin.text import shared_spans
from manikin.text.identifier_patterns import NUMBER_KIND, find_identifiers
from manikin.text.note_fields import read_notes, tokenize_notes

if TYPE_CHECKING:
    from manikin.cohort.cohort import Cohort
    from manikin.text.tokenize import TokenStream

MIN_NOTES = 20  # notes that say anything
SPAN_LENGTHS = (8, 16, 32)  # words of a span
NEAR_SHARES = (0.05, 0.02, 0.01)
"""Shares of real notes that have so much in common with one training patient."""

MAX_QUERIES, MAX_SEARCHED = 2_000, 4_000  # real and synthetic notes that are compared as wholes
ZERO_NULL = np.zeros(8)  # never-seen notes have nothing beyond chance, by design
SPANS_SOURCE = (
    "Carlini et al. 2023, Quantifying memorization, definition 3.1; holdout as control: Giomi et al. 2023"
)
RARITY_SOURCE = "shingles: Broder 1997; rarity: Spärck Jones 1972; holdout as control: Giomi et al. 2023"
SAFE_HARBOUR_SOURCE = "HIPAA 45 CFR 164.514(b)(2); holdout as control: Giomi et al. 2023"


class HitCounts(NamedTuple):
    """Hits among synthetic and among real notes, and how probable so many are."""

    hits: int
    synthetic_total: int
    real_hits: int
    real_total: int

    @property
    def chance(self) -> float:
        """By Fisher's exact test."""
        return compute_fisher_p_value(self.hits, self.synthetic_total, self.real_hits, self.real_total)

    @property
    def excess(self) -> int:
        """How many are more than 99 in 100 sets of never-seen notes would have."""
        law = betabinom(self.synthetic_total, self.real_hits + 1, self.real_total - self.real_hits + 1)
        return max(self.hits - int(law.ppf(CONFIDENCE_LEVEL)), 0)


@metric(
    "privacy",
    MetricDescription(
        "Share of synthetic notes with a run of words of one training patient alone, beyond the real rate.",
        reading="""0 to 1; 0 is best. Runs of 8, 16 or 32 words, whichever shows most, that stand in
        the notes of one training patient and of no held-out one. Real notes have such runs too, of
        phrases that few use: how many, held-out notes and training notes among each other say.""",
        blind_spot="It cannot see a copy in other words.",
        source=SPANS_SOURCE,
    ),
    better="low",
    feature="text",
    floor="copies",
    reference="whole",
)
def copied_spans(split: Split) -> ExactResult:
    return _choose_strongest([_count_copied_spans(split, k) for k in SPAN_LENGTHS])


@metric(
    "privacy",
    MetricDescription(
        "Share of synthetic notes that have more in common with one training patient than real notes do.",
        reading="""0 to 1; 0 is best. What two have in common are runs of four words, each weighed with
        how rare it is among real patients; what they have in common with the next patient as well is
        taken off. Counted are notes above the level that 5, 2 or 1 in 100 real notes reach, whichever
        shows most, beyond chance.""",
        blind_spot="""It cannot see a copy in other words, nor that of a note which many patients might
        have.""",
        source=RARITY_SOURCE,
    ),
    better="low",
    feature="text",
    floor="copies",
    reference="whole",
)
def near_notes(split: Split) -> ExactResult:
    train, holdout, synthetic = split.train, split.holdout, split.synthetic
    if len(np.unique(train.subject)) < 3 or len(train) + len(holdout) < MIN_NOTES:  # noqa: PLR2004
        raise Unsupported(f"needs {MIN_NOTES} real notes to know how much strangers have in common")
    known = shared_spans.TrainingRuns.from_tokens(
        compute_per_record(train, tokenize_notes),
        train.subject,
        compute_per_record(holdout, tokenize_notes),
        holdout.subject,
    )
    rng = split.key.child("near notes").numpy()
    some, held = (rng.permutation(len(side))[:MAX_QUERIES] for side in (train, holdout))
    own, _ = known.measure_overlap(
        compute_per_record(train, tokenize_notes)[some], known.locate_subjects(train.subject[some])
    )
    other, _ = known.measure_overlap(
        compute_per_record(holdout, tokenize_notes)[held], np.full(len(held), -1)
    )
    new = rng.permutation(len(synthetic))[:MAX_SEARCHED]
    made = _drop_repeats(compute_per_record(synthetic, tokenize_notes)[np.sort(new)])
    found, whose = known.measure_overlap(made, None)
    real = np.concatenate([own, other])
    return _choose_strongest([_count_above(found, whose, real, level) for level in NEAR_SHARES])


def describe_identifying_notes(split: Split) -> str:
    """How many notes point to a person, and how many real ones do."""
    found, *_, shared = compute_once(split, _count_marks)
    real = f"(real {found.real_hits / found.real_total:.1%})"
    named = f"{found.hits / found.synthetic_total:.1%} of the notes point to a person {real}"
    return f"{named}; {shared.hits} as one training patient's do" if found.hits else ""


@metric(
    "privacy",
    MetricDescription(
        "Share of synthetic notes that point to a person, beyond the rate of real notes.",
        reading="""0 to 1; 0 is best. Addresses, telephone and record numbers, full dates, names after
        a title, by their form, all or numbers and addresses alone; or the same as in the notes of one
        training patient alone.""",
        blind_spot="""It cannot see a name without a title, and lets pass what real notes have as
        often: clean those first.""",
        source=SAFE_HARBOUR_SOURCE,
    ),
    better="low",
    feature="text",
    floor="copies",
    reference="whole",
    note=describe_identifying_notes,
)
def note_identifiers(split: Split) -> ExactResult:
    return _choose_strongest(compute_once(split, _count_marks), floor=1.0)


def shuffle_notes(split: Split) -> Cohort:
    """The floor: real notes beside the values of other patients."""
    cohort = split.synthetic.cohort
    order = pa.array(split.key.child("other rows").numpy().permutation(len(cohort)))
    columns = {
        name: column.take(order) if isinstance(cohort.schema[name], SCALAR_TYPES) else column
        for name, column in zip(cohort.schema, cohort.columns.columns, strict=True)
    }
    return replace(cohort, columns=pa.table(columns))


@metric(
    "fidelity",
    MetricDescription(
        "How much oftener notes spell out the values of their own record than those of another.",
        reading="-1 to 1: the mean over the fields of which real notes do so; the ceiling says how often.",
        blind_spot="""It sees notes that are beside the wrong patient; it cannot see a fact that is
        said in other words, or denied.""",
        source="by definition",
    ),
    better="high",
    feature="text",
    floor=shuffle_notes,
)
def note_facts(split: Split) -> float:
    fields = compute_once(split.train, find_mentioned_fields)
    if len(split.synthetic) < MIN_NOTES:
        raise Unsupported(f"fewer than {MIN_NOTES} notes")
    return float(np.mean(compute_mention_lifts(split.synthetic, fields)))


def _count_copied_spans(split: Split, k: int) -> HitCounts:
    """Notes with a run of k words that one other training patient has, and nobody else among real ones.

    Counted are the patients whose words they are, where these are fewer than the notes: templates that hit
    one patient by chance are no further evidence each time they are filled in.
    """
    train, holdout = (compute_per_record(side, tokenize_notes) for side in (split.train, split.holdout))
    mine, counts, owner = shared_spans.count_run_subjects(train, split.train.subject, k)
    theirs, others, _ = shared_spans.count_run_subjects(holdout, split.holdout.subject, k)
    elsewhere, once_held = np.isin(mine, theirs), np.isin(mine, theirs[others == 1])
    made = _drop_repeats(compute_per_record(split.synthetic, tokenize_notes))
    single, held = (counts == 1) & ~elsewhere, (counts == 1) & once_held
    hits, whose = shared_spans.find_notes_with_runs(made, k, mine[single])
    other, _ = shared_spans.find_notes_with_runs(holdout, k, mine[held])
    own, _ = shared_spans.find_notes_with_runs(train, k, mine[(counts == 2) & ~elsewhere])  # noqa: PLR2004 - and itself
    real = _count_subjects(split.holdout, other) + _count_subjects(split.train, own)
    known = _count_subjects(split.holdout) + _count_subjects(split.train)
    return HitCounts(min(len(hits), len(np.unique(owner[single][whose]))), made.note_count, real, known)


def _count_above(found: np.ndarray, whose: np.ndarray, real: np.ndarray, level: float) -> HitCounts:
    """How many reach what this share of real notes reach, or the patients they are near, if fewer."""
    least = np.quantile(real, 1 - level)
    hit = found > least
    hits = min(int(hit.sum()), len(np.unique(whose[hit])))
    return HitCounts(hits, len(found), int((real > least).sum()), len(real))


def _count_subjects(side: Sample, notes: np.ndarray | None = None) -> int:
    return len(np.unique(side.subject if notes is None else side.subject[notes]))


def _drop_repeats(found: TokenStream) -> TokenStream:
    """Each note once, however often it is repeated: repeats are no further evidence."""
    keys = [found.word_hashes[a:b].tobytes() for a, b in _list_edges(found)]
    first = {key: i for i, key in reversed(list(enumerate(keys)))}
    return found[np.array(sorted(first.values()), dtype=int)]


def _list_edges(found: TokenStream) -> list[tuple[int, int]]:
    end = np.cumsum(found.note_lengths)
    return list(zip((end - found.note_lengths).tolist(), end.tolist(), strict=True))


def _choose_strongest(found: list[HitCounts], floor: float | None = None) -> ExactResult:
    """The look that shows most; its chance is that of the best of so many."""
    best = min(found, key=lambda one: (one.chance, -one.hits / one.synthetic_total))
    return ExactResult(
        best.excess / best.synthetic_total,
        *compute_share_interval(best.excess, best.synthetic_total),
        ZERO_NULL,
        min(1.0, best.chance * len(found)),
        floor,
    )


def _find_marks(cohort: Cohort) -> np.ndarray:
    return to_object_array([frozenset(find_identifiers(text)) for text in read_notes(cohort)])


def _count_marks(split: Split) -> list[HitCounts]:
    """Notes that point to a person: at all, by number or address, and as those of one training patient."""
    train, holdout, made = (
        compute_per_record(side, _find_marks) for side in (split.train, split.holdout, split.synthetic)
    )
    real = np.concatenate([train, holdout])
    kinds = [
        HitCounts(_count_having(made, kind), len(made), _count_having(real, kind), len(real))
        for kind in (None, NUMBER_KIND)
    ]
    mine, theirs = _find_bearers(train, split.train.subject), _find_bearers(holdout, split.holdout.subject)
    single = {mark for mark, people in mine.items() if len(people) == 1}
    hits = sum(bool((one & single) - theirs.keys()) for one in made)
    control = sum(any(len(theirs[mark]) == 1 for mark in one & single) for one in holdout)
    return [*kinds, HitCounts(hits, len(made), control, len(holdout))]


def _count_having(found: np.ndarray, kind: str | None) -> int:
    """How many notes have a mark of this kind; None: of any."""
    return sum(any(kind in (None, what) for what, _ in one) for one in found)


def _find_bearers(found: np.ndarray, subject: np.ndarray) -> dict[tuple[str, str], set[int]]:
    out: dict[tuple[str, str], set[int]] = {}
    for one, person in zip(found, subject.tolist(), strict=True):
        for mark in one:
            out.setdefault(mark, set()).add(person)
    return out


__plugin__ = (copied_spans, near_notes, note_identifiers, note_facts)
