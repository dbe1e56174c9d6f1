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

    from manikin.data.cohort import Cohort
    from manikin.data.schema import Schema


class Format(ABC):
    """A file format.

    `suffixes` are how its files are called, in lower case and without ".gz"; `signature` is how
    every such file begins, empty where no such mark exists.
    """

    suffixes: ClassVar[tuple[str, ...]]
    signature: ClassVar[bytes] = b""

    @abstractmethod
    def read(self, path: Path, schema: Schema | None) -> Cohort:
        """The records of a file; `schema` overrides what is inferred.

        Raises:
            FormatError: The file is not of this format.
            SchemaError: Its fields contradict the schema.
        """

    @abstractmethod
    def write(self, cohort: Cohort, path: Path) -> None:
        """Write the records as a new file.

        Raises:
            FormatError: The format cannot hold one of the fields.
        """


def content(path: Path) -> bytes:
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


def store(path: Path, data: bytes) -> None:
    """Write bytes, compressed if the name ends in ".gz"; the same data always give the same file."""
    path.write_bytes(gzip.compress(data, mtime=0) if path.name.lower().endswith(".gz") else data)


def columns_only(cohort: Cohort, path: Path) -> None:
    """Refuse fields that are arrays, for formats that hold one value per cell.

    Raises:
        FormatError: A field is a signal or an image.
    """
    from manikin.data.schema import Image, Signal

    if arrays := [name for name, kind in cohort.schema.items() if isinstance(kind, Signal | Image)]:
        raise FormatError(f"{path}: this format holds no arrays; leave out {', '.join(arrays)}, or write .npz")
