"""Regions: does a segmenter that has only seen synthetic pairs find the regions of real patients?

    OMP_NUM_THREADS=1 python benchmarks/regions.py --data DATA [--set busi] [--minutes 20]

Pictures are learned given label and mask for so many CPU minutes, and drawn for the masks of the training
patients. A U-Net learns regions from the real pairs, from the synthetic ones, and from both, as many steps
each (three seeds of data order would cost more than they tell: the spread over patients is shown). Tested
on the held-out patients; and the U-Net of the real pairs says whether synthetic pictures show
the mask that was asked for. Printed: Markdown.
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path

import numpy as np
from clock import processor
from images import GIVEN
from lines import line
from picture_sets import pictures
from unets import applied, dice, segmented

import manikin as mk


def main() -> None:
    given = arguments()
    processor()
    cohort, _ = pictures(given.set, given.data)
    train, holdout = cohort.split(0.2, seed=0)
    clock = [time.process_time()]
    training = mk.Training(minutes=given.minutes, augment=None if given.augment else False)
    model = mk.Synthesizer("image", GIVEN[given.set], given.family, training=training)
    model.fit(train, quiet=True)
    clock.append(time.process_time())
    made = [model.sample(condition=train.select(*GIVEN[given.set]), seed=seed) for seed in range(2)]
    clock.append(time.process_time())
    if given.keep:
        np.savez_compressed(
            given.keep,
            made=made[0]["image"],
            real=train["image"],
            mask=train["mask"],
            held=holdout["image"],
        )
    print(model.fitted_model.learner.facts, "CPU s", np.diff(clock).round(1), flush=True)
    x, y = scaled(train)
    sets = {
        "real": (x, y),
        "synthetic": scaled(*made),
        "both": tuple(np.concatenate(pair) for pair in zip((x, y), scaled(made[0]), strict=True)),
    }
    print(line(("learned from", "Dice on held-out patients", "half of the 95 % interval")))
    print(line(["---"] * 3))
    test = scaled(holdout)
    for name, (a, b) in sets.items():
        net = segmented(a, b, given.steps)
        print(line((name, *(f"{s:.3f}" for s in spread(net, *test)))), flush=True)
        if name == "real":
            asked, known = spread(net, *sets["synthetic"])[0], spread(net, x, y)[0]
            print(f"the mask asked for, in synthetic pictures: {asked:.3f}; in real ones: {known:.3f}")


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, required=True, help="a folder with imaging/")
    parser.add_argument("--set", default="busi", choices=("busi", "ph2"))
    parser.add_argument("--family", default="diffusion")
    parser.add_argument("--minutes", type=float, default=20)
    parser.add_argument("--steps", type=int, default=800, help="of each segmenter")
    parser.add_argument("--augment", action=argparse.BooleanOptionalAction, default=True)
    parser.add_argument("--keep", type=Path, help="a file for the drawn pictures (npz)")
    return parser.parse_args()


def scaled(*cohorts: mk.Cohort) -> tuple[np.ndarray, np.ndarray]:
    """Pictures from 0 to 1, and regions."""
    x = np.concatenate([cohort["image"] for cohort in cohorts]) / 255
    return x, np.concatenate([cohort["mask"] for cohort in cohorts]) > 0


def spread(net, x: np.ndarray, y: np.ndarray) -> tuple[float, float]:
    """Mean Dice, and half of its 95 % interval over patients."""
    found, there = applied(net, x) > 0, y.any(axis=(1, 2, 3))
    each = [dice(found[i : i + 1], y[i : i + 1]) for i in np.flatnonzero(there)]
    return float(np.mean(each)), float(1.96 * np.std(each) / len(each) ** 0.5)


if __name__ == "__main__":
    main()
