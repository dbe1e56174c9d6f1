"""Imposed: rules that records meet because of how they were drawn, which is no merit of the model."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence


@dataclass(frozen=True)
class EnforcedConstraint:
    """A rule, check or formula that sampling enforced.

    Args:
        name: What reports call it.
        fields: The fields that it speaks of.
        redrawn_share: The share of records that broke it at first and were drawn again, 0 to 1; of a
            formula that is computed 0, because its field was overwritten.
    """

    name: str
    fields: tuple[str, ...] = ()
    redrawn_share: float = 0.0


def is_enforced(rule: Any, imposed: Sequence[EnforcedConstraint]) -> bool:  # noqa: ANN401 - a rule or a check
    """Whether a rule was enforced by its name, or speaks of the very fields of a formula that was computed.

    Example:
        >>> from manikin.rules.rule import Rule
        >>> computed = EnforcedConstraint("total = a + b", ("total", "a", "b"))
        >>> rules = Rule("sum", "abs(a + b - total) <= 1e-06"), Rule("order", "a < b")
        >>> [is_enforced(rule, [computed]) for rule in rules]
        [True, False]
    """
    speaks = set(getattr(rule, "fields", ()))
    return any(
        rule.name == one.name or (one.redrawn_share == 0 and speaks == set(one.fields)) for one in imposed
    )


def describe_enforced(imposed: Sequence[EnforcedConstraint]) -> list[str]:
    """What was enforced, in sentences for a card.

    Example:
        >>> describe_enforced([EnforcedConstraint("pressure", ("low", "high"), 0.125)])
        ['12.5 % of the records broke "pressure" and were drawn again: that none breaks it now is imposed']
    """
    return [
        f'{one.redrawn_share * 100:.1f} % of the records broke "{one.name}" and were drawn again: '
        "that none breaks it now is imposed"
        for one in imposed
        if one.redrawn_share
    ]
