"""Sheets: pictures side by side in one PNG, each row a step from what was asked to what was drawn."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

EDGE = 2  # white places between pictures


def sheet(path: Path, rows: Sequence[np.ndarray], scale: int) -> None:
    """Write rows of pictures (n, 1, H, W), values from 0 to 255, NaN white; each place `scale` wide."""
    from PIL import Image

    whole = np.concatenate([np.concatenate([edged(x) for x in row[:, 0]], axis=1) for row in rows])
    pixels = whole.clip(0, 255).astype(np.uint8).repeat(scale, 0).repeat(scale, 1)
    Image.fromarray(pixels).save(path, optimize=True)


def edged(picture: np.ndarray) -> np.ndarray:
    return np.pad(np.nan_to_num(picture.astype(float), nan=255), EDGE, constant_values=255)
