"""Cures: how a field that cannot be read as it is may be declared, so that the rest can be used."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pyarrow as pa

from manikin.errors import SchemaError
from manikin.schema.inference import coercion
from manikin.schema.inference.columns import DistinctValues, select_common_missing
from manikin.schema.kinds import Category, Number, Schema, Text, Time
from manikin.schema.remark import Remark
from manikin.schema.vocabulary import LIMIT_PATTERN, MISSING_SPELLINGS, NUMBER_PATTERN

if TYPE_CHECKING:
    from manikin.schema.kinds import Kind


def suggest_kind(name: str, column: pa.Array) -> Kind:
    """A declaration with which a field of spelled values can be read.

    Where at least half of the records hold numbers, all else is missing. Otherwise the field is text that
    is not modelled.

    Args:
        name: The field.
        column: Its values as they are spelled, (n,) of text.

    Example:
        >>> suggest_kind("crp", pa.array(["1.5", "2", "3", "haemolysed"])).missing
        ('', 'haemolysed')
        >>> suggest_kind("dose", pa.array(["5 mg", "6 mg"])).role
        'identifier'
    """
    hidden = Text(role="identifier")
    if not pa.types.is_string(column.type):
        return hidden
    words = DistinctValues.from_column(column)
    number = words.are_matching(NUMBER_PATTERN) | words.are_matching(LIMIT_PATTERN)
    if words.counts[number].sum() < words.n_rows / 2:
        return hidden
    # Gaps are written back as the first spelling: an empty cell, which is nobody's word.
    kind = Number(missing=("", *(word for word in words.list_values(~number) if word)))
    try:
        coercion.coerce_column(name, column, kind, trim=True)
    except SchemaError:
        return hidden
    return kind


def describe_suggestion(name: str, kind: Kind, column: pa.Array) -> Remark:
    """What a cure does to a field, in counts of records.

    Example:
        >>> column = pa.array(["1.5", "2", "3", "haemolysed"])
        >>> describe_suggestion("crp", suggest_kind("crp", column), column)
        'crp: taken as a number; 1 of 4 records hold no number and are read as missing'
    """
    if not isinstance(kind, Number):
        return Remark("left out of the model (text, role identifier)", name)
    words = DistinctValues.from_column(column)
    lost = int(words.counts[words.are_in(kind.missing) & ~words.are_in(tuple(MISSING_SPELLINGS))].sum())
    held = f"{lost:,} of {len(column):,} records hold no number and are read as missing"
    return Remark(f"taken as a number; {held}", name)


def limit_missing_spellings(schema: Schema) -> Schema:
    """The schema with those spellings of missing values alone that may be shown."""
    shown = {
        name: replace(kind, missing=select_common_missing(kind.missing))
        for name, kind in schema.items()
        if isinstance(kind, Number | Category | Time)
        and kind.missing
        and select_common_missing(kind.missing) != kind.missing
    }
    return Schema({**schema, **shown}) if shown else schema
