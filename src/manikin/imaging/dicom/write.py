"""Synthetic pictures as new DICOM objects, in a folder.

Headers are made from nothing: what the standard asks of each class, what a cohort's own fields
say among the attributes that are allowed, and the geometry. No header that was read is ever copied.
Every object says Synthetic Data (0008,001C) = YES, so write real pictures in another format. Unique
identifiers are hashes of the content: the same cohort gives the same files.
"""

from __future__ import annotations

import hashlib
import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, final

import numpy as np
import pyarrow as pa

from manikin.cohort.cohort import Cohort
from manikin.cohort.source_format import SourceOptions
from manikin.errors import FormatError
from manikin.imaging import label_maps
from manikin.imaging.analysis.burned_in_text import get_burned_in_state
from manikin.imaging.dicom import modules, sop_classes, tags
from manikin.imaging.dicom.rescale import PixelEncoding
from manikin.imaging.header import GeometryOptions, ImageGeometry
from manikin.schema.kinds import Image, Schema, Text
from manikin.tables.delimited_output import render_delimited

if TYPE_CHECKING:
    from pathlib import Path

_SPATIAL_AXES = 3


def write_folder(cohort: Cohort, path: Path) -> None:
    """A file for each picture, a folder of slices for each volume, a table of what no header holds."""
    pictures = _list_image_fields(cohort, path)
    path.mkdir()
    rest = [name for name in cohort.schema if name not in (*tags.FIELDS, *pictures)]
    rest = [name for name in rest if cohort.schema[name].role != "subject"]
    for name in pictures:
        place = path / name if len(pictures) > 1 else path
        place.mkdir(exist_ok=True)
        _write_field(cohort, name, place)
    if rest or len(pictures) > 1:  # nothing else says which picture belongs to which
        (path / "manifest.csv").write_text(_render_table(cohort, rest, pictures), encoding="utf-8")


def write_single(cohort: Cohort, path: Path) -> None:
    """Write the one picture of a cohort as a file.

    Raises:
        FormatError: There are several records, or a volume, which is a folder of slices.
    """
    pictures = _list_image_fields(cohort, path)
    if len(cohort) != 1 or len(pictures) != 1 or cohort[pictures[0]].ndim > _SPATIAL_AXES + 1:
        raise FormatError("one file holds one picture", path, "name a folder (no suffix)")
    _write_field(cohort, pictures[0], path)


def _list_image_fields(cohort: Cohort, path: Path) -> list[str]:
    pictures = [name for name, kind in cohort.schema.items() if isinstance(kind, Image)]
    for name in pictures:
        if cohort[name].shape[1] not in (1, 3):
            raise FormatError(
                f"field {name!r} has {cohort[name].shape[1]} channels", path, "DICOM has 1 or 3"
            )
    if not pictures:
        raise FormatError("no field is a picture", path, "write .csv")
    return pictures


@final
@dataclass(frozen=True)
class DicomOptions(SourceOptions):
    """What pictures are for, as their files say: "FOR PRESENTATION" or "FOR PROCESSING"."""

    intent: str | None = None


def refuse_uneven(cohort: Cohort, name: str, path: Path) -> None:
    """Refuse volumes whose slices have uneven gaps that differ: no header can place those of new ones.

    Raises:
        FormatError: With the way out.
    """
    if cohort.origin.find_options(GeometryOptions).get_geometry(name).heights == []:
        raise FormatError(
            f"the slices of {name!r} have uneven gaps, not alike in all volumes",
            path,
            "read them with even = true in schema.toml, or write .npz",
        )


def _write_field(cohort: Cohort, name: str, place: Path) -> None:
    """All records of one field: files in a folder, or the one file `place`."""
    kind, x = cohort.schema[name], label_maps.to_file_values(cohort, name)
    spacing = kind.spacing if isinstance(kind, Image) else ()
    geometry = cohort.origin.find_options(GeometryOptions).get_geometry(name)
    refuse_uneven(cohort, name, place)
    text = get_burned_in_state(cohort, name)
    cells = {field: cohort.columns[field].to_pylist() for field in tags.FIELDS if field in cohort.schema}
    intent = cohort.origin.find_options(DicomOptions).intent or ""
    for i, record in enumerate(x):
        given = tags.to_dicom_tags({field: values[i] for field, values in cells.items()})
        modality = given.pop("Modality", "OT")
        storage = PixelEncoding.from_values(x, hounsfield=modality == "CT")
        sop = sop_classes.choose_sop_class(
            modality,
            storage,
            colour=len(record) == _SPATIAL_AXES,
            deep=record.ndim > _SPATIAL_AXES,
            intent=intent,
        )
        volume = record if record.ndim > _SPATIAL_AXES else record[:, None]
        to = place if place.suffix else place / f"{i + 1:06d}"
        _write_slices(
            volume,
            to,
            (sop, modality, given, storage, spacing or geometry.flat or ()),
            i + 1,
            geometry,
            text,
        )


def _write_slices(
    volume: np.ndarray,
    place: Path,
    about: tuple[Any, ...],
    number: int,
    geometry: ImageGeometry,
    text: str,
) -> None:
    """The slices of one record, each a file."""
    sop, modality, given, storage, spacing = about
    seed = hashlib.sha256(
        np.ascontiguousarray(volume).tobytes() + str((number, sop, sorted(given.items()))).encode()
    )
    depth = volume.shape[1]
    if depth > 1:
        place.mkdir()
    places = modules.compute_heights(spacing, depth, geometry.heights or ()) if depth > 1 else [math.nan]
    for k, height in enumerate(places):
        stored = storage.encode(volume[:, k])
        found = modules.build_header(sop, modality, given, number, seed.digest(), text=text)
        axes = geometry.axes or ""
        found.update(modules.build_image_plane(sop, spacing, stored.shape[1:], height, axes, seed.digest()))
        found.InstanceNumber = k + 1
        modules.set_pixel_data(found, stored, storage)
        to = (
            place / f"{k + 1:06d}.dcm"
            if depth > 1
            else place
            if place.suffix
            else place.with_name(f"{place.name}.dcm")
        )
        modules.write_file(found, to, seed.digest() + bytes([k % 256, k // 256]))


def _render_table(cohort: Cohort, rest: list[str], pictures: list[str]) -> str:
    """The fields that no header holds, beside the file or folder of each record."""
    columns: dict[str, Any] = {name: cohort.columns[name] for name in rest}
    kinds: dict[str, Any] = {name: cohort.schema[name] for name in rest}
    for name in pictures:
        top = f"{name}/" if len(pictures) > 1 else ""
        end = "" if cohort[name].ndim > _SPATIAL_AXES + 1 else ".dcm"
        columns[name] = pa.array([f"{top}{i + 1:06d}{end}" for i in range(len(cohort))])
        kinds[name] = Text(role="identifier")
    return render_delimited(Cohort(pa.table(columns), Schema(kinds), cohort.origin))
