"""Subjects: have patients as many records as real ones, and do their records belong together?"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from scipy.stats import rankdata

from manikin.contracts.metric import ExactResult, MetricDescription, metric
from manikin.contracts.split import Sample, Split, compute_once
from manikin.errors import Unsupported
from manikin.stats.marginals import compute_ks_statistic

if TYPE_CHECKING:
    from manikin.cohort.cohort import Cohort

MAX_LEVELS = 24  # of a category; records with others count as having none of these
MIN_KEPT_SHARE = 0.99
"""Of the real subjects with several records, by whom a rule is kept that others must keep too."""

MIN_SUBJECTS = 20  # such subjects, from whom it can be known
MIN_EXCESS = 0.02  # of the subjects, beyond real ones, from which a fault is named
MAX_NAMED = 4  # fields named in a note
SINGLE_RECORD_REASON = "every real subject has one record"
ICC = "intraclass correlation: Fisher 1925; Shrout and Fleiss 1979, ICC(1,1)"


class SubjectRule(NamedTuple):
    """What the records of a subject keep: a field is constant, never repeats, or rises.

    Args:
        field: The column of `Sample.table`.
        kind: "constant", "distinct" or "rising".
    """

    field: int
    kind: str


def scatter_records(split: Split) -> Cohort:
    """The floor: the same records, each of another subject."""
    cohort = split.synthetic.cohort
    return replace(cohort, subject_codes=(cohort.columns, np.arange(len(cohort))))


def describe_record_counts(split: Split) -> str:
    """How many records subjects have on both sides."""
    real = np.concatenate([_count_records(side) for side in (split.train, split.holdout)])
    found = _count_records(split.synthetic)
    single = ": the synthetic records are single-row patients" if found.max() == 1 else ""
    return (
        f"{len(real)} real subjects with {real.mean():.1f} records each on average, "
        f"{len(found)} synthetic ones with {found.mean():.1f}{single}"
    )


def describe_broken_rules(split: Split) -> str:
    """What synthetic subjects break most, beside how often real ones do."""
    rules = compute_once(split, _find_rules)
    names = split.fields.names
    made, real = (
        compute_once(side, _find_broken_rules, rules) for side in (split.synthetic, split.holdout)
    )
    order = np.argsort(-made.mean(axis=0), kind="stable")[:MAX_NAMED]
    words = {"constant": "changes", "distinct": "repeats", "rising": "does not rise"}
    return "; ".join(
        f"{names[rules[j].field]} {words[rules[j].kind]} within {made[:, j].mean():.0%} of the subjects"
        f" (real {real[:, j].mean() if len(real) else 0:.0%})"
        for j in order
        if made[:, j].mean() > MIN_EXCESS + (real[:, j].mean() if len(real) else 0)
    )


@metric(
    "fidelity",
    MetricDescription(
        "Kolmogorov-Smirnov distance of the number of records that a subject has.",
        reading="0 to 1; 0 is best. Asked where real subjects have several records: visits, eyes, lesions.",
        blind_spot="It cannot see what is in the records.",
        source="Kolmogorov-Smirnov distance: Massey 1951",
    ),
    better="low",
    feature="records",
    floor=scatter_records,
    note=describe_record_counts,
)
def records_per_subject(split: Split) -> float:
    real, candidate = (_count_records(side) for side in (split.holdout, split.synthetic))
    if real.max() == 1:
        raise Unsupported(SINGLE_RECORD_REASON)
    return compute_ks_statistic(real, candidate)


@metric(
    "fidelity",
    MetricDescription(
        "Root mean square difference of the intraclass correlations of all fields.",
        reading="""0 to 1; 0 is best. The intraclass correlation of a field (of its ranks, or of its
        levels) says how alike the records of one subject are: 1 for a date of birth, 0 for what has
        nothing to do with the person. Where no subject has two records, nothing is alike.""",
        blind_spot="It cannot see how a course goes on from visit to visit.",
        source=ICC,
    ),
    better="low",
    feature="table",
    floor=scatter_records,
)
def within_subject_correlation(split: Split) -> float:
    real, candidate = (compute_once(side, compute_intraclass) for side in (split.holdout, split.synthetic))
    known = ~np.isnan(real)
    if not known.any():
        raise Unsupported(SINGLE_RECORD_REASON)
    return float(np.sqrt(np.mean((real[known] - np.nan_to_num(candidate[known])) ** 2)))


@metric(
    "fidelity",
    MetricDescription(
        "Share of subjects with several records in whom something changes or repeats that never does.",
        reading="""0 to 1; 0 is best. What 99 of 100 real subjects keep: fields that are constant
        within a subject (sex, arm), that never repeat (the day of a visit) or rise from record to
        record (its number). It looks at one field at a time.""",
        source="Kahn et al. 2016, A harmonized data quality assessment framework: conformance",
    ),
    better="low",
    feature="table",
    reference="whole",
    note=describe_broken_rules,
)
def within_subject_faults(split: Split) -> ExactResult:
    rules = compute_once(split, _find_rules)
    if not rules:
        raise Unsupported("no field is constant, distinct or rising within the real subjects")
    made = compute_once(split.synthetic, _find_broken_rules, rules)
    real = [compute_once(side, _find_broken_rules, rules) for side in (split.train, split.holdout)]
    if not len(made):
        raise Unsupported("no synthetic subject has several records; records_per_subject says so")
    usual = np.concatenate(real).any(axis=1)
    hits = made.any(axis=1)
    return ExactResult.from_counts(int(hits.sum()), hits.size, int(usual.sum()), usual.size, split.key)


def compute_intraclass(sample: Sample) -> np.ndarray:
    """The intraclass correlation of each column of `Sample.table`, (p,); NaN where it cannot be known.

    One-way analysis of variance: (B - W) / (B + (k - 1) W) for the mean squares between and within
    subjects and the mean number k of records, not below 0. The levels of a category are summed over.
    """
    found = np.full(len(sample.fields.names), np.nan)
    for j, levels in enumerate(sample.fields.levels):
        column = sample.table[:, j]
        known = ~np.isnan(column)
        values, subject = column[known], sample.subject[known]
        if len(values) and np.ptp(values) > 0:
            found[j] = _compute_icc(_to_columns(values, categorical=levels is not None), subject)
    return found


def _to_columns(values: np.ndarray, *, categorical: bool) -> np.ndarray:
    """Ranks, or the most frequent levels one-hot, (n, columns)."""
    if not categorical:
        return rankdata(values)[:, None]
    levels, counts = np.unique(values, return_counts=True)
    kept = levels[np.argsort(-counts, kind="stable")[:MAX_LEVELS]]
    return (values[:, None] == kept).astype(float)


def _compute_icc(x: np.ndarray, subject: np.ndarray) -> float:
    _, place, sizes = np.unique(subject, return_inverse=True, return_counts=True)
    n, many = len(x), len(sizes)
    if many < 2 or n == many:  # noqa: PLR2004 - nothing within, or nothing between
        return np.nan
    sums = np.stack([np.bincount(place, weights=column, minlength=many) for column in x.T], axis=1)
    between = float((sums**2 / sizes[:, None]).sum() - (x.sum(axis=0) ** 2).sum() / n) / (many - 1)
    within = float((x**2).sum() - (sums**2 / sizes[:, None]).sum()) / (n - many)
    k = (n - (sizes**2).sum() / n) / (many - 1)
    spread = between + (k - 1) * within
    return max((between - within) / spread, 0.0) if spread > 0 else np.nan


def _count_records(sample: Sample) -> np.ndarray:
    """How many records each subject has, (subjects,)."""
    return np.unique(sample.subject, return_counts=True)[1]


def _find_rules(split: Split) -> list[SubjectRule]:
    """What nearly all real subjects with several records keep; the strictest of each field."""
    asked = [
        SubjectRule(field, kind)
        for field in range(len(split.fields.names))
        for kind in ("constant", "rising", "distinct")
    ]
    kept = np.concatenate([_find_broken_rules(side, asked) for side in (split.train, split.holdout)])
    if len(kept) < MIN_SUBJECTS:
        return []
    found: dict[int, SubjectRule] = {}
    for rule, share in zip(asked, 1 - kept.mean(axis=0), strict=True):
        column = split.train.table[:, rule.field]
        varies = len(np.unique(column[~np.isnan(column)])) > 1
        if share >= MIN_KEPT_SHARE and varies and rule.field not in found:
            found[rule.field] = rule
    return list(found.values())


def _find_broken_rules(sample: Sample, rules: list[SubjectRule]) -> np.ndarray:
    """Which subjects with several records break each rule, bool (subjects, rules)."""
    order = np.lexsort((sample.rows, sample.subject))
    subject = sample.subject[order]
    _, place, sizes = np.unique(subject, return_inverse=True, return_counts=True)
    several = sizes > 1
    found = np.zeros((len(sizes), len(rules)), dtype=bool)
    for j, rule in enumerate(rules):
        values = sample.table[order, rule.field]
        known = ~np.isnan(values)
        found[:, j] = _is_broken(values[known], place[known], len(sizes), rule.kind)
    return found[several]


def _is_broken(values: np.ndarray, place: np.ndarray, many: int, kind: str) -> np.ndarray:
    """Which subjects break a rule, bool (many,); `place` rises."""
    if kind == "distinct":
        order = np.lexsort((values, place))
        values, place = values[order], place[order]
    same = place[1:] == place[:-1]
    step = np.diff(values)
    wrong = {"constant": step != 0, "distinct": step == 0, "rising": step <= 0}[kind] & same
    return np.bincount(place[1:][wrong], minlength=many) > 0


__plugin__ = (records_per_subject, within_subject_correlation, within_subject_faults)
