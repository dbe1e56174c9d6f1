"""A declared kind put to the data: it overrides what would be inferred, and must fit."""

from __future__ import annotations

from dataclasses import fields, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from manikin.core.arrow import pc
from manikin.errors import SchemaError
from manikin.schema.history_type import to_history_type
from manikin.schema.inference import datetimes, numeric, textual
from manikin.schema.inference.censoring import are_limits, read_limits
from manikin.schema.inference.columns import DistinctValues, InferredColumn, are_missing, order_levels
from manikin.schema.inference.sentinel_dates import drop_declared_sentinels
from manikin.schema.inference.typed_columns import has_inexact_integers, simplify_type
from manikin.schema.kinds import IDENTITY_ROLES, Category, Codes, Image, Kind, Number, Signal, Text, Time
from manikin.schema.vocabulary import LONG_INTEGER_PATTERN, MISSING_SPELLINGS, NUMBER_PATTERN

if TYPE_CHECKING:
    from manikin.schema.kinds import Level

_TOO_LONG_MESSAGE = 'whole numbers too large to be a quantity; declare kind = "text", role = "identifier"'


def coerce_column(name: str, column: pa.Array, kind: Kind, *, trim: bool = False) -> InferredColumn:
    """The column in the physical type that the declared kind asks for.

    What the declaration leaves open (step, low, levels, format) is filled in from the data; with
    `trim`, blanks around text do not count.

    Raises:
        SchemaError: The data contradict the declaration; the message names the field.
    """
    column = simplify_type(column)
    if trim and pa.types.is_string(column.type):
        column = pc.utf8_trim_whitespace(column)
    match kind:
        case Number():
            return _coerce_number(name, column, kind)
        case Category():
            return _coerce_category(name, column, kind)
        case Time():
            return _coerce_time(name, column, kind)
        case Text():
            return _coerce_text(column, kind)
        case Signal() | Image() if not isinstance(column.type, pa.FixedShapeTensorType):
            raise SchemaError(f"field {name!r}: declared {kind.name}, but the column holds no arrays")
        case Codes() if not pa.types.is_list(column.type):
            raise SchemaError(
                f"field {name!r}: declared codes, but the column holds no lists; a table of one event in "
                "each row has columns subject_id and time beside it"
            )
        case Codes() if (events := to_history_type(column)) is not None:
            return InferredColumn(events, kind)
    return InferredColumn(column, kind)


def _fill_options(kind: Any, inferred: Kind) -> Any:  # noqa: ANN401 - any kind, the same one back
    """The declared kind; what it leaves open, except the role, as inferred."""
    if type(kind) is not type(inferred):
        return kind
    options = {field.name: getattr(kind, field.name) for field in fields(kind)}
    blank = {
        key: getattr(inferred, key)
        for key, value in options.items()
        if value in ((), None) and key != "role"
    }
    return replace(kind, **blank)


def _read_words(
    column: pa.Array, declared: tuple[str, ...], kept: tuple[str, ...] = ()
) -> tuple[DistinctValues, tuple[str, ...]]:
    """Text without its missing spellings: those declared, else those usual; and which were met."""
    words = DistinctValues.from_column(column, trim=False)
    gap = words.are_in((*declared, "")) if declared else are_missing(words, kept)
    return words.drop_values(gap), declared or words.list_values(gap)


def _raise_if_mismatched(name: str, words: DistinctValues, bad: np.ndarray, kind: Kind) -> None:
    if bad.any():
        count = int(words.counts[bad].sum())
        raise SchemaError(
            f"field {name!r}: declared {kind.name}, but {count} of {words.n_rows} values are none "
            f"(the first in record {words.find_first_record(bad)}); correct them, "
            "or list their spelling under missing"
        )


def _raise_if_too_long(name: str, words: DistinctValues) -> None:
    """Refuse whole numbers of more digits than a quantity has."""
    if words.are_matching(LONG_INTEGER_PATTERN).any():
        raise SchemaError(f"field {name!r}: {_TOO_LONG_MESSAGE}")


def _coerce_number(name: str, column: pa.Array, kind: Number) -> InferredColumn:
    spellings, beyond, censored = kind.missing, None, kind.censored
    if pa.types.is_string(column.type):
        words, spellings = _read_words(column, kind.missing)
        plain = words.are_matching(NUMBER_PATTERN)
        limits = are_limits(words) & ~plain
        _raise_if_mismatched(name, words, ~(plain | limits), kind)
        _raise_if_too_long(name, words)
        column = words.broadcast(
            read_limits(words, plain) if limits.any() else textual.parse_numbers(words)
        )
        beyond = words.broadcast(pa.array(limits))
        censored = tuple(dict.fromkeys((*kind.censored, *words.list_values(limits))))
    if pa.types.is_boolean(column.type):
        column = column.cast(pa.int64())
    if not (pa.types.is_integer(column.type) or pa.types.is_floating(column.type)):
        raise SchemaError(f"field {name!r}: declared number, but the column holds {column.type}")
    if pa.types.is_integer(column.type) and has_inexact_integers(column):
        raise SchemaError(f"field {name!r}: {_TOO_LONG_MESSAGE}")
    if gap := [
        float(text)
        for text in spellings
        if DistinctValues.from_column(pa.array([text])).are_matching(NUMBER_PATTERN)[0]
    ]:
        known = pc.is_in(column.cast(pa.float64()), value_set=pa.array(gap, pa.float64()))
        column = pc.if_else(known, None, column)
    found = numeric.infer_numeric_column(name, column, search=not kind.missing)
    spellings = (*spellings, *getattr(found.kind, "missing", ()))
    fill = kind.role not in IDENTITY_ROLES and len(found.values.drop_null()) > 0
    whole = replace(kind, **_infer_open_options(name, kind, found)) if fill else kind
    whole = replace(whole, censored=censored)
    _raise_if_outside_range(
        name, found.values if beyond is None else pc.if_else(beyond, None, found.values), kind
    )
    return InferredColumn(found.values, textual.set_missing(whole, spellings), found.notes)


