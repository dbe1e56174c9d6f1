"""What a user asks for: label, conditions, rules, sizes and seed; and how the records are to be judged."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from manikin.evaluation.card.policy import Policy


@dataclass(frozen=True)
class SynthesisRequest:
    """What is asked for besides the file of real records.

    Args:
        label: The field that a downstream model is to predict.
        subgroups: Fields by whose levels the records are compared separately.
        condition: Fields that are given instead of modelled; the synthetic records take them from
            training records drawn at random.
        where: Fields with the same value in all synthetic records.
        rules: A file of clinical rules; None: none.
        n: How many synthetic records, or patients where these have several rows; None: as in training.
        counts_rows: Whether `n` counts rows also where patients have several.
        holdout: The share of subjects that the generator never sees and the judge needs.
        seed: The same seed gives the same files.
    """

    label: str | None = None
    subgroups: Sequence[str] = ()
    condition: Sequence[str] = ()
    where: dict[str, Any] = field(default_factory=dict)
    rules: Path | None = None
    n: int | None = None
    counts_rows: bool = False
    holdout: float = 0.2
    seed: int = 0

    def to_dict(self) -> dict[str, Any]:
        """The request in plain values; of the file of rules its name, not where it lies."""
        found = {name: value for name, value in vars(self).items() if name != "counts_rows" or value}
        return {**found, "rules": self.rules.name if self.rules else None}


@dataclass(frozen=True)
class JudgingOptions:
    """How the synthetic records are judged: by which limits, and by which of the costly tests.

    Args:
        policy: The limits on the page; None: those shipped with manikin.
        refits: How many times the model is fitted again to be attacked
            (`evaluation.attacks.shadow_models`); 0: none.
        self_test: Whether the card says which planted defects the judge notices (`evaluation.selftest`).
    """

    policy: Policy | None = None
    refits: int = 0
    self_test: bool = False
