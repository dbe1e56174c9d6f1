"""A declared kind put to the data: it overrides what would be inferred, and must fit."""

from __future__ import annotations

from dataclasses import fields, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.compute

from manikin.cohort import histories
from manikin.errors import SchemaError
from manikin.schema.inference import datetimes, numeric, textual
from manikin.schema.inference.censoring import are_limits, read_limits
from manikin.schema.inference.distinct_values import LONG, MISSING, NUMBER, Words, missing
from manikin.schema.inference.inferred_column import Finding
from manikin.schema.inference.sentinel_dates import drop_declared
from manikin.schema.kinds import IDENTITY, Category, Codes, Image, Kind, Number, Signal, Text, Time

if TYPE_CHECKING:
    from collections.abc import Callable

    from manikin.schema.kinds import Level

pc: Any = pyarrow.compute  # its functions exist only once it is imported, which type checkers do not see
_TOO_LONG = 'whole numbers too large to be a quantity; declare kind = "text", role = "identifier"'


def fit(name: str, column: pa.Array, kind: Kind, *, trim: bool = False) -> Finding:
    """The column in the physical type that the declared kind asks for.

    What the declaration leaves open (step, low, levels, format) is filled in from the data; with
    `trim`, blanks around text do not count.

    Raises:
        SchemaError: The data contradict the declaration; the message names the field.
    """
    if trim and pa.types.is_string(column.type):
        column = pc.utf8_trim_whitespace(column)
    match kind:
        case Number():
            return _number(name, column, kind)
        case Category():
            return _category(name, column, kind)
        case Time():
            return _time(name, column, kind)
        case Text():
            return _text(column, kind)
        case Signal() | Image() if not isinstance(column.type, pa.FixedShapeTensorType):
            raise SchemaError(f"field {name!r}: declared {kind.name}, but the column holds no arrays")
        case Codes() if not pa.types.is_list(column.type):
            raise SchemaError(
                f"field {name!r}: declared codes, but the column holds no lists; a table of one event in "
                "each row has columns subject_id and time beside it"
            )
        case Codes() if (events := histories.timed(column)) is not None:
            return Finding(events, kind)
    return Finding(column, kind)


def _filled(kind: Any, inferred: Kind) -> Any:  # noqa: ANN401 - any kind, the same one back
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


def _words(
    column: pa.Array, declared: tuple[str, ...], kept: tuple[str, ...] = ()
) -> tuple[Words, tuple[str, ...]]:
    """Text without its missing spellings: those declared, else those usual; and which were met."""
    words = Words.of(column, trim=False)
    gap = words.among((*declared, "")) if declared else missing(words, kept)
    return words.without(gap), declared or words.spelled(gap)


def _mismatch(name: str, words: Words, bad: np.ndarray, kind: Kind) -> None:
    if bad.any():
        count = int(words.counts[bad].sum())
        raise SchemaError(
            f"field {name!r}: declared {kind.name}, but {count} of {words.rows} values are none "
            f"(the first in record {words.first(bad)}); correct them, or list their spelling under missing"
        )


def _long(name: str, words: Words) -> None:
    """Refuse whole numbers of more digits than a quantity has."""
    if words.like(LONG).any():
        raise SchemaError(f"field {name!r}: {_TOO_LONG}")


def _number(name: str, column: pa.Array, kind: Number) -> Finding:
    spellings, beyond, censored = kind.missing, None, kind.censored
    if pa.types.is_string(column.type):
        words, spellings = _words(column, kind.missing)
        plain = words.like(NUMBER)
        limits = are_limits(words) & ~plain
        _mismatch(name, words, ~(plain | limits), kind)
        _long(name, words)
        column = words.spread(read_limits(words, plain) if limits.any() else textual.parsed(words))
        beyond = words.spread(pa.array(limits))
        censored = tuple(dict.fromkeys((*kind.censored, *words.spelled(limits))))
    if pa.types.is_boolean(column.type):
        column = column.cast(pa.int64())
    if not (pa.types.is_integer(column.type) or pa.types.is_floating(column.type)):
        raise SchemaError(f"field {name!r}: declared number, but the column holds {column.type}")
    if pa.types.is_integer(column.type) and numeric.large(column):
        raise SchemaError(f"field {name!r}: {_TOO_LONG}")
    if gap := [float(text) for text in spellings if Words.of(pa.array([text])).like(NUMBER)[0]]:
        known = pc.is_in(column.cast(pa.float64()), value_set=pa.array(gap, pa.float64()))
        column = pc.if_else(known, None, column)
    found = numeric.quantity(name, column, search=not kind.missing)
    spellings = (*spellings, *getattr(found.kind, "missing", ()))
    fill = kind.role not in IDENTITY and len(found.values.drop_null()) > 0
    whole = replace(kind, **_open(name, kind, found)) if fill else kind
    whole = replace(whole, censored=censored)
    _within(name, found.values if beyond is None else pc.if_else(beyond, None, found.values), kind)
    return Finding(found.values, textual.with_missing(whole, spellings), found.notes)


