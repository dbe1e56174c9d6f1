"""Notes: what a family writes from a label, against held-out notes.

    OMP_NUM_THREADS=1 python benchmarks/notes.py --data DATA [--families templates] [--canaries]

A quarter of the notes is held out. Given the label of each training note, as many are written. A linear
classifier of words and pairs (TF-IDF) learns the label from them and is tested on the held-out ones (TSTR),
beside one that learns from the real ones (TRTR): accuracy, F1 and area under the curve as means over the
labels of ten held-out notes or more, and F1 over rarer ones of three to nine. Spans: share of runs of eight
words that stand in training.
Canaries: 20 phrases planted once, exposure in bits (1.4 by chance, 9 at most) by what is written and where
the family has one by its loss. Perplexity: of a piece of a held-out note, beside that by interpolated
Kneser-Ney over three pieces. Minutes are CPU minutes. Printed: Markdown.
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from clock import processor
from lines import line
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import f1_score, roc_auc_score
from text_sets import labelled

import manikin as mk
from manikin.encoding.grammar import END
from manikin.errors import Unsupported
from manikin.evaluation.attacks.canaries import compute_exposure, plant_canaries
from manikin.text.ngram_model import TrigramModel
from manikin.text.tokenize import TokenStream

if TYPE_CHECKING:
    from manikin.contracts.codec import Codec
    from manikin.evaluation.attacks.canaries import Canaries

FEWEST, RARE, WORDS = 10, 3, 8
COLUMNS = (
    *("", "accuracy", "F1", "AUROC", "F1, rare", "spans of 8, %", "canaries by notes", "by loss"),
    *("notes/s", "fit s", "perplexity", "Kneser-Ney"),
)


def main() -> None:
    given = arguments()
    processor()
    for name in given.sets.split(","):
        cohort = labelled(name, Path(given.data))
        for seed in range(given.first, given.first + given.seeds):
            train, holdout = cohort.split(0.25, seed=seed)
            print(f"\n{name}, split {seed}: {len(train)} notes, {len(holdout)} held out")
            print(line(COLUMNS), line(["---"] * len(COLUMNS)), sep="\n")
            real = used(train, holdout)
            print(
                line(("*real*", *shown(real, real), f"{spans(holdout, train):.1f}", *[""] * 6)), flush=True
            )
            for family in given.families.split(","):
                print(row(family, train, holdout, real, given, seed), flush=True)


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", default="data")
    parser.add_argument("--sets", default="mts_dialog,indiana")
    parser.add_argument("--families", default="templates")
    parser.add_argument("--minutes", type=float, default=15)
    parser.add_argument("--seeds", type=int, default=1)
    parser.add_argument("--first", type=int, default=0)
    parser.add_argument("--canaries", action="store_true")
    return parser.parse_args()


def row(
    family: str,
    train: mk.Cohort,
    holdout: mk.Cohort,
    real: np.ndarray,
    given: argparse.Namespace,
    seed: int,
) -> str:
    planted = plant_canaries(train, "note", seed=seed) if given.canaries else None
    learn = train if planted is None else planted.cohort
    clock = [time.process_time()]
    training = mk.Training(minutes=given.minutes)
    model = mk.Synthesizer("note", "label", family, training=training, seed=seed).fit(learn, quiet=True)
    clock.append(time.process_time())
    drawn = model.sample(condition=train.select("label"), seed=seed)
    clock.append(time.process_time())
    fit, draw = np.diff(clock)
    bits = ("", "") if planted is None else told(planted, model, drawn)
    scores = shown(used(drawn, holdout), real)
    speed = (f"{len(drawn) / draw:.0f}", f"{fit:.0f}")
    copied = f"{spans(drawn, train):.1f}"
    return line((f"`{family}`", *scores, copied, *bits, *speed, *perplexities(model, learn, holdout)))


def told(planted: Canaries, model: mk.Synthesizer, notes: mk.Cohort) -> tuple[str, str]:
    """Mean exposures, by notes and by the loss."""
    written = f"{compute_exposure(planted, notes).mean():.1f}"
    try:
        return written, f"{compute_exposure(planted, losses=model.compute_losses).mean():.1f}"
    except Unsupported:
        return written, "–"


def perplexities(model: mk.Synthesizer, train: mk.Cohort, holdout: mk.Cohort) -> tuple[str, str]:
    """Of a piece of a held-out note, ends among them, by the model and by counts of three pieces."""
    codec = model.models[0].codec
    if not isinstance(codec, mk.codecs.Text):
        return "", ""
    known, held = (pieces(codec, side) for side in (train, holdout))
    nats = model.compute_losses(holdout).sum() * codec.spec.length
    counted = np.nansum(TrigramModel.from_tokens(known).compute_surprisal(held) * held.note_lengths)
    return tuple(f"{np.exp(total / len(held.word_hashes)):.1f}" for total in (nats, counted))


def pieces(codec: Codec, side: mk.Cohort) -> TokenStream:
    """The pieces of each note, with one end."""
    listed = [np.append(row[row != END], END) for row in codec.encode(side)]
    owner = np.repeat(np.arange(len(listed)), [len(row) for row in listed])
    return TokenStream(np.concatenate(listed).astype(np.int64), owner, len(listed))


def used(learn: mk.Cohort, test: mk.Cohort) -> np.ndarray:
    """Accuracy, F1, area under the curve, F1 of rare labels: learned from one side, tested on the other."""
    words = TfidfVectorizer(ngram_range=(1, 2), sublinear_tf=True)
    judge = LogisticRegression(C=10, max_iter=300).fit(words.fit_transform(texts(learn)), learn["label"])
    y, p = test["label"], judge.predict_proba(words.transform(texts(test)))
    said, place = judge.classes_[p.argmax(axis=1)], {level: i for i, level in enumerate(judge.classes_)}
    count = {level: int((y == level).sum()) for level in np.unique(y)}
    levels = [level for level in count if count[level] >= FEWEST]
    f1 = {level: f1_score(y == level, said == level) for level in count}
    rare = [f1[level] for level in count if RARE <= count[level] < FEWEST]
    area = [roc_auc_score(y == level, p[:, place[level]]) if level in place else 0.5 for level in levels]
    usual = [f1[level] for level in levels]
    return np.array([(said == y).mean(), np.mean(usual), np.mean(area), np.mean(rare)])


def shown(found: np.ndarray, real: np.ndarray) -> list[str]:
    return [f"{a:.3f} ({100 * a / b:.0f} %)" for a, b in zip(found, real, strict=True)]


def spans(side: mk.Cohort, train: mk.Cohort) -> float:
    """Percentage of runs of eight words that stand in training notes."""
    known, _ = TokenStream.from_notes(texts(train)).hash_ngrams(WORDS)
    mine, _ = TokenStream.from_notes(texts(side)).hash_ngrams(WORDS)
    return 100 * float(np.isin(mine, known).mean())


def texts(cohort: mk.Cohort) -> list[str]:
    return [text or "" for text in cohort["note"]]


if __name__ == "__main__":
    main()
