"""Copies: how often disguised pictures of training patients are found, and how often real ones are accused.

    python benchmarks/copies.py copies.jsonl --sets busi ph2 textures shapes --sizes 20 60 --repeats 20
    python benchmarks/copies.py copies.jsonl --report

Of each set as many pictures are drawn for training, holdout and candidates; of the candidates none, 5 % or
10 % (at least one) give way to training pictures in disguise: one of those below each, or several at once.
Only `disguised_copies` is asked. "Refused": its chance is below 0.02, about what the whole card asks of it.
"Named": a planted picture is among the matches, so that privacy does not pass. "Blind": neither match nor
power. Pictures come from --data, a folder with `imaging/`; textures and shapes are made.
"""

from __future__ import annotations

import argparse
import io
import time
from collections import defaultdict
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from lines import append, rows
from PIL import Image as Pillow
from scipy.ndimage import gaussian_filter, map_coordinates

from manikin.cohort.cohort import Cohort
from manikin.cohort.scalar_matrix import ScalarEncoder
from manikin.contracts.split import EvaluationOptions, Sample, Split
from manikin.core.seeds import Key
from manikin.errors import Unsupported
from manikin.metrics.privacy.transformed_copies import disguised_copies, find_matches
from manikin.schema.kinds import Image

if TYPE_CHECKING:
    from collections.abc import Callable

    Way = Callable[[np.ndarray, np.random.Generator], np.ndarray]

SIDE, REFUSED = 96, 0.02
FILES = {"busi": "ultrasound_busi", "ph2": "dermoscopy_ph2", "covid": "xray_covid_image_report"}
SHARES = (0.0, 0.05, 0.10)
MADE, VOLUME = 900, 3


def main() -> None:
    given = arguments()
    if not given.report:
        for name in given.sets:
            x = pictures(name, given.data)
            for size in given.sizes:
                if 3 * size <= len(x):
                    for repeat in range(given.repeats):
                        once(given.results, name, x, size, repeat)
    print(report(given.results))


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("results", type=Path)
    parser.add_argument("--sets", nargs="+", default=[*FILES, "ct", "openms", "pneumoniamnist", *SYNTHETIC])
    parser.add_argument("--sizes", nargs="+", type=int, default=[20, 60, 200])
    parser.add_argument("--repeats", type=int, default=20)
    parser.add_argument("--data", type=Path, default=Path(__file__).parents[2] / "shared" / "data")
    parser.add_argument("--report", action="store_true")
    return parser.parse_args()


def pictures(name: str, data: Path) -> np.ndarray:
    """Grey pictures (n, H, W), 0 to 255."""
    if name in SYNTHETIC:
        return SYNTHETIC[name](MADE, np.random.default_rng(0))
    folder = data / "imaging"
    if name in FILES:
        paths = sorted(p for p in (folder / FILES[name] / "images").rglob("*") if p.is_file())
        return np.stack([scaled(Pillow.open(path)) for path in paths])
    if name == "pneumoniamnist":
        with np.load(next((folder / "xray_pneumoniamnist").glob("*.npz"))) as archive:
            return np.concatenate([archive["train_images"], archive["val_images"]])
    if name == "ct":
        with np.load(folder / "ct_tcga_luad" / "ct_slices_256_hu.npz") as archive:
            x = next(archive[key] for key in archive.files if archive[key].ndim == VOLUME)
        x = (np.clip(x, -1024, 600).astype(float) + 1024) / 1624 * 255
    else:
        with np.load(folder / "mri_openms_paired" / "paired_axial_slices.npz") as archive:
            x = archive["T1"]
    return np.stack([scaled(Pillow.fromarray(one.astype(np.uint8))) for one in x])


def scaled(picture: Pillow.Image) -> np.ndarray:
    return np.array(picture.convert("L").resize((SIDE, SIDE), Pillow.Resampling.LANCZOS))


