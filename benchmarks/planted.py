"""Planted: how often the judge finds each planted defect, and how often it flags fresh real records.

    python benchmarks/planted.py results.jsonl [--tables gbsg2 ...] [--defects leak_3 ...] [--seeds 5]
    python benchmarks/planted.py results.jsonl --first 20 --seeds 5  # other splits than before
    python benchmarks/planted.py pictures.jsonl --tables digits pneumoniamnist busi
    python benchmarks/planted.py signals.jsonl --tables mitbih physionet2012 --cap 900
    python benchmarks/planted.py notes.jsonl --tables mts_dialog indiana made_notes --seeds 3 --cap 1500
    python benchmarks/planted.py histories.jsonl --tables diabetes_visits pbcseq --seeds 3
    python benchmarks/planted.py results.jsonl --report

Each table is split three ways by subject for every seed: a third is fresh, and the rest is four parts
training and one part holdout. Every defect is planted into the fresh third. One line of JSON is
appended for each card, and lines that exist are not computed again. Only the axis on which a defect
must show counts; fresh records must pass on every axis. The report is a table in Markdown.

Tables other than scikit-learn's are read from --data, a folder with `tabular/`, `imaging/`, `signals/` and
`text/`. For sets of pictures, signals, histories or notes the defects are theirs, with exact copies,
collapse, flipped labels and a lost class.
"""

from __future__ import annotations

import argparse
import time
from collections import defaultdict
from pathlib import Path
from typing import TYPE_CHECKING

from history_sets import SETS as HISTORY_SETS
from history_sets import visits
from lines import append, rows
from picture_sets import SETS as PICTURE_SETS
from picture_sets import pictures
from signal_sets import SETS as SIGNAL_SETS
from signal_sets import signals, stretches
from text_sets import SETS as TEXT_SETS
from text_sets import notes

from manikin.core.seeds import Key
from manikin.datasets.demo import load_demo
from manikin.errors import UsageError
from manikin.evaluation.evaluate import evaluate
from manikin.evaluation.selftest.defects.histories import HISTORY_DEFECTS
from manikin.evaluation.selftest.defects.images import IMAGE_DEFECTS
from manikin.evaluation.selftest.defects.notes import NOTE_DEFECTS
from manikin.evaluation.selftest.defects.signals import SIGNAL_DEFECTS
from manikin.evaluation.selftest.defects.tabular import TABULAR_DEFECTS, find_group_field, plant
from manikin.io import read

if TYPE_CHECKING:
    from manikin.cohort.cohort import Cohort

FILES = {
    "heart_disease_918": "heart_disease_918/heartdisease.csv",
    "gbsg2": "gbsg2/GBSG2.arff",
    "flchain": "flchain/flchain.arff",
    "rotterdam": "rotterdam/rotterdam.csv",
    "support2": "support2/support2.csv.gz",
}
TABLES = ("breast_cancer", *FILES)
LABELS = {
    "heart_disease_918": "HeartDisease",
    "gbsg2": "cens",
    "flchain": "death",
    "rotterdam": "death",
    "support2": "hospdead",
}
CAP = 2_000  # records of a table that are used, unless told otherwise
ALL = TABULAR_DEFECTS | IMAGE_DEFECTS | SIGNAL_DEFECTS | HISTORY_DEFECTS | NOTE_DEFECTS
ALWAYS = ("exact_copies", "collapse", "flipped_labels")
SHOWN = dict.fromkeys(PICTURE_SETS, (*ALWAYS, *IMAGE_DEFECTS))
SHOWN |= dict.fromkeys(SIGNAL_SETS, (*ALWAYS, "dropped_class", *SIGNAL_DEFECTS))
SHOWN |= dict.fromkeys(HISTORY_SETS, (*ALWAYS, "leaked_identifiers", *HISTORY_DEFECTS))
SHOWN |= dict.fromkeys(TEXT_SETS, (*ALWAYS, *NOTE_DEFECTS))
READERS = (
    dict.fromkeys(PICTURE_SETS, pictures)
    | dict.fromkeys(SIGNAL_SETS, signals)
    | dict.fromkeys(HISTORY_SETS, visits)
    | dict.fromkeys(TEXT_SETS, notes)
)
FLAGS = ("warn", "fail")


