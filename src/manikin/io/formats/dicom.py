"""DICOM: one file, or a folder of files and series."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING, ClassVar, final

import pyarrow as pa

from manikin.core import record_files
from manikin.core.skipped import SkippedRecords
from manikin.errors import FormatError
from manikin.imaging.dicom import segmentation_objects, series, tags, write
from manikin.imaging.dicom import slice_stack as apart
from manikin.imaging.dicom.write import DicomOptions
from manikin.imaging.files import manifest
from manikin.imaging.files.table_links import TableLinks, name_image_field
from manikin.io.format import Format
from manikin.io.formats.csv import read_cells
from manikin.schema.inference.file_owners import add_owners
from manikin.schema.inference.folder_meaning import NO_FOLDER_MEANING, interpret_plain_folders
from manikin.schema.kinds import Image, Schema
from manikin.schema.remark import Remark

if TYPE_CHECKING:
    from pathlib import Path

    from manikin.cohort.cohort import Cohort
    from manikin.imaging.dicom.series import Series
    from manikin.imaging.dicom.slice import Slice
    from manikin.schema.inference.folder_meaning import FolderMeaning


@final
class Dicom(Format):
    """DICOM files (PS3.10): slices of a series become one volume."""

    suffixes: ClassVar[tuple[str, ...]] = record_files.DICOM_SUFFIXES
    is_binary: ClassVar[bool] = True
    can_write_folder: ClassVar[bool] = True

    def read(self, path: Path, schema: Schema | None, *, skip_bad: bool = False) -> Cohort:
        """One file, one record."""
        del skip_bad  # one file is one record, good or bad
        files = {"image": series.group_volumes([series.read_slice(path)], even=_is_even_requested(schema))}
        return _build_cohort(files, None, schema, NO_FOLDER_MEANING, skip_bad=False)

    def read_folder(self, path: Path, schema: Schema | None, *, skip_bad: bool = False) -> Cohort:
        """One record for each series, or for each row of the table that lists them."""
        paths = [
            file
            for file in record_files.list_files(path)
            if record_files.detect_file_format(file) == "dicom"
        ]
        hidden = interpret_plain_folders(
            [file.parent.relative_to(path).parts for file in paths], _get_folder_levels(schema)
        ).hidden
        with hidden.mask_errors():
            cohort = _read_folder(paths, path, schema, skip_bad=skip_bad)
        return replace(cohort, notes=hidden.mask_notes(cohort.notes))

    def write(self, cohort: Cohort, path: Path) -> None:
        """New objects, marked as synthetic, with headers made of what is allowed."""
        if path.suffix:
            write.write_single(cohort, path)
        else:
            write.write_folder(cohort, path)


__plugin__ = Dicom


def _read_folder(paths: list[Path], path: Path, schema: Schema | None, *, skip_bad: bool) -> Cohort:
    """The series of these files, or those that the table of the folder names."""
    slices, segmented, left = _read_slices(paths, path, skip_bad=skip_bad)
    found = series.group_volumes(slices, even=_is_even_requested(schema))
    if 2 * sum(len(volume.slices) > 1 for volume in found) < len(found):
        found = [series.from_slice(piece) for piece in sorted(slices, key=lambda piece: str(piece.path))]
    depth = Counter(len(volume.header.shape) for volume in found).most_common(1)[0][0]
    whole = [volume for volume in found if len(volume.header.shape) == depth]
    if lost := [volume for volume in found if len(volume.header.shape) != depth]:
        kinds = "single slices, such as localisers," if depth > 3 else "volumes"  # noqa: PLR2004 - D, H, W
        left.append(f"{len(lost)} {kinds} left out, the first {lost[0].name}")
    whole, turned = series.unify_orientation(whole)
    cells, files = _find_listed_series(path, whole, schema)
    masks, unused = segmentation_objects.match_masks(segmented, next(iter(files.values())))
    if masks and "mask" not in files and (cells is None or "mask" not in cells.schema):
        files["mask"] = masks  # pyright: ignore[reportArgumentType] - a mask reads as a series does
    meaning = _interpret_folders(next(iter(files.values())), path, schema)
    return _build_cohort(files, cells, schema, meaning, skip_bad=skip_bad).add_notes(
        *left, *turned, *unused
    )


def _get_folder_levels(schema: Schema | None) -> tuple[str, ...]:
    """What a person says of the levels of folders."""
    return schema.folders if schema is not None else ()


def _is_even_requested(schema: Schema | None) -> bool:
    """Whether even steps between slices are asked for."""
    return any(isinstance(kind, Image) and kind.even for kind in (schema or {}).values())


def _read_slices(
    paths: list[Path], folder: Path, *, skip_bad: bool
) -> tuple[list[Slice], list[Path], list[str]]:
    """The slices of a folder, each SOP instance once, its segmentation objects, and notes."""
    segmented = [path for path in paths if segmentation_objects.is_segmentation(path)]
    bad, slices = SkippedRecords(skip=skip_bad), []
    for i, path in enumerate(paths):
        if path in segmented:
            continue
        try:
            slices.append(series.read_slice(path))
        except FormatError as error:
            bad.add(i, path, error)
    if not slices:
        raise FormatError("no DICOM file can be read", folder)
    slices, copies = apart.drop_duplicates(slices)
    return slices, segmented, [*bad.values(), *copies]


def _build_cohort(
    files: dict[str, list[Series]],
    cells: Cohort | None,
    schema: Schema | None,
    meaning: FolderMeaning,
    *,
    skip_bad: bool,
) -> Cohort:
    """One record for each series of the first field; a series takes the place of a file."""
    found = next(iter(files.values()))
    people = _find_subjects(found, meaning)
    numbers = {person: i for i, person in enumerate(dict.fromkeys(people), 1)}
    rows = [volume.slices[0].tags.allowed for volume in found]
    table = tags.build_tag_table(rows, [numbers[person] for person in people], schema)
    table = table if cells is None else _merge_fields(table, cells)
    notes = tuple(note for name, volumes in files.items() for note in _collect_notes(name, volumes))
    intent = found[0].slices[0].tags.intent
    listing = TableLinks(dict(files), {}, meaning=replace(meaning, subjects=()), notes=notes)
    cohort = manifest.assemble_cohort(table, listing, schema, DicomOptions(intent), skip_bad=skip_bad)
    return replace(cohort, origin=replace(cohort.origin, format="dicom"))


def _interpret_folders(found: list[Series], folder: Path, schema: Schema | None) -> FolderMeaning:
    """What the folders of series say; they count where they are declared, or no header says who is who."""
    declared = _get_folder_levels(schema)
    above = [volume.slices[0].path.parent.relative_to(folder).parts for volume in found]
    meaning = interpret_plain_folders(above, declared)
    if declared:
        return meaning
    named = {volume.slices[0].identity.patient for volume in found}
    blank = "" in named or (len(named) == 1 and len(found) > 1)
    if blank:
        meaning = add_owners(meaning, [volume.slices[0].path.stem for volume in found])
    used = blank and bool(meaning.subjects)
    notes = meaning.notes if used else ()
    notes = (*notes, *_note_ignored_labels(meaning))
    return replace(meaning, labels=(), notes=notes, subjects=meaning.subjects if used else ())


def _note_ignored_labels(meaning: FolderMeaning) -> tuple[str, ...]:
    """A note where folders seem to be classes: headers may say more, so they are kept on request."""
    if len(meaning.labels) < 2 * len(set(meaning.labels)) or not meaning.labels:  # a folder for each series
        return ()
    line = ", ".join(f'"{role}"' for role in meaning.roles)
    seen = f"subfolders seem to be {len(set(meaning.labels))} classes and are left out"
    return (f"{seen}; folders = [{line}] at the top of schema.toml keeps them as the label",)


def _find_subjects(found: list[Series], meaning: FolderMeaning) -> list[str]:
    """Whose each series is: by its folder where that counts, else by the patient's number in its header."""
    headers = [volume.slices[0].identity.subject for volume in found]
    if not meaning.subjects:
        return headers
    pairs = zip(meaning.subjects, headers, strict=True)
    return [header if number is None else f"/{number}" for number, header in pairs]


