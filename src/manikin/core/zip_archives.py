"""Zip archives: what is read of them stands in a folder that is gone afterwards."""

from __future__ import annotations

import shutil
import tempfile
import zipfile
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from manikin.errors import FormatError, ManikinError

if TYPE_CHECKING:
    from collections.abc import Iterator


@contextmanager
def unpack(path: Path) -> Iterator[Path]:
    """The one file or the folder that an archive holds, while the context lasts.

    Hidden files and those that archivers add are left out. Errors raised within the context name
    the archive in place of the folder.

    Raises:
        FormatError: The archive is damaged, encrypted, empty, or has no room on the disk.
    """
    with tempfile.TemporaryDirectory(prefix="manikin-") as folder:
        try:
            yield _extract(path, Path(folder))
        except ManikinError as error:
            raise error.reword(lambda text: text.replace(folder, str(path))) from error


def _extract(path: Path, folder: Path) -> Path:
    try:
        with zipfile.ZipFile(path) as archive:
            members = [entry for entry in archive.infolist() if _is_visible(entry)]
            needed = sum(entry.file_size for entry in members)
            if needed > shutil.disk_usage(folder).free:
                raise FormatError(
                    f"needs {needed / 1e9:.1f} GB of disk to be unpacked; there is less", path
                )
            for entry in members:
                archive.extract(entry, folder)  # which keeps every member below the folder
    except (zipfile.BadZipFile, RuntimeError, NotImplementedError, EOFError) as error:
        raise FormatError(f"cannot be unpacked ({error})", path) from error
    if not members:
        raise FormatError("the archive holds no file", path)
    found = folder
    while len(inside := list(found.iterdir())) == 1:
        found = inside[0]
        if found.is_file():
            break
    return found


def _is_visible(entry: zipfile.ZipInfo) -> bool:
    parts = PurePosixPath(entry.filename).parts
    return not entry.is_dir() and not any(part.startswith((".", "__MACOSX")) for part in parts)
