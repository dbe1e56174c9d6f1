"""Repeated measures: how the rows of a patient follow one another."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from scipy.stats import rankdata

from manikin.contracts.metric import MetricDescription, metric
from manikin.contracts.split import Sample, Split, compute_once
from manikin.errors import Unsupported
from manikin.panels.row_order import find_order

if TYPE_CHECKING:
    from collections.abc import Callable

    from manikin.cohort.cohort import Cohort

LAGS = (1, 2, 3)
MIN_PAIRS = 30  # pairs of rows, from which a correlation is known
MIN_CHANGING_SHARE = 0.01  # of the real patients, in whom a field changes that is followed from row to row
MAX_NAMED = 4  # fields named in a note
SINGLE_ROW_REASON = "real patients have too few rows each for what follows upon what"
RANKS = (
    "rank correlation of a field with itself some rows later: Spearman 1904; autocorrelation of panel data"
)


class OrderedRows(NamedTuple):
    """Rows sorted by subject and order.

    Args:
        table: The fields (n, p), NaN where missing.
        subject: Whose a row is, codes from 0, ascending, (n,).
        place: The number of the row among those of its subject, from 0, (n,).
    """

    table: np.ndarray
    subject: np.ndarray
    place: np.ndarray


def exchange_rows(split: Split) -> Cohort:
    """The floor: rows exchanged between patients, each for one of the same number."""
    cohort = split.synthetic.cohort
    order = find_row_order(split)
    moment = cohort.columns[order].to_pylist() if order in cohort.schema else range(len(cohort))
    position = np.empty(len(cohort), dtype=int)
    position[sorted(range(len(cohort)), key=lambda i: (moment[i] is None, moment[i], i))] = np.arange(
        len(cohort)
    )
    _, who = np.unique(cohort.subject, return_inverse=True)
    rows = np.lexsort((position, who))
    place = _count_places(who[rows])
    rng, codes = split.key.child("exchange").numpy(), who.copy()
    for number in np.unique(place):
        here = rows[place == number]
        codes[here] = who[rng.permutation(here)]
    return replace(cohort, subject_codes=(cohort.columns, codes))


def describe_lags(split: Split) -> str:
    """Which fields follow themselves least like real ones."""
    names = split.fields.names
    real, made = _compute_both(split, compute_lag_correlations)
    gap = np.where(_list_followed(split)[None, :], np.abs(made - real), np.nan)
    if np.isnan(gap).all():
        return ""
    order = np.argsort(-np.nan_to_num(gap, nan=-1.0), axis=None, kind="stable")[:MAX_NAMED]
    places = [np.unravel_index(at, gap.shape) for at in order if not np.isnan(gap.flat[at])]
    told = (
        f"{names[j]} after {LAGS[k]} row{'s' * (LAGS[k] > 1)} {made[k, j]:.2f} (real {real[k, j]:.2f})"
        for k, j in places
    )
    return "correlations that differ most: " + "; ".join(told)


@metric(
    "fidelity",
    MetricDescription(
        "Mean difference of the correlations of each field with itself one, two and three rows later.",
        reading="""0 to 2; 0 is best. Correlations of ranks, or of levels in their order. It tells whether a
        patient remembers: whether who has a high pressure at one visit has it at the next.""",
        blind_spot="It cannot see how one field follows upon another.",
        source=RANKS,
    ),
    better="low",
    feature="table",
    floor=exchange_rows,
    note=describe_lags,
)
def lag_correlation(split: Split) -> float:
    followed = _list_followed(split)
    real, made = _compute_both(split, compute_lag_correlations)
    gap = np.abs(np.nan_to_num(made) - real)[:, followed]
    if np.isnan(gap).all():
        raise Unsupported(SINGLE_ROW_REASON)
    return float(np.nanmean(gap))


@metric(
    "fidelity",
    MetricDescription(
        "Root mean square difference of the correlations of each field with every other one row later.",
        reading="""0 to 2; 0 is best. It tells whether a row foretells the other fields of the next one: a
        rising creatinine after a falling pressure.""",
        blind_spot="It cannot see how a field follows upon itself.",
        source=RANKS,
    ),
    better="low",
    feature="table",
    floor=exchange_rows,
)
def cross_lag_correlation(split: Split) -> float:
    followed = np.flatnonzero(_list_followed(split))
    real, made = _compute_both(split, _compute_cross_lags)
    gap = (np.nan_to_num(made) - real)[np.ix_(followed, followed)]
    gap = gap[~np.eye(len(gap), dtype=bool)]
    if not gap.size or np.isnan(gap).all():
        raise Unsupported(SINGLE_ROW_REASON)
    return float(np.sqrt(np.nanmean(gap**2)))


@metric(
    "fidelity",
    MetricDescription(
        "Mean difference of the correlations of each field with whether the row is the patient's last.",
        reading="0 to 2; 0 is best. It tells whether patients leave in the state in which real ones leave.",
        blind_spot="It cannot see why they leave, nor combinations of fields.",
        source="informative drop-out: Diggle and Kenward 1994",
    ),
    better="low",
    feature="table",
    floor=exchange_rows,
)
def drop_out_association(split: Split) -> float:
    followed = _list_followed(split)
    real, made = _compute_both(split, _compute_drop_out)
    gap = np.abs(np.nan_to_num(made) - real)[followed]
    if not gap.size or np.isnan(gap).all():
        raise Unsupported("real patients have equally many rows each, or one")
    return float(np.nanmean(gap))


def find_row_order(split: Split) -> str:
    """The field by which training rows are ordered; empty: none, rows stand in the order of the file."""
    sample = split.train
    if find_row_order not in sample.shared_cache:
        cohort = sample.source_cohort
        single = len(np.unique(cohort.subject)) == len(cohort)
        sample.shared_cache[find_row_order] = "" if single else find_order(cohort)
    return sample.shared_cache[find_row_order]


def sort_rows(sample: Sample, order: str) -> OrderedRows:
    """The rows of a sample by subject, then by the field of the order, then as they stand."""
    names = sample.fields.names
    moment = sample.table[:, names.index(order)] if order in names else sample.rows
    _, who = np.unique(sample.subject, return_inverse=True)
    rows = np.lexsort((sample.rows, moment, who))
    return OrderedRows(sample.table[rows], who[rows], _count_places(who[rows]))


def compute_lag_correlations(sample: Sample, order: str) -> np.ndarray:
    """The rank correlation of each field with itself at each lag, (lags, p); NaN where it is not known."""
    rows = sort_rows(sample, order)
    return np.array(
        [[_correlate(*_pair_rows(rows, j, j, lag)) for j in range(rows.table.shape[1])] for lag in LAGS]
    )


def _compute_cross_lags(sample: Sample, order: str) -> np.ndarray:
    """The rank correlation of field i with field j one row later, (p, p)."""
    rows = sort_rows(sample, order)
    count = rows.table.shape[1]
    return np.array([[_correlate(*_pair_rows(rows, i, j, 1)) for j in range(count)] for i in range(count)])


def _compute_drop_out(sample: Sample, order: str) -> np.ndarray:
    """The correlation of each field with whether the row is the last, (p,)."""
    rows = sort_rows(sample, order)
    last = np.append(rows.subject[1:] != rows.subject[:-1], True).astype(float)
    found = []
    for column in rows.table.T:
        known = ~np.isnan(column)
        found.append(_correlate(column[known], last[known]))
    return np.array(found)


def _pair_rows(rows: OrderedRows, i: int, j: int, lag: int) -> tuple[np.ndarray, np.ndarray]:
    """Known values of field i and of field j `lag` rows later, of the same patients."""
    first, then = rows.table[:-lag, i], rows.table[lag:, j]
    both = (rows.subject[:-lag] == rows.subject[lag:]) & ~np.isnan(first) & ~np.isnan(then)
    return first[both], then[both]


def _correlate(a: np.ndarray, b: np.ndarray) -> float:
    """Rank correlation; NaN where there are few pairs or nothing varies."""
    if len(a) < MIN_PAIRS or not np.ptp(a) or not np.ptp(b):
        return np.nan
    return float(np.corrcoef(rankdata(a), rankdata(b))[0, 1])


def _list_followed(split: Split) -> np.ndarray:
    """Which fields change within patients, and are not the order itself, (p,)."""
    return compute_once(split.train, _find_changing) & (
        np.array(split.fields.names) != find_row_order(split)
    )


def _find_changing(sample: Sample) -> np.ndarray:
    rows = sort_rows(sample, "")
    same = rows.subject[1:] == rows.subject[:-1]
    several = max(len(np.unique(rows.subject[1:][same])), 1)
    found = []
    for column in rows.table.T:
        moved = same & (np.diff(column) != 0) & ~np.isnan(column[1:]) & ~np.isnan(column[:-1])
        found.append(len(np.unique(rows.subject[1:][moved])) > MIN_CHANGING_SHARE * several)
    return np.array(found, dtype=bool)


def _count_places(who: np.ndarray) -> np.ndarray:
    """The number of each row among those of its subject; `who` ascends."""
    start = np.flatnonzero(np.append(True, who[1:] != who[:-1]))
    return np.arange(len(who)) - np.repeat(start, np.diff(np.append(start, len(who))))


def _compute_both(
    split: Split, compute: Callable[[Sample, str], np.ndarray]
) -> tuple[np.ndarray, np.ndarray]:
    """What is computed of rows in their order, of held-out and of synthetic patients."""
    order = find_row_order(split)
    return compute_once(split.holdout, compute, order), compute_once(split.synthetic, compute, order)


__plugin__ = (lag_correlation, cross_lag_correlation, drop_out_association)
