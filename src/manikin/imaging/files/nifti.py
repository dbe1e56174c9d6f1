"""NIfTI-1 volumes: values in their unit, axes in the order (channels, D, H, W), geometry beside them.

Of the header only the geometry is kept: the affine when all volumes share it, otherwise the spacing.
Descriptions, names and extensions are never written.
"""

from __future__ import annotations

import zlib
from typing import TYPE_CHECKING, Any

import numpy as np

from manikin.errors import FormatError
from manikin.imaging.header import ImageGeometry, ImageHeader, check_size

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

_INTEGER_DTYPES = ("int16", "int32", "int64")
_SPATIAL_AXES = 3
_DECIMALS = 5


def read_header(path: Path) -> ImageHeader:
    """Shape, type, spacing and affine.

    Raises:
        FormatError: It is no NIfTI.
    """
    image = _open_image(path)
    check_size(image.shape, path)
    spacing = _read_spacing(image)
    affine = np.round(image.affine, _DECIMALS).tolist()
    geometry = ImageGeometry(affine, "".join(_read_axis_codes(image)))
    shape, dtype = _to_array_shape(image.shape, path), _choose_dtype(image)
    return ImageHeader(shape, dtype, spacing, is_physical=True, geometry=geometry)


def read_values(path: Path) -> np.ndarray:
    """(channels, D, H, W), or (channels, H, W) where there is one slice.

    Raises:
        FormatError: The file is truncated, or holds values that are no finite number.
    """
    image = _open_image(path)
    try:
        x = np.asanyarray(image.dataobj)
    except (OSError, EOFError, ValueError, zlib.error) as error:
        raise FormatError("damaged or truncated", path, "copy it again", can_skip=True) from error
    if x.dtype.kind == "f" and not np.isfinite(x).all():
        raise FormatError(
            "holds values that are no finite number (NaN)",
            path,
            "set them to the background",
            can_skip=True,
        )
    shape = _to_array_shape(image.shape, path)
    x = x.reshape(*image.shape[:_SPATIAL_AXES], -1).transpose(
        3, *reversed(range(min(x.ndim, _SPATIAL_AXES)))
    )
    return np.ascontiguousarray(x.reshape(shape)).astype(_choose_dtype(image), copy=False)


def write(x: np.ndarray, path: Path, spacing: Sequence[float], geometry: ImageGeometry) -> None:
    """Write a volume; sform and qform agree, in mm, code 1 (scanner).

    Args:
        x: (channels, D, H, W), or (channels, H, W) for one slice.
        path: Where to.
        spacing: In mm along the axes of `x`; empty: 1 mm.
        geometry: What the volumes came with; without an affine the origin is the centre.
    """
    import nibabel

    deep = x.ndim == _SPATIAL_AXES + 1
    data = x.transpose(*reversed(range(1, x.ndim)), 0) if deep else x.transpose(2, 1, 0)[:, :, None]
    data = data[..., 0] if len(x) == 1 else data
    affine = (
        _build_centred_affine(data.shape, spacing, geometry.axes or "RAS")
        if geometry.affine is None
        else np.array(geometry.affine)
    )
    if data.dtype in (np.int64, np.uint64, np.bool_):
        data = data.astype(np.int32 if data.dtype != np.bool_ else np.uint8)
    image = nibabel.Nifti1Image(data, affine)
    image.set_sform(affine, code=1)
    image.set_qform(affine, code=1)
    image.header.set_xyzt_units("mm")
    payload = image.to_bytes()
    if path.suffix.lower() == ".gz":
        import gzip

        payload = gzip.compress(payload, mtime=0)
    path.write_bytes(payload)


def _build_centred_affine(shape: Sequence[int], spacing: Sequence[float], axes: str) -> np.ndarray:
    """The affine of a volume around the origin, its axes towards `axes`, such as "LAS"."""
    steps = (*reversed(spacing), 1.0, 1.0, 1.0)[:_SPATIAL_AXES]
    affine = np.zeros((4, 4))
    affine[3, 3] = 1.0
    for axis, (step, side, towards) in enumerate(zip(steps, shape, axes, strict=False)):
        world = next(i for i, ends in enumerate(("LR", "PA", "IS")) if towards in ends)
        affine[world, axis] = step if towards in "RAS" else -step
        affine[world, 3] = -affine[world, axis] * (side - 1) / 2
    return affine


def _open_image(path: Path) -> Any:  # noqa: ANN401 - an image of nibabel, which has no types
    import nibabel
    from nibabel.filebasedimages import ImageFileError

    try:
        image: Any = nibabel.load(path)
    except (ImageFileError, OSError, EOFError, ValueError, zlib.error) as error:
        raise FormatError("not a readable NIfTI file", path, "copy it again", can_skip=True) from error
    if image.get_data_dtype().kind not in "iuf":
        raise FormatError(f"holds {image.get_data_dtype()}", path, "only numbers of one channel are read")
    return image


def _read_axis_codes(image: Any) -> tuple[str, ...]:  # noqa: ANN401 - as above
    import nibabel

    return tuple(axis or "R" for axis in nibabel.orientations.aff2axcodes(image.affine))


def _to_array_shape(shape: tuple[int, ...], path: Path) -> tuple[int, ...]:
    """Channels first, depth before height before width; an axis of one slice is none."""
    if not 2 <= len(shape) <= 4 and not (len(shape) == 5 and shape[3] == 1):  # noqa: PLR2004 - H, W to T
        raise FormatError(f"has {len(shape)} axes", path, "volumes of up to four are read")
    channels = int(np.prod(shape[3:]))
    depth = () if len(shape) == 2 or shape[2] == 1 else (shape[2],)  # noqa: PLR2004 - one slice
    return (channels, *depth, shape[1], shape[0])


def _read_spacing(image: Any) -> tuple[float, ...]:  # noqa: ANN401 - as above
    steps = [round(float(step), _DECIMALS) for step in image.header.get_zooms()[:_SPATIAL_AXES]]
    flat = len(image.shape) == 2 or image.shape[2] == 1  # noqa: PLR2004 - one slice
    return tuple(reversed(steps[:2] if flat else steps))


def _choose_dtype(image: Any) -> np.dtype:  # noqa: ANN401 - as above
    """The smallest type that holds every value the file may have, after its slope and intercept."""
    stored, slope, shift = image.get_data_dtype(), image.dataobj.slope, image.dataobj.inter
    if stored.kind == "f":
        return np.dtype(np.float32)
    if slope == 1 and shift == 0:
        return stored.newbyteorder("=")
    if slope != int(slope) or shift != int(shift):
        return np.dtype(np.float32)
    ends = [int(end) * int(slope) + int(shift) for end in (np.iinfo(stored).min, np.iinfo(stored).max)]
    return np.dtype(
        next(
            name
            for name in _INTEGER_DTYPES
            if np.iinfo(name).min <= min(ends) and max(ends) <= np.iinfo(name).max
        )
    )
