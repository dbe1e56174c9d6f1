"""The format a cohort came in."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True)
class SourceFormat:
    """Where a cohort came from, so that it can be written back the same way.

    `format` names the module of `io/formats`; `options` are that format's own (delimiter, ...).
    """

    format: str = "csv"
    options: Mapping[str, Any] = field(default_factory=dict)
