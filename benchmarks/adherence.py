"""Adherence: does a picture show what was asked for? One figure for each way of asking.

    OMP_NUM_THREADS=1 python benchmarks/adherence.py --data DATA [--only parts,lesions,words,numbers]

`parts`: chest X-rays (PneumoniaMNIST) of which a box is hidden, every second place seen, or a quarter of
all places seen; PSNR of what is filled in, against straight lines between the places that are seen.
`lesions`: breast ultrasound (BUSI); a lesion of another patient's mask is put into pictures of normal
breasts that were held out; how much of the picture outside changes, and the Dice at which a U-Net of real
pairs finds the mask.
`words`: made pictures with a nodule that a sentence describes; the share in which side, height, size and
brightness are as written. `numbers`: made scans whose lesion grows with age; the correlation of
its size with the age that was asked for. Minutes are CPU minutes. Printed: Markdown.
"""

from __future__ import annotations

import argparse
import re
from itertools import product
from pathlib import Path

import numpy as np
from clock import processor
from lines import line
from picture_sets import pictures
from regions import scaled
from scipy.interpolate import griddata
from scipy.ndimage import binary_dilation
from scipy.stats import spearmanr
from sheets import sheet
from unets import applied, dice, segmented

import manikin as mk
from manikin.datasets.demo import generate_multimodal_demo
from manikin.imaging.analysis.similarity import compute_psnr

SPAN = 255.0
ASKED = 100  # held-out pictures that are asked for


def main() -> None:
    given = arguments()
    processor()
    print(line(("asked by", "on", "figure", "beside")), line(["---"] * 4), sep="\n")
    for name in given.only.split(","):
        for row in PARTS[name](given):
            print(line(row), flush=True)


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, required=True, help="a folder with imaging/")
    parser.add_argument("--only", default="parts,lesions,words,numbers")
    parser.add_argument("--minutes", type=float, default=5, help="for each model")
    parser.add_argument("--keep", type=Path, help="a folder for sheets of the drawn pictures (png)")
    return parser.parse_args()


def learned(given: argparse.Namespace, train: mk.Cohort, target: str, condition: tuple) -> mk.Synthesizer:
    training = mk.Training(minutes=given.minutes)
    return mk.Synthesizer(target, condition, "diffusion", training=training).fit(train, quiet=True)


def parts(given: argparse.Namespace) -> list[tuple]:
    """In-painting, super-resolution and imputation by one model."""
    cohort, _ = pictures("pneumoniamnist", given.data)
    train, holdout = cohort.select("image").split(0.2, seed=0)
    model, true = learned(given, train, "image", ("image",)), holdout["image"][:ASKED].astype(float)
    rng, seen = np.random.default_rng(0), {}
    seen["in-painting, a box of 12 x 12"] = np.ones(true.shape, dtype=bool)
    seen["in-painting, a box of 12 x 12"][:, :, 8:20, 8:20] = False
    seen["super-resolution, every second place"] = np.zeros(true.shape, dtype=bool)
    seen["super-resolution, every second place"][:, :, ::2, ::2] = True
    seen["a quarter of all places"] = rng.random(true.shape) < 0.25  # noqa: PLR2004 - a quarter
    rows, shown = [], [true]
    for name, mask in seen.items():
        torn = np.where(mask, true, np.nan).astype(np.float32)
        asked = mk.Cohort.from_arrays({"image": torn}, {"image": mk.Image()})
        made = np.stack([model.sample(condition=asked, seed=s)["image"] for s in range(5)]).astype(float)
        straight = np.stack([filled(x) for x in torn[:, 0]])[:, None]
        one, mean, lines = (
            compute_psnr(np.clip(x, 0, SPAN), true, SPAN).mean() for x in (made[0], made.mean(0), straight)
        )
        shown += [torn, made[0]]
        text = f"PSNR {one:.1f} dB, mean of five draws {mean:.1f}"
        rows.append((name, "PneumoniaMNIST", text, f"straight lines {lines:.1f}"))
    if given.keep:
        sheet(given.keep / "parts.png", [x[:8] for x in shown], 3)
    return rows


def filled(x: np.ndarray) -> np.ndarray:
    """Straight lines between the known places, the nearest beyond them."""
    places, known = np.indices(x.shape).reshape(2, -1).T, np.isfinite(x).ravel()
    found = [griddata(places[known], x.ravel()[known], places, how) for how in ("linear", "nearest")]
    return np.where(np.isnan(found[0]), found[1], found[0]).reshape(x.shape)


