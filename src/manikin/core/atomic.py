"""Folder: what is written appears whole or not at all."""

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
def open_atomic_folder(folder: Path) -> Iterator[Path]:
    """A folder under another name, renamed when all is done and removed when anything fails.

    Raises:
        UsageError: The folder exists and holds something.
        FormatError: It cannot be written.
    """
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        message = f"{folder}: exists already and is never overwritten; name another folder, or remove it"
        raise UsageError(message)
    part = folder.with_name(f".{os.getpid()}-part-{folder.name}")
    try:
        part.mkdir(parents=True)
        yield part
        part.replace(folder)
    except OSError as error:
        raise FormatError(f"{folder}: cannot be written ({error.strerror or error})") from error
    finally:
        shutil.rmtree(part, ignore_errors=True)
