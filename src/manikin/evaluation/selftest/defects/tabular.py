"""Defects: honest records with a known defect, to see whether a judge finds it.

A judge that has never been seen to fail bad records proves nothing by passing good ones. Each
defect here has one axis on which it must show; `TABULAR_DEFECTS` names it.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from manikin.cohort.edit import from_floats, list_quantities, perturb_quantities, replace_columns, to_floats
from manikin.core.seeds import Key
from manikin.errors import UsageError
from manikin.evaluation.selftest.defects.histories import HISTORY_DEFECTS
from manikin.evaluation.selftest.defects.images import IMAGE_DEFECTS
from manikin.evaluation.selftest.defects.notes import NOTE_DEFECTS
from manikin.evaluation.selftest.defects.planting import Defect, DefectInput
from manikin.evaluation.selftest.defects.signals import SIGNAL_DEFECTS
from manikin.features.table import Table
from manikin.schema import column_names
from manikin.schema.kinds import IDENTITY_ROLES, Category, Text
from manikin.stats.nearest_neighbors import find_nearest

if TYPE_CHECKING:
    from collections.abc import Callable

    from manikin.cohort.cohort import Cohort

JITTER_SD, SHIFT_SD, NOISE_SD = 0.01, 0.5, 1.0  # standard deviations
IMPLAUSIBLE_SHARE, FLIPPED_SHARE = 0.05, 0.3  # shares of records
RECORDS_PER_MODE = 20  # a collapsed cohort has one mode for so many records
MIN_LEAKED_RECORDS = 2  # records that are leaked at least
OUTLIER_SHARE = 0.1  # share of training records that are outliers


def plant(
    cohort: Cohort, defect: str, seed: int = 0, *, train: Cohort | None = None, label: str | None = None
) -> Cohort:
    """Honest records with one known defect; the same schema and the same types.

    Args:
        cohort: Honest records: real ones that the judge will see on no other side, or synthetic
            ones without the defect. The result has as many records.
        defect: One of `TABULAR_DEFECTS`, of `IMAGE_DEFECTS` where the records have pictures,
            `SIGNAL_DEFECTS`, `HISTORY_DEFECTS`, `NOTE_DEFECTS`.
        seed: The same seed plants the same defect.
        train: The records that are leaked by the defects of privacy, as the judge gets them;
            None: `cohort` itself, which is right where it is the training records.
        label: The field whose values are flipped, and by which a subgroup is chosen where no field
            is sensitive; None: the one that the schema calls so, the event, or the first category.

    Raises:
        UsageError: There is no such defect, or the records have no field that it could spoil.

    Example:
        >>> from manikin.datasets.demo import load_demo
        >>> train, fresh = load_demo().split(0.5)
        >>> leaked = plant(fresh, "leak_10", train=train)
        >>> rows = {tuple(row) for row in train.to_pandas().itertuples(index=False)}
        >>> sum(tuple(row) in rows for row in leaked.to_pandas().itertuples(index=False))
        28
    """
    known = {**TABULAR_DEFECTS, **IMAGE_DEFECTS, **SIGNAL_DEFECTS, **HISTORY_DEFECTS, **NOTE_DEFECTS}
    if defect not in known:
        message = f"no defect {defect!r}; there are {', '.join(known)}"
        raise UsageError(message)
    schema = cohort.schema
    levels = [n for n in schema.scalar_fields if isinstance(schema[n], Category)]
    chosen = (
        label or schema.find_by_role("label") or schema.find_by_role("event") or next(iter(levels), None)
    )
    rng = Key(seed).child("plant", defect).numpy()
    return known[defect].injector(DefectInput(cohort, cohort if train is None else train, chosen, rng))


def copy_exactly(given: DefectInput) -> Cohort:
    """Training records, given out as synthetic."""
    n = len(given.cohort)
    return given.train.take(given.rng.choice(len(given.train), n, replace=n > len(given.train)))


def jitter_copies(given: DefectInput) -> Cohort:
    """Training records, each value moved by 1 % of its standard deviation."""
    return perturb_quantities(
        copy_exactly(given), lambda v, sd: v + JITTER_SD * sd * given.rng.standard_normal(len(v))
    )


def shift_copies(given: DefectInput) -> Cohort:
    """Training records, all values moved up by half a standard deviation."""
    return perturb_quantities(copy_exactly(given), lambda v, sd: v + SHIFT_SD * sd)


def _inject_training_records(given: DefectInput, records: np.ndarray) -> Cohort:
    """Honest records, of which some have given way to these training records."""
    out = given.rng.choice(len(given.cohort), len(records), replace=False)
    rows = np.arange(len(given.cohort))
    rows[out] = len(given.cohort) + records
    both = pa.concat_tables([given.cohort.columns, given.train.columns.cast(given.cohort.columns.schema)])
    return replace(given.cohort, columns=both.take(pa.array(rows)))


def build_leak(share: float) -> Callable[[DefectInput], Cohort]:
    """Honest records, of which this share has given way to training records."""

    def make(given: DefectInput) -> Cohort:
        count = min(
            max(MIN_LEAKED_RECORDS, round(share * len(given.cohort))), len(given.train), len(given.cohort)
        )
        return _inject_training_records(given, given.rng.choice(len(given.train), count, replace=False))

    return make


def leak_outliers(given: DefectInput) -> Cohort:
    """Honest records, of which 3 % have given way to training records that lie far from all others."""
    x = Table().fit(given.train)(given.train)
    far = find_nearest(x, x, given.train.subject, apart=given.train.subject).distances
    outliers = np.argsort(-far, kind="stable")[: max(MIN_LEAKED_RECORDS, round(OUTLIER_SHARE * len(far)))]
    count = min(max(MIN_LEAKED_RECORDS, round(0.03 * len(given.cohort))), len(outliers))
    return _inject_training_records(given, given.rng.choice(outliers, count, replace=False))


def collapse_modes(given: DefectInput) -> Cohort:
    """A few honest records over and over, one mode for every twenty."""
    n = len(given.cohort)
    modes = given.rng.choice(n, max(2, n // RECORDS_PER_MODE), replace=False)
    return given.cohort.take(given.rng.choice(modes, n))


def drop_subgroup(given: DefectInput) -> Cohort:
    """Honest records without one group of patients, others in their place.

    The group is a level of the first sensitive field, or of a field that names sex, race or
    region, else of the label: of its levels the rarest that has a tenth of the records.
    """
    field = find_group_field(given.cohort, given.label)
    values = given.cohort[field] if field else np.zeros(len(given.cohort))
    levels, count = np.unique(values.astype(str), return_counts=True)
    large = count >= 0.1 * len(values)
    if len(levels) < 2:  # noqa: PLR2004 - one group cannot be dropped
        raise UsageError("dropped_subgroup: no field with two groups of patients; declare one as sensitive")
    dropped = levels[np.argmin(np.where(large, count, count.max() + 1))]
    kept = np.flatnonzero(values.astype(str) != dropped)
    return given.cohort.take(np.concatenate([kept, given.rng.choice(kept, len(values) - len(kept))]))


def find_group_field(cohort: Cohort, label: str | None = None) -> str | None:
    """The field by which `drop_subgroup` groups patients; None: there is no category."""
    schema = cohort.schema
    levels = [n for n in schema.scalar_fields if isinstance(schema[n], Category)]
    sensitive = [n for n in levels if schema[n].role == "sensitive"]
    known = [
        n
        for n in levels
        if set(column_names.split_name(n)) & {"sex", "gender", "race", "ethnicity", "region"}
    ]
    return next(iter([*sensitive, *known, *([label] if label in levels else []), *levels]), None)


def flip_labels(given: DefectInput) -> Cohort:
    """Honest records of which three in ten have the label of another class.

    A numeric label is shuffled among that share of the records.
    """
    label = given.label
    if label is None:
        raise UsageError("flipped_labels: there is no label; name one with label=")
    column = given.cohort.columns[label].combine_chunks()
    rows, chosen = np.arange(len(column)), given.rng.random(len(column)) < FLIPPED_SHARE
    if not isinstance(given.cohort.schema[label], Category):
        rows[chosen] = given.rng.permutation(rows[chosen])
        return replace_columns(given.cohort, {label: column.take(pa.array(rows))})
    codes = column.dictionary_encode().indices.to_numpy(zero_copy_only=False)
    for code in np.unique(codes[~np.isnan(codes.astype(float))]):
        others = np.flatnonzero((codes != code) & ~np.isnan(codes.astype(float)))
        mine = chosen & (codes == code)
        if len(others):
            rows[mine] = given.rng.choice(others, int(mine.sum()))
    return replace_columns(given.cohort, {label: column.take(pa.array(rows))})


def insert_implausible_values(given: DefectInput) -> Cohort:
    """Honest records of which 5 % have one value that cannot be: ten ranges beyond every other."""
    fields = list_quantities(given.cohort)
    if not fields:
        raise UsageError("implausible_values: the records have no quantity")
    n = len(given.cohort)
    bad = given.rng.choice(n, max(1, round(IMPLAUSIBLE_SHARE * n)), replace=False)
    where = given.rng.choice(len(fields), len(bad))
    columns = {}
    for j, name in enumerate(fields):
        column = given.cohort.columns[name].combine_chunks()
        values = to_floats(column)
        span = np.nanmax(values) - np.nanmin(values) or 1.0
        sign = given.rng.choice([-1.0, 1.0], n)
        values[bad[where == j]] = (np.nanmax(values) + 10 * span * sign)[bad[where == j]]
        columns[name] = from_floats(values, column.type)
    return replace_columns(given.cohort, columns)


def shuffle_fields(given: DefectInput) -> Cohort:
    """Honest records whose fields are shuffled apart: marginals kept, nothing joint."""
    columns = given.cohort.columns.combine_chunks()
    n = len(given.cohort)
    shuffled = {
        name: columns[name].take(pa.array(given.rng.permutation(n)))
        for name in given.cohort.schema.modelled_fields
    }
    return replace_columns(given.cohort, shuffled)


def add_noise(given: DefectInput) -> Cohort:
    """Honest records with noise of one deviation on quantities, and three levels in ten drawn anew."""
    noisy = perturb_quantities(
        given.cohort, lambda v, sd: v + NOISE_SD * sd * given.rng.standard_normal(len(v))
    )
    columns = {}
    for name in noisy.schema.scalar_fields:
        if isinstance(noisy.schema[name], Category):
            rows, n = np.arange(len(noisy)), len(noisy)
            some = given.rng.random(n) < FLIPPED_SHARE
            rows[some] = given.rng.integers(n, size=int(some.sum()))
            columns[name] = noisy.columns[name].take(pa.array(rows))
    return replace_columns(noisy, columns)


def leak_identifiers(given: DefectInput) -> Cohort:
    """Honest records with marks of persons.

    Where the schema has identifiers or text, one record in ten bears those of a training record;
    else one in a hundred bears a made-up e-mail address or telephone number in a category.
    """
    schema, n = given.cohort.schema, len(given.cohort)
    fields = [k for k, kind in schema.items() if kind.role in IDENTITY_ROLES or isinstance(kind, Text)]
    fields = [name for name in fields if name in given.train.schema]
    if fields:
        count = max(MIN_LEAKED_RECORDS, n // 10)
        records = given.rng.choice(len(given.train), count, replace=count > len(given.train))
        mixed = _inject_training_records(given, records)
        return replace_columns(given.cohort, {name: mixed.columns[name] for name in fields})
    words = [k for k in schema.scalar_fields if pa.types.is_string(given.cohort.columns[k].type)]
    if not words:
        raise UsageError("leaked_identifiers: the records have neither identifiers nor a field of text")
    values = np.array(given.cohort.columns[words[0]].to_pylist(), dtype=object)
    for row in given.rng.choice(n, max(MIN_LEAKED_RECORDS, n // 100), replace=False):
        number = int(given.rng.integers(10**9, 10**10))
        values[row] = f"patient.{number}@example.org" if row % 2 else f"+49 {number}"
    return replace_columns(given.cohort, {words[0]: pa.array(values.tolist(), type=pa.string())})


def duplicate_rows(given: DefectInput) -> Cohort:
    """Honest records of which three in ten are repeats of others."""
    n = len(given.cohort)
    rows, out = np.arange(n), given.rng.permutation(n)[: round(0.3 * n)]
    rows[out] = given.rng.choice(np.setdiff1d(rows, out), len(out))
    return given.cohort.take(rows)


TABULAR_DEFECTS = {
    "exact_copies": Defect(copy_exactly, "privacy"),
    "jittered_copies": Defect(jitter_copies, "privacy"),
    "shifted_copies": Defect(shift_copies, "privacy"),
    "leak_10": Defect(build_leak(0.10), "privacy"),
    "leak_3": Defect(build_leak(0.03), "privacy"),
    "leak_outliers": Defect(leak_outliers, "privacy"),
    "leaked_identifiers": Defect(leak_identifiers, "privacy"),
    "collapse": Defect(collapse_modes, "diversity"),
    "duplicated_rows": Defect(duplicate_rows, "diversity"),
    "dropped_subgroup": Defect(drop_subgroup, "fairness"),
    "flipped_labels": Defect(flip_labels, "utility"),
    "implausible_values": Defect(insert_implausible_values, "clinical validity"),
    "independent_marginals": Defect(shuffle_fields, "fidelity"),
    "noise": Defect(add_noise, "fidelity"),
}
