"""Statements: beats of an ECG drawn for a sentence, and whether they are what the sentence says.

    OMP_NUM_THREADS=1 python benchmarks/statements.py --data DATA [--minutes 3]

Beats of MIT-BIH at 120 Hz, each with a sentence that says in one of several ways that it is normal or a
premature ventricular one; some ways are kept from training. A classifier that learned from real beats
of the same recordings is asked what was drawn. Minutes are CPU minutes. Printed: shares that are as said.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
from clock import processor
from signal_sets import signals, stretches
from sklearn.ensemble import HistGradientBoostingClassifier

import manikin as mk

WAYS = (
    ("Normal beat.", "A normal sinus beat.", "Beat of normal shape, not premature."),
    ("Premature ventricular beat.", "A premature beat from a ventricle.", "Ventricular ectopic beat."),
)
OTHERS = ("The beat is normal.", "The beat is a premature ventricular one.")
ASKED = 100


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, required=True, help="a folder with signals/")
    parser.add_argument("--minutes", type=float, default=3)
    given = parser.parse_args()
    processor()
    rng = np.random.default_rng(0)
    train, held = stretches(signals("mitbih", given.data)[0]).split(0.2, seed=0)
    x, y = beats(train)
    notes = np.array([WAYS[label][rng.integers(len(WAYS[label]))] for label in y], dtype=object)
    schema = {"note": mk.Text(role="note"), "ecg": mk.Signal(channels=("MLII",), rate=120)}
    said = mk.Cohort.from_arrays({"note": notes, "ecg": x}, schema)
    training = mk.Training(minutes=given.minutes)
    model = mk.Synthesizer("ecg", "note", "diffusion", training=training).fit(said, quiet=True)
    told = HistGradientBoostingClassifier(random_state=0).fit(x[:, 0], y)
    real = beats(held)
    print(f"the classifier on held-out beats: {np.mean(told.predict(real[0][:, 0]) == real[1]):.3f}")
    for name, ways in (("as in training", WAYS), ("in other words", tuple((way,) for way in OTHERS))):
        right = [
            np.mean(told.predict(model.sample(ASKED, where={"note": way})["ecg"][:, 0]) == label)
            for label, same in enumerate(ways)
            for way in same
        ]
        print(f"{name}: {', '.join(f'{share:.3f}' for share in right)}")


def beats(cohort: mk.Cohort) -> tuple[np.ndarray, np.ndarray]:
    """Beats (n, 1, 96) and their classes."""
    x = cohort["ecg"]
    return x.reshape(len(x), 1, -1, 3).mean(axis=3), np.asarray(cohort["label"]).astype(int)


if __name__ == "__main__":
    main()
