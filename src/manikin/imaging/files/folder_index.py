"""How pictures lie in a folder: which is a label map, of which class, belonging to what."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, final

from manikin.core import record_files
from manikin.errors import FormatError
from manikin.imaging.files import label_maps
from manikin.schema.inference.file_owners import add_owners, find_owners
from manikin.schema.inference.folder_roles import held

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from manikin.schema.inference.folder_roles import Meaning

_PARTS = ("train", "training", "val", "valid", "validation", "test", "testing")
_IMAGES = re.compile(
    r"^((image|img|picture|photo|scan|png|jpe?g|dicom)(([_ ]\D.*)?|s([_\d ].*)?|s?(tr|ts|va)))$"
)  # `images_001` is a part of a collection, `image_001` may be a patient
_LABELS = re.compile(r"^labels?(tr|ts|va)?$")
_MASKED = re.compile(r"[ _-]+(mask|seg|segmentation|label|labelmap|gt)$", re.IGNORECASE)


@final
@dataclass(frozen=True)
class Place:
    """One picture of a folder.

    Args:
        path: The file.
        mask: Whether it is a label map, by the name of its folder or its own.
        above: Its subfolders from the top, without those that say what kind of file lies there.
        key: What a label map shares with its picture: the name without suffix.
    """

    path: Path
    mask: bool
    above: tuple[str, ...]
    key: str


def index(folder: Path) -> list[Place]:
    """All pictures below a folder."""
    paths = [path for path in record_files.files(folder) if record_files.kind(path)]
    beside = any(
        _IMAGES.match(part.lower()) for path in paths for part in path.relative_to(folder).parts[:-1]
    )
    places = [_place(path, folder, beside=beside) for path in paths]
    if all(label_maps.named(place.key) for place in places):
        return [replace(place, mask=True) for place in places]
    return places


def _place(path: Path, folder: Path, *, beside: bool) -> Place:
    """A file; `labels` are label maps beside `images`, and a name like others elsewhere."""
    parts = path.relative_to(folder).parts[:-1]
    labels = [part for part in parts if beside and _LABELS.match(part.lower())]
    mask = bool(labels) or any(label_maps.named(part) for part in parts)
    rest = [part for part in parts if not collected(part) and part not in labels]
    stem = record_files.stem(path)
    named = _MASKED.search(stem)
    return Place(path, mask or bool(named), tuple(rest), stem[: named.start()] if named else stem)


def collected(part: str) -> bool:
    """Whether a folder is called after what lies in it, or after a part of a collection.

    Example:
        >>> collected("masks"), collected("train"), collected("benign")
        (True, True, False)
    """
    return bool(label_maps.named(part) or _IMAGES.match(part.lower()) or part.lower() in _PARTS)


def meaning(places: Sequence[Place], declared: Sequence[str]) -> Meaning:
    """What the subfolders of pictures are, one entry for each picture that is no label map beside one.

    Raises:
        SchemaError: The declaration does not fit the folders.
    """
    found = pictured(places)
    return add_owners(held([place.above for place in found], declared), [place.key for place in found])


def pictured(places: Sequence[Place]) -> list[Place]:
    """The pictures; where all are label maps, these."""
    return [place for place in places if not place.mask] or list(places)


def paired(places: Sequence[Place], folder: Path) -> dict[str, list[Path]]:
    """Files by field, `image` and, where there are label maps, `mask`.

    Raises:
        FormatError: A label map without a picture, a picture without one, one picture alone.
    """
    pictures = [place for place in places if not place.mask]
    masks: dict[tuple[tuple[str, ...], str], Path] = {}
    for place in places:
        if place.mask:
            if (place.above, place.key) in masks:
                raise FormatError(f"{place.path}: a second mask for one picture; merge them into one file")
            masks[place.above, place.key] = place.path
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
    return files


def _mask(place: Place, masks: dict[tuple[tuple[str, ...], str], Path]) -> Path:
    for key in ((place.above, place.key), ((), place.key)):
        if key in masks:
            return masks.pop(key)
    raise FormatError(f"{place.path}: has no mask of its name, though others have; add it, or leave it out")


def sequences(folder: Path, declared: Sequence[str] = ()) -> tuple[dict[str, list[Path]], Meaning]:
    """Volumes by field: one of each kind for every subject, and what the subfolders of the first field say.

    Files are called `subject_kind`, or lie in the folder of a subject and are called alike in all of these.
    A folder whose files do not all follow this has one field, `image` (or `mask`, if all are
    called like label maps).

    Raises:
        FormatError: Some subjects lack a volume that others have.
    """
    places = index(folder)
    every = held([place.above for place in places], declared)
    with every.hidden.kept():
        files = (
            _beside_in_folders(places, every)
            or _masked(places, folder)
            or _beside_by_name([place.path for place in places], folder)
        )
    rows = {place.path: row for row, place in enumerate(places)}
    first = next(iter(files.values()))
    meaning = every.taken([rows[path] for path in first])
    return files, add_owners(meaning, [record_files.stem(path) for path in first])


def _beside_in_folders(places: Sequence[Place], meaning: Meaning) -> dict[str, list[Path]]:
    """Volumes called alike in every patient's folder, such as T1 and FLAIR; none where they are not."""
    by_folder: dict[tuple[str, ...], dict[str, Path]] = {}
    for place in places:
        by_folder.setdefault(place.above, {})[record_files.stem(place.path)] = place.path
    found = list(by_folder.values())
    kinds = list(found[0])
    alike = len(found) > 1 and len(kinds) > 1 and all(set(each) == set(kinds) for each in found)
    if not meaning.subjects or not alike or len(places) != len(found) * len(kinds):
        return {}
    return {kind: [each[kind] for each in found] for kind in kinds}


