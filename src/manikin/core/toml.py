"""TOML files: read, or refused with the file and the reason."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from manikin.errors import ManikinError


def read_toml(path: str | Path, error_type: type[ManikinError], refusal: str = "") -> dict[str, Any]:
    """The tables of a TOML file.

    Args:
        path: Of the file.
        error_type: What is raised where the file cannot be read or is not TOML.
        refusal: What is said then, with `{reason}` where the reason goes; empty: the reason alone.
    """
    try:
        return tomllib.loads(Path(path).read_text(encoding="utf-8"))
    except OSError as error:
        reason = error.strerror or "unreadable"
        refusal = refusal or "cannot be read ({reason})"
        raise error_type(f"{path}: {refusal.format(reason=reason)}") from error
    except (UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        refusal = refusal or "is not TOML ({reason})"
        raise error_type(f"{path}: {refusal.format(reason=error)}") from error
