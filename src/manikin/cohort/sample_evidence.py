"""What must be known of drawn records when they are judged: it goes with them to their card."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, final

from manikin.cohort.source_format import SourceOptions

if TYPE_CHECKING:
    from collections.abc import Sequence


@final
@dataclass(frozen=True)
class SampleEvidence(SourceOptions):
    """What sampling found, in sentences.

    Args:
        unsupported: Conditions that were asked for and have too few training patients behind them.
        pooled: Fields whose rare levels were pooled.
    """

    unsupported: Sequence[str] | None = None
    pooled: Sequence[str] | None = None
