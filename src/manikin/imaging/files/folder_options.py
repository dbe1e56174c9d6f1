"""What is remembered of a folder of pictures and of the table that lists them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, final

from manikin.cohort.source_format import SourceOptions

if TYPE_CHECKING:
    from collections.abc import Mapping


@final
@dataclass(frozen=True)
class ImageFolderOptions(SourceOptions):
    """How pictures lie in a folder.

    Args:
        manifest: The name of the table that lists them.
        suffixes: Of the files of each field.
        columns: The column of file names that each field takes the place of.
        classes: Whether subfolders are classes.
    """

    manifest: str | None = None
    suffixes: Mapping[str, str] | None = None
    columns: Mapping[str, str] | None = None
    classes: bool | None = None
