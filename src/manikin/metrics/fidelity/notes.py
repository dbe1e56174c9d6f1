"""Texts: the words of notes, what they deny, how they run on, how long they are, how much they repeat."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from scipy.sparse import csr_matrix
from scipy.stats import ks_2samp

from manikin.contracts.metric import Sample, Split, each, metric, once
from manikin.downstream.note_classifier import grams, rarity, told, weighed
from manikin.errors import Unsupported
from manikin.text import corrupt, negation
from manikin.text.document_terms import frequencies, has, sections
from manikin.text.ngram_model import Grams
from manikin.text.note_fields import changed, running, texts
from manikin.text.self_bleu import self_bleu
from manikin.text.tokenize import Running, headings, mark, words

if TYPE_CHECKING:
    from manikin.cohort.cohort import Cohort

FEWEST = 20  # notes, or notes with a word, that say anything
COMPARED, FOLDS = 500, 4  # notes of a side that are told apart
TERMS, PAIRED, DENIED, LETTERS = (
    1_000,
    80,
    300,
    4,
)  # words looked at: alone, by twos, denied; letters of these
REPEATED = 200  # notes among which repeats are looked for
TRIPLES = 3
SHORT = 3  # words below which a note says nothing of how words follow one another
COMMON, HEADED = 0.02, 0.2  # shares of notes with a heading, and with any, from which on they are looked at
KS = "Kolmogorov-Smirnov distance: Massey 1951"
NEGEX = "Chapman et al. 2001, A simple algorithm for identifying negated findings, NegEx"
LOPEZ = "Lopez-Paz and Oquab 2017; area as in Hanley and McNeil 1982"
KNESER = "Chen and Goodman 1999, equation 16: interpolated Kneser-Ney; " + KS
R2 = "R² of shares as in Theodorou et al. 2023, HALO, section Evaluation"


def halved(split: Split) -> Cohort:
    """The floor of lengths: the first half of each note."""
    return changed(split.synthetic.cohort, corrupt.halved)


def flipped(split: Split) -> Cohort:
    """The floor of negation: every sentence says the contrary."""
    return changed(split.synthetic.cohort, lambda found: [negation.flipped(text) for text in found])


@metric("fidelity", better="low", source=LOPEZ, feature="text", cost="heavy")
def note_c2st_auc(split: Split) -> float:
    """How well a linear judge tells the notes from held-out ones by words and pairs: area under the curve.

    0.5: not at all; 1: always. Logistic regression on TF-IDF of words and of each two that follow one
    another, hashed. Clearly below 0.5 means twins. It cannot see what stands more than a word apart.
    """
    sides = [side.take(np.arange(min(len(side), COMPARED))) for side in (split.holdout, split.synthetic)]
    if min(len(side) for side in sides) < FEWEST:
        raise Unsupported(f"fewer than {FEWEST} notes on a side")
    rare = once(split.train, rarity)
    x = weighed([each(side, grams) for side in sides], rare)
    fake = np.repeat([False, True], [len(side) for side in sides])
    rng = split.key.child("notes").numpy()
    fold = np.concatenate([_dealt(side, rng) for side in sides])
    found = [told(x, fake, fold == f) for f in range(FOLDS)]
    return float(np.nanmean(found))


@metric("fidelity", better="low", source=KNESER, feature="text")
def perplexity_distance(split: Split) -> float:
    """How far the notes' perplexity under a model of real notes is distributed from that of real notes.

    0 to 1; 0 is best. The model counts words, pairs and triples in half of the held-out notes; the other
    half shows what is usual. Unlike a mean perplexity it sees notes that are too smooth as well as odd
    ones; it cannot see what stands more than two words apart.
    """
    held = each(split.holdout, running)
    _, subject = np.unique(split.holdout.subject, return_inverse=True)
    if subject.max(initial=0) + 1 < 2 * FEWEST:
        raise Unsupported(f"fewer than {2 * FEWEST} held-out subjects")
    half = split.key.child("halves").numpy().permutation(subject.max() + 1)[subject] % 2 == 1
    found = []
    for part in (half, ~half):
        model = Grams.of(held[np.flatnonzero(part)])
        usual = _surprises(model, held[np.flatnonzero(~part)])
        found.append(_apart(usual, _surprises(model, each(split.synthetic, running))))
    return float(np.mean(found))


@metric("fidelity", better="high", source=R2, feature="text", floor="uniform")
def term_prevalence(split: Split) -> float:
    """R² of the share of notes that have each word, over the thousand most frequent.

    Up to 1, which is best; shares are taken as the arcsine of their root, so that chance weighs alike for
    rare and for frequent words (Freeman and Tukey 1950). It cannot see which words stand together.
    """
    known = once(split.train, _terms)
    real, made = (_shares(side, known) for side in _sides(split))
    spread = float(((real - real.mean()) ** 2).sum())
    return 1.0 - float(((real - made) ** 2).sum()) / spread


@metric("fidelity", better="high", source=R2, feature="text")
def term_pairs(split: Split) -> float:
    """R² of how much oftener than by chance each two words stand in the same note, over 80 words.

    Up to 1, which is best; the covariances of their presence, over the words that vary most. It cannot see
    their order, or whether one is denied.
    """
    known, chosen = once(split.train, _terms), once(split.train, _varying)
    real, made = (_together(side, known, chosen) for side in _sides(split))
    return 1.0 - float(((real - made) ** 2).sum()) / max(float((real**2).sum()), 1e-12)


@metric("fidelity", better="low", source=NEGEX, feature="text", floor=flipped)
def negation_distance(split: Split) -> float:
    """How far the share of mentions of a word that are denied is from the real one, the mean over words.

    0 to 1; 0 is best. "No effusion" denies, "effusion" affirms; words count as often as the side that has
    them less mentions them. The floor says the contrary in every sentence. The triggers are English.
    """
    known = once(split.train, _deniable)
    parts = [np.asarray(each(side, _denials, known).sum(axis=0)).ravel() for side in _sides(split)]
    (said, denied), (told, refused) = (np.split(part, 2) for part in parts)
    weight = np.minimum(said, told)
    if weight.sum() < FEWEST:
        raise Unsupported("the notes have too few words in common")
    gap = np.abs(denied / np.maximum(said, 1) - refused / np.maximum(told, 1))
    return float(weight @ gap / weight.sum())


@metric("fidelity", better="low", source=KS, feature="text", floor=halved)
def note_length_distance(split: Split) -> float:
    """How far the distribution of words per note lies from the real one.

    0 to 1; 0 is best. It cannot see which words they are.
    """
    return _apart(*(each(side, running).sizes for side in _sides(split)))


@metric("fidelity", better="low", source="by definition", feature="text")
def section_distance(split: Split) -> float:
    """How far the share of notes with each heading, and with one before another, lies from the real one.

    0 to 1; 0 is best: the mean over headings and their orders of those differences. Asked where one
    training note in five has headings: capitals alone on a line, or what begins one before a colon.
    """
    known = once(split.train, _headed)
    real, made = (each(side, _sections, known).mean(axis=0) for side in _sides(split))
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
    real, made = (each(side, running).runs(TRIPLES)[0] for side in _sides(split))
    count = min(len(real), len(made))
    if count < FEWEST:
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
    some = each(split.synthetic, running)[np.arange(min(len(split.synthetic), REPEATED))]
    found = self_bleu(some)
    if np.sum(~np.isnan(found)) < FEWEST:
        raise Unsupported(f"fewer than {FEWEST} notes of four words or more")
    return float(np.nanmean(found))


def _sides(split: Split) -> tuple[Sample, Sample]:
    return split.holdout, split.synthetic


def _apart(a: np.ndarray, b: np.ndarray) -> float:
    if min(len(a), len(b)) < FEWEST:
        raise Unsupported(f"fewer than {FEWEST} notes on a side")
    found: Any = ks_2samp(a, b, method="asymp")
    return float(found.statistic)


def _dealt(side: Sample, rng: np.random.Generator) -> np.ndarray:
    """The fold of each note; those of a subject share one."""
    _, subject = np.unique(side.subject, return_inverse=True)
    return (rng.permutation(subject.max() + 1) % FOLDS)[subject]


def _surprises(model: Grams, found: Running) -> np.ndarray:
    return model.surprise(found)[found.sizes >= SHORT]


def _frequencies(train: Sample) -> tuple[np.ndarray, np.ndarray]:
    word, count = frequencies(each(train, running))
    enough = count >= FEWEST
    if enough.sum() < FEWEST:
        raise Unsupported(f"fewer than {FEWEST} words stand in {FEWEST} training notes")
    return word[enough], count[enough]


def _terms(train: Sample) -> np.ndarray:
    """The words that most training notes have, rising."""
    word, count = once(train, _frequencies)
    return np.sort(word[np.argsort(-count, kind="stable")[:TERMS]])


def _varying(train: Sample) -> np.ndarray:
    """The places of the terms whose presence varies most."""
    count = np.asarray(each(train, _having, once(train, _terms)).sum(axis=0)).ravel()
    return np.sort(np.argsort(-count * (len(train) - count), kind="stable")[:PAIRED])


def _having(cohort: Cohort, known: np.ndarray) -> csr_matrix:
    return has(running(cohort), known)


def _shares(sample: Sample, known: np.ndarray) -> np.ndarray:
    shares = np.asarray(each(sample, _having, known).mean(axis=0)).ravel()
    return np.arcsin(np.sqrt(np.clip(shares, 0, 1)))


def _together(sample: Sample, known: np.ndarray, chosen: np.ndarray) -> np.ndarray:
    """The covariances of presence, each pair once."""
    x = each(sample, _having, known)[:, chosen].toarray()
    return np.cov(x.T, ddof=0)[np.triu_indices(x.shape[1], 1)]


def _deniable(train: Sample) -> dict[str, int]:
    """The words of four letters or more that stand in most training notes."""
    enough = set(once(train, _terms).tolist())
    counts: dict[str, int] = {}
    for text in each(train, texts)[:COMPARED]:
        for word in set(words(text)):
            if len(word) >= LETTERS and mark(word) in enough:
                counts[word] = counts.get(word, 0) + 1
    order = sorted(counts, key=lambda word: (-counts[word], word))[:DENIED]
    return {word: i for i, word in enumerate(order)}


def _denials(cohort: Cohort, known: dict[str, int]) -> csr_matrix:
    """How often each word is said, then how often denied, (n, 2 · words)."""
    return csr_matrix(np.hstack(negation.denials(texts(cohort).tolist(), known)))


def _headed(train: Sample) -> tuple[str, ...]:
    """The headings that training notes share."""
    found = [headings(text) for text in each(train, texts)]
    if np.mean([bool(one) for one in found]) < HEADED:
        raise Unsupported("the notes have no headings")
    counts: dict[str, int] = {}
    for one in found:
        for name in set(one):
            counts[name] = counts.get(name, 0) + 1
    return tuple(sorted(name for name, count in counts.items() if count >= COMMON * len(found)))


def _sections(cohort: Cohort, known: tuple[str, ...]) -> np.ndarray:
    return sections(texts(cohort).tolist(), known)


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
