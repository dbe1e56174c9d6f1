"""Policy: what is asked of synthetic records before they may be used, read from TOML.

The limits shipped in `policy.toml` are proposals of this project, not law: regulators name
the questions (singling out, linkability, inference: WP29 opinion 216; EDPB opinion 28/2024) and
one of them a number (0.09, around EMA policy 0070); who answers for the data decides.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any, Literal

from manikin.core.toml import read_toml
from manikin.errors import UsageError

MEASURES = ("value", "calibrated", "excess", "found", "percentile")
TIERS = ("internal", "controlled", "open")
USE_KINDS = ("tier", "purpose")
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
    holdout: int = 0


@dataclass(frozen=True)
class Limit:
    """One check of a score; the head of `policy.toml` says what each entry means."""

    score: tuple[str, ...]
    measure: str = "value"
    at_most: dict[str, float] = field(default_factory=dict)
    at_least: dict[str, float] = field(default_factory=dict)
    below: dict[str, int] = field(default_factory=dict)
    unless: str | None = None
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


def read_policy(path: str | Path | None = None) -> Policy:
    """The policy in a TOML file; None: the one shipped with manikin.

    Raises:
        UsageError: The file cannot be read, or declares what does not exist; it says where.
    """
    path = Path(path) if path else DEFAULT_POLICY_PATH
    refusal = "not a readable policy ({reason}); start from a copy of the default one"
    tables = read_toml(path, UsageError, refusal)
    _check_layout(tables, path)
    uses = {
        name: _parse_use(table, f"{path}: [use.{name}]") for name, table in tables.get("use", {}).items()
    }
    limits = [
        _parse_limit(table, uses, f"{path}: limit {n}")
        for n, table in enumerate(tables.get("limit", []), 1)
    ]
    policy = Policy(tables.get("name", path.stem), uses, tuple(limits))
    _check_order(policy, path)
    return policy


def _check_layout(tables: dict[str, Any], path: Path) -> None:
    """Check that the file has the parts of a policy and no others."""
    if unknown := set(tables) - {"name", "use", "limit"}:
        message = f"{path}: a policy has name, [use.*] and [[limit]]; not {', '.join(sorted(unknown))}"
        raise UsageError(message)
    uses, limits = tables.get("use", {}), tables.get("limit", [])
    if not isinstance(uses, dict) or not all(isinstance(table, dict) for table in uses.values()):
        message = f"{path}: needs a table [use.NAME] for each tier and purpose"
        raise UsageError(message)
    if not isinstance(limits, list) or not all(isinstance(table, dict) for table in limits):
        message = f"{path}: limits are tables in double brackets, [[limit]]"
        raise UsageError(message)
    if not isinstance(tables.get("name", ""), str):
        message = f"{path}: name is a text in quotes"
        raise UsageError(message)


def _build_entry(cls: type, table: dict[str, Any], where: str) -> Any:  # noqa: ANN401 - Use or Limit
    known = {entry.name for entry in fields(cls)}
    if unknown := set(table) - known:
        message = f"{where} knows {', '.join(sorted(known))}; not {', '.join(sorted(unknown))}"
        raise UsageError(message)
    try:
        return cls(**table)
    except TypeError as error:
        message = f"{where}: {error}"
        raise UsageError(message) from error


def _parse_use(table: dict[str, Any], where: str) -> Use:
    use: Use = _build_entry(Use, table, where)
    if use.kind not in USE_KINDS:
        message = f"{where}: kind is one of {', '.join(USE_KINDS)}, not {use.kind!r}"
        raise UsageError(message)
    if type(use.holdout) is not int or use.holdout < 0:
        message = f"{where}: holdout is a number of patients, 0 or more, not {use.holdout!r}"
        raise UsageError(message)
    texts = {"title": use.title, "text": use.text, "needs": use.needs or ""}
    if wrong := [name for name, value in texts.items() if not isinstance(value, str)]:
        message = f"{where}: {', '.join(wrong)} must be text in quotes"
        raise UsageError(message)
    return use


def _parse_limit(table: dict[str, Any], uses: dict[str, Use], where: str) -> Limit:
    score = table.get("score", ())
    names = (score,) if isinstance(score, str) else score
    limit: Limit = _build_entry(
        Limit, {**table, "score": tuple(names) if isinstance(names, list) else names}, where
    )
    known = isinstance(limit.score, tuple) and limit.score and all(isinstance(n, str) for n in limit.score)
    if limit.measure not in MEASURES or not known or not (limit.at_most or limit.at_least):
        message = f"{where}: needs score, at_most or at_least, and measure one of {', '.join(MEASURES)}"
        raise UsageError(message)
    if limit.unless not in (None, "audited privacy"):
        message = f'{where}: unless is "audited privacy" or left out'
        raise UsageError(message)
    if not isinstance(limit.remedy, str):
        message = f"{where}: remedy must be text in quotes"
        raise UsageError(message)
    for key in ("at_most", "at_least", "below"):
        _check_bounds(getattr(limit, key), uses, f"{where}: {key}")
    return limit


def _check_bounds(bounds: Any, uses: dict[str, Use], where: str) -> None:  # noqa: ANN401 - what TOML holds
    """Check that each bound is a number for a use that there is."""
    if not isinstance(bounds, dict):
        message = f"{where} names a number for each use, as in {{ internal = 0.1 }}; not {bounds!r}"
        raise UsageError(message)
    wrong = [use for use, bound in bounds.items() if use not in uses or not _is_finite_number(bound)]
    if wrong:
        message = f"{where}: each bound is a number for one of {', '.join(uses)}; not so {', '.join(wrong)}"
        raise UsageError(message)


def _is_finite_number(bound: object) -> bool:
    return isinstance(bound, int | float) and not isinstance(bound, bool) and math.isfinite(bound)


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
