"""Images: families on real pictures with equal budgets, and what the scorecard says of each.

    python benchmarks/images.py --data DATA [--sets digits,...] [--families diffusion,...] [--minutes 10]

    python benchmarks/images.py --data DATA --sets pneumoniamnist --export train.npz
    python benchmarks/images.py --data DATA --sets pneumoniamnist --drawn drawn.npz --families NAME

A cell is one family on one set: the pictures are learned under their condition for so many CPU minutes,
and as many are drawn as were learned, or `--count`. One line of JSON is appended for each cell, and
lines that exist are not computed again. Sets are those of `picture_sets.py`. What another generator has
learned from the exported pictures (`image`, `label`) and drawn is judged the same way. Printed: Markdown.
"""

from __future__ import annotations

import argparse
import time
from itertools import pairwise
from pathlib import Path

import numpy as np
from clock import processor
from lines import append, line, rows
from picture_sets import pictures

import manikin as mk

SCORES = (
    "frechet_distance",
    "kernel_distance",
    "c2st_auc",
    "precision",
    "recall",
    "coverage",
    "tstr_auroc",
    "segmentation_dice",
    "disguised_copies",
    "near_match_excess",
    "membership_auc",
)


GIVEN = {
    "digits": ("label",),
    "pneumoniamnist": ("label",),
    "busi": ("mask", "label"),
    "ph2": ("mask", "diagnosis"),
}
MOST = 5_000  # records of a set


def main() -> None:
    given = arguments()
    processor()
    for name in given.sets.split(","):
        if given.export:
            train, _, label = sides(name, given.data)
            numbers = np.unique(train[label], return_inverse=True)[1]
            np.savez_compressed(given.export, image=train["image"], label=numbers)
            return
        for family in given.families.split(","):
            once(given, name, family)
    print(report(rows(given.results)))


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, required=True, help="a folder with imaging/")
    parser.add_argument("--sets", default=",".join(GIVEN))
    parser.add_argument("--families", default="diffusion,vae,gan,autoregressive,masked")
    parser.add_argument("--minutes", type=float, default=10)
    parser.add_argument("--count", type=int, help="pictures drawn (as many as were learned)")
    parser.add_argument("--export", type=Path, help="write the training pictures of a set (npz)")
    parser.add_argument("--drawn", type=Path, help="judge what another generator drew (npz)")
    parser.add_argument("--results", type=Path, default=Path("out/benchmarks/images.jsonl"))
    return parser.parse_args()


def once(given: argparse.Namespace, name: str, family: str) -> None:
    """Make and judge one cell, unless its line is there already."""
    done = {(row["set"], row["family"], row["minutes"]) for row in rows(given.results)}
    if (name, family, given.minutes) in done:
        return
    train, holdout, label = sides(name, given.data)
    if given.drawn:
        synthetic, row = others(given.drawn, train, label), {}
    else:
        synthetic, row = ours(given, name, family, train)
    card = mk.evaluate(synthetic, train, holdout, label=label)
    row |= {"set": name, "family": family, "minutes": given.minutes, "records": len(train)}
    row |= {
        "verdicts": card.verdicts,
        "scores": {s.name: [s.value, s.ceiling, s.calibrated] for s in card.scores},
    }
    append(given.results, row)
    card.to_html(given.results.with_name(f"{name}-{family}.html"))


def sides(name: str, data: Path) -> tuple[mk.Cohort, mk.Cohort, str]:
    """Training and held-out pictures, and the label."""
    cohort, label = pictures(name, data)
    cohort = cohort.take(np.sort(np.random.default_rng(0).permutation(len(cohort))[:MOST]))
    return (*cohort.split(0.2, seed=0), label)


def ours(given: argparse.Namespace, name: str, family: str, train: mk.Cohort) -> tuple[mk.Cohort, dict]:
    """What a family of manikin's draws, and what it cost."""
    clock = [(time.perf_counter(), time.process_time())]
    training = mk.Training(minutes=given.minutes)
    model = mk.Synthesizer("image", GIVEN[name], family, training=training).fit(train, quiet=True)
    clock.append((time.perf_counter(), time.process_time()))
    some = np.random.default_rng(0).permutation(len(train))[: given.count]
    synthetic = model.sample(condition=train.select(*GIVEN[name]).take(some))
    clock.append((time.perf_counter(), time.process_time()))
    spent = [[round(b - a, 1) for a, b in zip(*pair, strict=True)] for pair in pairwise(clock)]
    return synthetic, {"fit": spent[0], "sample": spent[1], "facts": model.models[0].learner.facts}


def others(path: Path, train: mk.Cohort, label: str) -> mk.Cohort:
    """What another generator has drawn, with the schema of the training pictures."""
    with np.load(path) as archive:
        drawn = {"image": archive["image"], label: np.unique(train[label])[archive["label"]]}
    return mk.Cohort.from_arrays(drawn, mk.Schema({name: train.schema[name] for name in drawn}))


def report(cells: list[dict]) -> str:
    """One table in Markdown per set: value (fresh real records), family by family."""
    lines = []
    for name in dict.fromkeys(cell["set"] for cell in cells):
        same = [cell for cell in cells if cell["set"] == name]
        scores = [s for s in same[0]["scores"] if s.partition("[")[0] in SCORES]
        lines += [f"\n## {name}", line(("", *(f"`{c['family']}`, {c['minutes']:g} min" for c in same)))]
        lines.append(line(["---"] * (len(same) + 1)))
        lines += [line((score, *(shown(cell["scores"].get(score)) for cell in same))) for score in scores]
        for step in ("fit", "sample"):
            spent = (f"{c[step][0]:g} ({c[step][1]:g})" if step in c else "" for c in same)
            lines.append(line((f"{step} s (CPU s)", *spent)))
    return "\n".join(lines)


def shown(found: list[float | None] | None) -> str:
    if found is None or found[0] is None:
        return ""
    real = "" if found[1] is None else f" ({found[1]:.3f})"
    return f"{found[0]:.3f}{real}"


if __name__ == "__main__":
    main()
