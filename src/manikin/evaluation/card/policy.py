"""Policy: what is asked of synthetic records before they may be used, read from TOML.

The limits shipped in `policy.toml` are proposals of this project, not law: regulators name
the questions (singling out, linkability, inference: WP29 opinion 216; EDPB opinion 28/2024) and
one of them a number (0.09, around EMA policy 0070); who answers for the data decides.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any, Literal

from annotated_types import Ge, Len, Predicate
from pydantic import BeforeValidator

from manikin.core.toml import read_toml
from manikin.core.toml_tables import Described, build_json_schema, parse_table
from manikin.errors import UsageError

TIERS = ("internal", "controlled", "open")
DEFAULT_POLICY_PATH = Path(__file__).with_name("policy.toml")


@dataclass(frozen=True)
class Use:
    """Something the records may be used for: a tier of release, or a purpose.

    Args:
        title: How it is called on the page.
        kind: "tier" (who may have the records) or "purpose" (what they are for).
        text: What it means, in words.
        needs: The use whose limits hold here too.
        holdout: The fewest never-seen real subjects on which anything can be shown.
    """

    title: str
    kind: Literal["tier", "purpose"]
    text: str
    needs: str | None = None
    holdout: Annotated[int, Ge(0), Described("a number of patients, 0 or more")] = 0


Bounds = Annotated[
    dict[str, int | Annotated[float, Predicate(math.isfinite)]],
    Described("a table with a number for each use, as in { internal = 0.1 }"),
]
ScoreNames = Annotated[
    tuple[str, ...],
    Len(1),
    BeforeValidator(
        lambda names: tuple(names) if isinstance(names, list) else (names,),
        json_schema_input_type=str | tuple[str, ...],
    ),
    Described("the name of a score, or a list of names"),
]


@dataclass(frozen=True)
class Limit:
    """One check of a score.

    Args:
        score: The metrics, or parts of them as in "linkability[all]"; of several the best counts, and none
            may fail.
        measure: What is compared: the difference to the ideal, the position between ideal and floor, what
            exceeds the ceiling, the count, or the percentile.
        at_most: The highest that is allowed, for each use.
        at_least: The lowest that is allowed, for each use.
        below: For each use, how many training records make the limit unnecessary.
        unless: What stands in for the score.
        remedy: What helps where the limit is broken.
    """

    score: ScoreNames
    measure: Literal["value", "calibrated", "excess", "found", "percentile"] = "value"
    at_most: Bounds = field(default_factory=dict)
    at_least: Bounds = field(default_factory=dict)
    below: Bounds = field(default_factory=dict)
    unless: Literal["audited privacy"] | None = None
    remedy: str = ""


@dataclass(frozen=True)
class Policy:
    """Uses and the limits that hold for them.

    Example:
        >>> policy = read_policy()
        >>> policy.list_inherited_uses("open")
        ['open', 'controlled', 'internal']
    """

    name: str
    uses: dict[str, Use]
    limits: tuple[Limit, ...]

    def list_inherited_uses(self, use: str) -> list[str]:
        """The use and those whose limits hold for it too, the strictest first.

        Raises:
            UsageError: The policy knows no such use.
        """
        if use not in self.uses:
            message = f"no tier or purpose {use!r} in {self.name}; there are {', '.join(self.uses)}"
            raise UsageError(message)
        needed = self.uses[use].needs
        return [use, *(self.list_inherited_uses(needed) if needed else [])]

    def list_uses(self, kind: Literal["tier", "purpose"]) -> list[str]:
        """The tiers, or the purposes, in the order of the file."""
        return [name for name, use in self.uses.items() if use.kind == kind]


@dataclass(frozen=True)
class PolicyFile:
    """What is asked of synthetic records before they may be used.

    Args:
        name: How the policy is called on the card.
        use: What the records may be used for: tiers of release, and purposes.
        limit: Checks of scores.
    """

    name: str | None = None
    use: Annotated[dict[str, dict[str, Any]], Described("a table [use.NAME] for each tier and purpose")] = (
        field(default_factory=dict)
    )
    limit: Annotated[tuple[dict[str, Any], ...], Described("tables in double brackets, [[limit]]")] = ()


def read_policy(path: str | Path | None = None) -> Policy:
    """The policy in a TOML file; None: the one shipped with manikin.

    Raises:
        UsageError: The file cannot be read, or declares what does not exist; it says where.
    """
    path = Path(path) if path else DEFAULT_POLICY_PATH
    refusal = "not a readable policy ({reason}); start from a copy of the default one"
    file = parse_table(PolicyFile, read_toml(path, UsageError, refusal), str(path), UsageError)
    uses = {
        name: parse_table(Use, table, f"{path}: [use.{name}]", UsageError)
        for name, table in file.use.items()
    }
    limits = [_parse_limit(table, uses, f"{path}: limit {n}") for n, table in enumerate(file.limit, 1)]
    policy = Policy(file.name or path.stem, uses, tuple(limits))
    _check_order(policy, path)
    return policy


def build_file_schema() -> dict[str, Any]:
    """The JSON schema of `policy.toml`, for editors."""
    schema = build_json_schema(PolicyFile)
    schema["properties"]["use"]["additionalProperties"] = build_json_schema(Use)
    schema["properties"]["limit"]["items"] = build_json_schema(Limit)
    return schema


def _parse_limit(table: dict[str, Any], uses: dict[str, Use], where: str) -> Limit:
    limit = parse_table(Limit, table, where, UsageError)
    if not (limit.at_most or limit.at_least):
        raise UsageError(f"{where}: needs at_most or at_least, as in at_most = {{ internal = 0.1 }}")
    for key in ("at_most", "at_least", "below"):
        if wrong := set(getattr(limit, key)) - set(uses):
            names = ", ".join(sorted(wrong))
            raise UsageError(f"{where}: {key} names uses of this file, {', '.join(uses)}; not {names}")
    return limit


def _check_order(policy: Policy, path: Path) -> None:
    """Check that every use stands below the one whose limits it shares, and that something is asked."""
    for name, use in policy.uses.items():
        before = list(policy.uses)[: list(policy.uses).index(name)]
        if use.needs and use.needs not in before:
            message = f"{path}: [use.{name}] needs {use.needs!r}, which must stand above it"
            raise UsageError(message)
    if not policy.list_uses("tier") or not policy.limits:
        message = f'{path}: needs a use with kind = "tier" and a [[limit]]; without limits all would pass'
        raise UsageError(message)
