"""Texts: the words of notes, what they deny, how they run on, how long they are, how much they repeat."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from scipy.sparse import csr_matrix
from scipy.stats import ks_2samp

from manikin.contracts.metric import metric
from manikin.contracts.split import Sample, Split, compute_once, compute_per_record
from manikin.downstream.note_classifier import (
    compute_classifier_auroc,
    compute_idf,
    compute_tfidf,
    count_ngrams,
)
from manikin.errors import Unsupported
from manikin.stats.subject_folds import assign_subject_folds
from manikin.text import corrupt, negation
from manikin.text.document_terms import build_section_matrix, build_term_matrix, count_document_frequencies
from manikin.text.ngram_model import TrigramModel
from manikin.text.note_fields import read_notes, rewrite_notes, tokenize_notes
from manikin.text.self_bleu import compute_self_bleu
from manikin.text.tokenize import TokenStream, find_headings, hash_word, tokenize

if TYPE_CHECKING:
    from manikin.cohort.cohort import Cohort

MIN_NOTES = 20  # notes, or notes with a word, that say anything
MAX_COMPARED, FOLDS = 500, 4  # notes of a side that are told apart
MAX_TERMS, MAX_PAIRED_TERMS, MAX_DENIED_TERMS, MIN_LETTERS = (
    1_000,
    80,
    300,
    4,
)  # words looked at: alone, by twos, denied; letters of these
MAX_REPEATED = 200  # notes among which repeats are looked for
TRIGRAM_WORDS = 3
MIN_WORDS = 3  # words below which a note says nothing of how words follow one another
MIN_HEADING_SHARE, MIN_HEADED_SHARE = (
    0.02,
    0.2,
)  # shares of notes with a heading, and with any, from which on they are looked at
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


@metric("fidelity", better="low", source=LOPEZ, feature="text", cost="heavy")
def note_c2st_auc(split: Split) -> float:
    """How well a linear judge tells the notes from held-out ones by words and pairs: area under the curve.

    0.5: not at all; 1: always. Logistic regression on TF-IDF of words and of each two that follow one
    another, hashed. Clearly below 0.5 means twins. It cannot see what stands more than a word apart.
    """
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


@metric("fidelity", better="low", source=KNESER, feature="text")
def perplexity_distance(split: Split) -> float:
    """How far the notes' perplexity under a model of real notes is distributed from that of real notes.

    0 to 1; 0 is best. The model counts words, pairs and triples in half of the held-out notes; the other
    half shows what is usual. Unlike a mean perplexity it sees notes that are too smooth as well as odd
    ones; it cannot see what stands more than two words apart.
    """
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


@metric("fidelity", better="high", source=R2, feature="text", floor="uniform")
def term_prevalence(split: Split) -> float:
    """R² of the share of notes that have each word, over the thousand most frequent.

    Up to 1, which is best; shares are taken as the arcsine of their root, so that chance weighs alike for
    rare and for frequent words (Freeman and Tukey 1950). It cannot see which words stand together.
    """
    known = compute_once(split.train, _choose_terms)
    real, made = (_compute_term_shares(side, known) for side in _pick_sides(split))
    spread = float(((real - real.mean()) ** 2).sum())
    return 1.0 - float(((real - made) ** 2).sum()) / spread


@metric("fidelity", better="high", source=R2, feature="text")
def term_pairs(split: Split) -> float:
    """R² of how much oftener than by chance each two words stand in the same note, over 80 words.

    Up to 1, which is best; the covariances of their presence, over the words that vary most. It cannot see
    their order, or whether one is denied.
    """
    known, chosen = (
        compute_once(split.train, _choose_terms),
        compute_once(split.train, _choose_varying_terms),
    )
    real, made = (_compute_covariances(side, known, chosen) for side in _pick_sides(split))
    return 1.0 - float(((real - made) ** 2).sum()) / max(float((real**2).sum()), 1e-12)


@metric("fidelity", better="low", source=NEGEX, feature="text", floor=negate_notes)
def negation_distance(split: Split) -> float:
    """How far the share of mentions of a word that are denied is from the real one, the mean over words.

    0 to 1; 0 is best. "No effusion" denies, "effusion" affirms; words count as often as the side that has
    them less mentions them. The floor says the contrary in every sentence. The triggers are English.
    """
    known = compute_once(split.train, _choose_deniable_terms)
    parts = [
        np.asarray(compute_per_record(side, _count_denials, known).sum(axis=0)).ravel()
        for side in _pick_sides(split)
    ]
    (said, denied), (told, refused) = (np.split(part, 2) for part in parts)
    weight = np.minimum(said, told)
    if weight.sum() < MIN_NOTES:
        raise Unsupported("the notes have too few words in common")
    gap = np.abs(denied / np.maximum(said, 1) - refused / np.maximum(told, 1))
    return float(weight @ gap / weight.sum())


@metric("fidelity", better="low", source=KS, feature="text", floor=halve_notes)
def note_length_distance(split: Split) -> float:
    """How far the distribution of words per note lies from the real one.

    0 to 1; 0 is best. It cannot see which words they are.
    """
    return _compute_ks(
        *(compute_per_record(side, tokenize_notes).note_lengths for side in _pick_sides(split))
    )


@metric("fidelity", better="low", source="by definition", feature="text")
def section_distance(split: Split) -> float:
    """How far the share of notes with each heading, and with one before another, lies from the real one.

    0 to 1; 0 is best: the mean over headings and their orders of those differences. Asked where one
    training note in five has headings: capitals alone on a line, or what begins one before a colon.
    """
    known = compute_once(split.train, _find_headings)
    real, made = (
        compute_per_record(side, _measure_sections, known).mean(axis=0) for side in _pick_sides(split)
    )
    weight = np.maximum(real, made)
    return float(np.abs(real - made).sum() / max(weight.sum(), 1e-12))


@metric(
    "diversity",
    better="high",
    source="Li et al. 2016, A diversity-promoting objective function, section 5",
    feature="text",
    floor="collapsed",
)
def distinct_trigrams(split: Split) -> float:
    """How many different runs of three words there are, over those of real notes with as many words.

    Around 1 for real notes, less where the same phrases come again and again. Random words score high too:
    read it beside `perplexity_distance`.
    """
    real, made = (
        compute_per_record(side, tokenize_notes).hash_ngrams(TRIGRAM_WORDS)[0]
        for side in _pick_sides(split)
    )
    count = min(len(real), len(made))
    if count < MIN_NOTES:
        raise Unsupported("the notes are too short for runs of three words")
    return len(np.unique(made[:count])) / len(np.unique(real[:count]))


@metric(
    "diversity",
    better="low",
    source="Zhu et al. 2018, Texygen, section 3; Papineni et al. 2002",
    feature="text",
    floor="collapsed",
)
def self_bleu4(split: Split) -> float:
    """How much each note repeats the others: the mean BLEU-4 of 200 notes against one another.

    0 to 1; real notes repeat each other too, the ceiling says how much. It sees templates; it cannot see
    whether what is repeated is true.
    """
    some = compute_per_record(split.synthetic, tokenize_notes)[
        np.arange(min(len(split.synthetic), MAX_REPEATED))
    ]
    found = compute_self_bleu(some)
    if np.sum(~np.isnan(found)) < MIN_NOTES:
        raise Unsupported(f"fewer than {MIN_NOTES} notes of four words or more")
    return float(np.nanmean(found))


def _pick_sides(split: Split) -> tuple[Sample, Sample]:
    return split.holdout, split.synthetic


def _compute_ks(a: np.ndarray, b: np.ndarray) -> float:
    if min(len(a), len(b)) < MIN_NOTES:
        raise Unsupported(f"fewer than {MIN_NOTES} notes on a side")
    found: Any = ks_2samp(a, b, method="asymp")
    return float(found.statistic)


def _compute_surprises(model: TrigramModel, found: TokenStream) -> np.ndarray:
    return model.compute_surprisal(found)[found.note_lengths >= MIN_WORDS]


def _count_words(train: Sample) -> tuple[np.ndarray, np.ndarray]:
    word, count = count_document_frequencies(compute_per_record(train, tokenize_notes))
    enough = count >= MIN_NOTES
    if enough.sum() < MIN_NOTES:
        raise Unsupported(f"fewer than {MIN_NOTES} words stand in {MIN_NOTES} training notes")
    return word[enough], count[enough]


def _choose_terms(train: Sample) -> np.ndarray:
    """The words that most training notes have, rising."""
    word, count = compute_once(train, _count_words)
    return np.sort(word[np.argsort(-count, kind="stable")[:MAX_TERMS]])


def _choose_varying_terms(train: Sample) -> np.ndarray:
    """The places of the terms whose presence varies most."""
    count = np.asarray(
        compute_per_record(train, _has_terms, compute_once(train, _choose_terms)).sum(axis=0)
    ).ravel()
    return np.sort(np.argsort(-count * (len(train) - count), kind="stable")[:MAX_PAIRED_TERMS])


def _has_terms(cohort: Cohort, known: np.ndarray) -> csr_matrix:
    return build_term_matrix(tokenize_notes(cohort), known)


def _compute_term_shares(sample: Sample, known: np.ndarray) -> np.ndarray:
    shares = np.asarray(compute_per_record(sample, _has_terms, known).mean(axis=0)).ravel()
    return np.arcsin(np.sqrt(np.clip(shares, 0, 1)))


def _compute_covariances(sample: Sample, known: np.ndarray, chosen: np.ndarray) -> np.ndarray:
    """The covariances of presence, each pair once."""
    x = compute_per_record(sample, _has_terms, known)[:, chosen].toarray()
    return np.cov(x.T, ddof=0)[np.triu_indices(x.shape[1], 1)]


def _choose_deniable_terms(train: Sample) -> dict[str, int]:
    """The words of four letters or more that stand in most training notes."""
    enough = set(compute_once(train, _choose_terms).tolist())
    counts: dict[str, int] = {}
    for text in compute_per_record(train, read_notes)[:MAX_COMPARED]:
        for word in set(tokenize(text)):
            if len(word) >= MIN_LETTERS and hash_word(word) in enough:
                counts[word] = counts.get(word, 0) + 1
    order = sorted(counts, key=lambda word: (-counts[word], word))[:MAX_DENIED_TERMS]
    return {word: i for i, word in enumerate(order)}


def _count_denials(cohort: Cohort, known: dict[str, int]) -> csr_matrix:
    """How often each word is said, then how often denied, (n, 2 · words)."""
    return csr_matrix(np.hstack(negation.count_negated_words(read_notes(cohort).tolist(), known)))


def _find_headings(train: Sample) -> tuple[str, ...]:
    """The headings that training notes share."""
    found = [find_headings(text) for text in compute_per_record(train, read_notes)]
    if np.mean([bool(one) for one in found]) < MIN_HEADED_SHARE:
        raise Unsupported("the notes have no headings")
    counts: dict[str, int] = {}
    for one in found:
        for name in set(one):
            counts[name] = counts.get(name, 0) + 1
    return tuple(sorted(name for name, count in counts.items() if count >= MIN_HEADING_SHARE * len(found)))


def _measure_sections(cohort: Cohort, known: tuple[str, ...]) -> np.ndarray:
    return build_section_matrix(read_notes(cohort).tolist(), known)


__plugin__ = (
    note_c2st_auc,
    perplexity_distance,
    term_prevalence,
    term_pairs,
    negation_distance,
    note_length_distance,
    section_distance,
    distinct_trigrams,
    self_bleu4,
)
