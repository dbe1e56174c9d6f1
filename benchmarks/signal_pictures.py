"""Signal pictures: synthetic heart beats and synthetic stays in intensive care, as docs/images shows them.

    OMP_NUM_THREADS=1 python benchmarks/signal_pictures.py --data DATA [--minutes 4] [--only beats stays]

`diffusion` learns beats given their class (MIT-BIH at 180 Hz, without the two records of pacemakers; all
premature ventricular beats and every third other one), and stays of 48 hours given all other fields
(PhysioNet 2012, without values that no patient has). Of beats the first that are drawn are shown, of stays
the first of each outcome; none is picked, and nothing of a real patient is shown. Both data sets are under
ODC-BY 1.0. Minutes are CPU minutes of each training. Written: beats.png and stays.png.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

import matplotlib as mpl
import numpy as np
from clock import processor
from matplotlib import pyplot as plt
from matplotlib.ticker import MultipleLocator
from PIL import Image
from scipy.signal import resample_poly
from signal_sets import signals

import manikin as mk
from manikin.cohort.cohort import Cohort
from manikin.cohort.edit import replace_columns
from manikin.core import arrow

if TYPE_CHECKING:
    from matplotlib.axes import Axes

PACED = (102, 104)  # records whose beats are mostly paced
CLASSES = {0: "not premature ventricular", 1: "premature ventricular"}
EACH = 5  # beats of a class
RATE, R_PEAK, UNITS = 180, 0.3, 200  # Hz; seconds before the R peak; steps of a millivolt
PAPER, LINE = "#f4b6b6", "#1a1a1a"
PANELS = (  # title, unit, what is shown at least, parameters with their colours
    ("Heart rate", "1/min", (50, 130), {"HR": "#c0392b"}),
    ("Arterial pressure", "mmHg", (40, 160), {"SysABP": "#1f4e79", "DiasABP": "#6fa8dc"}),
    ("Temperature", "°C", (35, 39), {"Temp": "#b9770e"}),
    ("Urine", "mL", (0, 300), {"Urine": "#7d6608"}),
    ("Creatinine", "mg/dL", (0.5, 2), {"Creatinine": "#512e5f"}),
    ("Potassium", "mmol/L", (3, 5.5), {"K": "#1e8449"}),
)
VALID = {"HR": (20, 250), "SysABP": (40, 260), "DiasABP": (15, 180), "Temp": (30, 43)}
NAMES = {"SysABP": "systolic", "DiasABP": "diastolic"}
ENDS = {0: "survived", 1: "died in hospital"}


def main() -> None:
    given = arguments()
    processor()
    mpl.rcParams.update({"font.size": 8, "axes.linewidth": 0.5, "savefig.dpi": given.dpi})
    pictures = {"beats": beats, "stays": stays}
    for name in given.only:
        save(pictures[name](given), given.out / f"{name}.png")


def save(figure: plt.Figure, path: Path) -> None:
    """A PNG of few colours, which is small."""
    figure.savefig(path, bbox_inches="tight", pad_inches=0.05)
    with Image.open(path) as drawn:
        drawn.convert("RGB").quantize(48).save(path, optimize=True)


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, required=True, help="a folder with signals/")
    parser.add_argument("--out", type=Path, default=Path("docs/images"))
    parser.add_argument("--minutes", type=float, default=4)
    parser.add_argument("--only", nargs="+", choices=("beats", "stays"), default=("beats", "stays"))
    parser.add_argument("--models", type=Path, help="a folder that keeps the models for another drawing")
    parser.add_argument("--dpi", type=int, default=110)
    return parser.parse_args()


def learned(given: argparse.Namespace, name: str, cohort: Cohort, field: str) -> mk.Synthesizer:
    """The model of a set; one that was kept is read again."""
    kept = given.models / name if given.models else None
    if kept and kept.exists():
        return mk.load(kept)
    others = tuple(n for n in cohort.schema.modelled_fields if n != field)
    model = mk.Synthesizer(field, others, "diffusion", training=mk.Training(minutes=given.minutes))
    model = model.fit(cohort)
    print(name, len(cohort), model.models[0].learner.facts)
    if kept:
        model.save(kept)
    return model


def beats(given: argparse.Namespace) -> plt.Figure:
    """A row of synthetic beats for each class, on the paper of an ECG."""
    model = learned(given, "beats", annotated(given.data), "ecg")
    figure, rows = plt.subplots(2, EACH, figsize=(1.5 * EACH, 7), sharex=True, sharey=True)
    for row, (level, title) in zip(rows, CLASSES.items(), strict=True):
        drawn = model.sample(EACH, where={"label": level}, seed=1)["ecg"][:, 0]
        for axes, wave in zip(row, drawn, strict=True):
            paper(axes)
            axes.plot(np.arange(len(wave)) / RATE - R_PEAK, wave - np.median(wave), color=LINE)
        row[0].set_ylabel("mV")
        row[0].set_title(title, loc="left", fontsize=9)
    for axes in rows[-1]:
        axes.set_xlabel("s from R")
    figure.tight_layout(w_pad=0.4, h_pad=0.4)
    return figure


def annotated(data: Path) -> Cohort:
    """Beats in mV and their class, of those without a pacemaker."""
    cohort, _ = signals("mitbih", data)
    unpaced = ~np.isin(cohort["subject"], PACED)
    premature = cohort["label"].astype(int) == 1
    some = cohort.take(np.flatnonzero(unpaced & (premature | (np.arange(len(cohort)) % 3 == 0))))
    slower = resample_poly(some["ecg"] / UNITS, RATE, 360, axis=2, padtype="line").astype(np.float32)
    kinds = {**some.schema, "ecg": mk.Signal(channels=("MLII",), rate=RATE, unit="mV")}
    return Cohort.from_arrays(
        {"subject": some["subject"], "label": some["label"].astype(int), "ecg": slower}, kinds
    )


def paper(axes: Axes) -> None:
    """Small squares of 0.04 s and 0.1 mV, large ones of 0.2 s and 0.5 mV, as wide as high."""
    axes.set(xlim=(-R_PEAK, 0.5), ylim=(-1.5, 3), aspect=0.4)
    axes.xaxis.set(major_locator=MultipleLocator(0.2), minor_locator=MultipleLocator(0.04))
    axes.yaxis.set(major_locator=MultipleLocator(0.5), minor_locator=MultipleLocator(0.1))
    axes.grid(which="minor", color=PAPER, linewidth=0.25)
    axes.grid(which="major", color=PAPER, linewidth=0.9)
    axes.tick_params(which="both", length=0)
    axes.set_axisbelow(True)


def stays(given: argparse.Namespace) -> plt.Figure:
    """The first synthetic stay of each outcome, a parameter in each row; a dot is an hour with a value."""
    cohort, label = signals("physionet2012", given.data)
    cohort = valid(cohort)
    model = learned(given, "stays", cohort, "series")
    asked = cohort.select(*(n for n in cohort.schema.modelled_fields if n != "series"))
    some = asked.take([asked[label].astype(int).tolist().index(level) for level in ENDS])
    drawn = model.sample(condition=some, seed=1)
    names = drawn.schema["series"].channels
    figure, rows = plt.subplots(len(PANELS), 2, figsize=(8.6, 7), sharex=True, sharey="row")
    for axes, (title, unit, limits, parameters) in zip(rows, PANELS, strict=True):
        for part, series in zip(axes, drawn["series"], strict=True):
            for name, colour in parameters.items():
                course(part, series[names.index(name)], colour, NAMES.get(name))
        shown = np.nanmin([limits[0], *part.get_ylim()]), np.nanmax([limits[1], *part.get_ylim()])
        axes[0].set(ylabel=f"{title}\n{unit}", ylim=shown)
    rows[1, 0].legend(loc="upper left", ncols=2, fontsize=7, frameon=False, borderaxespad=0.1)
    for top, bottom, end in zip(rows[0], rows[-1], ENDS.values(), strict=True):
        top.set_title(end, loc="left", fontsize=9)
        bottom.set_xlabel("hours after admission")
    figure.tight_layout(w_pad=0.6, h_pad=0.3)
    figure.align_ylabels()
    return figure


def valid(cohort: Cohort) -> Cohort:
    """The same without what a probe that lies beside the patient shows: a temperature of a room."""
    series = np.array(cohort["series"])
    for name, (low, high) in VALID.items():
        part = series[:, cohort.schema["series"].channels.index(name)]
        part[(part < low) | (part > high)] = np.nan
    return replace_columns(cohort, {"series": arrow.to_column(series)})


def course(axes: Axes, values: np.ndarray, colour: str, name: str | None) -> None:
    hours = np.flatnonzero(~np.isnan(values))
    axes.plot(hours + 0.5, values[hours], color=colour, linewidth=0.7, alpha=0.4)
    axes.plot(hours + 0.5, values[hours], "o", color=colour, markersize=2.6, label=name)
    axes.set(xlim=(0, 48))
    axes.xaxis.set_major_locator(MultipleLocator(12))
    axes.grid(color="#dddddd", linewidth=0.5)


if __name__ == "__main__":
    main()