def main() -> None:
    given = arguments()
    if not given.report:
        for table in given.tables:
            for seed in range(given.first, given.first + given.seeds):
                for defect in given.defects or ("fresh", *SHOWN.get(table, TABULAR_DEFECTS)):
                    once(given, table, defect, seed)
    print(report(given.results))


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("results", type=Path)
    parser.add_argument("--tables", nargs="+", default=TABLES, choices=(*TABLES, *SHOWN))
    parser.add_argument("--defects", nargs="+", choices=("fresh", *ALL))
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--cap", type=int, default=CAP, help="records of a table that are used")
    parser.add_argument("--first", type=int, default=0, help="the first seed")
    parser.add_argument("--data", type=Path, default=Path(__file__).parents[2] / "shared" / "data")
    parser.add_argument("--report", action="store_true")
    return parser.parse_args()


def once(given: argparse.Namespace, table: str, defect: str, seed: int) -> None:
    """Judge one planted cohort, unless its line is there already."""
    if (table, defect, seed) in {(row["table"], row["defect"], row["seed"]) for row in rows(given.results)}:
        return
    cohort, label = load(table, given.data, seed, given.cap)
    real, fresh = cohort.split(1 / 3, seed=seed)
    train, holdout = real.split(0.2, seed=seed)
    row = {"table": table, "defect": defect, "seed": seed}
    started = time.process_time()
    try:
        planted = fresh if defect == "fresh" else plant(fresh, defect, seed, train=train, label=label)
        groups = [group] if (group := find_group_field(cohort, label)) else []
        card = evaluate(planted, train, holdout, label=label, subgroups=groups, seed=seed)
    except UsageError as error:
        row["refused"] = str(error)
    else:
        row["verdicts"] = card.verdicts
        row["flagged"] = [score.name for score in card.scores if score.verdict in FLAGS]
    row["cpu_s"] = round(time.process_time() - started, 2)
    append(given.results, row)


def load(table: str, data: Path, seed: int, cap: int = CAP) -> tuple[Cohort, str | None]:
    if table in SHOWN:
        cohort, label = READERS[table](table, data)
        cohort = stretches(cohort) if table == "mitbih" else cohort  # twelve patients are too few to judge
    else:
        cohort, label = (
            (load_demo() if table == "breast_cancer" else read(data / "tabular" / FILES[table])),
            None,
        )
    if len(cohort) > cap:
        cohort = cohort.take(Key(seed).child("planted", table).numpy().permutation(len(cohort))[:cap])
    return cohort, label or LABELS.get(table) or cohort.schema.find_by_role("label")


def report(path: Path) -> str:
    """Found of planted on the right axis, defect by defect and table by table; in brackets: no verdict."""
    said, tables = defaultdict(list), []
    for row in rows(path):
        if row["table"] not in tables:
            tables.append(row["table"])
        if "verdicts" in row:
            axes = [ALL[row["defect"]].axis] if row["defect"] in ALL else row["verdicts"]
            said[row["defect"], row["table"]].append([row["verdicts"][axis] for axis in axes])
    lines = ["| defect | axis | " + " | ".join(tables) + " | all |", "|---" * (len(tables) + 3) + "|"]
    for defect in ("fresh", *(name for name in ALL if any(key[0] == name for key in list(said)))):
        axis = ALL[defect].axis if defect in ALL else "any (false flags)"
        cells = [said[defect, table] for table in tables]
        shown = " | ".join(counted(cell) for cell in [*cells, [card for cell in cells for card in cell]])
        lines.append(f"| {defect.replace('_', ' ')} | {axis} | {shown} |")
    return "\n".join(lines)


def counted(cards: list[list[str]]) -> str:
    """How many of some cards flag an axis of theirs; in brackets those on which nothing could be said."""
    flagged = sum(any(verdict in FLAGS for verdict in card) for card in cards)
    untold = sum(card == ["not assessed"] for card in cards)
    return f"{flagged}/{len(cards)}" + f" ({untold})" * bool(untold) if cards else "–"


if __name__ == "__main__":
    main()
