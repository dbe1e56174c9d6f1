"""The contract of a file format: one module of `io/formats` each, found by its suffix.

A format reads a path into a cohort and writes one back. Finding the right format is the task of
`io.formats`; the errors that all formats share and the safe way of writing are in `io` and `io.write`.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, final

from manikin.cohort.source_format import SourceOptions
from manikin.errors import FormatError
from manikin.schema.kinds import Codes, Image, Signal

if TYPE_CHECKING:
    from pathlib import Path

    from manikin.cohort.cohort import Cohort
    from manikin.schema.kinds import Schema


@final
@dataclass(frozen=True)
class FileOptions(SourceOptions):
    """The suffix of the file that a cohort came in; "": it came in a folder, or as a list of files."""

    suffix: str | None = None


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
    def read(self, path: Path, schema: Schema | None, *, skip_bad: bool = False) -> Cohort:
        """The records of a file.

        Args:
            path: The file.
            schema: Kinds that override what is inferred.
            skip_bad: Whether what is bad is left out and noted, where the format can tell it from the rest.

        Raises:
            FormatError: The file is not of this format, or damaged.
            SchemaError: Its fields contradict the schema.
        """

    def read_folder(self, path: Path, schema: Schema | None, *, skip_bad: bool = False) -> Cohort:
        """The records of a folder of such files; with `skip_bad` those that cannot be read are noted.

        Raises:
            FormatError: This format has no folders, or a file is bad.
        """
        del schema, skip_bad
        raise FormatError("is a folder", path, "name a file")

    @abstractmethod
    def write(self, cohort: Cohort, path: Path) -> None:
        """Write the records as a new file, or as a new folder where the format has folders.

        Raises:
            FormatError: The format cannot hold one of the fields.
        """


def raise_if_not_scalar(cohort: Cohort, path: Path) -> None:
    """Refuse fields that are arrays or histories, for formats that hold one value per cell.

    Raises:
        FormatError: A field is a signal, an image or a history.
    """
    if events := [name for name, kind in cohort.schema.items() if isinstance(kind, Codes)]:
        raise FormatError(
            "this format holds no histories", path, f"leave out {', '.join(events)}; or write .csv"
        )
    if arrays := [name for name, kind in cohort.schema.items() if isinstance(kind, Signal | Image)]:
        raise FormatError(
            "this format holds no arrays", path, f"leave out {', '.join(arrays)}, or write .npz or a folder"
        )
