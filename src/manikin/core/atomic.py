"""Atomic writing: what is written appears whole or not at all."""

from __future__ import annotations

import os
import shutil
from contextlib import contextmanager
from typing import TYPE_CHECKING

from manikin.errors import FormatError, UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@contextmanager
def write_atomically(path: Path, *, replaces_folder: bool = False) -> Iterator[Path]:
    """Another name beside `path`: the file or folder written there is renamed to `path` when it is whole.

    When anything fails or is interrupted, it is removed, and `path` is what it was.

    Args:
        path: The file or folder to appear; a file or an empty folder of this name is replaced.
        replaces_folder: Whether a folder that holds something is replaced too.

    Raises:
        FormatError: It cannot be written.
    """
    part = path.with_name(f".{os.getpid()}-part-{path.name}")
    try:
        yield part
        if replaces_folder and path.is_dir():
            shutil.rmtree(path)
        part.replace(path)
    except FormatError as error:
        raise error.reword(lambda text: text.replace(str(part), str(path))) from error
    except OSError as error:
        raise FormatError(f"cannot be written ({error.strerror or error})", path) from error
    finally:
        if part.is_dir():
            shutil.rmtree(part, ignore_errors=True)
        elif part.exists():
            part.unlink()


@contextmanager
def open_atomic_folder(folder: Path) -> Iterator[Path]:
    """A new folder to write in, under another name until all is done.

    Raises:
        UsageError: The folder exists and holds something.
        FormatError: It cannot be written.
    """
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        message = f"{folder}: exists already and is never overwritten; name another folder, or remove it"
        raise UsageError(message)
    with write_atomically(folder) as part:
        part.mkdir(parents=True)
        yield part