def _collect_notes(name: str, found: list[Series]) -> tuple[str, ...]:
    counts = Counter(note for volume in found for note in volume.notes)
    return tuple(Remark(f"{note} (in {n} series)" if n > 1 else note, name) for note, n in counts.items())


def _find_listed_series(
    folder: Path, found: list[Series], schema: Schema | None
) -> tuple[Cohort | None, dict[str, list[Series]]]:
    """The table whose cells name the series, by a file or a folder, and for each such column the series."""
    known = _index_series(folder, found)
    for path in record_files.list_tables(folder):
        cells = read_cells(path, schema)
        named = {name: _match_series(cells, name, known) for name in cells.schema}
        if columns := {name: volumes for name, volumes in named.items() if volumes}:
            rest = [name for name in cells.schema if name not in columns]
            files = {name_image_field(name, set(rest)): volumes for name, volumes in columns.items()}
            return (cells.select(*rest) if rest else None), files
    return None, {"image": found}


def _index_series(folder: Path, found: list[Series]) -> dict[str, Series]:
    """What a table may call a series: a file of it, or its folder; the nearer description counts."""
    known: dict[str, Series] = {}
    for volume in found:
        places = [piece.path.relative_to(folder) for piece in volume.slices]
        if len(places) == 1:
            known |= {places[0].stem: volume, places[0].name: volume}
    for volume in found:
        places = [piece.path.relative_to(folder) for piece in volume.slices]
        known |= {place.as_posix(): volume for place in places}
        if len(places) > 1:
            known[places[0].parent.as_posix()] = volume
    return known


def _match_series(cells: Cohort, name: str, known: dict[str, Series]) -> list[Series]:
    """The series that a column names, if all its cells do."""
    values = cells.columns[name]
    rows = values.to_pylist() if pa.types.is_string(values.type) else []
    return [known[value] for value in rows] if rows and all(value in known for value in rows) else []


def _merge_fields(table: Cohort, cells: Cohort) -> Cohort:
    """Attributes and cells; a table knows better than a header."""
    people = ["subject"] if cells.schema.find_by_role("subject") else []
    kept = [name for name in table.schema if name not in cells.schema and name not in people]
    return replace(table.select(*kept).join(cells), origin=cells.origin)
