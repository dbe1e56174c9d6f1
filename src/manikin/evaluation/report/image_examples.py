"""Samples: grids of synthetic pictures for the card, class by class; never a real patient's.

What lies suspiciously near a training picture is left out: a copy is a real patient's picture too.
"""

from __future__ import annotations

import base64
import struct
import zlib
from typing import TYPE_CHECKING, Any

import numpy as np

from manikin.imaging.analysis.intensity import COLOUR_CHANNELS, find_intensity_range
from manikin.imaging.analysis.pose_matching import match_images, normalize_images
from manikin.schema.kinds import Category, Image
from manikin.stats.downsample import downsample

if TYPE_CHECKING:
    from manikin.cohort.cohort import Cohort
    from manikin.core.seeds import Key
    from manikin.evaluation.measuring.evaluation_data import EvaluationData

IMAGES_PER_ROW = 8  # pictures in a row
MAX_CLASSES, MAX_FIELDS = 6, 3  # classes that have a row of their own; pictures of one record
MAX_SIDE_PIXELS = 64  # places along an axis, at most
DRAWN_PER_ROW = 24  # pictures from which a row is chosen
MAX_HOLDOUT_COMPARED, MAX_TRAIN_COMPARED = 100, 2_000
"""Held-out pictures that say how near is usual; training pictures looked at."""

MIN_DISTANCE_QUANTILE = 0.1
"""Share of held-out pictures that are as near, below which a picture is not shown."""

OUTLINE_RGB = np.array([255, 196, 0], dtype=np.uint8)


def collect_image_examples(sides: EvaluationData, key: Key) -> list[dict[str, Any]]:
    """Rows of synthetic pictures, each with its group, field, a PNG as a data URI and what it shows.

    Args:
        sides: All records, through any feature.
        key: Which pictures are shown.
    """
    cohort = sides.synthetic.source_cohort
    maps, pictures = _split_image_fields(cohort)
    found = []
    for name in (pictures or maps)[:MAX_FIELDS]:
        low, high = find_intensity_range(sides.train.source_cohort[name])
        for group, rows in group_by_class(cohort, sides.question.label).items():
            drawn = np.sort(key.child("samples", name, group).numpy().permutation(rows)[:DRAWN_PER_ROW])
            shown = drawn[_are_shareable(sides, name, drawn, key)][:IMAGES_PER_ROW]
            if len(shown):
                found.append(_build_row(cohort.take(shown), name, group, (low, high), maps))
    return found


def _build_row(
    cohort: Cohort, name: str, group: str, ends: tuple[float, float], maps: list[str]
) -> dict[str, Any]:
    pixels = to_rgb(cohort[name], *ends)
    inside = next((m for m in maps if m != name and cohort[m].shape[2:] == cohort[name].shape[2:]), None)
    if inside is not None:
        pixels = np.where(_is_outline(cohort[inside])[..., None], OUTLINE_RGB, pixels)
    count = len(pixels)
    text = (
        f"{count} synthetic pictures, {name}, {group}" if group else f"{count} synthetic pictures, {name}"
    )
    return {
        "field": name,
        "group": group,
        "png": to_data_uri(pixels),
        "alt": text + (f", with the outline of {inside}" if inside else ""),
    }


def to_data_uri(pixels: np.ndarray) -> str:
    """Pictures of bytes (n, height, width, 3) in a row, as a data URI."""
    row = np.concatenate(list(np.pad(pixels, ((0, 0), (1, 1), (1, 1), (0, 0)))), axis=1)
    return "data:image/png;base64," + base64.b64encode(encode_png(row)).decode()


def encode_png(x: np.ndarray) -> bytes:
    """A picture (height, width, 3) of bytes as a PNG file (ISO/IEC 15948).

    Example:
        >>> encode_png(np.zeros((2, 3, 3), dtype=np.uint8))[1:4]
        b'PNG'
    """
    height, width = x.shape[:2]
    lines = b"".join(b"\0" + line.tobytes() for line in np.ascontiguousarray(x, dtype=np.uint8))
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    parts = ((b"IHDR", header), (b"IDAT", zlib.compress(lines, 9)), (b"IEND", b""))
    chunks = [
        struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
        for kind, body in parts
    ]
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunks)


def _are_shareable(sides: EvaluationData, name: str, rows: np.ndarray, key: Key) -> np.ndarray:
    """Which synthetic pictures are no nearer to a training picture than nine in ten held-out ones are."""
    rng = key.child("known", name).numpy()
    some = rng.permutation(len(sides.train))[:MAX_TRAIN_COMPARED]
    held = rng.permutation(len(sides.holdout))[:MAX_HOLDOUT_COMPARED]
    train, holdout = (
        side.source_cohort.take(part)[name] for side, part in ((sides.train, some), (sides.holdout, held))
    )
    known, owner = normalize_images(train), sides.train.subject[some]
    usual = match_images(normalize_images(holdout), known, owner).ratios
    found = match_images(
        normalize_images(sides.synthetic.source_cohort.take(rows)[name]), known, owner
    ).ratios
    return found >= np.quantile(usual, MIN_DISTANCE_QUANTILE)


def group_by_class(cohort: Cohort, label: str | None) -> dict[str, np.ndarray]:
    """The records of each class of the label, the most frequent classes first; all, where there is none."""
    if label is None or not isinstance(cohort.schema[label], Category):
        return {"": np.arange(len(cohort))}
    values = cohort[label].astype(str)
    levels, counts = np.unique(values, return_counts=True)
    kept = sorted(levels[np.argsort(-counts, kind="stable")[:MAX_CLASSES]])
    return {f"{label} {level}": np.flatnonzero(values == level) for level in kept}


def _split_image_fields(cohort: Cohort) -> tuple[list[str], list[str]]:
    """Label maps, and pictures."""
    kinds = {n: k for n in cohort.schema.modelled_fields if isinstance(k := cohort.schema[n], Image)}
    return [n for n, kind in kinds.items() if kind.levels], [
        n for n, kind in kinds.items() if not kind.levels
    ]


def _take_middle_slice(x: np.ndarray) -> np.ndarray:
    """The middle slice of a volume; of a signal of one axis a band."""
    if x.ndim > 4:  # noqa: PLR2004 - records, channels, depth, height, width
        return x[:, :, x.shape[2] // 2]
    return x


def to_rgb(x: np.ndarray, low: float, high: float) -> np.ndarray:
    """Pictures (n, channels, *grid) with values from `low` to `high` as bytes (n, height, width, 3)."""
    plane = _take_middle_slice(x)
    flat = downsample(plane.reshape(-1, *plane.shape[2:]), MAX_SIDE_PIXELS)
    scaled = np.clip((flat - low) / (high - low), 0, 1).reshape(*plane.shape[:2], *flat.shape[1:])
    channels = (
        scaled if scaled.shape[1] == COLOUR_CHANNELS else np.repeat(scaled[:, :1], COLOUR_CHANNELS, axis=1)
    )
    return np.rint(np.moveaxis(channels, 1, -1) * 255).astype(np.uint8)


def _is_outline(x: np.ndarray) -> np.ndarray:
    """Which places lie on the inner border of a region, bool (n, height, width)."""
    inside = downsample(_take_middle_slice(x)[:, 0] > 0, MAX_SIDE_PIXELS) >= 0.5  # noqa: PLR2004 - half of it
    core = inside.copy()
    for axis in (1, 2):
        for step in (1, -1):
            core &= np.roll(inside, step, axis)
    return inside & ~core
