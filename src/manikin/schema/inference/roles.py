"""The role of fields: subjects, identifiers, columns of which neither is certain, survival pairs."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.compute

from manikin.schema import column_names
from manikin.schema.inference import identifier_fields, survival_pairs
from manikin.schema.inference.distinct_values import EXACT
from manikin.schema.inference.key_candidates import Table, candidate
from manikin.schema.inference.subject_field import find_subject
from manikin.schema.kinds import IDENTITY, Category, Number, Text, Time

if TYPE_CHECKING:
    import numpy as np

    from manikin.schema.inference.inferred_column import Finding
    from manikin.schema.inference.key_candidates import Candidate
    from manikin.schema.kinds import Role, Schema

pc: Any = pyarrow.compute  # its functions exist only once it is imported, which type checkers do not see

_UNSETTLED = "it may tell persons apart; nothing is learned before schema.toml says what it is"


def assign(findings: dict[str, Finding], free: set[str]) -> dict[str, Finding]:
    """Give roles to the fields named in `free`; those that a person declared keep theirs."""
    found = {name: _born(name, f) if name in free else f for name, f in findings.items()}
    keys = {name: key for name in found if (key := candidate(name, found[name])) is not None}
    open_ = {name: key for name, key in keys.items() if name in free and _open(found[name])}
    declared = next((name for name, f in found.items() if f.kind.role == "subject"), None)
    whose = _codes(found[declared].values) if declared else None
    if declared is None:
        best, mixed = find_subject(open_.values(), Table.of(found))
        for one in mixed if best is None else ():
            found[one.key.name] = _hide(found[one.key.name], "unclear", one.reason)
        if best is not None:
            found[best.key.name] = _hide(found[best.key.name], "subject", best.reason)
            whose = best.key.codes
    others = {name: key for name, key in open_.items() if found[name].kind.role is None}
    found |= _identifiers(found, others, whose)
    return found | survival_pairs.pairs(found, free)


def identity_fields(schema: Schema) -> list[str]:
    """The fields that say who somebody is, or may: subjects, identifiers and columns not yet settled.

    Example:
        >>> from manikin.schema.kinds import Schema
        >>> identity_fields(Schema(pid=Number(role="subject"), age=Number(), x=Number(role="unclear")))
        ['pid', 'x']
    """
    return [name for name, kind in schema.items() if kind.role in IDENTITY]


def _open(finding: Finding) -> bool:
    """Whether a field may become the subject: without a role, or hidden since its values hardly repeat."""
    if finding.kind.role == "identifier":
        return isinstance(finding.kind, Text) and not _prose(finding)
    return finding.kind.role is None and isinstance(finding.kind, Number | Category)


def _prose(finding: Finding) -> bool:
    return any("free text" in note for note in finding.notes)


def _codes(values: pa.Array) -> np.ndarray:
    return values.dictionary_encode().indices.fill_null(-1).to_numpy(zero_copy_only=False)


def _born(name: str, finding: Finding) -> Finding:
    if not isinstance(finding.kind, Time) or not column_names.birth(name):
        return finding
    note = "a date of birth points at a person; an age says enough"
    return replace(finding, notes=(*finding.notes, note))


def _identifiers(
    found: dict[str, Finding], keys: dict[str, Candidate], whose: np.ndarray | None
) -> dict[str, Finding]:
    """The fields among these that are identifiers, or may be."""
    numbers = {n: f.values for n, f in found.items() if isinstance(f.kind, Number) and f.kind.role is None}
    out: dict[str, Finding] = {}
    for name, key in keys.items():
        one = identifier_fields.per_subject(key, whose)
        if (reason := identifier_fields.reason(key, one, whose)) is not None:
            out[name] = _hide(found[name], "identifier", reason)
        elif isinstance(found[name].kind, Number) and (levels := identifier_fields.levels(key)) is not None:
            note = f"numbers taken as codes ({key.k} levels)"
            out[name] = replace(found[name], kind=Category(levels), notes=(note,))
        elif (doubt := identifier_fields.doubt(key, one, numbers)) is not None:
            out[name] = _hide(found[name], "unclear", doubt)
    return out


def _hide(finding: Finding, role: Role, reason: str) -> Finding:
    kind, note = finding.kind, "never modelled, a surrogate takes its place"
    values, gaps = finding.values, getattr(kind, "missing", ())
    whole = pa.types.is_integer(values.type) or pa.types.is_floating(values.type)
    exact = whole and abs(pc.max(pc.abs(values.cast(pa.float64(), safe=False))).as_py() or 0) <= EXACT
    hidden = Number(step=1, role=role, missing=gaps) if exact else Text(role=role, missing=gaps)
    told = f"{reason}: {_UNSETTLED if role == 'unclear' else note}"
    return replace(finding, kind=hidden, notes=(*_lasting(finding.notes), told))


def _lasting(notes: tuple[str, ...]) -> tuple[str, ...]:
    """Notes that still hold once a field is no longer a quantity or a category."""
    return tuple(note for note in notes if not re.search("level|value|surrogate", note))
