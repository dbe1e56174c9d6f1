"""What all files of a field state alike: geometry for their writer, and spacing."""

from __future__ import annotations

from dataclasses import asdict, replace
from typing import TYPE_CHECKING

from manikin.imaging.files import resize
from manikin.imaging.header import ImageGeometry
from manikin.schema.remark import Remark

if TYPE_CHECKING:
    from manikin.imaging.header import ImageHeader
    from manikin.schema.kinds import Image


def find_shared_geometry(headers: list[ImageHeader], kind: Image) -> ImageGeometry:
    """What all files say alike and still holds once they are brought to a size."""
    told = [asdict(header.geometry) for header in headers]
    shared = {key: value for key, value in told[0].items() if all(one[key] == value for one in told)}
    if kind.size and any(header.shape[1:] != kind.size for header in headers):
        shared |= {"affine": None, "heights": None}
    if any(header.geometry.heights is not None for header in headers) and shared.get("heights") is None:
        shared["heights"] = []  # uneven, and not alike: no writer may place them on an even grid
    return ImageGeometry(**shared)


def find_shared_spacing(name: str, kind: Image, headers: list[ImageHeader]) -> tuple[Image, list[Remark]]:
    """The spacing that all pictures share, after they are brought to their size."""
    if kind.spacing:
        return kind, []
    uneven = sum(header.geometry.heights is not None for header in headers)
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
