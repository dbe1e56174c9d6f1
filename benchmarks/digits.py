"""Digits: families on scikit-learn's 8 x 8 digits, by the measures in which small trials are published.

    OMP_NUM_THREADS=1 python benchmarks/digits.py [--families diffusion,vae,...] [--minutes 1]

Given the digit, 1,078 pictures are learned from and as many drawn; 719 are held out. A perceptron that has
learned the real pictures gives the features of the Frechet distance and of recall and says
how many synthetic pictures show the digit that was asked for; another one learns from the synthetic
pictures and is tested on the held-out ones (TSTR). Minutes are CPU minutes. Printed: Markdown.
"""

from __future__ import annotations

import argparse
import time

import numpy as np
from clock import processor
from lines import line
from scipy.linalg import sqrtm
from scipy.spatial.distance import cdist
from sklearn.datasets import load_digits
from sklearn.neural_network import MLPClassifier

import manikin as mk

LEARNED = 1_078
BRIGHTEST = 16
NEIGHBOURS = 5
COLUMNS = ("", "Frechet distance", "TSTR accuracy", "precision", "recall", "digit as asked", "steps")


def main() -> None:
    given = arguments()
    processor()
    x, y = (array[np.random.default_rng(0).permutation(1_797)] for array in pictures())
    real, fresh, label = x[:LEARNED], x[LEARNED:], y[LEARNED:]
    reader = perceptron(0, real, y[:LEARNED])
    print(line((*COLUMNS, "fit CPU s", "sample CPU s")), line(["---"] * 9), sep="\n")
    print(row("*real*", reader, (real, y[:LEARNED]), (fresh, label), fresh))
    for name in given.families.split(","):
        clock = [time.process_time()]
        train = cohort(real, y[:LEARNED])
        training = mk.Training(minutes=given.minutes)
        model = mk.Synthesizer("image", "label", name, training=training, seed=given.seed)
        model.fit(train, quiet=True)
        clock.append(time.process_time())
        drawn = model.sample(condition=train.select("label"), seed=given.seed)
        clock.append(time.process_time())
        made = drawn["image"], np.asarray(drawn["label"], dtype=int)
        spent = [model.models[0].learner.facts["steps"], *(f"{s:.1f}" for s in np.diff(clock))]
        print(row(f"`{name}`", reader, made, (fresh, label), real, spent), flush=True)


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--families", default="diffusion,vae,gan,autoregressive,masked")
    parser.add_argument("--minutes", type=float, default=1)
    parser.add_argument("--seed", type=int, default=0)
    return parser.parse_args()


def pictures() -> tuple[np.ndarray, np.ndarray]:
    digits = load_digits()
    return digits.images[:, None].astype(np.uint8), digits.target.astype(int)


def cohort(x: np.ndarray, y: np.ndarray) -> mk.Cohort:
    schema = {"image": mk.Image(), "label": mk.Category(levels=tuple(range(10)))}
    return mk.Cohort.from_arrays({"image": x, "label": y}, schema)


def perceptron(seed: int, x: np.ndarray, y: np.ndarray) -> MLPClassifier:
    return MLPClassifier((128, 64), max_iter=300, random_state=seed).fit(flat(x), y)


def flat(x: np.ndarray) -> np.ndarray:
    return x.reshape(len(x), -1) / BRIGHTEST


def row(
    name: str,
    reader: MLPClassifier,
    made: tuple[np.ndarray, np.ndarray],
    held: tuple[np.ndarray, np.ndarray],
    real: np.ndarray,
    spent: list | tuple = ("",) * 3,
) -> str:
    """One line: what is made against real pictures, use against held-out ones."""
    a, b, h = (features(reader, x) for x in (made[0], real, held[0]))
    tstr = perceptron(1, *made).score(flat(held[0]), held[1])
    asked = reader.score(flat(made[0]), made[1])
    scores = (frechet(a, b), tstr, covered(a, h), covered(h, a), asked)
    return line((name, *(f"{score:.3f}" for score in scores), *spent))


def features(reader: MLPClassifier, x: np.ndarray) -> np.ndarray:
    """The last hidden layer."""
    h = flat(x)
    for weight, bias in zip(reader.coefs_[:-1], reader.intercepts_[:-1], strict=True):
        h = np.maximum(h @ weight + bias, 0)
    return h


def frechet(a: np.ndarray, b: np.ndarray) -> float:
    """Heusel et al. 2017, equation 6."""
    far, (s, t) = a.mean(0) - b.mean(0), (np.cov(x.T) for x in (a, b))
    return float(far @ far + np.trace(s + t - 2 * sqrtm(s @ t + 1e-8 * np.eye(len(s))).real))


def covered(asked: np.ndarray, known: np.ndarray) -> float:
    """Share of points within the reach of the other side's fifth neighbour (Kynkaanniemi et al. 2019)."""
    reach = np.sort(cdist(known, known), axis=1)[:, NEIGHBOURS]
    return float((cdist(asked, known) <= reach).any(axis=1).mean())


if __name__ == "__main__":
    main()
