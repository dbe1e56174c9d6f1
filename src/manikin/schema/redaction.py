"""Schemas that may be shown: nothing in them is a patient's."""

from __future__ import annotations

from typing import TYPE_CHECKING

from manikin.schema.inference.fallback_kinds import limit_missing_spellings
from manikin.schema.kinds import Schema

if TYPE_CHECKING:
    from manikin.schema.kinds import Kind


def redact_schema(schema: Schema) -> Schema:
    """All fields, without words that stand for gaps; of those that are not modelled role and unit alone.

    Example:
        >>> from manikin.schema.kinds import Category, Number
        >>> schema = Schema(mrn=Category(("A1", "B2"), role="identifier"), age=Number(high=90))
        >>> redact_schema(schema)["mrn"]
        Category(levels=(), ordered=False, role='identifier', missing=())
    """
    modelled = set(schema.modelled_fields)
    shown = limit_missing_spellings(schema).items()
    return Schema({name: kind if name in modelled else _redact_kind(kind) for name, kind in shown})


def _redact_kind(kind: Kind) -> Kind:
    return type(kind)(**{key: value for key, value in vars(kind).items() if key in ("role", "unit")})
