"""NumPy archives: keys are field names, the first axis is the record."""

from __future__ import annotations

import zipfile
from typing import TYPE_CHECKING, Any, ClassVar, final

import numpy as np

from manikin.core.arrow import allocate_array
from manikin.errors import FormatError
from manikin.io.format import Format
from manikin.io.npz_arrays import build_cohort_from_arrays, is_signal_shape
from manikin.io.npz_layout import ArchiveLayout
from manikin.io.npz_roles import assign_roles
from manikin.schema.kinds import Codes, Image, Signal

if TYPE_CHECKING:
    from pathlib import Path

    from manikin.cohort.cohort import Cohort
    from manikin.schema.kinds import Schema

_DAMAGE_ERRORS = (ValueError, EOFError, zipfile.BadZipFile, KeyError, NotImplementedError, MemoryError)
_MAX_MEMBER_BYTES, _MAX_COMPRESSION_RATIO = 1 << 30, 200
"""A member that unpacks to more than so many bytes, more than so many times its size, is a bomb."""
_CHUNK_BYTES = 1 << 24
_MEMBER_DATE = (1980, 1, 1, 0, 0, 0)


@final
class Npz(Format):
    """Arrays of NumPy: an archive of several, or one alone (.npy), the field `signal` or `image`."""

    suffixes: ClassVar[tuple[str, ...]] = (".npz", ".npy")
    is_binary: ClassVar[bool] = True

    def read(self, path: Path, schema: Schema | None, *, skip_bad: bool = False) -> Cohort:
        """Fields by their keys: signals, images, label maps and columns of scalars."""
        del skip_bad  # an array is good or bad as a whole
        try:
            arrays = _read_arrays(path, schema)
        except _DAMAGE_ERRORS as error:
            raise FormatError("damaged, or no file of NumPy without pickled objects", path) from error
        return assign_roles(build_cohort_from_arrays(arrays, schema, path), schema)

    def write(self, cohort: Cohort, path: Path) -> None:
        """Arrays in the shape they came in; the same cohort always gives the same file."""
        if events := [name for name, kind in cohort.schema.items() if isinstance(kind, Codes)]:
            raise FormatError(f"npz holds no histories ({', '.join(events)})", path, "write .csv")
        arrays = ArchiveLayout.from_cohort(cohort).to_arrays(cohort)
        if path.suffix.lower() != ".npy":
            _write_archive(path, arrays)
        elif len(arrays) == 1:
            with path.open("wb") as file:
                np.save(file, next(iter(arrays.values())), allow_pickle=False)
        else:
            raise FormatError(f"holds one field, not {', '.join(arrays)}", path, "write .npz")


__plugin__ = Npz


def _read_arrays(path: Path, schema: Schema | None) -> dict[str, np.ndarray]:
    if path.suffix.lower() == ".npy":
        x = np.load(path, mmap_mode="r", allow_pickle=False)
        return {_choose_field_name(x, schema): x}
    with zipfile.ZipFile(path) as archive:
        for member in archive.infolist():
            if member.file_size > max(_MAX_MEMBER_BYTES, _MAX_COMPRESSION_RATIO * member.compress_size):
                raise FormatError(
                    f"{member.filename} unpacks to {member.file_size >> 20} MB, "
                    f"more than {_MAX_COMPRESSION_RATIO} times its size",
                    path,
                    "save it uncompressed if it is what it should be",
                )
        return {
            member.filename.removesuffix(".npy"): _unpack_member(archive, member)
            for member in archive.infolist()
            if member.filename.endswith(".npy")
        }


def _choose_field_name(x: np.ndarray, schema: Schema | None) -> str:
    """What the one array of a file is called: as declared, else by what it looks like."""
    named = [name for name, kind in (schema or {}).items() if isinstance(kind, Image | Signal)]
    return named[0] if len(named) == 1 else "signal" if is_signal_shape(x.shape[1:]) else "image"


def _unpack_member(archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> np.ndarray:
    """One array, decompressed piece by piece into memory or, where it is large, into a mapped file."""
    with archive.open(member) as file:
        version = np.lib.format.read_magic(file)
        header = (
            np.lib.format.read_array_header_1_0
            if version == (1, 0)
            else np.lib.format.read_array_header_2_0
        )
        shape, fortran, dtype = header(file)
        if dtype.hasobject:
            raise FormatError(
                f"{member.filename} holds pickled objects", archive.filename, "save numbers or text"
            )
        x = allocate_array(shape[::-1] if fortran else shape, dtype)
        rest, place = memoryview(x.reshape(-1).view(np.uint8)), 0  # pyright: ignore[reportArgumentType]
        while place < len(rest) and (piece := file.read(min(_CHUNK_BYTES, len(rest) - place))):
            rest[place : place + len(piece)] = piece
            place += len(piece)
        if place < len(rest):
            raise FormatError(f"{member.filename} ends too early", archive.filename, "copy the file again")
    return x.T if fortran else x


def _write_archive(path: Path, arrays: dict[str, Any]) -> None:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, array in arrays.items():
            member = zipfile.ZipInfo(f"{name}.npy", _MEMBER_DATE)
            member.compress_type = zipfile.ZIP_DEFLATED
            with archive.open(member, "w", force_zip64=True) as file:
                np.lib.format.write_array(file, np.asanyarray(array), allow_pickle=False)
