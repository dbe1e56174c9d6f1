"""Samples: grids of synthetic pictures for the card, class by class; never a real patient's.

What lies suspiciously near a training picture is left out: a copy is a real patient's picture too.
"""

from __future__ import annotations

import base64
import struct
import zlib
from typing import TYPE_CHECKING, Any

import numpy as np

from manikin.imaging.analysis.intensity import COLOURS, limits, small
from manikin.imaging.analysis.pose_matching import aligned, ranked
from manikin.schema.kinds import Category, Image

if TYPE_CHECKING:
    from manikin.cohort.cohort import Cohort
    from manikin.core.seeds import Key
    from manikin.evaluation.measuring.evaluation_data import Sides

EACH = 8  # pictures in a row
GROUPS, FIELDS = 6, 3  # classes that have a row of their own; pictures of one record
SIDE = 64  # places along an axis, at most
DRAWN = 24  # pictures from which a row is chosen
CONTROL, KNOWN = 100, 2_000  # held-out pictures that say how near is usual; training pictures looked at
USUAL = 0.1  # share of held-out pictures that are as near, below which a picture is not shown
OUTLINE = np.array([255, 196, 0], dtype=np.uint8)


def samples(sides: Sides, key: Key) -> list[dict[str, Any]]:
    """Rows of synthetic pictures, each with its group, field, a PNG as a data URI and what it shows.

    Args:
        sides: All records, through any feature.
        key: Which pictures are shown.
    """
    cohort = sides.synthetic.whole
    maps, pictures = _fields(cohort)
    found = []
    for name in (pictures or maps)[:FIELDS]:
        low, high = limits(sides.train.whole[name])
        for group, rows in groups(cohort, sides.question.label).items():
            drawn = np.sort(key.child("samples", name, group).numpy().permutation(rows)[:DRAWN])
            shown = drawn[_strangers(sides, name, drawn, key)][:EACH]
            if len(shown):
                found.append(_row(cohort.take(shown), name, group, (low, high), maps))
    return found


def _row(
    cohort: Cohort, name: str, group: str, ends: tuple[float, float], maps: list[str]
) -> dict[str, Any]:
    pixels = coloured(cohort[name], *ends)
    inside = next((m for m in maps if m != name and cohort[m].shape[2:] == cohort[name].shape[2:]), None)
    if inside is not None:
        pixels = np.where(_outlined(cohort[inside])[..., None], OUTLINE, pixels)
    count = len(pixels)
    text = (
        f"{count} synthetic pictures, {name}, {group}" if group else f"{count} synthetic pictures, {name}"
    )
    return {
        "field": name,
        "group": group,
        "png": side_by_side(pixels),
        "alt": text + (f", with the outline of {inside}" if inside else ""),
    }


def side_by_side(pixels: np.ndarray) -> str:
    """Pictures of bytes (n, height, width, 3) in a row, as a data URI."""
    row = np.concatenate(list(np.pad(pixels, ((0, 0), (1, 1), (1, 1), (0, 0)))), axis=1)
    return "data:image/png;base64," + base64.b64encode(png(row)).decode()


def png(x: np.ndarray) -> bytes:
    """A picture (height, width, 3) of bytes as a PNG file (ISO/IEC 15948).

    Example:
        >>> png(np.zeros((2, 3, 3), dtype=np.uint8))[1:4]
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


def _strangers(sides: Sides, name: str, rows: np.ndarray, key: Key) -> np.ndarray:
    """Which synthetic pictures are no nearer to a training picture than nine in ten held-out ones are."""
    rng = key.child("known", name).numpy()
    some = rng.permutation(len(sides.train))[:KNOWN]
    held = rng.permutation(len(sides.holdout))[:CONTROL]
    train, holdout = (
        side.whole.take(part)[name] for side, part in ((sides.train, some), (sides.holdout, held))
    )
    known, owner = ranked(train), sides.train.subject[some]
    usual = aligned(ranked(holdout), known, owner).ratio
    found = aligned(ranked(sides.synthetic.whole.take(rows)[name]), known, owner).ratio
    return found >= np.quantile(usual, USUAL)


def groups(cohort: Cohort, label: str | None) -> dict[str, np.ndarray]:
    """The records of each class of the label, the most frequent classes first; all, where there is none."""
    if label is None or not isinstance(cohort.schema[label], Category):
        return {"": np.arange(len(cohort))}
    values = cohort[label].astype(str)
    levels, counts = np.unique(values, return_counts=True)
    kept = sorted(levels[np.argsort(-counts, kind="stable")[:GROUPS]])
    return {f"{label} {level}": np.flatnonzero(values == level) for level in kept}


def _fields(cohort: Cohort) -> tuple[list[str], list[str]]:
    """Label maps, and pictures."""
    kinds = {n: k for n in cohort.schema.modelled if isinstance(k := cohort.schema[n], Image)}
    return [n for n, kind in kinds.items() if kind.levels], [
        n for n, kind in kinds.items() if not kind.levels
    ]


def _plane(x: np.ndarray) -> np.ndarray:
    """The middle slice of a volume; of a signal of one axis a band."""
    if x.ndim > 4:  # noqa: PLR2004 - records, channels, depth, height, width
        return x[:, :, x.shape[2] // 2]
    return x


def coloured(x: np.ndarray, low: float, high: float) -> np.ndarray:
    """Pictures (n, channels, *grid) with values from `low` to `high` as bytes (n, height, width, 3)."""
    plane = _plane(x)
    flat = small(plane.reshape(-1, *plane.shape[2:]), SIDE)
    scaled = np.clip((flat - low) / (high - low), 0, 1).reshape(*plane.shape[:2], *flat.shape[1:])
    channels = scaled if scaled.shape[1] == COLOURS else np.repeat(scaled[:, :1], COLOURS, axis=1)
    return np.rint(np.moveaxis(channels, 1, -1) * 255).astype(np.uint8)


def _outlined(x: np.ndarray) -> np.ndarray:
    """Which places lie on the inner border of a region, bool (n, height, width)."""
    inside = small(_plane(x)[:, 0] > 0, SIDE) >= 0.5  # noqa: PLR2004 - half of it
    core = inside.copy()
    for axis in (1, 2):
        for step in (1, -1):
            core &= np.roll(inside, step, axis)
    return inside & ~core
