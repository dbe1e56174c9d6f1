"""What all files of a field state alike: geometry for their writer, and spacing."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from manikin.imaging.files import resize
from manikin.schema.remark import Remark

if TYPE_CHECKING:
    from manikin.imaging.header import ImageHeader
    from manikin.schema.kinds import Image


def collect_shared_facts(headers: list[ImageHeader], kind: Image) -> dict[str, Any]:
    """What all files say alike and still holds once they are brought to a size."""
    moved = bool(kind.size) and any(header.shape[1:] != kind.size for header in headers)
    found = {
        key: value
        for key, value in headers[0].facts.items()
        if all(header.facts.get(key) == value for header in headers)
        and not (moved and key in ("affine", "heights"))
    }
    if any("heights" in header.facts for header in headers) and "heights" not in found:
        found["heights"] = []  # uneven, and not alike: no writer may place them on an even grid
    return found


def find_shared_spacing(name: str, kind: Image, headers: list[ImageHeader]) -> tuple[Image, list[Remark]]:
    """The spacing that all pictures share, after they are brought to their size."""
    if kind.spacing:
        return kind, []
    uneven = sum("heights" in header.facts for header in headers)
    if 0 < uneven < len(headers):
        return kind, [
            Remark("slices lie at even steps in some volumes only, so no spacing is stated", name)
        ]
    found = {
        tuple(round(step / _compute_scale_factor(header, kind), 5) for step in header.spacing)
        for header in headers
        if header.spacing
    }
    if len(found) == 1:
        return replace(kind, spacing=found.pop()), []
    return kind, [Remark(f"{len(found)} different spacings, so none is stated", name)] if found else []


def _compute_scale_factor(header: ImageHeader, kind: Image) -> float:
    return resize.compute_scale_factor(header.shape[1:], kind.size) if kind.size else 1.0
