"""Volumes of NIfTI brought together by their affines: turned, and masks on the grid of their picture."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, final

import numpy as np

from manikin.core import record_files
from manikin.errors import FormatError
from manikin.imaging.files import orientation

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from manikin.imaging.dicom.series import Series
    from manikin.imaging.files.header import Header

_GRID = 3
_NEAR = 0.05
"""Grids whose places differ by less than this share of a place are one."""
_HALF = 0.5


@final
@dataclass(frozen=True)
class Volume:
    """A file of NIfTI, turned and resampled as it is read.

    Args:
        path: The file.
        source: What its header says.
        target: The orientation to which it is turned; "": as it is.
        onto: The header of the picture onto whose grid a mask is laid by the nearest place; None: its own.
    """

    path: Path
    source: Header
    target: str = ""
    onto: Header | None = None

    @property
    def header(self) -> Header:
        """Of what `values` gives."""
        turned = self.turned
        if self.onto is None:
            return turned
        facts = self.onto.facts
        shape = (turned.shape[0], *self.onto.shape[1:])
        return replace(turned, shape=shape, spacing=self.onto.spacing, facts=facts)

    @property
    def turned(self) -> Header:
        """After the turn alone."""
        code = str(self.source.facts["axes"])
        if not self.target:
            return self.source
        grid = tuple(map(int, orientation.moved(self.source.shape[1:], code, self.target)))
        spacing = orientation.moved(self.source.spacing, code, self.target)
        facts = {"axes": self.target, "affine": _turned(self.source, self.target)}
        return replace(self.source, shape=(self.source.shape[0], *grid), spacing=spacing, facts=facts)

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

    def values(self) -> np.ndarray:
        """(channels, D, H, W), or (channels, H, W) where there is one slice.

        Raises:
            FormatError: The file cannot be read, or most of a mask lies outside its picture.
        """
        from manikin.imaging.files import nifti

        x = nifti.values(self.path)
        x = orientation.turned(x, str(self.source.facts["axes"]), self.target) if self.target else x
        return x if self.onto is None else self._laid(x, self.onto)

    def _laid(self, x: np.ndarray, onto: Header) -> np.ndarray:
        """Each place of the picture takes the level at its nearest place; beyond the mask it is 0."""
        from scipy import ndimage

        way = np.linalg.inv(np.array(self.turned.facts["affine"])) @ np.array(onto.facts["affine"])
        matrix, shift = way[:_GRID, :_GRID][::-1, ::-1], way[:_GRID, _GRID][::-1]
        grid = onto.shape[1:]
        deep = (1,) * (_GRID - len(grid))  # one slice is a volume of depth 1
        y = np.stack(
            [
                ndimage.affine_transform(
                    channel.reshape(*(1,) * (_GRID - channel.ndim), *channel.shape),
                    matrix,
                    shift,  # pyright: ignore[reportArgumentType] - a shift along each axis
                    (*deep, *grid),
                    order=0,
                ).reshape(grid)
                for channel in x
            ]
        )
        places = abs(float(np.linalg.det(matrix)))
        if (y != 0).sum() * places < _HALF * (x != 0).sum():
            raise FormatError(
                f"{self.path}: by the affines most of the mask lies outside its picture; correct "
                "the affine, or resample the mask"
            )
        return y


def _turned(header: Header, target: str) -> list[list[float]]:
    """The affine after a turn."""
    from nibabel.orientations import axcodes2ornt, inv_ornt_aff, ornt_transform

    grid = header.shape[1:]
    sides = (*reversed(grid), *(1,) * (_GRID - len(grid)))
    way = ornt_transform(axcodes2ornt(tuple(header.facts["axes"])), axcodes2ornt(tuple(target)))
    return np.round(np.array(header.facts["affine"]) @ inv_ornt_aff(way, sides), 5).tolist()


def together(
    files: Mapping[str, Sequence[Path | Series]], masks: set[str]
) -> tuple[dict[str, list[Any]], list[str]]:
    """Files of NIfTI in one orientation, masks on the grid of the first picture of their record; and notes.

    Files that cannot be read, and those of other formats, stay as they are.
    """
    wrapped = {name: [_opened(path) for path in paths] for name, paths in files.items()}
    first = next((name for name in files if name not in masks), next(iter(files)))
    codes = Counter(v.source.facts["axes"] for v in wrapped[first] if isinstance(v, Volume))
    if not codes:
        return {name: list(paths) for name, paths in files.items()}, []
    target, notes = codes.most_common(1)[0][0], []
    for name, found in wrapped.items():
        turned = [_to(volume, target) for volume in found]
        count = sum(isinstance(v, Volume) and v.target != "" for v in turned)
        notes += [f"{name}: {count} volumes are turned to {target}, as most lie"] if count else []
        wrapped[name] = turned
    for name in masks - {first}:
        pairs = [_onto(mask, image) for mask, image in zip(wrapped[name], wrapped[first], strict=True)]
        wrapped[name] = [mask for mask, _ in pairs]
        told = Counter(note for _, note in pairs if note)
        notes += [f"{name}: {count} masks {note}" for note, count in told.items()]
    return {name: [_plain(v) for v in found] for name, found in wrapped.items()}, notes


def _opened(path: Path | Series) -> Any:  # noqa: ANN401 - a volume, or what was given
    if not isinstance(path, Path) or record_files.kind(path) != "nifti":
        return path
    from manikin.imaging.files import nifti

    try:
        return Volume(path, nifti.header(path))
    except FormatError:
        return path  # whoever reads its values says what is wrong, or leaves it out


def _plain(volume: Any) -> Any:  # noqa: ANN401 - as above
    """The path, where nothing is to be done."""
    untouched = isinstance(volume, Volume) and not volume.target and volume.onto is None
    return volume.path if untouched else volume


def _to(volume: Any, target: str) -> Any:  # noqa: ANN401 - as above
    if not isinstance(volume, Volume) or volume.source.facts["axes"] == target:
        return volume
    code, deep = str(volume.source.facts["axes"]), len(volume.source.shape) > _GRID
    can = orientation.can_turn(code, target, volume.source.spacing, deep=deep)
    return replace(volume, target=target) if can else volume


def _onto(mask: Any, image: Any) -> tuple[Any, str]:  # noqa: ANN401 - as above
    """A mask on the grid of its picture, and what was done to it."""
    if not isinstance(mask, Volume) or not isinstance(image, Volume):
        return mask, ""
    mine, theirs = mask.header, image.header
    if mine.shape[1:] == theirs.shape[1:] and _same(mine, theirs):
        return mask, ""
    identity = np.allclose(mask.source.facts["affine"], np.eye(4))
    if identity and mine.shape[1:] == theirs.shape[1:]:
        plain = replace(mask, target="")
        return plain, "have no affine of their own and are taken place by place"
    return replace(mask, onto=theirs), "lie on another grid and are laid onto their picture by the affines"


def _same(one: Header, other: Header) -> bool:
    """Whether the corners of two grids are the same places."""
    sides = [side - 1 for side in (*reversed(one.shape[1:]), 1, 1)][:_GRID]
    corners = np.array([(*corner, 1) for corner in np.ndindex(2, 2, 2)]) * np.array([*sides, 1])
    a, b = (np.array(header.facts["affine"]) for header in (one, other))
    step = min(np.linalg.norm(b[:_GRID, :_GRID], axis=0))
    return bool(np.abs(corners @ (a - b).T).max() <= _NEAR * max(step, 1e-6))
