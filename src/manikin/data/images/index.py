"""How pictures lie in a folder: which is a label map, of which class, belonging to what."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
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
    places = [_place(path, folder) for path in folders.files(folder) if folders.kind(path)]
    if all(levels.named(place.key) for place in places):
        return [replace(place, mask=True) for place in places]
    return places


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
    field = "image" if pictures else "mask"
    if not pictures:
        pictures, masks = list(places), {}
    if len(pictures) == 1:
        raise FormatError(f"{folder}: holds one picture; give more, or name the file to read it alone")
    files = {field: [place.path for place in pictures]}
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


def sequences(folder: Path) -> dict[str, list[Path]]:
    """Volumes by field: one of each kind for every subject, named `subject_kind`.

    A folder whose files do not all follow this has one field, `image` (or `mask`, if all are
    called like label maps).

    Raises:
        FormatError: Some subjects lack a volume that others have.
    """
    paths = [place.path for place in index(folder)]
    split = {path: folders.stem(path).partition("_") for path in paths}
    kinds = sorted({kind for _, _, kind in split.values()})
    subjects = sorted({subject for subject, _, _ in split.values()})
    if len(kinds) < 2 or len(paths) < 2 * len(subjects) or "" in kinds:  # noqa: PLR2004 - several of one subject
        mask = all(levels.named(folders.stem(path)) for path in paths)
        return {"mask" if mask else "image": paths}
    by_name = {(subject, kind): path for path, (subject, _, kind) in split.items()}
    for subject in subjects:
        if lost := [kind for kind in kinds if (subject, kind) not in by_name]:
            where = next(path for (known, _), path in by_name.items() if known == subject)
            raise FormatError(
                f"{where}: has no {lost[0]} beside it, though others have; add it, or leave it out"
            )
    if len(by_name) < len(paths):
        raise FormatError(
            f"{folder}: several volumes of one name in subfolders; name one of the subfolders"
        )
    return {kind: [by_name[subject, kind] for subject in subjects] for kind in kinds}
