"""Limits: the policy that a command judges by, and the tier that it asks for."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import typer

if TYPE_CHECKING:
    from pathlib import Path

    from manikin.evaluation.card.policy import Policy


class PolicyChoice(NamedTuple):
    """By whose limits, and whether a tier was asked for.

    Args:
        policy: The limits.
        tier: The tier or purpose; None: none decides about the exit code.
    """

    policy: Policy
    tier: str | None


def read_policy(path: Path | None, tier: str | None) -> PolicyChoice:
    """The policy in a file, or the shipped one; both are checked before anything is computed.

    Raises:
        UsageError: The file is no policy, or it knows no such tier.
    """
    from manikin.evaluation.card.policy import read_policy

    policy = read_policy(path)
    if tier is not None:
        policy.list_inherited_uses(tier)
    return PolicyChoice(policy, tier)


def print_shipped_policy(wanted: bool) -> None:
    """Print the shipped policy as it stands, to be redirected to a file, and end."""
    if wanted:
        from manikin.evaluation.card.policy import DEFAULT_POLICY_PATH

        print(DEFAULT_POLICY_PATH.read_text(encoding="utf-8"), end="")  # noqa: T201
        raise typer.Exit