def _open(name: str, kind: Number, found: Finding) -> dict[str, Any]:
    """What a declared number leaves open, from the data."""
    present = found.values.drop_null().to_numpy(zero_copy_only=False)
    inferred = numeric.describe(name, *np.unique(present, return_counts=True))
    return {
        key: getattr(inferred, key) for key in ("unit", "low", "high", "step") if getattr(kind, key) is None
    }


def _within(name: str, values: pa.Array, kind: Number) -> None:
    present = values.drop_null().cast(pa.float64()).to_numpy(zero_copy_only=False)
    low = -np.inf if kind.low is None else kind.low
    high = np.inf if kind.high is None else kind.high
    if outside := int(((present < low) | (present > high)).sum()):
        raise SchemaError(
            f"field {name!r}: {outside} values lie outside the declared range {low} to {high}; "
            "correct them, widen the range, or list them under missing"
        )


def _category(name: str, column: pa.Array, kind: Category) -> Finding:
    spellings = kind.missing
    if pa.types.is_string(column.type):
        kept = tuple(level for level in kind.levels if isinstance(level, str))
        words, spellings = _words(column, kind.missing, kept)
        column = words.spread(_native(name, words, kind))
    elif spellings:
        column = pc.if_else(pc.is_in(column.cast(pa.string()), value_set=pa.array(spellings)), None, column)
    present = pc.unique(column.drop_null()).to_pylist()
    levels = kind.levels or _arranged(present)
    if unknown := len([level for level in present if level not in levels]):
        raise SchemaError(
            f"field {name!r}: {unknown} levels in the data are not among the {len(levels)} declared; "
            "declare them, correct the data, or list their spelling under missing"
        )
    return Finding(column, textual.with_missing(replace(kind, levels=levels), spellings))


def _arranged(present: list[Any]) -> tuple[Level, ...]:
    from manikin.schema.level_order import arrange

    if present and isinstance(present[0], str):
        return arrange(present)[0]
    return tuple(sorted(present))


def _native(name: str, words: Words, kind: Category) -> pa.Array:
    """Words in the type of the declared levels; without levels, numbers where all are numbers."""
    types = {type(level) for level in kind.levels}
    if not len(words.words):
        return words.words
    if types <= {str} and (types or not textual.numeric(words)):
        return words.words
    if types == {bool}:
        answers = words.among(("true", "yes", "1", "t", "y"), lower=True)
        negative = words.among(("false", "no", "0", "f", "n"), lower=True)
        _mismatch(name, words, ~(answers | negative), kind)
        return pa.array(answers)
    _mismatch(name, words, ~words.like(NUMBER), kind)
    _long(name, words)
    values = textual.parsed(words)
    return values.cast(pa.float64()) if float in types else values


def _time(name: str, column: pa.Array, kind: Time) -> Finding:
    if pa.types.is_timestamp(column.type) or pa.types.is_date(column.type):
        column = drop_declared(column, kind.missing) if kind.missing else column
        return Finding(column, kind if kind.format else replace(kind, unit=datetimes.unit(column)))
    if not pa.types.is_string(column.type):
        column = column.cast(pa.string())
    words, spellings = _words(column, kind.missing)
    if not len(words.words):
        return Finding(words.spread(pa.array([], pa.timestamp("s"))), kind)
    found = datetimes.moments(name, words) if kind.format is None else _laid(words, kind.format)
    if found is None:
        layout = "a known format; declare format" if kind.format is None else f"the format {kind.format!r}"
        raise SchemaError(f"field {name!r}: declared time, but some values do not follow {layout}")
    return replace(
        found,
        kind=textual.with_missing(
            _filled(replace(kind, unit=getattr(found.kind, "unit", "day")), found.kind), spellings
        ),
    )


def _laid(words: Words, layout: str) -> Finding | None:
    found = datetimes.parse(words.words, layout)
    return (
        None if found is None else Finding(words.spread(found), Time(datetimes.unit(found, layout), layout))
    )


def _text(column: pa.Array, kind: Text) -> Finding:
    if not pa.types.is_string(column.type):
        return Finding(column, kind)
    gap: Callable[[Words], np.ndarray] = lambda words: words.among(kind.missing or tuple(MISSING))  # noqa: E731
    words = Words.of(column, trim=False)
    met = words.spelled(gap(words))
    rest = words.without(gap(words))
    return Finding(rest.spread(rest.words), textual.with_missing(kind, kind.missing or met))
