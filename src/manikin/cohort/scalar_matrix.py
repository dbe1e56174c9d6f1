"""Scalar fields of a cohort as one array of numbers: quantities as they are, levels as codes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from manikin.errors import SchemaError
from manikin.schema.kinds import Category, Time

if TYPE_CHECKING:
    from manikin.cohort.cohort import Cohort

ONE_DAY = np.timedelta64(1, "D")


@dataclass(frozen=True)
class ScalarEncoder:
    """Which scalar fields there are, and the levels of those that are categories.

    Args:
        names: The fields, in the order of the schema.
        levels: For each field the spellings of its levels; None: a quantity.

    Example:
        >>> from manikin.cohort.cohort import Cohort
        >>> from manikin.schema.kinds import Number
        >>> schema = {"age": Number(), "sex": Category(levels=("F", "M"))}
        >>> arrays = {"age": np.array([61.0, np.nan]), "sex": np.array(["M", "X"], dtype=object)}
        >>> cohort = Cohort.from_arrays(arrays, schema)
        >>> ScalarEncoder.fit(cohort.take([0])).encode(cohort)  # "X" was not declared: code 2
        array([[61.,  1.],
               [nan,  2.]])
    """

    names: tuple[str, ...]
    levels: tuple[tuple[str, ...] | None, ...]

    @classmethod
    def fit(cls, cohort: Cohort) -> ScalarEncoder:
        """Levels that the schema declares, then those seen in `cohort`."""
        names = tuple(cohort.schema.scalar_fields)
        return cls(names, tuple(_list_levels(cohort, name) for name in names))

    @property
    def is_categorical(self) -> np.ndarray:
        """Which fields are categories: boolean (p,)."""
        return np.array([levels is not None for levels in self.levels], dtype=bool)

    def encode(self, cohort: Cohort) -> np.ndarray:
        """Fields as float64 (n, p), NaN where missing.

        Quantities stand as they are and times in days since 1970; a level is its place in
        `levels`, and any level that is not there has the code `len(levels)`.

        Raises:
            SchemaError: A quantity or time holds values that are none.
        """
        table = np.empty((len(cohort), len(self.names)))
        for j, (name, levels) in enumerate(zip(self.names, self.levels, strict=True)):
            table[:, j] = (
                _read_quantity(cohort, name) if levels is None else _encode_levels(cohort, name, levels)
            )
        return table


def normalize_level(level: Any) -> str:  # noqa: ANN401 - a level is text, a number or a boolean
    """One spelling for the levels that files write differently: 1, 1.0 and "1"; True and "true".

    Example:
        >>> normalize_level(1.0), normalize_level("1"), normalize_level(True), normalize_level("True")
        ('1', '1', 'true', 'true')
    """
    if isinstance(level, float | np.floating) and float(level).is_integer():
        return str(int(level))
    text = str(level)
    return text.lower() if text.lower() in ("true", "false") else text


def read_survival(cohort: Cohort) -> tuple[np.ndarray, np.ndarray] | None:
    """Follow-up time and whether the event was observed, from the roles "time" and "event".

    The event is the last level in the schema's order (1 of 0 and 1, true of false), or a
    number above 0. Records that lack either value are NaN in time and False in event.

    Returns:
        Time float64 (n,) and event bool (n,); None where the schema has no such pair.
    """
    time, event = cohort.schema.find_by_role("time"), cohort.schema.find_by_role("event")
    if time is None or event is None:
        return None
    kind = cohort.schema[event]
    fields = ScalarEncoder(
        (time, event),
        (None, tuple(map(normalize_level, kind.levels)) if isinstance(kind, Category) else None),
    )
    table = fields.encode(cohort.select(time, event))
    levels = fields.levels[1]
    observed = table[:, 1] > 0 if levels is None else table[:, 1] == len(levels) - 1
    return np.where(np.isnan(table).any(axis=1), np.nan, table[:, 0]), observed & ~np.isnan(table[:, 0])


def _list_levels(cohort: Cohort, name: str) -> tuple[str, ...] | None:
    kind = cohort.schema[name]
    if not isinstance(kind, Category):
        return None
    seen = sorted(
        {normalize_level(level) for level in cohort.columns[name].drop_null().unique().to_pylist()}
    )
    return tuple(dict.fromkeys([normalize_level(level) for level in kind.levels] + seen))


def _encode_levels(cohort: Cohort, name: str, levels: tuple[str, ...]) -> np.ndarray:
    encoded = cohort.columns[name].combine_chunks().dictionary_encode()
    place = {level: code for code, level in enumerate(levels)}
    codes = [place.get(normalize_level(level), len(levels)) for level in encoded.dictionary.to_pylist()]
    indices = encoded.indices.to_numpy(zero_copy_only=False).astype(float)
    present = ~np.isnan(indices)
    indices[present] = np.array(codes, dtype=float)[indices[present].astype(int)]
    return indices


def _read_quantity(cohort: Cohort, name: str) -> np.ndarray:
    try:
        values = cohort[name]
    except (ValueError, NotImplementedError) as error:  # Arrow's errors derive from these
        kind = cohort.schema[name].name
        message = (
            f"field {name!r}: declared a {kind}, but holds values that are none; correct them or the schema"
        )
        raise SchemaError(message) from error
    if not isinstance(cohort.schema[name], Time):
        return values
    days = values.astype("datetime64[us]") - np.datetime64(0, "us")
    return np.where(np.isnat(days), np.nan, days / ONE_DAY)
