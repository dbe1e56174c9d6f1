"""The role of fields: subjects, record numbers, survival pairs."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.compute

from manikin.data import names
from manikin.data.schema import Category, Number, Text, Time

if TYPE_CHECKING:
    from manikin.data.finding import Finding
    from manikin.data.schema import Role

pc: Any = pyarrow.compute  # its functions exist only once it is imported, which type checkers do not see

_EXACT = 2**53
"""Integers above this are not exact as floating-point numbers."""
_THINGS, _OFTEN = 1000, 20
"""Up to so many things, each met so often on average, or so few, are levels."""


def assign(findings: dict[str, Finding], free: set[str]) -> dict[str, Finding]:
    """Give roles to the fields named in `free`; those that a person declared keep theirs."""
    found = dict(findings)
    for name in free:
        found[name] = _identity(name, found[name])
    if not any(finding.kind.role == "subject" for finding in found.values()):
        found |= _subject(found, free)
    return found | _survival(found, free)


def _identity(name: str, finding: Finding) -> Finding:
    """The finding, as an identifier if its name and values say so."""
    if isinstance(finding.kind, Time) and names.birth(name):
        return replace(
            finding, notes=(*finding.notes, "a date of birth points at a person; an age says enough")
        )
    if finding.kind.role is not None or not isinstance(finding.kind, Number | Category):
        return finding
    values = finding.values.drop_null()
    n, k = len(values), pc.count_distinct(values).as_py()
    if n < 2 or k < 2:  # noqa: PLR2004 - one value names nobody
        return finding
    if (reason := _reason(name, values, n, k)) is not None:
        return _hide(finding, "identifier", reason)
    if isinstance(finding.kind, Number) and pa.types.is_integer(values.type) and names.numbered(name):
        return _numbered(finding, n, k)
    return finding


def _reason(name: str, values: pa.Array, n: int, k: int) -> str | None:
    """Why a field says who somebody is, or which record it is."""
    whole = pa.types.is_integer(values.type) or pa.types.is_string(values.type)
    if whole and names.record(name) and (k == n or k > 10):  # noqa: PLR2004 - fewer are codes
        return "the number of a record, by its name"
    if whole and (names.subject(name) or (names.numbered(name) and n >= 30)) and k >= 0.9 * n:  # noqa: PLR2004
        return "a number given to each record, by its name"
    if whole and names.person(name) and k > max(0.5 * n, 10):
        return "a mark of persons, by its name"
    return "counts the rows" if names.says(name) != "quantity" and _counter(values, n, k) else None


def _numbered(finding: Finding, n: int, k: int) -> Finding:
    """Numbers given to things, such as `provider_id`: levels if each is met often, else hidden."""
    if k > min(_THINGS, max(_OFTEN, n / _OFTEN)):
        return _hide(finding, "identifier", "a number given to things, by its name")
    levels = tuple(sorted(pc.unique(finding.values.drop_null()).to_pylist()))
    return replace(finding, kind=Category(levels), notes=(f"numbers taken as codes ({k} levels)",))


def _counter(values: pa.Array, n: int, k: int) -> bool:
    """Whether integers number the rows: each distinct, a run without holes, or rising with few.

    A measurement may well be distinct in every row of a small table, but it does not fill a run
    of integers, nor rise from row to row.
    """
    if n < 10 or k < n or not pa.types.is_integer(values.type):  # noqa: PLR2004 - too few to tell
        return False
    number = values.to_numpy(zero_copy_only=False)
    span = int(number.max()) - int(number.min()) + 1
    return span == n or (n >= 20 and span <= 1.5 * n and bool((np.diff(number) > 0).all()))  # noqa: PLR2004


def _hide(finding: Finding, role: Role, reason: str) -> Finding:
    kind, note = finding.kind, "never modelled, a surrogate takes its place"
    integer = pa.types.is_integer(finding.values.type)
    exact = integer and abs(pc.max(pc.abs(finding.values)).as_py() or 0) <= _EXACT
    gaps = getattr(kind, "missing", ())
    hidden = Number(step=1, role=role, missing=gaps) if exact else Text(role=role, missing=gaps)
    return replace(finding, kind=hidden, notes=(*_lasting(finding.notes), f"{reason}: {note}"))


def _lasting(notes: tuple[str, ...]) -> tuple[str, ...]:
    """Notes that still hold once a field is no longer a quantity or a category."""
    return tuple(note for note in notes if not re.search("level|value|surrogate", note))


def _subject(found: dict[str, Finding], free: set[str]) -> dict[str, Finding]:
    """The field that numbers patients, if patients have several records."""
    for name, finding in found.items():
        if name not in free or not (names.subject(name) or name.lower() in ("id", "uid")):
            continue
        values = finding.values.drop_null()
        n, k = len(values), pc.count_distinct(values).as_py()
        if 2 < k < n and not pa.types.is_floating(values.type):  # noqa: PLR2004 - two are levels
            reason = f"{k} subjects in {n} records; a split keeps the records of a subject together"
            return {name: _hide(finding, "subject", reason)}
    return {}


def _survival(found: dict[str, Finding], free: set[str]) -> dict[str, Finding]:
    """Times to an event paired with the events, in the order of the fields."""
    fit = {name: finding for name, finding in found.items() if name in free and finding.kind.role is None}
    times = [name for name, f in fit.items() if names.survival_time(name) and _duration(f)]
    events = [name for name, f in fit.items() if names.event(name) and _binary(f)]
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


def _duration(finding: Finding) -> bool:
    return isinstance(finding.kind, Number) and (pc.min(finding.values).as_py() or 0) >= 0


def _binary(finding: Finding) -> bool:
    return isinstance(finding.kind, Category) and len(finding.kind.levels) == 2  # noqa: PLR2004 - seen or not
