"""A cohort as a folder of pictures: files numbered in order, and a table of all other fields."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from manikin.cohort.cohort import Cohort
from manikin.core import record_files
from manikin.errors import FormatError
from manikin.imaging import label_maps
from manikin.imaging.files import nifti, raster
from manikin.imaging.files.folder_options import ImageFolderOptions
from manikin.imaging.header import GeometryOptions
from manikin.schema.kinds import Category, Image, Schema, Signal, Text
from manikin.tables.delimited import DelimitedOptions
from manikin.tables.delimited_output import render_delimited

if TYPE_CHECKING:
    from pathlib import Path

    import numpy as np

_SAFE_FOLDER_NAME = re.compile(r"^[A-Za-z0-9][A-Za-z0-9 ._+-]{0,99}$")
_TABLE_NAME = "manifest.csv"


def write_folder(cohort: Cohort, path: Path) -> None:
    """Write pictures and, where there is more to say, a table.

    Files are numbered in the order of the records; the names they came by are never used.
    Pictures that no such file holds without loss are single arrays (.npy), and volumes NIfTI if
    they came so.

    Raises:
        FormatError: A field is a signal.
    """
    if signals := [name for name, kind in cohort.schema.items() if isinstance(kind, Signal)]:
        raise FormatError("a folder of pictures holds no signals", path, f"leave out {', '.join(signals)}")
    path.mkdir()
    pictures = [name for name, kind in cohort.schema.items() if isinstance(kind, Image)]
    classes = _list_class_folders(cohort)
    places = {name: _write_field(cohort, name, path, pictures, classes) for name in pictures}
    rest = [name for name in cohort.schema if name not in pictures]
    if not ((rest == ["label"] and classes) or not rest) or not set(pictures) <= {"image", "mask"}:
        name = cohort.origin.find_options(ImageFolderOptions).manifest or _TABLE_NAME
        (path / name).write_text(_render_table(cohort, rest, places), encoding="utf-8")


def write_single(cohort: Cohort, path: Path) -> None:
    """Write the one picture of a cohort.

    Raises:
        FormatError: There are several, or other fields.
    """
    pictures = [name for name, kind in cohort.schema.items() if isinstance(kind, Image)]
    if len(cohort) != 1 or len(pictures) != 1:
        raise FormatError(
            f"one file holds one picture, but there are {len(cohort)} records of {len(pictures)} such "
            "fields",
            path,
            "name a folder (no suffix)",
        )
    write_record(label_maps.to_file_values(cohort, pictures[0])[0], cohort, pictures[0], path)


def write_record(x: np.ndarray, cohort: Cohort, name: str, path: Path) -> None:
    """Write one record in the format that the suffix of `path` names."""
    if path.name.lower().endswith((".nii", ".nii.gz")):
        kind = cohort.schema[name]
        spacing = kind.spacing if isinstance(kind, Image) else ()
        nifti.write(x, path, spacing, cohort.origin.find_options(GeometryOptions).get_geometry(name))
    else:
        raster.write(x, path)


def _list_class_folders(cohort: Cohort) -> list[str]:
    """The subfolder of each record, if classes came so and can be names of folders."""
    kind = cohort.schema.get("label")
    if not cohort.origin.find_options(ImageFolderOptions).classes or not isinstance(kind, Category):
        return []
    labels = cohort.columns["label"].to_pylist()
    return (
        labels if all(isinstance(label, str) and _SAFE_FOLDER_NAME.match(label) for label in labels) else []
    )


def _write_field(
    cohort: Cohort, name: str, path: Path, pictures: list[str], classes: list[str]
) -> list[str]:
    """The files of a field, relative to the folder."""
    kind, x = cohort.schema[name], label_maps.to_file_values(cohort, name)
    suffix = _choose_suffix(cohort, name, x)
    top = "" if classes and len(pictures) == 1 else f"{_name_folder(name, kind)}/"
    places = []
    for i, record in enumerate(x):
        place = f"{top}{classes[i] + '/' if classes else ''}{i + 1:06d}{suffix}"
        (path / place).parent.mkdir(parents=True, exist_ok=True)
        write_record(record, cohort, name, path / place)
        places.append(place)
    return places


def _name_folder(name: str, kind: Any) -> str:  # noqa: ANN401 - any kind of field
    plain = re.sub(r"[^A-Za-z0-9]+", "_", name)
    return (
        f"{plain}s"
        if name in ("image", "mask")
        else f"mask_{plain}"
        if kind.levels and not record_files.is_label_map_name(name)
        else plain
    )


def _choose_suffix(cohort: Cohort, name: str, x: np.ndarray) -> str:
    came = (cohort.origin.find_options(ImageFolderOptions).suffixes or {}).get(name, ".png")
    if came in (".nii", ".nii.gz"):
        return ".nii.gz"
    return next(suffix for suffix in (came, ".png", ".tif", ".npy") if raster.can_store(x[0], suffix))


def _render_table(cohort: Cohort, rest: list[str], places: dict[str, list[str]]) -> str:
    """The other fields and where the files lie, in the columns that they came in."""
    columns: dict[str, Any] = {name: cohort.columns[name] for name in rest}
    kinds: dict[str, Any] = {name: cohort.schema[name] for name in rest}
    known = cohort.origin.find_options(ImageFolderOptions).columns or {}
    for name, files in places.items():
        header = known.get(name, name)
        header = name if header in columns else header
        columns[header], kinds[header] = pa.array(files, pa.string()), Text(role="identifier")
    cells = Cohort(pa.table(columns), Schema(kinds), cohort.origin)
    return render_delimited(cells, cohort.origin.find_options(DelimitedOptions).delimiter or ",")
