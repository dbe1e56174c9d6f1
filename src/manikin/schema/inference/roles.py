"""The role of fields: subjects, identifiers, columns of which neither is certain, survival pairs."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pyarrow as pa

from manikin.core.arrow import pc
from manikin.schema import column_names
from manikin.schema.inference import identifier_fields, numeric, survival_pairs
from manikin.schema.inference.key_candidates import CodedTable, build_candidate
from manikin.schema.inference.subject_field import find_subject
from manikin.schema.kinds import IDENTITY_ROLES, Category, Number, Text, Time
from manikin.schema.limits import MAX_EXACT_INTEGER
from manikin.schema.remark import Remark

if TYPE_CHECKING:
    import numpy as np

    from manikin.schema.inference.columns import InferredColumn
    from manikin.schema.inference.key_candidates import KeyCandidate
    from manikin.schema.kinds import Role, Schema

_SURROGATE_NOTE = "never modelled, a surrogate takes its place"
_UNSETTLED_NOTE = "it may tell persons apart; nothing is learned before schema.toml says what it is"


def assign_roles(findings: dict[str, InferredColumn], free: set[str]) -> dict[str, InferredColumn]:
    """Give roles to the fields named in `free`; those that a person declared keep theirs."""
    found = {name: _note_birth_date(name, f) if name in free else f for name, f in findings.items()}
    keys = {name: key for name in found if (key := build_candidate(name, found[name])) is not None}
    open_ = {name: key for name, key in keys.items() if name in free and _can_be_subject(found[name])}
    declared = next((name for name, f in found.items() if f.kind.role == "subject"), None)
    whose = _encode_values(found[declared].values) if declared else None
    if declared is None:
        best, mixed = find_subject(open_.values(), CodedTable.from_columns(found))
        for one in mixed if best is None else ():
            found[one.key.name] = _hide_column(found[one.key.name], "unclear", one.reason)
        if best is not None:
            found[best.key.name] = _hide_column(found[best.key.name], "subject", best.reason)
            whose = best.key.codes
    others = {name: key for name, key in open_.items() if found[name].kind.role is None}
    found |= _find_identifiers(found, others, whose)
    return found | survival_pairs.assign_survival_pairs(found, free)


def list_identity_fields(schema: Schema) -> list[str]:
    """The fields that say who somebody is, or may: subjects, identifiers and columns not yet settled.

    Example:
        >>> from manikin.schema.kinds import Schema
        >>> list_identity_fields(Schema(pid=Number(role="subject"), age=Number(), x=Number(role="unclear")))
        ['pid', 'x']
    """
    return [name for name, kind in schema.items() if kind.role in IDENTITY_ROLES]


def _can_be_subject(finding: InferredColumn) -> bool:
    """Whether a field may become the subject: without a role, or hidden since its values hardly repeat."""
    if finding.kind.role == "identifier":
        return isinstance(finding.kind, Text) and not _is_free_text(finding)
    return finding.kind.role is None and isinstance(finding.kind, Number | Category)


def _is_free_text(finding: InferredColumn) -> bool:
    return any(isinstance(note, Remark) and note.topic == "free text" for note in finding.notes)


def _encode_values(values: pa.Array) -> np.ndarray:
    return values.dictionary_encode().indices.fill_null(-1).to_numpy(zero_copy_only=False)


def _note_birth_date(name: str, finding: InferredColumn) -> InferredColumn:
    if not isinstance(finding.kind, Time) or not column_names.is_birth_date(name):
        return finding
    note = "a date of birth points at a person; an age says enough"
    return replace(finding, notes=(*finding.notes, note))


def _find_identifiers(
    found: dict[str, InferredColumn], keys: dict[str, KeyCandidate], whose: np.ndarray | None
) -> dict[str, InferredColumn]:
    """The fields among these that are identifiers, or may be."""
    numbers = {n: f.values for n, f in found.items() if isinstance(f.kind, Number) and f.kind.role is None}
    out: dict[str, InferredColumn] = {}
    for name, key in keys.items():
        one = identifier_fields.take_first_per_subject(key, whose)
        if (reason := identifier_fields.explain_identifier(key, one, whose)) is not None:
            out[name] = _hide_column(found[name], "identifier", reason)
        elif (
            isinstance(found[name].kind, Number)
            and (levels := identifier_fields.list_thing_levels(key)) is not None
        ):
            note = numeric.describe_codes(key.n_distinct)
            out[name] = replace(found[name], kind=Category(levels), notes=(note,))
        elif (doubt := identifier_fields.explain_doubt(key, one, numbers)) is not None:
            out[name] = _hide_column(found[name], "unclear", doubt)
    return out


def _hide_column(finding: InferredColumn, role: Role, reason: str) -> InferredColumn:
    values, gaps = finding.values, getattr(finding.kind, "missing", ())
    whole = pa.types.is_integer(values.type) or pa.types.is_floating(values.type)
    exact = (
        whole
        and abs(pc.max(pc.abs(values.cast(pa.float64(), safe=False))).as_py() or 0) <= MAX_EXACT_INTEGER
    )
    hidden = Number(step=1, role=role, missing=gaps) if exact else Text(role=role, missing=gaps)
    unsettled = Remark(f"{reason}: {_UNSETTLED_NOTE}", topic="unclear")
    note = unsettled if role == "unclear" else f"{reason}: {_SURROGATE_NOTE}"
    return replace(finding, kind=hidden, notes=(*_keep_lasting_notes(finding.notes), note))


def _keep_lasting_notes(notes: tuple[str, ...]) -> tuple[str, ...]:
    """Notes that still hold once a field is no longer a quantity or a category."""
    return tuple(note for note in notes if not (isinstance(note, Remark) and note.topic == "values"))
