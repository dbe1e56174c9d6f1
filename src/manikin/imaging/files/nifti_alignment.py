"""Volumes of NIfTI brought together by their affines: turned, and masks on the grid of their picture."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, final

import numpy as np

from manikin.core import record_files
from manikin.errors import FormatError
from manikin.imaging import orientation
from manikin.imaging.files import nifti
from manikin.imaging.header import ImageGeometry
from manikin.schema.remark import Remark

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from manikin.imaging.dicom.series import Series
    from manikin.imaging.header import ImageHeader

_SPATIAL_AXES = 3
_MAX_CORNER_DISTANCE = 0.05
"""Grids whose places differ by less than this share of a place are one."""
_MIN_KEPT_SHARE = 0.5


@final
@dataclass(frozen=True)
class NiftiVolume:
    """A file of NIfTI, turned and resampled as it is read.

    Args:
        path: The file.
        source: What its header says.
        target: The orientation to which it is turned; "": as it is.
        reference_header: The header of the picture onto whose grid a mask is laid by the nearest place;
            None: its own.
    """

    path: Path
    source: ImageHeader
    target: str = ""
    reference_header: ImageHeader | None = None

    @property
    def header(self) -> ImageHeader:
        """Of what `read_values` gives."""
        turned = self.turned_header
        if self.reference_header is None:
            return turned
        onto = self.reference_header
        shape = (turned.shape[0], *onto.shape[1:])
        return replace(turned, shape=shape, spacing=onto.spacing, geometry=onto.geometry)

    @property
    def turned_header(self) -> ImageHeader:
        """After the turn alone."""
        code = self.axis_codes
        if not self.target:
            return self.source
        grid = tuple(map(int, orientation.turn_sizes(self.source.shape[1:], code, self.target)))
        spacing = orientation.turn_sizes(self.source.spacing, code, self.target)
        geometry = ImageGeometry(_turn_affine(self.source, self.target), self.target)
        shape = (self.source.shape[0], *grid)
        return replace(self.source, shape=shape, spacing=spacing, geometry=geometry)

    @property
    def axis_codes(self) -> str:
        """Its orientation in the file, such as "LPS"."""
        return self.source.geometry.axes or ""

    @property
    def slices(self) -> tuple[()]:
        """A file of NIfTI has no slices of its own."""
        return ()

    @property
    def name(self) -> str:
        """The name of the file."""
        return self.path.name

    @property
    def parent(self) -> Path:
        """The folder of the file."""
        return self.path.parent

    def __str__(self) -> str:
        return str(self.path)

    def read_values(self) -> np.ndarray:
        """(channels, D, H, W), or (channels, H, W) where there is one slice.

        Raises:
            FormatError: The file cannot be read, or most of a mask lies outside its picture.
        """
        x = nifti.read_values(self.path)
        x = orientation.turn_array(x, self.axis_codes, self.target) if self.target else x
        return x if self.reference_header is None else self._resample_onto(x, self.reference_header)

    def _resample_onto(self, x: np.ndarray, onto: ImageHeader) -> np.ndarray:
        """Each place of the picture takes the level at its nearest place; beyond the mask it is 0."""
        from scipy import ndimage

        way = np.linalg.inv(_get_affine(self.turned_header)) @ _get_affine(onto)
        matrix, shift = (
            way[:_SPATIAL_AXES, :_SPATIAL_AXES][::-1, ::-1],
            way[:_SPATIAL_AXES, _SPATIAL_AXES][::-1],
        )
        grid = onto.shape[1:]
        deep = (1,) * (_SPATIAL_AXES - len(grid))  # one slice is a volume of depth 1
        y = np.stack(
            [
                ndimage.affine_transform(
                    channel.reshape(*(1,) * (_SPATIAL_AXES - channel.ndim), *channel.shape),
                    matrix,
                    shift,  # pyright: ignore[reportArgumentType] - a shift along each axis
                    (*deep, *grid),
                    order=0,
                ).reshape(grid)
                for channel in x
            ]
        )
        places = abs(float(np.linalg.det(matrix)))
        if (y != 0).sum() * places < _MIN_KEPT_SHARE * (x != 0).sum():
            raise FormatError(
                "by the affines most of the mask lies outside its picture",
                self.path,
                "correct the affine, or resample the mask",
            )
        return y


def _get_affine(header: ImageHeader) -> np.ndarray:
    """(4, 4), which every file of NIfTI has."""
    return np.array(header.geometry.affine)


def _turn_affine(header: ImageHeader, target: str) -> list[list[float]]:
    """The affine after a turn."""
    from nibabel.orientations import axcodes2ornt, inv_ornt_aff, ornt_transform

    grid = header.shape[1:]
    sides = (*reversed(grid), *(1,) * (_SPATIAL_AXES - len(grid)))
    way = ornt_transform(axcodes2ornt(tuple(header.geometry.axes or "")), axcodes2ornt(tuple(target)))
    return np.round(_get_affine(header) @ inv_ornt_aff(way, sides), 5).tolist()


def align_volumes(
    files: Mapping[str, Sequence[Path | Series]], masks: set[str]
) -> tuple[dict[str, list[Any]], list[str]]:
    """Files of NIfTI in one orientation, masks on the grid of the first picture of their record; and notes.

    Files that cannot be read, and those of other formats, stay as they are.
    """
    wrapped = {name: [_wrap_file(path) for path in paths] for name, paths in files.items()}
    first = next((name for name in files if name not in masks), next(iter(files)))
    codes = Counter(v.axis_codes for v in wrapped[first] if isinstance(v, NiftiVolume))
    if not codes:
        return {name: list(paths) for name, paths in files.items()}, []
    target, notes = codes.most_common(1)[0][0], []
    for name, found in wrapped.items():
        turned = [_turn_volume(volume, target) for volume in found]
        count = sum(isinstance(v, NiftiVolume) and v.target != "" for v in turned)
        notes += [Remark(f"{count} volumes are turned to {target}, as most lie", name)] if count else []
        wrapped[name] = turned
    for name in masks - {first}:
        pairs = [
            _match_grid(mask, image) for mask, image in zip(wrapped[name], wrapped[first], strict=True)
        ]
        wrapped[name] = [mask for mask, _ in pairs]
        told = Counter(note for _, note in pairs if note)
        notes += [Remark(f"{count} masks {note}", name) for note, count in told.items()]
    return {name: [_unwrap_file(v) for v in found] for name, found in wrapped.items()}, notes


def _wrap_file(path: Path | Series) -> Any:  # noqa: ANN401 - a volume, or what was given
    if not isinstance(path, Path) or record_files.detect_file_format(path) != "nifti":
        return path
    try:
        return NiftiVolume(path, nifti.read_header(path))
    except FormatError:
        return path  # whoever reads its values says what is wrong, or leaves it out


def _unwrap_file(volume: Any) -> Any:  # noqa: ANN401 - as above
    """The path, where nothing is to be done."""
    untouched = isinstance(volume, NiftiVolume) and not volume.target and volume.reference_header is None
    return volume.path if untouched else volume


def _turn_volume(volume: Any, target: str) -> Any:  # noqa: ANN401 - as above
    if not isinstance(volume, NiftiVolume) or volume.axis_codes == target:
        return volume
    code, deep = volume.axis_codes, len(volume.source.shape) > _SPATIAL_AXES
    can = orientation.can_turn(code, target, volume.source.spacing, deep=deep)
    return replace(volume, target=target) if can else volume


def _match_grid(mask: Any, image: Any) -> tuple[Any, str]:  # noqa: ANN401 - as above
    """A mask on the grid of its picture, and what was done to it."""
    if not isinstance(mask, NiftiVolume) or not isinstance(image, NiftiVolume):
        return mask, ""
    mine, theirs = mask.header, image.header
    if mine.shape[1:] == theirs.shape[1:] and _is_same_grid(mine, theirs):
        return mask, ""
    identity = np.allclose(_get_affine(mask.source), np.eye(4))
    if identity and mine.shape[1:] == theirs.shape[1:]:
        plain = replace(mask, target="")
        return plain, "have no affine of their own and are taken place by place"
    return replace(
        mask, reference_header=theirs
    ), "lie on another grid and are laid onto their picture by the affines"


def _is_same_grid(one: ImageHeader, other: ImageHeader) -> bool:
    """Whether the corners of two grids are the same places."""
    sides = [side - 1 for side in (*reversed(one.shape[1:]), 1, 1)][:_SPATIAL_AXES]
    corners = np.array([(*corner, 1) for corner in np.ndindex(2, 2, 2)]) * np.array([*sides, 1])
    a, b = (_get_affine(header) for header in (one, other))
    step = min(np.linalg.norm(b[:_SPATIAL_AXES, :_SPATIAL_AXES], axis=0))
    return bool(np.abs(corners @ (a - b).T).max() <= _MAX_CORNER_DISTANCE * max(step, 1e-6))
