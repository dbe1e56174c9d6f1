"""Text rendered onto real pictures: how much the cheap detector flags, and how much the network covers.

    .venv/bin/python benchmarks/burned_in.py PICTURES [--each 8]     # a folder of pictures, or an npz

For every typeface size and grey: in how many pictures a long row of marks is seen, and in how many at least
95 % of the ink lies under a box (only with `pip install 'manikin[ocr]'`); then the same pictures untouched.
"""

from __future__ import annotations

import argparse
from importlib.util import find_spec
from pathlib import Path

import numpy as np
from matplotlib import font_manager
from PIL import Image, ImageDraw, ImageFont

import manikin as mk
from manikin.imaging.analysis.text_blanking import find_text
from manikin.imaging.analysis.text_rows import MIN_TEXT_ROW, measure_longest_row

TEXTS = (
    "DOE^JANE", "Smith, John 4711", "11.02.1960", "MRN 00123456", "Univ. Hospital 14:32", "ID:89-4421-07",
)  # fmt: skip
SIZES, GREYS = (8, 11, 16, 24), (255, 120)
WHOLE = 0.95


def pictures(folder: Path, each: int) -> list[np.ndarray]:
    """Pictures of 8 bits, spread evenly over the first field of pictures."""
    cohort = mk.read(folder)
    name = next(n for n, kind in cohort.schema.items() if isinstance(kind, mk.Image) and not kind.levels)
    x = cohort[name]
    flat = x.max(axis=1) if x.ndim == 4 else x[:, 0].reshape(-1, *x.shape[3:])  # noqa: PLR2004
    chosen = flat[np.linspace(0, len(flat) - 1, each).astype(int)].astype(float)
    return [(255 * (p - p.min()) / (np.ptp(p) or 1)).astype(np.uint8) for p in chosen]


def rendered(
    picture: np.ndarray, text: str, font: ImageFont.FreeTypeFont, grey: int, seed: int
) -> np.ndarray:
    """The picture with a text somewhere, white or so many steps brighter than what is around it."""
    rng, image = np.random.default_rng(seed), Image.fromarray(picture)
    left, top = int(rng.integers(2, 20)), int(rng.integers(2, max(3, picture.shape[0] - 30)))
    around = int(np.median(picture[top : top + int(font.size), left : left + 100]))
    fill = 255 if grey == 255 else min(255, around + grey)  # noqa: PLR2004
    ImageDraw.Draw(image).text((left, top), text, fill=fill, font=font)
    return np.asarray(image)


def covered(picture: np.ndarray, clean: np.ndarray) -> float:
    """The share of the ink that lies under boxes."""
    ink = np.abs(picture.astype(int) - clean) > 20  # noqa: PLR2004 - steps of 256
    under = np.zeros_like(ink)
    for top, bottom, left, right in find_text(picture[None]):
        under[top:bottom, left:right] = True
    return float((ink & under).sum() / max(1, ink.sum()))


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folder", type=Path)
    parser.add_argument("--each", type=int, default=8)
    asked = parser.parse_args()
    clean, reads = pictures(asked.folder, asked.each), find_spec("rapidocr") is not None
    fonts = [f.fname for f in font_manager.fontManager.ttflist if "DejaVuSans" in f.fname]
    for size in SIZES:
        for grey in GREYS:
            made = [
                rendered(p, TEXTS[i % len(TEXTS)], ImageFont.truetype(fonts[i % len(fonts)], size), grey, i)
                for i, p in enumerate(clean)
            ]
            seen = sum(measure_longest_row(p[None]) >= MIN_TEXT_ROW for p in made)
            whole = sum(covered(p, c) >= WHOLE for p, c in zip(made, clean, strict=True)) if reads else "-"
            print(f"{size} points, grey {grey}: flagged {seen}, covered whole {whole}, of {len(made)}")
    seen = sum(measure_longest_row(p[None]) >= MIN_TEXT_ROW for p in clean)
    texts = sum(bool(find_text(p[None])) for p in clean) if reads else "-"
    print(f"untouched: flagged {seen}, texts found {texts}, of {len(clean)}")


if __name__ == "__main__":
    main()
