"""Many files, one array for each field: read one after another, of one shape, bad ones named."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, final

import numpy as np

from manikin.core import arrow, record_files
from manikin.core.progress_display import track
from manikin.core.skipped import SkippedRecords
from manikin.errors import FormatError, SchemaError
from manikin.imaging import label_maps
from manikin.imaging.analysis import burned_in_text
from manikin.imaging.files import nifti_alignment, read_any, resize, shared_geometry
from manikin.imaging.header import GeometryOptions, ImageGeometry
from manikin.imaging.label_maps import LabelMapOptions
from manikin.schema.kinds import Image
from manikin.schema.remark import Remark

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    from manikin.cohort.source_format import SourceOptions
    from manikin.imaging.dicom.series import Series
    from manikin.imaging.header import ImageHeader

_MIN_COMMON_SHARE = 0.9
"""When this share of the pictures has one shape, the others are mistakes."""


@final
@dataclass(frozen=True)
class ImageStack:
    """The pictures of a cohort.

    Args:
        arrays: One (n, channels, *grid) for each field.
        kinds: What each field is.
        is_kept: Which records are there, of those that were asked for.
        notes: What was noticed, in words and file names.
        options: What a writer needs: values of levels, geometry.
    """

    arrays: dict[str, np.ndarray]
    kinds: dict[str, Image]
    is_kept: np.ndarray
    notes: tuple[str, ...]
    options: tuple[SourceOptions, ...]


def stack_images(
    files: Mapping[str, Sequence[Path | Series]], declared: Mapping[str, Any], *, skip_bad: bool = False
) -> ImageStack:
    """The pictures of n records, one file for each record and field.

    Args:
        files: For each field n files.
        declared: The kinds that a person declared.
        skip_bad: Whether records with a bad file are left out and noted.

    Raises:
        FormatError: A file cannot be read, or differs in shape from nearly all others.
        SchemaError: A declaration does not fit.
    """
    bad = SkippedRecords(skip=skip_bad)
    kinds = {name: _check_kind(name, declared.get(name)) for name in files}
    masks = {name for name in files if _is_mask(name, declared.get(name))}
    files, notes = nifti_alignment.align_volumes(files, masks)
    headers = {name: _read_headers(paths, bad, labels=name in masks) for name, paths in files.items()}
    _refuse_misaligned(files, headers, masks, bad)
    for name, paths in files.items():
        kinds[name], note = _choose_size(name, paths, headers[name], kinds[name], bad)
        kinds = _inherit_size(kinds, masks, headers, name)
        notes += [note] if note else []
    arrays = {
        name: _fill_array(paths, headers[name], kinds[name], bad, labels=name in masks)
        for name, paths in files.items()
    }
    return _build_stack(files, arrays, kinds, headers, masks, bad, notes)


def _is_mask(name: str, kind: Image | None) -> bool:
    undeclared = kind is None or kind == replace(Image(), size=kind.size)
    return bool(kind and kind.levels) or (undeclared and record_files.is_label_map_name(name))


def _check_kind(name: str, kind: Any) -> Image:  # noqa: ANN401 - any kind of field
    if kind is not None and not isinstance(kind, Image):
        raise SchemaError(f"field {name!r}: declared {kind.name}, but it holds pictures")
    return kind or Image()


def _read_headers(
    paths: Sequence[Path | Series], bad: SkippedRecords, *, labels: bool
) -> list[ImageHeader | None]:
    return [
        _try_read(lambda path=path: read_any.read_header(path, labels=labels), i, path, bad)
        for i, path in enumerate(paths)
    ]


def _try_read(action: Callable[[], Any], record: int, path: Path | Series, bad: SkippedRecords) -> Any:  # noqa: ANN401 - what the action gives
    try:
        return action()
    except FormatError as error:
        bad.add(record, path, error)
        return None


def _refuse_misaligned(
    files: Mapping[str, Sequence[Path | Series]],
    headers: Mapping[str, list[ImageHeader | None]],
    masks: set[str],
    bad: SkippedRecords,
) -> None:
    """Refuse a mask on another grid than the picture it belongs to."""
    first = next((name for name in files if name not in masks), None)
    for name in masks if first else ():
        for i, (mask, image) in enumerate(zip(headers[name], headers[first or ""], strict=True)):
            if mask and image and mask.shape[1:] != image.shape[1:]:
                path, sizes = (
                    files[name][i],
                    f"{_format_size(mask.shape[1:])}, its picture {_format_size(image.shape[1:])}",
                )
                bad.add(i, path, FormatError(f"the mask is {sizes}", path, "both must lie on one grid"))


def _format_size(shape: Sequence[int]) -> str:
    return " x ".join(map(str, shape))


def _choose_size(
    name: str,
    paths: Sequence[Path | Series],
    headers: list[ImageHeader | None],
    kind: Image,
    bad: SkippedRecords,
) -> tuple[Image, str]:
    """The kind with the size to which its pictures must be brought, and a note where they are."""
    known = [header for i, header in enumerate(headers) if header and i not in bad]
    if not known:
        raise FormatError(f"no picture of {name!r} can be read", paths[0].parent)
    _refuse_unlike(
        paths, headers, lambda header: (header.shape[0], len(header.shape)), "channels and axes", bad
    )
    if not all(header.is_physical for header in known):
        _refuse_unlike(paths, headers, lambda header: str(header.dtype), "bits", bad)
    _refuse_unlike(paths, headers, lambda header: header.geometry.axes, "orientation", bad)
    grids = Counter(header.shape[1:] for header in known)
    common, count = grids.most_common(1)[0]
    if kind.size:
        if len(kind.size) != len(common):
            raise SchemaError(
                f"field {name!r}: size is {_format_size(kind.size)}, "
                f"but its pictures are {_format_size(common)}"
            )
        return kind, ""
    if count >= _MIN_COMMON_SHARE * len(known):
        if len(grids) > 1:
            _refuse_unlike(paths, headers, lambda header: _format_size(header.shape[1:]), "size", bad)
        return kind, ""
    size = tuple(round(float(side)) for side in np.median(list(grids.elements()), axis=0))
    note = (
        f"pictures of {len(grids)} sizes, scaled to fit {_format_size(size)} without distortion "
        "and padded with background; `size` in schema.toml asks for another"
    )
    return replace(kind, size=size), Remark(note, name)


def _refuse_unlike(
    paths: Sequence[Path | Series],
    headers: list[ImageHeader | None],
    trait: Callable[[ImageHeader], Any],
    what: str,
    bad: SkippedRecords,
) -> None:
    """Refuse the pictures that differ from most in what cannot be reconciled."""
    traits = {i: trait(header) for i, header in enumerate(headers) if header and i not in bad}
    common = Counter(traits.values()).most_common(1)[0][0] if traits else None
    for i, found in traits.items():
        if found != common:
            unlike = f"{what} ({_format_trait(found)}, most {_format_trait(common)})"
            problem = f"differs from the other pictures in {unlike}"
            bad.add(i, paths[i], FormatError(problem, paths[i], "save it like them", can_skip=True))


def _format_trait(trait: Any) -> str:  # noqa: ANN401 - text or numbers
    return f"{trait[0]} and {trait[1] - 1}" if isinstance(trait, tuple) else str(trait)


def _inherit_size(
    kinds: dict[str, Image], masks: set[str], headers: Mapping[str, list[ImageHeader | None]], name: str
) -> dict[str, Image]:
    """Masks are brought to the size of the picture that they belong to."""
    axes = {n: next((len(h.shape) for h in found if h), 0) for n, found in headers.items()}
    size = kinds[name].size
    takes = [mask for mask in masks if name not in masks and size and axes[mask] == axes[name]]
    return {**kinds, **{mask: replace(kinds[mask], size=kinds[mask].size or size) for mask in takes}}


def _fill_array(
    paths: Sequence[Path | Series],
    headers: list[ImageHeader | None],
    kind: Image,
    bad: SkippedRecords,
    *,
    labels: bool,
) -> np.ndarray:
    known = [header for i, header in enumerate(headers) if header and i not in bad]
    channels = 1 if labels and known[0].shape[0] in (3, 4) else known[0].shape[0]
    grid = kind.size or known[0].shape[1:]
    x = arrow.allocate_array(
        (len(paths), channels, *grid), _find_common_dtype([header.dtype for header in known])
    )
    for i, path in track(enumerate(paths), "reading pictures", len(paths)):
        if i not in bad:
            picture = _try_read(lambda path=path: _read_image(path, channels, labels=labels), i, path, bad)
            if picture is not None:
                x[i] = resize.fit_to_size(picture, grid, labels=labels)
    return x


def _find_common_dtype(dtypes: Sequence[np.dtype]) -> np.dtype:
    """One type for all files; 32-bit floats among whole numbers stay such."""
    floats = [dtype for dtype in dtypes if dtype.kind == "f"]
    return np.result_type(*floats) if floats else np.result_type(*dtypes)


def _read_image(path: Path | Series, channels: int, *, labels: bool) -> np.ndarray:
    x = read_any.read_values(path, labels=labels)
    if len(x) == channels:
        return x
    if (x[:3] != x[:1]).any():
        raise FormatError("a mask in colours", path, "save its level numbers in one channel")
    return x[:1]


def _build_stack(
    files: Mapping[str, Sequence[Path | Series]],
    arrays: dict[str, np.ndarray],
    kinds: dict[str, Image],
    headers: Mapping[str, list[ImageHeader | None]],
    masks: set[str],
    bad: SkippedRecords,
    notes: list[str],
) -> ImageStack:
    count = len(next(iter(arrays.values())))
    kept = ~np.isin(np.arange(count), list(bad))
    if not kept.any():
        raise FormatError("no record is left: every one has a bad file")
    if bad:
        arrays = {name: arrow.take_rows(x, np.flatnonzero(kept)) for name, x in arrays.items()}
    tables: dict[str, list[int]] = {}
    shared: dict[str, ImageGeometry] = {}
    for name, x in arrays.items():
        if name in masks:
            arrays[name], tables[name], note = label_maps.to_levels(x, name, kinds[name].levels)
            kinds[name] = replace(kinds[name], levels=len(tables[name]))
            notes += [Remark(note, name)] if note else []
        found = [header for i, header in enumerate(headers[name]) if header and i not in bad]
        kinds[name], told = shared_geometry.find_shared_spacing(name, kinds[name], found)
        notes += told
        shared[name] = shared_geometry.find_shared_geometry(found, kinds[name])
    known = {name: geometry for name, geometry in shared.items() if geometry != ImageGeometry()}
    burned, seen = burned_in_text.detect_burned_in_text(arrays, kinds, _read_risks(files, kept))
    options = LabelMapOptions(tables), GeometryOptions(known), burned_in_text.BurnedInOptions(burned)
    return ImageStack(arrays, kinds, kept, (*notes, *seen, *(bad[i] for i in sorted(bad))), options)


def _read_risks(files: Mapping[str, Sequence[Path | Series]], kept: np.ndarray) -> dict[str, list[str]]:
    """What the header of each record says of text in its pixels."""
    return {
        name: [read_any.read_burned_in_risk(path) for path, use in zip(paths, kept, strict=True) if use]
        for name, paths in files.items()
    }
