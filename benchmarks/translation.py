"""Translation: one picture of a patient from another, held against the true one.

    OMP_NUM_THREADS=1 python benchmarks/translation.py --data DATA [--minutes 20] [--draws 5] [--unpaired]

Brain MRI (Open MS): axial slices of three patients. Each patient in turn is held out, and the slices of the
other two are learned from for so many CPU minutes: T2 given T1, and FLAIR given T1 and T2. Beside
`diffusion` (a single draw, and the mean of several): the source itself with the brightness of the target
fitted slice by slice (a straight line that is shown the true slice), and a U-Net of the same size and
budget that regresses the target. `--unpaired`: T1 of one patient and T2 of another are learned, no slice in
both, and T1 of the third is carried over (`mk.recipes.translate_unpaired`). Means over all slices of all
patients. Printed: Markdown.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import numpy as np
from clock import processor
from image_similarity import compute_haarpsi, compute_mae, compute_ssim
from lines import line
from sheets import sheet
from unets import applied, regressed

import manikin as mk
from manikin.features.radiomics import Radiomics
from manikin.imaging.analysis.similarity import compute_psnr
from manikin.stats.downsample import downsample

SIDES = 112, 94  # places along an axis, at most, one reduction after the other
SPAN = 255.0
TASKS = {"T2": ("T1",), "FLAIR": ("T1", "T2")}
SIDE = mk.Category(levels=("T1", "T2"))
SCORES = ("PSNR dB", "SSIM", "MAE", "HaarPSI", "texture distance")


def main() -> None:
    given = arguments()
    processor()
    slices, patient = read(given.data)
    for target in given.targets.split(","):
        found: dict[str, list] = {}
        for held in np.unique(patient):
            if given.unpaired:
                bridge(slices, patient, held, given, found)
            else:
                fold(slices, target, patient == held, given, found)
            print(json.dumps({"target": target, "held": int(held)}), flush=True)
        print(line((target, *SCORES)), line(["---"] * 6), sep="\n")
        for name, rows in found.items():
            print(
                line((name, *(f"{x:.3f}" for x in np.concatenate(rows, axis=1).mean(axis=1)))), flush=True
            )


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, required=True, help="a folder with imaging/")
    parser.add_argument("--targets", default="T2,FLAIR")
    parser.add_argument("--minutes", type=float, default=20)
    parser.add_argument("--draws", type=int, default=5)
    parser.add_argument("--keep", type=Path, help="a folder for sheets of the drawn slices (png)")
    parser.add_argument("--unpaired", action="store_true", help="with --targets T2")
    return parser.parse_args()


def read(data: Path) -> tuple[dict[str, np.ndarray], np.ndarray]:
    """The three sequences as (n, 1, 94, 94) whole numbers from 0 to 255, and whose slice it is."""
    with np.load(data / "imaging" / "mri_openms_paired" / "paired_axial_slices.npz") as archive:
        slices = {name: np.rint(reduced(archive[name]))[:, None] for name in ("T1", "T2", "FLAIR")}
        return {name: x.astype(np.uint8) for name, x in slices.items()}, archive["patient"]


def reduced(x: np.ndarray) -> np.ndarray:
    """Slices (n, 218, 182) averaged down to squares: the longer axis a sixth more than the other."""
    return downsample(downsample(x, SIDES[0]), SIDES[1])


def fold(
    slices: dict[str, np.ndarray], target: str, held: np.ndarray, given: argparse.Namespace, found: dict
) -> None:
    """Learn without one patient, and judge the slices of that patient."""
    sources, true = TASKS[target], slices[target][held]
    texture = Radiomics().fit(cohort({target: slices[target][~held]}))
    made = {"source, brightness fitted": straight(slices[sources[-1]][held], true)}
    x, y = (np.concatenate([slices[n][~held] for n in names], 1) / SPAN for names in (sources, (target,)))
    net = regressed(x, y, 60 * given.minutes)
    inputs = np.concatenate([slices[n][held] for n in sources], 1) / SPAN
    made["U-Net"] = (applied(net, inputs) * SPAN).clip(0, SPAN)
    draws = drawn(slices, target, held, given)
    if given.keep:
        few = np.linspace(5, held.sum() - 5, 6).astype(int)
        shown = [*(slices[n][held] for n in sources), draws[0], true]
        sheet(given.keep / f"{target.lower()}.png", [x[few] for x in shown], 1)
    made["`diffusion`, one draw"], made["`diffusion`, mean of draws"] = draws[0], draws.mean(axis=0)
    for name, x in made.items():
        found.setdefault(name, []).append(scores(x, true, texture, target))
    wrong, spread = np.abs(draws.mean(0) - true).ravel(), draws.std(axis=0).ravel()
    print(f"spread of draws against error, rank correlation {rank(spread, wrong):.3f}", flush=True)


def bridge(
    slices: dict[str, np.ndarray], patient: np.ndarray, held: int, given: argparse.Namespace, found: dict
) -> None:
    """Learn T1 of one patient and T2 of the other, and carry T1 of the held-out one over."""
    one, other = (patient == p for p in np.unique(patient) if p != held)
    source, true = (slices[name][patient == held] for name in ("T1", "T2"))
    both = sided(np.concatenate([slices["T1"][one], slices["T2"][other]]), one.sum())
    model = mk.Synthesizer("scan", "side", "diffusion", training=mk.Training(minutes=given.minutes))
    carried = mk.recipes.translate_unpaired(
        model.fit(both, quiet=True), sided(source, len(source)), {"side": "T2"}
    )
    texture = Radiomics().fit(cohort({"T2": slices["T2"][other]}))
    made = {"source": source, "source, brightness fitted": straight(source, true)}
    made["`bridged`, without pairs"] = carried["scan"]
    for name, x in made.items():
        found.setdefault(name, []).append(scores(x.astype(float), true, texture, "T2"))


def sided(scans: np.ndarray, first: int) -> mk.Cohort:
    """Slices of which the first are T1 and the others T2."""
    side = np.where(np.arange(len(scans)) < first, "T1", "T2").astype(object)
    return mk.Cohort.from_arrays({"scan": scans, "side": side}, {"scan": mk.Image(), "side": SIDE})


def drawn(
    slices: dict[str, np.ndarray], target: str, held: np.ndarray, given: argparse.Namespace
) -> np.ndarray:
    """(draws, n, 1, H, W)."""
    sources = TASKS[target]
    train, asked = (cohort({n: slices[n][rows] for n in (*sources, target)}) for rows in (~held, held))
    model = mk.Synthesizer(target, sources, "diffusion", training=mk.Training(minutes=given.minutes))
    model.fit(train, quiet=True)
    print(model.fitted_model.learner.facts, flush=True)
    some = [model.sample(condition=asked.select(*sources), seed=s)[target] for s in range(given.draws)]
    return np.stack(some).astype(float)


def cohort(arrays: dict[str, np.ndarray]) -> mk.Cohort:
    return mk.Cohort.from_arrays(arrays, {name: mk.Image() for name in arrays})


def straight(source: np.ndarray, true: np.ndarray) -> np.ndarray:
    """Each slice of the source on the straight line that comes nearest to the true slice."""
    lines = [np.polyfit(a.ravel(), b.ravel(), 1) for a, b in zip(source, true, strict=True)]
    return np.stack([np.polyval(c, a) for c, a in zip(lines, source, strict=True)]).clip(0, SPAN)


def scores(x: np.ndarray, true: np.ndarray, texture: Radiomics, target: str) -> list[np.ndarray]:
    made = np.rint(x).astype(np.uint8)
    apart = np.linalg.norm(texture(cohort({target: made})) - texture(cohort({target: true})), axis=1)
    return [
        compute_psnr(x, true, SPAN),
        compute_ssim(x, true, SPAN),
        compute_mae(x, true),
        compute_haarpsi(x, true, SPAN),
        apart,
    ]


def rank(a: np.ndarray, b: np.ndarray) -> float:
    from scipy.stats import spearmanr

    return float(spearmanr(a, b).statistic)


if __name__ == "__main__":
    main()
