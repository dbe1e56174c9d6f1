"""Histories in other shapes: counted, at one moment, as series on a grid, or cut short.

Codes that few patients have would point at them, so each shape has only those that `least` patients
share; a rarer code of ICD or ATC counts as its first parent that they do.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from manikin.cohort.histories import Histories, list_history_fields
from manikin.cohort.source_format import SourceFormat
from manikin.core import arrow
from manikin.ehr import cooccurrence
from manikin.ehr.vocabulary import build_vocabulary, map_to_vocabulary
from manikin.errors import SchemaError, UsageError
from manikin.schema.kinds import Category, Number, Schema, Signal

if TYPE_CHECKING:
    from manikin.cohort.cohort import Cohort

FLAG_LEVELS = ("no", "yes")
VISITS_FIELD = "visits"
SERIES_FIELD = "series"


def aggregate(cohort: Cohort, *, counts: bool = False, least: int = 5) -> Cohort:
    """One row for each patient: which codes ever, or at how many visits, and the number of visits.

    The other fields stay. Any family for tables models the result, as medGAN did (Choi et al. 2017,
    arXiv:1703.06490).

    Args:
        cohort: Records with a field of histories.
        counts: Whether at how many visits counts, in place of whether at all.
        least: Patients that must share a code.

    Raises:
        UsageError: There is no field of histories.
        SchemaError: No code is shared by so many patients, or a field is called like a code.

    Example:
        >>> from manikin.datasets.histories import generate_toy_histories
        >>> wide = aggregate(generate_toy_histories(50))
        >>> wide.schema["ICD10//I10"].levels, sorted(set(wide["ICD10//I10"]))
        (('no', 'yes'), ['no', 'yes'])
    """
    field = _find_history_field(cohort)
    whole = Histories.from_column(cohort.columns[field])
    found = _keep_shared_codes(cohort, least, whole)
    times = cooccurrence.count_visits_per_code(found, len(found.codes) + 1)[:, : len(found.codes)].toarray()
    columns: dict[str, tuple[pa.Array, Any]] = {
        code: (pa.array(column.astype(int)), Number(step=1, low=0))
        if counts
        else _to_flag_column(column > 0)
        for code, column in zip(found.codes.tolist(), times.T, strict=True)
    }
    columns[VISITS_FIELD] = (pa.array(whole.visit_counts), Number(step=1, low=0))
    return _replace_history(cohort, field, columns)


def take_snapshot(cohort: Cohort, day: float, *, least: int = 5) -> Cohort:
    """What is known of each patient at a time: the last value of what is measured, else whether ever coded.

    Only patients whose history reaches that day: of others nobody knows.

    Args:
        cohort: Records with a field of histories.
        day: Days after the first event.
        least: Patients that must share a code up to then.

    Raises:
        UsageError: There is no field of histories, or no history reaches that day.
        SchemaError: No code is shared by so many patients, or a field is called like a code.

    Example:
        >>> from manikin.datasets.histories import generate_toy_histories
        >>> then = take_snapshot(generate_toy_histories(200), 90)
        >>> then.schema["LOINC//2345-7"].name, then.schema["ICD10//E11"].levels
        ('number', ('no', 'yes'))
    """
    field = _find_history_field(cohort)
    whole = Histories.from_column(cohort.columns[field])
    last = np.full(len(whole), -np.inf)
    np.maximum.at(last, whole.patient, whole.time)
    there = cohort.take(np.flatnonzero(last >= day))
    if not len(there):
        raise UsageError(f"no history reaches day {day:g}; the longest has {last.max(initial=0):g} days")
    known = truncate(there, day=day)
    found = _keep_shared_codes(known, least, Histories.from_column(known.columns[field]))
    columns: dict[str, tuple[pa.Array, Any]] = {}
    for i, code in enumerate(found.codes.tolist()):
        rows = np.flatnonzero(found.code == i)
        if np.isnan(found.value[rows]).all():
            columns[code] = _to_flag_column(np.bincount(found.patient[rows], minlength=len(found)) > 0)
            continue
        value = np.full(len(found), np.nan)
        seen = rows[~np.isnan(found.value[rows])]
        value[found.patient[seen]] = found.value[seen]  # in the order of time, so that the last one stays
        columns[code] = (pa.array(value, from_pandas=True), Number())
    return _replace_history(there, field, columns)


def to_series(cohort: Cohort, step: float, length: int, *, least: int = 5) -> Cohort:
    """Measured codes as channels of a series from the first event on, (n, channels, length).

    A cell holds the mean of its measurements, NaN where there is none. What comes later is left out.

    Args:
        cohort: Records with a field of histories.
        step: Days of a cell; 1 / 24 is hourly.
        length: Cells.
        least: Patients in whom a code must be measured within that time.

    Raises:
        UsageError: There is no field of histories, or `step` or `length` is not positive.
        SchemaError: No code is measured in so many patients.

    Example:
        >>> from manikin.datasets.histories import generate_toy_histories
        >>> to_series(generate_toy_histories(200), 30, 12)["series"].shape
        (200, 1, 12)
    """
    if step <= 0 or length < 1:
        raise UsageError(f"step={step}, length={length}: both must be positive")
    field = _find_history_field(cohort)
    whole = Histories.from_column(cohort.columns[field])
    found = _keep_shared_codes(
        cohort, least, whole.select_events(~np.isnan(whole.value) & (whole.time < step * length))
    )
    x = arrow.allocate_array((len(found), len(found.codes), length), np.float32)
    x[:] = np.nan
    cell = np.minimum((found.time / step).astype(int), length - 1)
    places, at = np.unique(np.stack([found.patient, found.code, cell]), axis=1, return_inverse=True)
    x[tuple(places)] = np.bincount(at, found.value) / np.bincount(at)
    kind = Signal(channels=tuple(found.codes.tolist()), rate=1 / (step * 86_400))
    return _replace_history(cohort, field, {SERIES_FIELD: (arrow.to_column(x), kind)})


def truncate(cohort: Cohort, *, day: float | None = None, visits: int | None = None) -> Cohort:
    """The same patients with the beginnings of their histories: up to a day, or of so many visits.

    Raises:
        UsageError: There is no field of histories, or not exactly one of `day` and `visits` is given.

    Example:
        >>> from manikin.cohort.histories import extract_histories
        >>> from manikin.datasets.histories import generate_toy_histories
        >>> short = truncate(generate_toy_histories(20), visits=1)
        >>> int(extract_histories(short.columns, short.schema).visit_counts.max())
        1
    """
    if (day is None) == (visits is None):
        raise UsageError("give either day= or visits=")
    field = _find_history_field(cohort)
    found = Histories.from_column(cohort.columns[field])
    return _select_events(
        cohort, field, found, found.visit < visits if visits is not None else found.time <= day
    )


def drop_codes(cohort: Cohort, *codes: str) -> Cohort:
    """The same patients without some of their events: what a counterfactual is asked from.

    What a model adds to it are the futures of other patients who look like that. It says nothing of what
    would have become of this one: the rest of the history stays as the disease has left it.

    Args:
        cohort: Records with a field of histories.
        codes: What the codes to leave out begin with: ICD10//E11 is also ICD10//E11.9.

    Raises:
        UsageError: There is no field of histories, or no event has such a code.

    Example:
        >>> from manikin.cohort.histories import extract_histories
        >>> from manikin.datasets.histories import generate_toy_histories
        >>> rest = drop_codes(generate_toy_histories(50), "ICD10//E11")
        >>> "ICD10//E11" in extract_histories(rest.columns, rest.schema).codes
        False
    """
    field = _find_history_field(cohort)
    found = Histories.from_column(cohort.columns[field])
    gone = [name.startswith(codes) for name in found.codes.tolist()]
    if not any(gone):
        raise UsageError(f"no event has a code that begins with {' or '.join(codes) or 'nothing'}")
    return _select_events(cohort, field, found, ~np.array(gone)[found.code])


def _select_events(cohort: Cohort, field: str, found: Histories, kept: np.ndarray) -> Cohort:
    """The cohort with some of the events of its histories."""
    place = cohort.columns.column_names.index(field)
    return replace(
        cohort, columns=cohort.columns.set_column(place, field, found.select_events(kept).column)
    )


def _find_history_field(cohort: Cohort) -> str:
    names = list_history_fields(cohort.schema)
    if not names:
        raise UsageError(f"no field is a history; there are {', '.join(cohort.schema)}")
    return names[0]


def _keep_shared_codes(cohort: Cohort, least: int, found: Histories) -> Histories:
    """The events by the codes that enough patients share."""
    codes, _ = build_vocabulary(found, cohort.subject, least) if len(found.code) else ((), {})
    if not codes:
        raise SchemaError(
            f"field {_find_history_field(cohort)!r}: no code is shared by {least} patients; "
            "ask for fewer (least=)"
        )
    return map_to_vocabulary(found, codes)


def _to_flag_column(yes: np.ndarray) -> tuple[pa.Array, Category]:
    return pa.array(np.where(yes, FLAG_LEVELS[1], FLAG_LEVELS[0]).tolist(), pa.string()), Category(
        FLAG_LEVELS
    )


def _replace_history(cohort: Cohort, field: str, columns: dict[str, tuple[pa.Array, Any]]) -> Cohort:
    """The cohort with these columns in place of its histories."""
    kept = [name for name in cohort.schema if name != field]
    if twice := sorted(set(kept) & set(columns)):
        raise SchemaError(f"{', '.join(twice)}: already a field; rename it")
    parts = {name: cohort.columns[name] for name in kept} | {name: x for name, (x, _) in columns.items()}
    kinds = {name: cohort.schema[name] for name in kept} | {
        name: kind for name, (_, kind) in columns.items()
    }
    return replace(cohort, columns=pa.table(parts), schema=Schema(kinds), origin=SourceFormat("csv"))