def _infer_open_options(name: str, kind: Number, found: InferredColumn) -> dict[str, Any]:
    """What a declared number leaves open, from the data."""
    present = found.values.drop_null().to_numpy(zero_copy_only=False)
    inferred = numeric.build_number_kind(name, *np.unique(present, return_counts=True))
    return {
        key: getattr(inferred, key) for key in ("unit", "low", "high", "step") if getattr(kind, key) is None
    }


def _raise_if_outside_range(name: str, values: pa.Array, kind: Number) -> None:
    present = values.drop_null().cast(pa.float64()).to_numpy(zero_copy_only=False)
    low = -np.inf if kind.low is None else kind.low
    high = np.inf if kind.high is None else kind.high
    if outside := int(((present < low) | (present > high)).sum()):
        raise SchemaError(
            f"field {name!r}: {outside} values lie outside the declared range {low} to {high}; "
            "correct them, widen the range, or list them under missing"
        )


def _coerce_category(name: str, column: pa.Array, kind: Category) -> InferredColumn:
    spellings = kind.missing
    if pa.types.is_string(column.type):
        kept = tuple(level for level in kind.levels if isinstance(level, str))
        words, spellings = _read_words(column, kind.missing, kept)
        column = words.broadcast(_convert_levels(name, words, kind))
    elif spellings:
        column = pc.if_else(pc.is_in(column.cast(pa.string()), value_set=pa.array(spellings)), None, column)
    present = pc.unique(column.drop_null()).to_pylist()
    levels = kind.levels or _order_levels(present)
    if unknown := len([level for level in present if level not in levels]):
        raise SchemaError(
            f"field {name!r}: {unknown} levels in the data are not among the {len(levels)} declared; "
            "declare them, correct the data, or list their spelling under missing"
        )
    return InferredColumn(column, textual.set_missing(replace(kind, levels=levels), spellings))


def _order_levels(present: list[Any]) -> tuple[Level, ...]:

    if present and isinstance(present[0], str):
        return order_levels(present)[0]
    return tuple(sorted(present))


def _convert_levels(name: str, words: DistinctValues, kind: Category) -> pa.Array:
    """Words in the type of the declared levels; without levels, numbers where all are numbers."""
    types = {type(level) for level in kind.levels}
    if not len(words.values):
        return words.values
    if types <= {str} and (types or not textual.are_numbers(words)):
        return words.values
    if types == {bool}:
        answers = words.are_in(("true", "yes", "1", "t", "y"), lower=True)
        negative = words.are_in(("false", "no", "0", "f", "n"), lower=True)
        _raise_if_mismatched(name, words, ~(answers | negative), kind)
        return pa.array(answers)
    _raise_if_mismatched(name, words, ~words.are_matching(NUMBER_PATTERN), kind)
    _raise_if_too_long(name, words)
    values = textual.parse_numbers(words)
    return values.cast(pa.float64()) if float in types else values


def _coerce_time(name: str, column: pa.Array, kind: Time) -> InferredColumn:
    if pa.types.is_timestamp(column.type) or pa.types.is_date(column.type):
        column = drop_declared_sentinels(column, kind.missing) if kind.missing else column
        return InferredColumn(
            column, kind if kind.format else replace(kind, unit=datetimes.find_resolution(column))
        )
    if not pa.types.is_string(column.type):
        column = column.cast(pa.string())
    words, spellings = _read_words(column, kind.missing)
    if not len(words.values):
        return InferredColumn(words.broadcast(pa.array([], pa.timestamp("s"))), kind)
    found = (
        datetimes.infer_time_column(name, words)
        if kind.format is None
        else _parse_layout(words, kind.format)
    )
    if found is None:
        layout = "a known format; declare format" if kind.format is None else f"the format {kind.format!r}"
        raise SchemaError(f"field {name!r}: declared time, but some values do not follow {layout}")
    return replace(
        found,
        kind=textual.set_missing(
            _fill_options(replace(kind, unit=getattr(found.kind, "unit", "day")), found.kind), spellings
        ),
    )


def _parse_layout(words: DistinctValues, layout: str) -> InferredColumn | None:
    found = datetimes.parse_times(words.values, layout)
    return (
        None
        if found is None
        else InferredColumn(words.broadcast(found), Time(datetimes.find_resolution(found, layout), layout))
    )


def _coerce_text(column: pa.Array, kind: Text) -> InferredColumn:
    if not pa.types.is_string(column.type):
        return InferredColumn(column, kind)

    def gap(words: DistinctValues) -> np.ndarray:
        return words.are_in(kind.missing or tuple(MISSING_SPELLINGS))

    words = DistinctValues.from_column(column, trim=False)
    met = words.list_values(gap(words))
    rest = words.drop_values(gap(words))
    return InferredColumn(rest.broadcast(rest.values), textual.set_missing(kind, kind.missing or met))
