"""Text in pictures, read by a small network and blanked.

The network is PP-OCR (Cui et al. 2025, PaddleOCR 3.0) as the package `rapidocr` ships it (Apache-2.0, with
its models, nothing is downloaded). It misses text: what it leaves, a person has to find.
"""

from __future__ import annotations

import logging
import re
from dataclasses import replace
from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from manikin.core import arrow
from manikin.core.extras import require
from manikin.errors import UsageError
from manikin.schema.kinds import Image
from manikin.schema.remark import Remark

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from manikin.cohort.cohort import Cohort

Box = tuple[int, int, int, int]
"""Top, bottom, left, right of a text, in places; bottom and right are the first beyond it."""

_MIN_CONFIDENCE, _MIN_SIDE, _MIN_CHARACTERS = 0.5, 640, 2
"""The certainty of the network from which on a text counts; the side to which small pictures grow; and the
fewest letters or digits, as a lone one is mostly anatomy."""
_LETTER_PATTERN = re.compile(r"[^\W_]")
_MARGIN_SHARE = 0.25
"""So much of its height is blanked around a text."""
_VOLUME_NDIM = 5


@cache
def _load_reader() -> Any:  # noqa: ANN401 - of a package without types
    instead = "or name the notes and columns to be treated (--field) and leave the pictures as they are"
    rapidocr = require("rapidocr", what="text in pictures is read by rapidocr", extra="ocr", cure=instead)
    logging.getLogger("RapidOCR").setLevel(logging.ERROR)
    return rapidocr.RapidOCR(params={"Global.text_score": _MIN_CONFIDENCE, "Global.log_level": "error"})


def find_text(picture: np.ndarray) -> list[Box]:
    """Where text stands in a picture.

    Small pictures are enlarged for the network. A text is two letters or digits, or more.

    Args:
        picture: (channels, H, W), one or three channels, of any range.

    Returns:
        A box around each text; its words are not kept.

    Raises:
        MissingExtra: The package that reads text is not installed.
    """
    reader, (height, width) = _load_reader(), picture.shape[1:]
    pixels = _to_rgb_bytes(picture)
    times = max(1, round(_MIN_SIDE / max(height, width)))
    large = np.ascontiguousarray(np.repeat(np.repeat(pixels, times, axis=0), times, axis=1))
    seen = reader(large, use_cls=False)
    if seen.boxes is None:
        return []
    texts = zip(np.asarray(seen.boxes) / times, seen.txts, seen.scores, strict=True)
    return [
        _bound_text(corners, height, width)
        for corners, text, score in texts
        if score >= _MIN_CONFIDENCE and len(_LETTER_PATTERN.findall(text)) >= _MIN_CHARACTERS
    ]


def _bound_text(corners: np.ndarray, height: int, width: int) -> Box:
    """Around the four corners (4, 2) of a text, with a margin, within the picture."""
    left, top = np.floor(corners.min(axis=0)).astype(int)
    right, bottom = np.ceil(corners.max(axis=0)).astype(int)
    more = int(np.ceil(_MARGIN_SHARE * (bottom - top)))
    return max(0, top - more), min(height, bottom + more), max(0, left - more), min(width, right + more)


def _to_rgb_bytes(picture: np.ndarray) -> np.ndarray:
    """(H, W, 3) of 8 bits over the range of the picture."""
    grey = picture.astype(np.float32)
    low, high = float(np.nanmin(grey)), float(np.nanmax(grey))
    scaled = np.nan_to_num((grey - low) / (high - low or 1.0) * 255).astype(np.uint8)
    colour = scaled[:3] if len(scaled) >= 3 else np.repeat(scaled[:1], 3, axis=0)  # noqa: PLR2004 - colours
    return np.moveaxis(colour, 0, -1)


def blank_boxes(picture: np.ndarray, boxes: list[Box]) -> np.ndarray:
    """A picture (channels, H, W) whose boxes hold the middle value of what is around each.

    Example:
        >>> blank_boxes(np.array([[[1, 1, 1], [1, 9, 1], [1, 1, 1]]]), [(1, 2, 1, 2)]).tolist()
        [[[1, 1, 1], [1, 1, 1], [1, 1, 1]]]
    """
    out = picture.copy()
    for top, bottom, left, right in boxes:
        ring = np.ones(picture.shape[1:], dtype=bool)
        near = ring[max(0, top - 2) : bottom + 2, max(0, left - 2) : right + 2]
        ring[...] = False
        near[...] = True
        ring[top:bottom, left:right] = False
        around = picture[:, ring] if ring.any() else picture.reshape(len(picture), -1)
        middle = np.sort(around, axis=1)[:, around.shape[1] // 2]
        out[:, top:bottom, left:right] = middle[:, None, None]
    return out


def can_bear_text(cohort: Cohort, name: str) -> bool:
    """Whether a field holds pictures that may bear text: no label map."""
    kind = cohort.schema.get(name)
    return isinstance(kind, Image) and not kind.levels


def blank_text(
    cohort: Cohort, fields: Sequence[str] = (), told: Callable[[int, int], None] | None = None
) -> Cohort:
    """The same records with the text in their pictures blanked, and notes that count it.

    Label maps are left as they are. What the network misses stays, so the pictures are still held until a
    person has looked at them (`burned_in` in the schema).

    Args:
        cohort: Records with pictures or volumes, each slice of which is looked at.
        fields: Which; none: all that hold pictures.
        told: Called with how many pictures were read, of how many.

    Raises:
        MissingExtra: The package that reads text is not installed.
        UsageError: No field is a picture.
    """
    names = [name for name in fields or cohort.schema if can_bear_text(cohort, name)]
    if not names:
        raise UsageError("no field is a picture whose text could be blanked")
    columns: dict[str, Any] = {name: cohort.columns[name] for name in cohort.schema}
    notes, total, done = [], sum(_count_images(cohort[name]) for name in names), 0
    for name in names:
        x = np.array(cohort[name])
        texts = pictures = 0
        for record in x:
            for plane in np.moveaxis(record, 1, 0) if x.ndim == _VOLUME_NDIM else [record]:
                boxes = find_text(plane)
                plane[...] = blank_boxes(plane, boxes)
                texts, pictures, done = texts + len(boxes), pictures + bool(boxes), done + 1
                if told:
                    told(done, total)
        columns[name] = arrow.to_column(x)
        found = f"{texts} texts in {pictures} of {_count_images(x)} pictures"
        notes.append(Remark(f"{found} are blanked", name))
    return replace(cohort, columns=pa.table(columns)).add_notes(*notes)


def _count_images(x: np.ndarray) -> int:
    """How many pictures there are, slices of volumes counted each."""
    return len(x) * (x.shape[2] if x.ndim == _VOLUME_NDIM else 1)
