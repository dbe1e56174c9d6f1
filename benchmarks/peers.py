"""Peers: what another generator made, by the same measures.

    python benchmarks/peers.py --data DATA --table flchain --export FOLDER
    python benchmarks/peers.py --data DATA --table flchain --synthetic FILE.csv --name NAME

The first writes `train.csv`, from which the other generator learns in an environment of its own; the
second measures what it made (as many records, the same columns) and appends one line of JSON to the
results, which `tables.py` then shows beside the families.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import pandas as pd
from lines import append, rows
from measures import measure
from tables import TABLES, load, report, sides

from manikin.errors import UsageError


def main() -> None:
    given = arguments()
    train, holdout = load(given.data, given.table)
    if given.export:
        given.export.mkdir(parents=True, exist_ok=True)
        train.select(*train.schema.modelled_fields).to_pandas().to_csv(
            given.export / "train.csv", index=False
        )
        print(f"{given.export / 'train.csv'}: {len(train)} records")
        return
    synthetic = pd.read_csv(given.synthetic, dtype=str)
    if absent := [name for name in train.schema.modelled_fields if name not in synthetic]:
        raise UsageError(
            f"{given.synthetic}: no column {', '.join(absent)}; make it from the exported train.csv"
        )
    found = measure(sides(given.table, train, holdout, synthetic))
    append(given.results, {"table": given.table, "name": given.name, "seed": 0, **found})
    print(report([row for row in rows(given.results) if row["table"] == given.table]))


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, required=True, help="a folder with tabular/")
    parser.add_argument("--table", required=True, choices=TABLES)
    what = parser.add_mutually_exclusive_group(required=True)
    what.add_argument("--export", type=Path, help="a folder for train.csv")
    what.add_argument("--synthetic", type=Path, help="a csv file with as many records as train.csv")
    parser.add_argument("--name", default="peer")
    parser.add_argument("--results", type=Path, default=Path("out/benchmarks/tables.jsonl"))
    return parser.parse_args()


if __name__ == "__main__":
    main()
