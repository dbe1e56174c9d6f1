"""Notes: their words, what they deny, how they run on, how long they are, and their sections."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from manikin.contracts.metric import MetricDescription, metric
from manikin.contracts.split import Sample, Split, compute_once, compute_per_record
from manikin.downstream.note_classifier import (
    compute_classifier_auroc,
    compute_idf,
    compute_tfidf,
    count_ngrams,
)
from manikin.downstream.note_terms import (
    choose_deniable_terms,
    choose_headings,
    choose_terms,
    choose_varying_terms,
    compute_covariances,
    compute_term_shares,
    count_denials,
    measure_sections,
)
from manikin.errors import Unsupported
from manikin.stats.marginals import compute_ks_statistic
from manikin.stats.subject_folds import assign_subject_folds
from manikin.text import corrupt, negation
from manikin.text.ngram_model import TrigramModel
from manikin.text.note_fields import rewrite_notes, tokenize_notes

if TYPE_CHECKING:
    from manikin.cohort.cohort import Cohort
    from manikin.text.tokenize import TokenStream

MIN_NOTES = 20  # notes, or notes with a word, that say anything
MAX_COMPARED, FOLDS = 500, 4  # notes of a side that are told apart
MIN_WORDS = 3  # words below which a note says nothing of how words follow one another
KS = "Kolmogorov-Smirnov distance: Massey 1951"
NEGEX = "Chapman et al. 2001, A simple algorithm for identifying negated findings, NegEx"
LOPEZ = "Lopez-Paz and Oquab 2017; area as in Hanley and McNeil 1982"
KNESER = "Chen and Goodman 1999, equation 16: interpolated Kneser-Ney; " + KS
R2 = "R² of shares as in Theodorou et al. 2023, HALO, section Evaluation"


def halve_notes(split: Split) -> Cohort:
    """The floor of lengths: the first half of each note."""
    return rewrite_notes(split.synthetic.cohort, corrupt.truncate_notes)


def negate_notes(split: Split) -> Cohort:
    """The floor of negation: every sentence says the contrary."""
    return rewrite_notes(
        split.synthetic.cohort, lambda found: [negation.flip_negation(text) for text in found]
    )


@metric(
    "fidelity",
    MetricDescription(
        """How well a linear judge tells the notes from held-out ones by words and pairs: area under
        the curve.""",
        reading="""0.5: not at all; 1: always. Logistic regression on TF-IDF of words and of each two
        that follow one another, hashed. Clearly below 0.5 means twins.""",
        blind_spot="It cannot see what stands more than a word apart.",
        source=LOPEZ,
    ),
    better="low",
    feature="text",
    cost="heavy",
)
def note_c2st_auc(split: Split) -> float:
    sides = [
        side.take(np.arange(min(len(side), MAX_COMPARED))) for side in (split.holdout, split.synthetic)
    ]
    if min(len(side) for side in sides) < MIN_NOTES:
        raise Unsupported(f"fewer than {MIN_NOTES} notes on a side")
    rare = compute_once(split.train, compute_idf)
    x = compute_tfidf([compute_per_record(side, count_ngrams) for side in sides], rare)
    fake = np.repeat([False, True], [len(side) for side in sides])
    rng = split.key.child("notes").numpy()
    fold = np.concatenate([assign_subject_folds(side.subject, FOLDS, rng) for side in sides])
    found = [compute_classifier_auroc(x, fake, fold == f) for f in range(FOLDS)]
    return float(np.nanmean(found))


@metric(
    "fidelity",
    MetricDescription(
        "How far the notes' perplexity under a model of real notes is distributed from that of real notes.",
        reading="""0 to 1; 0 is best. The model counts words, pairs and triples in half of the held-out
        notes; the other half shows what is usual.""",
        blind_spot="""Unlike a mean perplexity it sees notes that are too smooth as well as odd ones;
        it cannot see what stands more than two words apart.""",
        source=KNESER,
    ),
    better="low",
    feature="text",
)
def perplexity_distance(split: Split) -> float:
    held = compute_per_record(split.holdout, tokenize_notes)
    subject = split.holdout.subject
    if len(np.unique(subject)) < 2 * MIN_NOTES:
        raise Unsupported(f"fewer than {2 * MIN_NOTES} held-out subjects")
    half = assign_subject_folds(subject, 2, split.key.child("halves").numpy()) == 1
    found = []
    for part in (half, ~half):
        model = TrigramModel.from_tokens(held[np.flatnonzero(part)])
        usual = _compute_surprises(model, held[np.flatnonzero(~part)])
        found.append(
            _compute_ks(
                usual, _compute_surprises(model, compute_per_record(split.synthetic, tokenize_notes))
            )
        )
    return float(np.mean(found))


@metric(
    "fidelity",
    MetricDescription(
        "R² of the share of notes that have each word, over the thousand most frequent.",
        reading="""Up to 1, which is best; shares are taken as the arcsine of their root, so that
        chance weighs alike for rare and for frequent words (Freeman and Tukey 1950).""",
        blind_spot="It cannot see which words stand together.",
        source=R2,
    ),
    better="high",
    feature="text",
    floor="uniform",
)
def term_prevalence(split: Split) -> float:
    known = compute_once(split.train, choose_terms)
    real, made = (compute_term_shares(side, known) for side in _pick_sides(split))
    spread = float(((real - real.mean()) ** 2).sum())
    return 1.0 - float(((real - made) ** 2).sum()) / spread


@metric(
    "fidelity",
    MetricDescription(
        "R² of how much oftener than by chance each two words stand in the same note, over 80 words.",
        reading="Up to 1, which is best; the covariances of their presence, over the words that vary most.",
        blind_spot="It cannot see their order, or whether one is denied.",
        source=R2,
    ),
    better="high",
    feature="text",
)
def term_pairs(split: Split) -> float:
    known, chosen = (
        compute_once(split.train, choose_terms),
        compute_once(split.train, choose_varying_terms),
    )
    real, made = (compute_covariances(side, known, chosen) for side in _pick_sides(split))
    return 1.0 - float(((real - made) ** 2).sum()) / max(float((real**2).sum()), 1e-12)


@metric(
    "fidelity",
    MetricDescription(
        """How far the share of mentions of a word that are denied is from the real one, the mean over
        words.""",
        reading="""0 to 1; 0 is best. "No effusion" denies, "effusion" affirms; words count as often as
        the side that has them less mentions them. The floor says the contrary in every sentence. The
        triggers are English.""",
        source=NEGEX,
    ),
    better="low",
    feature="text",
    floor=negate_notes,
)
def negation_distance(split: Split) -> float:
    known = compute_once(split.train, choose_deniable_terms)
    parts = [
        np.asarray(compute_per_record(side, count_denials, known).sum(axis=0)).ravel()
        for side in _pick_sides(split)
    ]
    (said, denied), (told, refused) = (np.split(part, 2) for part in parts)
    weight = np.minimum(said, told)
    if weight.sum() < MIN_NOTES:
        raise Unsupported("the notes have too few words in common")
    gap = np.abs(denied / np.maximum(said, 1) - refused / np.maximum(told, 1))
    return float(weight @ gap / weight.sum())


@metric(
    "fidelity",
    MetricDescription(
        "How far the distribution of words per note lies from the real one.",
        reading="0 to 1; 0 is best.",
        blind_spot="It cannot see which words they are.",
        source=KS,
    ),
    better="low",
    feature="text",
    floor=halve_notes,
)
def note_length_distance(split: Split) -> float:
    return _compute_ks(
        *(compute_per_record(side, tokenize_notes).note_lengths for side in _pick_sides(split))
    )


@metric(
    "fidelity",
    MetricDescription(
        """How far the share of notes with each heading, and with one before another, lies from the
        real one.""",
        reading="""0 to 1; 0 is best: the mean over headings and their orders of those differences.
        Asked where one training note in five has headings: capitals alone on a line, or what begins
        one before a colon.""",
        source="by definition",
    ),
    better="low",
    feature="text",
)
def section_distance(split: Split) -> float:
    known = compute_once(split.train, choose_headings)
    real, made = (
        compute_per_record(side, measure_sections, known).mean(axis=0) for side in _pick_sides(split)
    )
    weight = np.maximum(real, made)
    return float(np.abs(real - made).sum() / max(weight.sum(), 1e-12))


def _pick_sides(split: Split) -> tuple[Sample, Sample]:
    return split.holdout, split.synthetic


def _compute_ks(a: np.ndarray, b: np.ndarray) -> float:
    if min(len(a), len(b)) < MIN_NOTES:
        raise Unsupported(f"fewer than {MIN_NOTES} notes on a side")
    return compute_ks_statistic(a, b)


def _compute_surprises(model: TrigramModel, found: TokenStream) -> np.ndarray:
    return model.compute_surprisal(found)[found.note_lengths >= MIN_WORDS]


__plugin__ = (
    note_c2st_auc,
    perplexity_distance,
    term_prevalence,
    term_pairs,
    negation_distance,
    note_length_distance,
    section_distance,
)