def _masked(places: Sequence[Place], folder: Path) -> dict[str, list[Path]]:
    """Volumes with one mask each, by name or in folders of their own; none where that is not so.

    Raises:
        FormatError: Masks lie in folders of their own, and some volume lacks one.
    """
    masks = [place for place in places if place.mask]
    pictures = [_first(place) for place in places if not place.mask]
    alike = Counter((place.above, place.key) for place in masks)
    same = alike == Counter((place.above, place.key) for place in pictures)
    apart = not {place.path.parent for place in masks} & {place.path.parent for place in pictures}
    if not masks or not pictures or not (same or apart):
        return {}
    return paired([*masks, *pictures], folder)


def _first(place: Place) -> Place:
    """A picture as nnU-Net calls the first channel, `la_003_0000`, keyed as its mask, `la_003`."""
    return replace(place, key=place.key.removesuffix("_0000"))


def _split(path: Path, owner: str) -> tuple[str, str, str]:
    """A name after the subject, and the rest as the kind of the volume."""
    stem = record_files.stem(path)
    return (owner, "_", stem[len(owner) :].lstrip("_-. ^,")) if owner else stem.partition("_")


def _beside_by_name(paths: list[Path], folder: Path) -> dict[str, list[Path]]:
    """Volumes called `subject_kind`."""
    owners = find_owners([record_files.stem(path) for path in paths])
    split = {
        path: _split(path, owner) for path, owner in zip(paths, owners or [""] * len(paths), strict=True)
    }
    kinds = sorted({kind for _, _, kind in split.values()})
    subjects = sorted({subject for subject, _, _ in split.values()})
    whole = len(paths) == len(kinds) * len(subjects)
    numbered = all(kind.isdigit() for kind in kinds) and not whole  # visits or series, not kinds of volume
    if len(kinds) < 2 or len(paths) < 2 * len(subjects) or "" in kinds or numbered:  # noqa: PLR2004 - several of one subject
        mask = all(label_maps.named(record_files.stem(path)) for path in paths)
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
