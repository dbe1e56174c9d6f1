"""The contract of a file format: one module of `data/formats` each, found by its suffix.

A format reads a path into a cohort and writes one back. Finding the right format, the errors
that all formats share, and the safe way of writing are in `data.files`.
"""

from __future__ import annotations

import gzip
from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, ClassVar

from manikin.errors import FormatError

if TYPE_CHECKING:
    from pathlib import Path

    from manikin.cohort.cohort import Cohort
    from manikin.schema.kinds import Schema


_HEAD_BYTES = 1 << 16
_CONTROL_BYTES = frozenset((*range(9), *range(14, 27)))


class Format(ABC):
    """A file format.

    `suffixes` are how its files are called, in lower case and without ".gz"; `signature` is how
    every such file begins, empty where no such mark exists; `is_binary` formats judge the beginning of
    their files themselves. The cells of a format with `has_file_links` may name pictures beside it.
    A format with `can_write_folder` writes a folder where a path has no suffix; one that is not
    `can_write_file`
    writes nothing else, since each record is several files; of one that is `has_many_records`, a file
    holds any number. `extra_suffixes` are suffixes of another format under which it is found as well.
    """

    suffixes: ClassVar[tuple[str, ...]]
    signature: ClassVar[bytes] = b""
    is_binary: ClassVar[bool] = False
    has_file_links: ClassVar[bool] = False
    can_write_folder: ClassVar[bool] = False
    can_write_file: ClassVar[bool] = True
    has_many_records: ClassVar[bool] = False
    extra_suffixes: ClassVar[tuple[str, ...]] = ()

    @abstractmethod
    def read(self, path: Path, schema: Schema | None) -> Cohort:
        """The records of a file; `schema` overrides what is inferred.

        Raises:
            FormatError: The file is not of this format.
            SchemaError: Its fields contradict the schema.
        """

    def read_skipping_bad(self, path: Path, schema: Schema | None) -> Cohort:
        """As `read`, but what is bad is left out and noted, where the format can tell it from the rest."""
        return self.read(path, schema)

    def read_folder(self, path: Path, schema: Schema | None, *, skip_bad: bool = False) -> Cohort:
        """The records of a folder of such files; with `skip_bad` those that cannot be read are noted.

        Raises:
            FormatError: This format has no folders, or a file is bad.
        """
        del schema, skip_bad
        raise FormatError(f"{path}: is a folder; name a file")

    @abstractmethod
    def write(self, cohort: Cohort, path: Path) -> None:
        """Write the records as a new file, or as a new folder where the format has folders.

        Raises:
            FormatError: The format cannot hold one of the fields.
        """


def read_bytes(path: Path) -> bytes:
    """The bytes of a file, decompressed if it is gzip, whatever it is called.

    Raises:
        FormatError: The file is damaged or empty.
    """
    data = path.read_bytes()
    if data.startswith(b"\x1f\x8b"):
        try:
            data = gzip.decompress(data)
        except (OSError, EOFError) as error:
            raise FormatError(f"{path}: damaged gzip file") from error
    if not data.strip():
        raise FormatError(f"{path}: the file is empty")
    return data


def write_bytes(path: Path, data: bytes) -> None:
    """Write bytes, compressed if the name ends in ".gz"; the same data always give the same file."""
    path.write_bytes(gzip.compress(data, mtime=0) if path.name.lower().endswith(".gz") else data)


def to_utf8(data: bytes, path: Path) -> tuple[bytes, tuple[str, ...]]:
    """Text in UTF-8 without a byte-order mark, and a note where it came in another encoding.

    Raises:
        FormatError: The bytes are no text.
    """
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        return _recode_utf8(data, "utf-16", path), ("the file is in UTF-16",)
    data = data.removeprefix(b"\xef\xbb\xbf")
    if not _CONTROL_BYTES.isdisjoint(data[:_HEAD_BYTES]):
        raise FormatError(f"{path}: holds binary data, not text; is the suffix right?")
    try:
        data.decode()
    except UnicodeDecodeError:
        return _decode_western(data, path)
    return data, ()


def _decode_western(data: bytes, path: Path) -> tuple[bytes, tuple[str, ...]]:
    """Windows-1252 where signs stand that Latin-1 has only as controls (dashes, curled quotation marks)."""
    if any(0x80 <= byte <= 0x9F for byte in data):  # noqa: PLR2004 - the controls of Latin-1
        try:
            return data.decode("cp1252").encode(), ("the file is not in UTF-8; read as Windows-1252",)
        except UnicodeDecodeError:  # one of the five bytes that Windows-1252 leaves open
            pass
    return _recode_utf8(data, "latin-1", path), ("the file is not in UTF-8; read as Latin-1",)


def decode_text(data: bytes, path: Path) -> str:
    """Text in UTF-8, or in UTF-16 that says so; prose in an unknown encoding is not guessed at.

    Raises:
        FormatError: The bytes are no text, or of another encoding; the line is named.
    """
    if not data.startswith((b"\xff\xfe", b"\xfe\xff")):
        try:
            data.decode()
        except UnicodeDecodeError as error:
            line = data.count(b"\n", 0, error.start) + 1
            what = (
                "holds binary data, not text"
                if not _CONTROL_BYTES.isdisjoint(data[:_HEAD_BYTES])
                else "not in UTF-8"
            )
            raise FormatError(f"{path}: line {line}: {what}; save it as UTF-8 text") from None
    return to_utf8(data, path)[0].decode()


def _recode_utf8(data: bytes, encoding: str, path: Path) -> bytes:
    try:
        return data.decode(encoding).encode()
    except UnicodeDecodeError as error:
        raise FormatError(f"{path}: cannot be decoded as {encoding}; save it as UTF-8") from error


def raise_if_not_scalar(cohort: Cohort, path: Path) -> None:
    """Refuse fields that are arrays or histories, for formats that hold one value per cell.

    Raises:
        FormatError: A field is a signal, an image or a history.
    """
    from manikin.schema.kinds import Codes, Image, Signal

    if events := [name for name, kind in cohort.schema.items() if isinstance(kind, Codes)]:
        raise FormatError(
            f"{path}: this format holds no histories; leave out {', '.join(events)}; or write .csv"
        )
    if arrays := [name for name, kind in cohort.schema.items() if isinstance(kind, Signal | Image)]:
        raise FormatError(
            f"{path}: this format holds no arrays; leave out {', '.join(arrays)}, or write .npz or a folder"
        )
