"""How pictures lie in a folder: which is a label map, of which class, belonging to what."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, final

from manikin.data import folders
from manikin.data.images import levels
from manikin.errors import FormatError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

_PARTS = ("train", "training", "val", "valid", "validation", "test", "testing")
_IMAGES = re.compile(r"^(images?|imgs?|pictures?|photos?|scans?|pngs?|jpe?gs?|dicoms?)([_\d ].*)?$")
_MASKED = re.compile(r"[ _-]+(mask|seg|segmentation|label|labelmap|gt)$", re.IGNORECASE)


@final
@dataclass(frozen=True)
class Place:
    """One picture of a folder.

    Args:
        path: The file.
        mask: Whether it is a label map, by the name of its folder or its own.
        label: Its class: the subfolder, or "".
        key: What a label map shares with its picture: the name without suffix.
    """

    path: Path
    mask: bool
    label: str
    key: str


def index(folder: Path) -> list[Place]:
    """All pictures below a folder.

    Raises:
        FormatError: Subfolders within classes, whose meaning nothing tells.
    """
    return [_place(path, folder) for path in folders.files(folder) if folders.kind(path)]


def _place(path: Path, folder: Path) -> Place:
    parts = path.relative_to(folder).parts[:-1]
    mask = any(levels.named(part) for part in parts)
    rest = [
        part
        for part in parts
        if not levels.named(part) and not _IMAGES.match(part.lower()) and part.lower() not in _PARTS
    ]
    if len(rest) > 1:
        message = (
            f"{path}: lies in subfolders of a subfolder; a csv table can say what {' and '.join(rest)} are"
        )
        raise FormatError(message)
    stem = folders.stem(path)
    named = _MASKED.search(stem)
    return Place(
        path, mask or bool(named), rest[0] if rest else "", stem[: named.start()] if named else stem
    )


def paired(places: Sequence[Place], folder: Path) -> tuple[dict[str, list[Path]], list[str]]:
    """Files by field, `image` and, where there are label maps, `mask`; and the class of each record.

    Raises:
        FormatError: A label map without a picture, a picture without one, one picture alone.
    """
    pictures = [place for place in places if not place.mask]
    masks: dict[tuple[str, str], Path] = {}
    for place in places:
        if place.mask:
            if (place.label, place.key) in masks:
                raise FormatError(f"{place.path}: a second mask for one picture; merge them into one file")
            masks[place.label, place.key] = place.path
    if not pictures:
        pictures, masks = [Place(p.path, False, p.label, p.key) for p in places], {}  # masks alone
    if len(pictures) == 1:
        raise FormatError(f"{folder}: holds one picture; give more, or name the file to read it alone")
    files = {"image": [place.path for place in pictures]}
    if masks:
        files["mask"] = [_mask(place, masks) for place in pictures]
    if masks:
        raise FormatError(f"{next(iter(masks.values()))}: a mask that matches no picture; name both alike")
    return files, [place.label for place in pictures]


def _mask(place: Place, masks: dict[tuple[str, str], Path]) -> Path:
    for key in ((place.label, place.key), ("", place.key)):
        if key in masks:
            return masks.pop(key)
    raise FormatError(f"{place.path}: has no mask of its name, though others have; add it, or leave it out")
