"""Rhythms: ten seconds of an ECG, asked for by heart rate, and what is prolonged to a minute.

    OMP_NUM_THREADS=1 python benchmarks/rhythms.py --data DATA [--minutes 10] [--family diffusion]

A whole WFDB record (MIT-BIH 100, two leads, brought to 100 Hz) in windows of ten seconds; stretches of time
are held out. The ECG is learned given heart rate, deviation of RR intervals and QRS duration
(`mk.recipes.add_ecg_rhythm`), and any part of itself. Drawn for what the held-out windows have:
Kolmogorov-Smirnov statistics of heart rate, all RR intervals and QRS duration against these windows, the
mean error of the rate that was asked for, and of RR intervals that lie across a seam of what is prolonged
to a minute. One lead is drawn given the other, beside a linear forecast of it from half a second of the
other. Minutes are CPU minutes. Printed: Markdown.
"""

from __future__ import annotations

import argparse
import json
import time
from itertools import pairwise
from pathlib import Path

import numpy as np
from clock import processor
from lines import line
from numpy.lib.stride_tricks import sliding_window_view
from scipy.stats import ks_2samp
from sklearn.linear_model import LinearRegression

import manikin as mk
from manikin.cohort.edit import replace_columns
from manikin.core import arrow
from manikin.core.registry import find
from manikin.signals.analysis.qrs import compute_rhythm, detect_r_peaks

RATE, WINDOW, LONG = 100.0, 10.0, 60.0
GIVEN = ("heart_rate", "rr_deviation", "qrs_duration")


def main() -> None:
    given = arguments()
    processor()
    train, holdout = windows(given.data).split(0.25, seed=0)
    clock = [time.process_time()]
    training = mk.Training(minutes=given.minutes)
    condition = (*GIVEN, "signal") if given.family == "diffusion" else GIVEN
    family = find("families", given.family)(**json.loads(given.options))
    model = mk.Synthesizer("signal", condition, family, training=training).fit(train, quiet=True)
    clock.append(time.process_time())
    drawn = model.sample(condition=holdout.select(*GIVEN), seed=0)
    clock.append(time.process_time())
    spent = ", ".join(f"{s:.0f}" for s in np.diff(clock))
    print(f"{len(train)} windows learned, {len(holdout)} held out; {model.models[0].learner.facts}")
    print(f"CPU s of learning and of drawing: {spent}")
    print(line(("", "heart rate KS", "RR KS", "QRS KS", "RR spread ms")), line(["---"] * 5), sep="\n")
    again = [model.sample(condition=holdout.select(*GIVEN), seed=k) for k in range(1, given.draws)]
    for name, side in (("training", train), *(("drawn", side) for side in (drawn, *again))):
        print(line((name, *(f"{x:.3f}" for x in compared(side["signal"], holdout["signal"])))))
    asked = np.array(holdout["heart_rate"], dtype=float)
    error = np.abs(compute_rhythm(drawn["signal"], RATE)[:, 0] - asked)
    print(
        f"asked rate missed by {np.nanmean(error):.1f} a minute on average; always the mean: "
        f"{np.abs(asked - asked.mean()).mean():.1f}"
    )
    if given.family == "diffusion":
        print(f"prolonged: {seams(model, drawn)}")
        print(f"second lead given the first: {other_lead(model, train['signal'], holdout)}")
    if given.keep:
        np.savez_compressed(given.keep, real=holdout["signal"], drawn=drawn["signal"])


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, required=True, help="a folder with signals/")
    parser.add_argument("--minutes", type=float, default=10)
    parser.add_argument("--family", default="diffusion")
    parser.add_argument("--draws", type=int, default=4, help="how often as many windows are drawn")
    parser.add_argument("--options", default="{}", help="options of the family, as JSON")
    parser.add_argument("--keep", type=Path, help="a file for the signals (npz)")
    return parser.parse_args()


def windows(data: Path) -> mk.Cohort:
    kind = mk.Signal(rate=RATE, window=WINDOW)
    cohort = mk.read(data / "signals" / "mitdb_100_wfdb", mk.Schema(signal=kind))
    return mk.recipes.add_ecg_rhythm(cohort.select("subject", "signal"))


def compared(x: np.ndarray, real: np.ndarray) -> list[float]:
    """KS statistics of heart rate, RR intervals, QRS duration, and the spread of RR in a window in ms."""
    (a, b), (s, t) = (
        (compute_rhythm(side, RATE) for side in (x, real)),
        (intervals(side) for side in (x, real)),
    )
    rate, width = (float(ks_2samp(a[:, j], b[:, j], nan_policy="omit").statistic) for j in (0, 2))
    return [rate, float(ks_2samp(s, t).statistic), width, 1000 * float(np.nanmean(a[:, 1]))]


def intervals(x: np.ndarray) -> np.ndarray:
    return np.concatenate([np.diff(places) for places in detect_r_peaks(x, RATE)]) / RATE


def seams(model: mk.Synthesizer, drawn: mk.Cohort) -> str:
    """RR intervals that lie across a seam against those within pieces."""
    few = drawn.take(np.arange(min(20, len(drawn))))
    long = mk.recipes.continue_signal(model, few, LONG)
    joints = np.arange(WINDOW, LONG, WINDOW / 2) * RATE
    across, within = [], []
    for places in detect_r_peaks(long["signal"], RATE):
        for a, b in pairwise(places):
            (across if ((joints >= a) & (joints < b)).any() else within).append((b - a) / RATE)
    apart = ks_2samp(across, within).statistic
    spread = f"{1000 * np.std(across):.0f} ms across, {1000 * np.std(within):.0f} within"
    counts = f"RR across {len(across)} seams against {len(within)} within pieces"
    return f"{counts}: KS {apart:.3f}; spread {spread}"


def other_lead(model: mk.Synthesizer, known: np.ndarray, holdout: mk.Cohort) -> str:
    """Correlation of what is drawn for a lost lead with what was recorded there."""
    x = holdout["signal"]
    given = x.copy()
    given[:, 1] = np.nan
    asked = replace_columns(holdout.select(*GIVEN, "signal"), {"signal": arrow.to_column(given)})
    drawn = np.stack([model.sample(condition=asked, seed=k)["signal"][:, 1] for k in range(5)])
    linear = (
        LinearRegression().fit(around(known), known[:, 1].ravel()).predict(around(x)).reshape(x[:, 1].shape)
    )
    sides = {"one draw": drawn[0], "mean of five": drawn.mean(0), "linear": linear}
    return ", ".join(f"{name} {alike(side, x[:, 1]):.3f}" for name, side in sides.items())


def around(x: np.ndarray) -> np.ndarray:
    """The first lead from a quarter of a second before each place to a quarter after, (n * time, 51)."""
    reach = int(RATE / 4)
    padded = np.pad(x[:, 0], ((0, 0), (reach, reach)), mode="edge")
    return sliding_window_view(padded, 2 * reach + 1, axis=1).reshape(-1, 2 * reach + 1)


def alike(a: np.ndarray, b: np.ndarray) -> float:
    """Mean correlation of windows (n, time)."""
    return float(np.mean([np.corrcoef(p, q)[0, 1] for p, q in zip(a, b, strict=True)]))


if __name__ == "__main__":
    main()