def textures(n: int, rng: np.random.Generator) -> np.ndarray:
    """Smooth noise of several grains under a light from one side."""
    found = []
    for _ in range(n):
        x = sum(
            w * gaussian_filter(rng.standard_normal((SIDE, SIDE)), s) for w, s in ((1, 1), (4, 4), (16, 12))
        )
        found.append((x - np.min(x)) / np.ptp(x) * 200 + np.linspace(0, 55, SIDE))
    return np.rint(found).astype(np.uint8)


def shapes(n: int, rng: np.random.Generator) -> np.ndarray:
    """A body of one form with two or three discs in it, and grain: pictures that are much alike."""
    y, z = np.indices((SIDE, SIDE)) / SIDE - 0.5
    found = []
    for _ in range(n):
        a, b = rng.uniform(0.34, 0.44, 2)
        x = 90.0 * ((y / a) ** 2 + (z / b) ** 2 < 1)
        for _ in range(rng.integers(2, 4)):
            cy, cz, r = *rng.uniform(-0.22, 0.22, 2), rng.uniform(0.04, 0.12)
            x += rng.uniform(-60, 90) * (np.hypot(y - cy, z - cz) < r)
        found.append(gaussian_filter(x, 1.0) + 20 + rng.normal(0, 4, x.shape))
    return np.rint(found).clip(0, 255).astype(np.uint8)


SYNTHETIC = {"textures": textures, "shapes": shapes}


def once(path: Path, name: str, x: np.ndarray, size: int, repeat: int) -> None:
    """One draw with each share of copies, unless its lines are there already."""
    done = {(row["set"], row["size"], row["repeat"], row["share"]) for row in rows(path)}
    rng = np.random.default_rng([repeat, size])
    order = rng.permutation(len(x))
    train, holdout, fresh = (x[order[i * size : (i + 1) * size]] for i in range(3))
    known, split = sample(train), None
    for share in SHARES:
        if (name, size, repeat, share) in done:
            continue
        count = max(1, round(share * size)) if share else 0
        made, ways = fresh.copy(), []
        for i in range(count):
            ways.append(str(rng.choice(list(WAYS))))
            made[i] = np.clip(np.rint(WAYS[ways[-1]](train[i].astype(float), rng)), 0, 255)
        started = time.process_time()
        split = Split(known, sample(holdout), sample(made), EvaluationOptions(), Key(repeat))
        row = {"set": name, "size": size, "repeat": repeat, "share": share, "planted": count, "ways": ways}
        append(path, row | judged(split, count) | {"cpu_s": round(time.process_time() - started, 2)})


def sample(x: np.ndarray) -> Sample:
    cohort = Cohort.from_arrays({"picture": x[:, None]}, {"picture": Image()})
    n = len(x)
    return Sample(
        cohort, np.arange(n), np.zeros((n, 1), np.float32), np.zeros((n, 0)), ScalarEncoder((), ())
    )


def judged(split: Split, count: int) -> dict[str, object]:
    try:
        found = disguised_copies(split)
    except Unsupported as error:
        return {"hits": 0, "named": 0, "chance": 1.0, "blind": str(error)}
    one = find_matches(split)[0]
    hits = one.rows[one.matches.hits]
    return {"hits": len(hits), "named": int((hits < count).sum()), "chance": found.p_value, "blind": ""}


def moved(x: np.ndarray, places: tuple[np.ndarray, np.ndarray], mode: str = "nearest") -> np.ndarray:
    middle = (np.array(x.shape) - 1) / 2
    return map_coordinates(x, [places[0] + middle[0], places[1] + middle[1]], order=1, mode=mode)


