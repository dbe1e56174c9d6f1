"""Options of a model: what it is to learn, by what means, and what stays out of it."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any

from manikin.stats.subject_counts import MIN_CELL_SIZE

if TYPE_CHECKING:
    from collections.abc import Sequence

    from manikin.contracts.codec import Codec
    from manikin.contracts.family import Family, StatisticalFamily
    from manikin.training.budget import Training


@dataclass
class ModelOptions:
    """The options that a `Synthesizer` takes and each of its models has; `Synthesizer` describes them."""

    target: str | Sequence[str] | None = None
    condition: str | Sequence[str] = ()
    family: str | Family | StatisticalFamily | None = None
    seed: int = 0
    training: Training | None = None
    codec: str | Codec | None = None
    scan: bool = True
    anonymous: int = MIN_CELL_SIZE


def list_options(options: ModelOptions) -> dict[str, Any]:
    """The options alone by name, whatever else stands beside them."""
    return {option.name: getattr(options, option.name) for option in fields(ModelOptions)}
