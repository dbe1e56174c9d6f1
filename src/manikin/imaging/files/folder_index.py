"""How pictures lie in a folder: which is a label map, of which class, belonging to what."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, final

from manikin.core import record_files
from manikin.errors import FormatError
from manikin.schema.inference.file_owners import add_owners, find_owners
from manikin.schema.inference.folder_meaning import interpret_or_number_folders

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from manikin.schema.inference.folder_meaning import FolderMeaning

_SPLIT_NAMES = ("train", "training", "val", "valid", "validation", "test", "testing")
_IMAGE_FOLDER = re.compile(
    r"^((image|img|picture|photo|scan|png|jpe?g|dicom)(([_ ]\D.*)?|s([_\d ].*)?|s?(tr|ts|va)))$"
)  # `images_001` is a part of a collection, `image_001` may be a patient
_LABEL_FOLDER = re.compile(r"^labels?(tr|ts|va)?$")
_MASK_SUFFIX = re.compile(r"[ _-]+(mask|seg|segmentation|label|labelmap|gt)$", re.IGNORECASE)


@final
@dataclass(frozen=True)
class ImageFile:
    """One picture of a folder.

    Args:
        path: The file.
        is_mask: Whether it is a label map, by the name of its folder or its own.
        parent_folders: Its subfolders from the top, without those that say what kind of file lies there.
        key: What a label map shares with its picture: the name without suffix.
    """

    path: Path
    is_mask: bool
    parent_folders: tuple[str, ...]
    key: str


def list_images(folder: Path) -> list[ImageFile]:
    """All pictures below a folder."""
    paths = [path for path in record_files.list_files(folder) if record_files.detect_file_format(path)]
    beside = any(
        _IMAGE_FOLDER.match(part.lower()) for path in paths for part in path.relative_to(folder).parts[:-1]
    )
    places = [_describe_file(path, folder, beside=beside) for path in paths]
    if all(record_files.is_label_map_name(place.key) for place in places):
        return [replace(place, is_mask=True) for place in places]
    return places


def _describe_file(path: Path, folder: Path, *, beside: bool) -> ImageFile:
    """A file; `labels` are label maps beside `images`, and a name like others elsewhere."""
    parts = path.relative_to(folder).parts[:-1]
    labels = [part for part in parts if beside and _LABEL_FOLDER.match(part.lower())]
    mask = bool(labels) or any(record_files.is_label_map_name(part) for part in parts)
    rest = [part for part in parts if not is_collection_folder(part) and part not in labels]
    stem = record_files.strip_suffix(path)
    named = _MASK_SUFFIX.search(stem)
    return ImageFile(path, mask or bool(named), tuple(rest), stem[: named.start()] if named else stem)


def is_collection_folder(part: str) -> bool:
    """Whether a folder is called after what lies in it, or after a part of a collection.

    Example:
        >>> is_collection_folder("masks"), is_collection_folder("train"), is_collection_folder("benign")
        (True, True, False)
    """
    return bool(
        record_files.is_label_map_name(part)
        or _IMAGE_FOLDER.match(part.lower())
        or part.lower() in _SPLIT_NAMES
    )


def interpret_subfolders(places: Sequence[ImageFile], declared: Sequence[str]) -> FolderMeaning:
    """What the subfolders of pictures are, one entry for each picture that is no label map beside one.

    Raises:
        SchemaError: The declaration does not fit the folders.
    """
    found = select_images(places)
    return add_owners(
        interpret_or_number_folders([place.parent_folders for place in found], declared),
        [place.key for place in found],
    )


def select_images(places: Sequence[ImageFile]) -> list[ImageFile]:
    """The pictures; where all are label maps, these."""
    return [place for place in places if not place.is_mask] or list(places)


def pair_masks(places: Sequence[ImageFile], folder: Path) -> dict[str, list[Path]]:
    """Files by field, `image` and, where there are label maps, `mask`.

    Raises:
        FormatError: A label map without a picture, a picture without one, one picture alone.
    """
    pictures = [place for place in places if not place.is_mask]
    masks: dict[tuple[tuple[str, ...], str], Path] = {}
    for place in places:
        if place.is_mask:
            if (place.parent_folders, place.key) in masks:
                raise FormatError("a second mask for one picture", place.path, "merge them into one file")
            masks[place.parent_folders, place.key] = place.path
    field = "image" if pictures else "mask"
    if not pictures:
        pictures, masks = list(places), {}
    if len(pictures) == 1:
        raise FormatError("holds one picture", folder, "give more, or name the file to read it alone")
    files = {field: [place.path for place in pictures]}
    if masks:
        files["mask"] = [_pop_mask(place, masks) for place in pictures]
    if masks:
        raise FormatError("a mask that matches no picture", next(iter(masks.values())), "name both alike")
    return files


def _pop_mask(place: ImageFile, masks: dict[tuple[tuple[str, ...], str], Path]) -> Path:
    for key in ((place.parent_folders, place.key), ((), place.key)):
        if key in masks:
            return masks.pop(key)
    raise FormatError("has no mask of its name, though others have", place.path, "add it, or leave it out")


def group_volumes_by_kind(
    folder: Path, declared: Sequence[str] = ()
) -> tuple[dict[str, list[Path]], FolderMeaning]:
    """Volumes by field: one of each kind for every subject, and what the subfolders of the first field say.

    Files are called `subject_kind`, or lie in the folder of a subject and are called alike in all of these.
    A folder whose files do not all follow this has one field, `image` (or `mask`, if all are
    called like label maps).

    Raises:
        FormatError: Some subjects lack a volume that others have.
    """
    places = list_images(folder)
    every = interpret_or_number_folders([place.parent_folders for place in places], declared)
    with every.hidden.mask_errors():
        files = (
            _group_by_folder(places, every)
            or _pair_volume_masks(places, folder)
            or _group_by_name([place.path for place in places], folder)
        )
    rows = {place.path: row for row, place in enumerate(places)}
    first = next(iter(files.values()))
    meaning = every.take([rows[path] for path in first])
    return files, add_owners(meaning, [record_files.strip_suffix(path) for path in first])


def _group_by_folder(places: Sequence[ImageFile], meaning: FolderMeaning) -> dict[str, list[Path]]:
    """Volumes called alike in every patient's folder, such as T1 and FLAIR; none where they are not."""
    by_folder: dict[tuple[str, ...], dict[str, Path]] = {}
    for place in places:
        by_folder.setdefault(place.parent_folders, {})[record_files.strip_suffix(place.path)] = place.path
    found = list(by_folder.values())
    kinds = list(found[0])
    alike = len(found) > 1 and len(kinds) > 1 and all(set(each) == set(kinds) for each in found)
    if not meaning.subjects or not alike or len(places) != len(found) * len(kinds):
        return {}
    return {kind: [each[kind] for each in found] for kind in kinds}