def centred(x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    y, z = np.indices(x.shape).astype(float)
    return y - (x.shape[0] - 1) / 2, z - (x.shape[1] - 1) / 2


def turned(x: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    (y, z), angle = centred(x), np.deg2rad(rng.uniform(3, 10) * rng.choice([-1, 1]))
    places = (y * np.cos(angle) - z * np.sin(angle), y * np.sin(angle) + z * np.cos(angle))
    return moved(x, places, "constant")


def cropped(x: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    (y, z), share = centred(x), rng.uniform(0.85, 0.95)
    by = rng.uniform(-1, 1, 2) * (1 - share) / 2 * len(x)
    return moved(x, (y * share + by[0], z * share + by[1]))


def bent(x: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    fields = [gaussian_filter(rng.standard_normal(x.shape), len(x) / 8) for _ in range(2)]
    y, z = (f / np.abs(f).max() * len(x) * rng.uniform(0.02, 0.04) for f in fields)
    return moved(x, (centred(x)[0] + y, centred(x)[1] + z))


def shifted(x: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    by = rng.integers(1, max(2, int(0.06 * len(x))), 2) * rng.choice([-1, 1], 2)
    return moved(x, (centred(x)[0] + by[0], centred(x)[1] + by[1]))


def compressed(x: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    stream = io.BytesIO()
    plain = Pillow.fromarray(np.rint(x.clip(0, 255)).astype(np.uint8))
    plain.save(stream, "JPEG", quality=int(rng.integers(15, 41)))
    return np.array(Pillow.open(stream)).astype(float)


def recoloured(x: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    gamma = rng.choice([rng.uniform(0.6, 0.8), rng.uniform(1.25, 1.6)])
    return 255 * (x.clip(0, 255) / 255) ** gamma


def noisy(x: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    return (x + 255 * rng.uniform(0.03, 0.1) * rng.standard_normal(x.shape)).clip(0, 255)


MOVES: dict[str, Way] = {
    "turned": turned,
    "cropped": cropped,
    "bent": bent,
    "shifted": shifted,
    "mirrored": lambda x, _: x[:, ::-1],
    "quarter": lambda x, rng: np.rot90(x, int(rng.integers(1, 4))),
}
PAINTS: dict[str, Way] = {
    "jpeg": compressed,
    "gamma": recoloured,
    "noise": noisy,
    "inverted": lambda x, _: 255 - x,
}


def several(x: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    for ways, count in ((MOVES, 2), (PAINTS, 2)):
        for way in rng.choice(list(ways), count, replace=False):
            x = ways[way](x, rng)
    return x


WAYS: dict[str, Way] = {**MOVES, **PAINTS, "several": several}


def report(path: Path) -> str:
    """A row for each set and size."""
    found = defaultdict(list)
    for row in rows(path):
        found[row["set"], row["size"], row["share"]].append(row)
    heads = ["set", "a side", "real: refused", "real: matches named", "blind", "5 %: refused", "named"]
    heads += ["10 %: refused", "named", "recognised", "CPU s"]
    lines = [f"| {' | '.join(heads)} |", "|---" * len(heads) + "|"]
    for name, size in dict.fromkeys(key[:2] for key in found):
        real, *leaks = (found[name, size, share] for share in SHARES)
        cells = [counted(real, refused), counted(real, lambda row: row["hits"] > 0)]
        cells += [counted(real, lambda row: bool(row["blind"]))]
        for leak in leaks:
            cells += [counted(leak, refused), counted(leak, lambda row: row["named"] > 0)]
        planted = sum(row["planted"] for leak in leaks for row in leak)
        share = sum(row["named"] for leak in leaks for row in leak) / max(planted, 1)
        cpu = float(np.mean([row["cpu_s"] for row in real])) if real else 0.0
        lines.append(f"| {name} | {size} | {' | '.join(cells)} | {share:.2f} | {cpu:.1f} |")
    return "\n".join(lines)


def refused(row: dict[str, object]) -> bool:
    return float(str(row["chance"])) < REFUSED


def counted(part: list[dict[str, object]], is_so: Callable[[dict[str, object]], bool]) -> str:
    return f"{sum(map(is_so, part))}/{len(part)}" if part else "–"


if __name__ == "__main__":
    main()
