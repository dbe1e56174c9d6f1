"""Lines: results kept as lines of JSON, and rows of tables in Markdown."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path


def rows(path: Path) -> list[dict]:
    """What is kept so far; nothing where there is no file."""
    if not path.exists():
        return []
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def append(path: Path, row: dict) -> None:
    """Keep one more result."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a", encoding="utf-8") as file:
        file.write(json.dumps(row) + "\n")


def line(values: Iterable) -> str:
    """One row of a table."""
    return "| " + " | ".join(map(str, values)) + " |"