def _pair_volume_masks(places: Sequence[ImageFile], folder: Path) -> dict[str, list[Path]]:
    """Volumes with one mask each, by name or in folders of their own; none where that is not so.

    Raises:
        FormatError: Masks lie in folders of their own, and some volume lacks one.
    """
    masks = [place for place in places if place.is_mask]
    pictures = [_strip_channel_suffix(place) for place in places if not place.is_mask]
    alike = Counter((place.parent_folders, place.key) for place in masks)
    same = alike == Counter((place.parent_folders, place.key) for place in pictures)
    apart = not {place.path.parent for place in masks} & {place.path.parent for place in pictures}
    if not masks or not pictures or not (same or apart):
        return {}
    return pair_masks([*masks, *pictures], folder)


def _strip_channel_suffix(place: ImageFile) -> ImageFile:
    """A picture as nnU-Net calls the first channel, `la_003_0000`, keyed as its mask, `la_003`."""
    return replace(place, key=place.key.removesuffix("_0000"))


def _split_name(path: Path, owner: str) -> tuple[str, str, str]:
    """A name after the subject, and the rest as the kind of the volume."""
    stem = record_files.strip_suffix(path)
    return (owner, "_", stem[len(owner) :].lstrip("_-. ^,")) if owner else stem.partition("_")


def _group_by_name(paths: list[Path], folder: Path) -> dict[str, list[Path]]:
    """Volumes called `subject_kind`."""
    owners = find_owners([record_files.strip_suffix(path) for path in paths])
    split = {
        path: _split_name(path, owner)
        for path, owner in zip(paths, owners or [""] * len(paths), strict=True)
    }
    kinds = sorted({kind for _, _, kind in split.values()})
    subjects = sorted({subject for subject, _, _ in split.values()})
    whole = len(paths) == len(kinds) * len(subjects)
    numbered = all(kind.isdigit() for kind in kinds) and not whole  # visits or series, not kinds of volume
    if len(kinds) < 2 or len(paths) < 2 * len(subjects) or "" in kinds or numbered:  # noqa: PLR2004 - several of one subject
        mask = all(record_files.is_label_map_name(record_files.strip_suffix(path)) for path in paths)
        return {"mask" if mask else "image": paths}
    by_name = {(subject, kind): path for path, (subject, _, kind) in split.items()}
    for subject in subjects:
        if lost := [kind for kind in kinds if (subject, kind) not in by_name]:
            where = next(path for (known, _), path in by_name.items() if known == subject)
            raise FormatError(
                f"has no {lost[0]} beside it, though others have", where, "add it, or leave it out"
            )
    if len(by_name) < len(paths):
        raise FormatError("several volumes of one name in subfolders", folder, "name one of the subfolders")
    return {kind: [by_name[subject, kind] for subject in subjects] for kind in kinds}
