"""Survival pairs: times to an event beside the events, found by name and kind."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from manikin.core.arrow import pc
from manikin.schema import column_names
from manikin.schema.kinds import Category, Number

if TYPE_CHECKING:
    from manikin.schema.inference.columns import InferredColumn
    from manikin.schema.kinds import Role


def assign_survival_pairs(found: dict[str, InferredColumn], free: set[str]) -> dict[str, InferredColumn]:
    """Times to an event paired with the events, in the order of the fields."""
    fit = {name: finding for name, finding in found.items() if name in free and finding.kind.role is None}
    times = [name for name, f in fit.items() if column_names.is_survival_time(name) and _is_duration(f)]
    events = [name for name, f in fit.items() if column_names.is_survival_event(name) and _is_binary(f)]
    roles: dict[str, Role] = {}
    for time, event in zip(times, events, strict=False):
        roles |= {time: "time", event: "event"}
    return {
        name: replace(
            found[name],
            kind=replace(found[name].kind, role=role),
            notes=(
                *found[name].notes,
                "time of a survival pair" if role == "time" else "event of a survival pair",
            ),
        )
        for name, role in roles.items()
    }


def _is_duration(finding: InferredColumn) -> bool:
    return isinstance(finding.kind, Number) and (pc.min(finding.values).as_py() or 0) >= 0


def _is_binary(finding: InferredColumn) -> bool:
    return isinstance(finding.kind, Category) and len(finding.kind.levels) == 2  # noqa: PLR2004 - seen or not
