"""Tables: every family on real tables, with default settings, by the measures of `measures.py`.

    python benchmarks/tables.py --data DATA [--families trees,...] [--tables flchain,...] [--results FILE]

A cell is one family on one table with one seed, made in a process of its own so that its peak memory
is its own. One line of JSON is appended for each cell, and lines that exist are not computed again.
The tables are read from DATA/tabular (breast_cancer comes with scikit-learn). Printed: Markdown.
"""

from __future__ import annotations

import argparse
import resource
import time
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from itertools import pairwise
from multiprocessing import get_context
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from lines import append, line, rows
from measures import Sides, fresh, measure, plain

import manikin as mk
from manikin.datasets.demo import load_demo

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class Table:
    """A table and what is predicted on it.

    Args:
        path: Where it lies under DATA/tabular; empty: it comes with scikit-learn.
        label: What is predicted; `negative` is the level against which all others count.
        hidden: Known only when the label is, so no predictors; they are synthesized all the same.
    """

    path: str
    label: str
    negative: str
    hidden: tuple[str, ...] = ()


TABLES = {
    "flchain": Table("flchain/flchain.arff", "death", "alive", ("futime", "chapter")),
    "breast_cancer": Table("", "diagnosis", "benign"),
    "heart": Table("heart_disease_918/heartdisease.csv", "HeartDisease", "0"),
    "gbsg2": Table("gbsg2/GBSG2.arff", "cens", "0", ("time",)),
    "rotterdam": Table("rotterdam/rotterdam.csv", "death", "0", ("dtime", "rtime", "recur")),
    "support2": Table("support2/support2.csv.gz", "death", "0", ("hospdead", "d.time", "slos", "sfdm2")),
    "diabetes130": Table("diabetes130/diabetic_data.csv.gz", "readmitted", "NO"),
}
FAMILIES = ("trees", "copula", "independent", "autoregressive", "diffusion", "vae", "gan", "masked")
REAL = ("held-out real", "copies of training")
COLUMNS = ("c2st", "shape", "trend", "tstr", "near", "copies", "missing")
COSTS = ("fit_s", "fit_cpu_s", "sample_s", "sample_cpu_s", "peak_mb")


def main() -> None:
    given = arguments()
    for table in given.tables.split(","):
        for row in given.families.split(","):
            for seed in range(1 if row in REAL else given.seeds):
                once(given, table, row, seed)
    print(report(rows(given.results)))


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, required=True, help="a folder with tabular/")
    parser.add_argument("--families", default=",".join((*REAL, *FAMILIES)))
    parser.add_argument("--tables", default=",".join(TABLES))
    parser.add_argument("--seeds", type=int, default=1)
    parser.add_argument("--results", type=Path, default=Path("out/benchmarks/tables.jsonl"))
    return parser.parse_args()


def once(given: argparse.Namespace, table: str, name: str, seed: int) -> None:
    """Make and measure one cell, unless its line is there already."""
    if (table, name, seed) in {(row["table"], row["name"], row["seed"]) for row in rows(given.results)}:
        return
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as alone:
        row = alone.submit(cell, given.data, table, name, seed).result()
    append(given.results, {"table": table, "name": name, "seed": seed, **row})


def cell(data: Path, table: str, name: str, seed: int) -> dict[str, float]:
    """The measures of one row of the report and, for a family, what it cost."""
    train, holdout = load(data, table)
    if name == "held-out real":
        return fresh(sides(table, train, holdout, holdout.to_pandas()))
    if name == "copies of training":
        again = np.random.default_rng(seed).integers(len(train), size=len(train))
        return measure(sides(table, train, holdout, train.take(again).to_pandas()))
    synthetic, cost = made(train, name, seed)
    return {**measure(sides(table, train, holdout, synthetic)), **cost}


def load(data: Path, table: str) -> tuple[mk.Cohort, mk.Cohort]:
    """Training and held-out records."""
    spec = TABLES[table]
    cohort = mk.read(data / "tabular" / spec.path) if spec.path else load_demo()
    return cohort.split(0.2, seed=0)


def made(train: mk.Cohort, family: str, seed: int) -> tuple[pd.DataFrame, dict[str, float]]:
    """As many synthetic records as training records, and the time and memory that they took."""
    clock = [(time.perf_counter(), time.process_time())]
    model = mk.Synthesizer(family=family, seed=seed).fit(train, quiet=True)
    clock.append((time.perf_counter(), time.process_time()))
    synthetic = model.sample(len(train))
    clock.append((time.perf_counter(), time.process_time()))
    spent = [round(b[i] - a[i], 2) for a, b in pairwise(clock) for i in (0, 1)]
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return synthetic.to_pandas(), dict(zip(COSTS, [*spent, round(peak)], strict=True))


def sides(table: str, train: mk.Cohort, holdout: mk.Cohort, synthetic: pd.DataFrame) -> Sides:
    spec = TABLES[table]
    frames = [synthetic, train.to_pandas(), holdout.to_pandas()]
    return Sides(*[plain(frame, train.schema) for frame in frames], spec.label, spec.negative, spec.hidden)


def report(cells: list[dict]) -> str:
    """One table in Markdown per data set; several seeds as mean and range."""
    lines = []
    for table in dict.fromkeys(cell["table"] for cell in cells):
        heads = ("", *COLUMNS, "fit s (CPU s)", "sample s (CPU s)", "peak MB")
        lines += [f"\n## {table}", line(heads), line(["---"] * len(heads))]
        for name in dict.fromkeys(cell["name"] for cell in cells if cell["table"] == table):
            same = [cell for cell in cells if (cell["table"], cell["name"]) == (table, name)]
            shown = [figure([cell.get(column) for cell in same]) for column in COLUMNS]
            lines.append(line([name, *shown, *costs(same[0])]))
    return "\n".join(lines)


def figure(values: list[float | None]) -> str:
    known = [value for value in values if value is not None]
    if not known:
        return ""
    mean = f"{np.mean(known):.3f}"
    return mean if len(known) == 1 else f"{mean} ({min(known):.3f}-{max(known):.3f})"


def costs(row: dict) -> list[str]:
    if "fit_s" not in row:
        return ["", "", ""]
    fit, sample = (f"{row[f'{step}_s']:.1f} ({row[f'{step}_cpu_s']:.1f})" for step in ("fit", "sample"))
    return [fit, sample, str(row["peak_mb"])]


if __name__ == "__main__":
    main()
