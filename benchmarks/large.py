"""Large: the most memory, and the CPU seconds, that each step takes with many patients.

    OMP_NUM_THREADS=1 python benchmarks/large.py [--sizes 10000 100000] [--steps 100]

Patients made by a few rules (`manikin.datasets.histories`) are written as a MEDS table. Each step then
runs in a process of its own: reading, learning and saving, drawing as many and writing them, all from
files, so that the peak of its resident memory is that of the step alone. Printed: Markdown.
"""

from __future__ import annotations

import argparse
import multiprocessing
import resource
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import manikin as mk
from manikin.cohort.histories import Histories
from manikin.datasets.histories import generate_toy_histories

if TYPE_CHECKING:
    from collections.abc import Callable

AT_ONCE = 5_000
"""Patients that are made together: rules make them as Python objects."""


def make(folder: Path, n: int, steps: int) -> str:
    del steps
    parts = [generate_toy_histories(min(AT_ONCE, n - start), start) for start in range(0, n, AT_ONCE)]
    columns = parts[0].columns.schema.names
    import pyarrow as pa

    table = pa.concat_tables([part.columns for part in parts])
    table = table.set_column(columns.index("subject_id"), "subject_id", pa.array(range(1, n + 1)))
    whole = mk.Cohort(table.combine_chunks(), parts[0].schema, parts[0].origin)
    mk.write(whole, folder / "made.csv")
    found = Histories.from_column(table["history"])
    return f"{len(found.code):,} events, {(folder / 'made.csv').stat().st_size / 1e6:.0f} MB"


def look(folder: Path, n: int, steps: int) -> str:
    del n, steps
    return f"{len(mk.read(folder / 'made.csv')):,} patients"


def learn(folder: Path, n: int, steps: int) -> str:
    del n
    model = mk.Synthesizer(seed=0, training=mk.Training(steps=steps)).fit(
        mk.read(folder / "made.csv"), quiet=True
    )
    model.save(folder / "model")
    return f"{steps} steps"


def draw(folder: Path, n: int, steps: int) -> str:
    del steps
    mk.write(mk.load(folder / "model").sample(n, seed=1), folder / "drawn.csv")
    return f"{(folder / 'drawn.csv').stat().st_size / 1e6:.0f} MB"


def told(step: Callable[..., str], folder: Path, n: int, steps: int, answers: Any) -> None:
    started = time.process_time()
    said = step(folder, n, steps)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    answers.put((peak, time.process_time() - started, said))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--sizes", nargs="+", type=int, default=[10_000, 100_000])
    parser.add_argument("--steps", type=int, default=100)
    given = parser.parse_args()
    fresh = multiprocessing.get_context("spawn")
    print("| patients | step | | peak, MiB | CPU s |\n|" + " --- |" * 5)
    for n in given.sizes:
        with tempfile.TemporaryDirectory() as name:
            for step in (make, look, learn, draw):
                answers = fresh.Queue()
                child = fresh.Process(target=told, args=(step, Path(name), n, given.steps, answers))
                child.start()
                child.join()
                if child.exitcode:
                    raise SystemExit(f"{step.__name__}: ended with {child.exitcode}")
                peak, seconds, said = answers.get()
                print(f"| {n:,} | {step.__name__} | {said} | {peak:,.0f} | {seconds:.0f} |", flush=True)


if __name__ == "__main__":
    main()
