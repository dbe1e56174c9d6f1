"""Bring all pictures of a cohort to one size."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pyarrow as pa

from manikin.core import arrow
from manikin.errors import UsageError
from manikin.imaging.files.resize import conform_images
from manikin.imaging.header import GeometryOptions, ImageGeometry
from manikin.schema.kinds import Image, Schema

if TYPE_CHECKING:
    from manikin.cohort.cohort import Cohort


def resize_images(cohort: Cohort, side: int) -> Cohort:
    """The same records with every picture and volume `side` places along each axis, undistorted.

    Raises:
        UsageError: There is no picture, or the side is below 4.

    Example:
        >>> from manikin.datasets.demo import generate_multimodal_demo
        >>> resize_images(generate_multimodal_demo(3, seed=0), 8)["scan"].shape
        (3, 1, 8, 8)
    """
    images = {name: kind for name, kind in cohort.schema.items() if isinstance(kind, Image)}
    if not images:
        raise UsageError("a size is asked for, but no field is a picture")
    if side < 4:  # noqa: PLR2004 - nothing can be seen in fewer
        raise UsageError(f"a size of {side} is asked for; at least 4 places are needed")
    geometry = dict(cohort.origin.find_options(GeometryOptions).facts or {})
    columns, kinds = {name: cohort.columns[name] for name in cohort.schema}, dict(cohort.schema)
    for name, kind in images.items():
        x = cohort[name]
        x, kinds[name] = conform_images(
            x, replace(kind, size=(side,) * (x.ndim - 2)), labels=kind.levels > 0
        )
        if x.shape[2:] != cohort[name].shape[2:] and name in geometry:
            geometry[name] = _drop_stale_geometry(geometry[name])
        columns[name] = arrow.to_column(x)
    origin = cohort.origin.add_options(GeometryOptions(geometry or None))
    return replace(cohort, columns=pa.table(columns), schema=Schema(kinds), origin=origin)


def _drop_stale_geometry(geometry: ImageGeometry) -> ImageGeometry:
    """What still holds of the geometry at another size: no affine, and no places of uneven slices."""
    return replace(geometry, affine=None, heights=None if geometry.heights is None else [])