def lesions(given: argparse.Namespace) -> list[tuple]:
    """A lesion of a given mask and class in a normal breast, the rest untouched."""
    cohort, _ = pictures("busi", given.data)
    train, holdout = cohort.split(0.2, seed=0)
    model = learned(given, train, "image", ("image", "mask", "label"))
    ill = np.flatnonzero(holdout["label"] != "normal")
    normal = np.flatnonzero(holdout["label"] == "normal")
    ill = ill[: len(normal)]
    mask, before = holdout["mask"][ill], holdout["image"][normal][: len(ill)]
    hidden = binary_dilation(mask > 0, np.ones((1, 1, 5, 5)))
    torn = np.where(hidden, np.nan, before).astype(np.float32)
    asked = {"image": torn, "mask": mask, "label": holdout["label"][ill]}
    schema = {name: train.schema[name] for name in asked}
    drawn = model.sample(condition=mk.Cohort.from_arrays(asked, schema), seed=0)["image"]
    if given.keep:
        sheet(given.keep / "lesions.png", [before[:8], 255.0 * mask[:8], drawn[:8]], 1)
    net = segmented(*scaled(train), steps=800)
    real = dice(applied(net, holdout["image"][ill] / SPAN) > 0, mask > 0)
    found, without = (dice(applied(net, x / SPAN) > 0, mask > 0) for x in (drawn, before))
    outside = np.abs(drawn.astype(float) - before)[~hidden].max()
    text = f"Dice {found:.2f}; outside changed by at most {outside:g} of 255"
    return [
        (
            "mask and class, in a normal breast",
            "BUSI, 64 px",
            text,
            f"before {without:.2f}, real lesions {real:.2f}",
        )
    ]


SIDES, HEIGHTS, SIZES, LIGHTS = (
    ("left", "right"),
    ("upper", "lower"),
    ("small", "large"),
    ("bright", "dark"),
)


def words(given: argparse.Namespace) -> list[tuple]:
    """A nodule as a sentence describes it."""
    rng = np.random.default_rng(0)
    kinds = list(product(range(2), repeat=4))
    chosen = [kinds[i] for i in rng.integers(16, size=1_200)]
    cohort = mk.Cohort.from_arrays(
        {
            "image": np.stack([nodule(*kind, rng) for kind in chosen]),
            "note": np.array([sentence(*kind, rng) for kind in chosen], dtype=object),
        },
        {"image": mk.Image(), "note": mk.Text(role="note")},
    )
    train, holdout = cohort.split(0.2, seed=0)
    model = learned(given, train, "image", ("note",))
    drawn = model.sample(condition=holdout.select("note"), seed=0)["image"]
    asked = np.array([read(text) for text in holdout["note"]])
    if given.keep:
        sheet(given.keep / "sentences.png", [drawn[:8]], 4)
        print("\n".join(holdout["note"][:8]), flush=True)
    right = (np.array([looked(x[0]) for x in drawn]) == asked).mean(axis=0)
    real = (np.array([looked(x[0]) for x in holdout["image"]]) == asked).mean(axis=0)
    text = ", ".join(
        f"{n} {r:.2f}" for n, r in zip(("side", "height", "size", "light"), right, strict=True)
    )
    return [("a sentence", "made nodules, 24 px", text, f"chance .5, real {real.mean():.2f}")]


def nodule(side: int, height: int, size: int, light: int, rng: np.random.Generator) -> np.ndarray:
    y, x = np.indices((24, 24))
    cy, cx = (6 + 12 * place + rng.normal(0, 1) for place in (height, side))
    blob = np.exp(-((y - cy) ** 2 + (x - cx) ** 2) / (2 * (1.2 + 1.8 * size) ** 2))
    picture = 120 + rng.normal(0, 12, (24, 24)) + (1 - 2 * light) * 100 * blob
    return picture.clip(0, 255).astype(np.uint8)[None]


def sentence(side: int, height: int, size: int, light: int, rng: np.random.Generator) -> str:
    said = SIZES[size], LIGHTS[light], HEIGHTS[height], SIDES[side]
    forms = (
        "A {} {} nodule in the {} {} field.",
        "There is a {} and {} nodule, {} {}.",
        "Nodule, {}, {}; {} {} zone.",
    )
    return forms[rng.integers(3)].format(*said)


def read(text: str) -> tuple[int, ...]:
    said = re.findall("[a-z]+", text.lower())
    return tuple(int(pair[1] in said) for pair in (SIDES, HEIGHTS, SIZES, LIGHTS))


def looked(x: np.ndarray) -> tuple[int, ...]:
    """Where the nodule is, and what it is like, from the quarter that differs most."""
    away = x.astype(float) - 120
    quarters = {
        (h, s): away[12 * h : 12 * h + 12, 12 * s : 12 * s + 12] for h, s in product(range(2), repeat=2)
    }
    (h, s), part = max(quarters.items(), key=lambda entry: abs(entry[1].sum()))
    return s, h, int(abs(part.sum()) > 2_500), int(part.sum() < 0)  # noqa: PLR2004 - between both sizes


def numbers(given: argparse.Namespace) -> list[tuple]:
    """A lesion that grows with age."""
    train = generate_multimodal_demo(800, seed=0).select("age", "sex", "scan")
    model = learned(given, train, "scan", ("age", "sex"))
    asked = generate_multimodal_demo(300, seed=1).select("age", "sex", "scan")
    drawn = model.sample(condition=asked, seed=0)
    made, real = (
        spearmanr(asked["age"], c["scan"].reshape(len(c), -1).mean(axis=1)).statistic
        for c in (drawn, asked)
    )
    return [
        ("age", "made scans, 16 px", f"rank correlation with brightness {made:.2f}", f"real {real:.2f}")
    ]


PARTS = {"parts": parts, "lesions": lesions, "words": words, "numbers": numbers}


if __name__ == "__main__":
    main()
