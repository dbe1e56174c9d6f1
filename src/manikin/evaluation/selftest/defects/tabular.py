"""Defects: honest records with a known defect, to see whether a judge finds it.

A judge that has never been seen to fail bad records proves nothing by passing good ones. Each
defect here has one axis on which it must show; `DEFECTS` names it.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from manikin.cohort.edit import altered, column_of, moved, numbers, quantities
from manikin.core.seeds import Key
from manikin.errors import UsageError
from manikin.evaluation.selftest.defects.histories import HISTORIES
from manikin.evaluation.selftest.defects.images import PICTURES
from manikin.evaluation.selftest.defects.notes import TEXTS
from manikin.evaluation.selftest.defects.planting import Defect, Planting
from manikin.evaluation.selftest.defects.signals import SIGNALS
from manikin.features.table import Table
from manikin.schema import column_names
from manikin.schema.kinds import IDENTITY, Category, Text
from manikin.stats.nearest_neighbors import neighbours

if TYPE_CHECKING:
    from collections.abc import Callable

    from manikin.cohort.cohort import Cohort

JITTER, SHIFT, NOISE = 0.01, 0.5, 1.0  # standard deviations
IMPLAUSIBLE, FLIPPED = 0.05, 0.3  # shares of records
MODES = 20  # a collapsed cohort has one mode for so many records
LEAST = 2  # records that are leaked at least
FAR = 0.1  # share of training records that are outliers


def plant(
    cohort: Cohort, defect: str, seed: int = 0, *, train: Cohort | None = None, label: str | None = None
) -> Cohort:
    """Honest records with one known defect; the same schema and the same types.

    Args:
        cohort: Honest records: real ones that the judge will see on no other side, or synthetic
            ones without the defect. The result has as many records.
        defect: One of `DEFECTS`, of `PICTURES` where the records have pictures, `SIGNALS`, `HISTORIES`,
            `TEXTS`.
        seed: The same seed plants the same defect.
        train: The records that are leaked by the defects of privacy, as the judge gets them;
            None: `cohort` itself, which is right where it is the training records.
        label: The field whose values are flipped, and by which a subgroup is chosen where no field
            is sensitive; None: the one that the schema calls so, the event, or the first category.

    Raises:
        UsageError: There is no such defect, or the records have no field that it could spoil.

    Example:
        >>> from manikin.datasets.demo import demo
        >>> train, fresh = demo().split(0.5)
        >>> leaked = plant(fresh, "leak_10", train=train)
        >>> rows = {tuple(row) for row in train.to_pandas().itertuples(index=False)}
        >>> sum(tuple(row) in rows for row in leaked.to_pandas().itertuples(index=False))
        28
    """
    known = {**DEFECTS, **PICTURES, **SIGNALS, **HISTORIES, **TEXTS}
    if defect not in known:
        message = f"no defect {defect!r}; there are {', '.join(known)}"
        raise UsageError(message)
    schema = cohort.schema
    levels = [n for n in schema.scalars if isinstance(schema[n], Category)]
    chosen = label or schema.named("label") or schema.named("event") or next(iter(levels), None)
    rng = Key(seed).child("plant", defect).numpy()
    return known[defect].make(Planting(cohort, cohort if train is None else train, chosen, rng))


def exact_copies(given: Planting) -> Cohort:
    """Training records, given out as synthetic."""
    n = len(given.honest)
    return given.train.take(given.rng.choice(len(given.train), n, replace=n > len(given.train)))


def jittered_copies(given: Planting) -> Cohort:
    """Training records, each value moved by 1 % of its standard deviation."""
    return moved(exact_copies(given), lambda v, sd: v + JITTER * sd * given.rng.standard_normal(len(v)))


def shifted_copies(given: Planting) -> Cohort:
    """Training records, all values moved up by half a standard deviation."""
    return moved(exact_copies(given), lambda v, sd: v + SHIFT * sd)


def _leaked(given: Planting, records: np.ndarray) -> Cohort:
    """Honest records, of which some have given way to these training records."""
    out = given.rng.choice(len(given.honest), len(records), replace=False)
    rows = np.arange(len(given.honest))
    rows[out] = len(given.honest) + records
    both = pa.concat_tables([given.honest.columns, given.train.columns.cast(given.honest.columns.schema)])
    return replace(given.honest, columns=both.take(pa.array(rows)))


def leak(share: float) -> Callable[[Planting], Cohort]:
    """Honest records, of which this share has given way to training records."""

    def make(given: Planting) -> Cohort:
        count = min(max(LEAST, round(share * len(given.honest))), len(given.train), len(given.honest))
        return _leaked(given, given.rng.choice(len(given.train), count, replace=False))

    return make


def leak_outliers(given: Planting) -> Cohort:
    """Honest records, of which 3 % have given way to training records that lie far from all others."""
    x = Table().fit(given.train)(given.train)
    far = neighbours(x, x, given.train.subject, apart=given.train.subject).first
    outliers = np.argsort(-far, kind="stable")[: max(LEAST, round(FAR * len(far)))]
    count = min(max(LEAST, round(0.03 * len(given.honest))), len(outliers))
    return _leaked(given, given.rng.choice(outliers, count, replace=False))


def collapse(given: Planting) -> Cohort:
    """A few honest records over and over, one mode for every twenty."""
    n = len(given.honest)
    modes = given.rng.choice(n, max(2, n // MODES), replace=False)
    return given.honest.take(given.rng.choice(modes, n))


def dropped_subgroup(given: Planting) -> Cohort:
    """Honest records without one group of patients, others in their place.

    The group is a level of the first sensitive field, or of a field that names sex, race or
    region, else of the label: of its levels the rarest that has a tenth of the records.
    """
    field = grouping(given.honest, given.label)
    values = given.honest[field] if field else np.zeros(len(given.honest))
    levels, count = np.unique(values.astype(str), return_counts=True)
    large = count >= 0.1 * len(values)
    if len(levels) < 2:  # noqa: PLR2004 - one group cannot be dropped
        raise UsageError("dropped_subgroup: no field with two groups of patients; declare one as sensitive")
    dropped = levels[np.argmin(np.where(large, count, count.max() + 1))]
    kept = np.flatnonzero(values.astype(str) != dropped)
    return given.honest.take(np.concatenate([kept, given.rng.choice(kept, len(values) - len(kept))]))


def grouping(cohort: Cohort, label: str | None = None) -> str | None:
    """The field by which `dropped_subgroup` groups patients; None: there is no category."""
    schema = cohort.schema
    levels = [n for n in schema.scalars if isinstance(schema[n], Category)]
    sensitive = [n for n in levels if schema[n].role == "sensitive"]
    known = [
        n for n in levels if set(column_names.tokens(n)) & {"sex", "gender", "race", "ethnicity", "region"}
    ]
    return next(iter([*sensitive, *known, *([label] if label in levels else []), *levels]), None)


def flipped_labels(given: Planting) -> Cohort:
    """Honest records of which three in ten have the label of another class.

    A numeric label is shuffled among that share of the records.
    """
    label = given.label
    if label is None:
        raise UsageError("flipped_labels: there is no label; name one with label=")
    column = given.honest.columns[label].combine_chunks()
    rows, chosen = np.arange(len(column)), given.rng.random(len(column)) < FLIPPED
    if not isinstance(given.honest.schema[label], Category):
        rows[chosen] = given.rng.permutation(rows[chosen])
        return altered(given.honest, {label: column.take(pa.array(rows))})
    codes = column.dictionary_encode().indices.to_numpy(zero_copy_only=False)
    for code in np.unique(codes[~np.isnan(codes.astype(float))]):
        others = np.flatnonzero((codes != code) & ~np.isnan(codes.astype(float)))
        mine = chosen & (codes == code)
        if len(others):
            rows[mine] = given.rng.choice(others, int(mine.sum()))
    return altered(given.honest, {label: column.take(pa.array(rows))})


def implausible_values(given: Planting) -> Cohort:
    """Honest records of which 5 % have one value that cannot be: ten ranges beyond every other."""
    fields = quantities(given.honest)
    if not fields:
        raise UsageError("implausible_values: the records have no quantity")
    n = len(given.honest)
    bad = given.rng.choice(n, max(1, round(IMPLAUSIBLE * n)), replace=False)
    where = given.rng.choice(len(fields), len(bad))
    columns = {}
    for j, name in enumerate(fields):
        column = given.honest.columns[name].combine_chunks()
        values = numbers(column)
        span = np.nanmax(values) - np.nanmin(values) or 1.0
        sign = given.rng.choice([-1.0, 1.0], n)
        values[bad[where == j]] = (np.nanmax(values) + 10 * span * sign)[bad[where == j]]
        columns[name] = column_of(values, column.type)
    return altered(given.honest, columns)


def independent_marginals(given: Planting) -> Cohort:
    """Honest records whose fields are shuffled apart: marginals kept, nothing joint."""
    columns = given.honest.columns.combine_chunks()
    n = len(given.honest)
    shuffled = {
        name: columns[name].take(pa.array(given.rng.permutation(n)))
        for name in given.honest.schema.modelled
    }
    return altered(given.honest, shuffled)


def noise(given: Planting) -> Cohort:
    """Honest records with noise of one deviation on quantities, and three levels in ten drawn anew."""
    noisy = moved(given.honest, lambda v, sd: v + NOISE * sd * given.rng.standard_normal(len(v)))
    columns = {}
    for name in noisy.schema.scalars:
        if isinstance(noisy.schema[name], Category):
            rows, n = np.arange(len(noisy)), len(noisy)
            some = given.rng.random(n) < FLIPPED
            rows[some] = given.rng.integers(n, size=int(some.sum()))
            columns[name] = noisy.columns[name].take(pa.array(rows))
    return altered(noisy, columns)


def leaked_identifiers(given: Planting) -> Cohort:
    """Honest records with marks of persons.

    Where the schema has identifiers or text, one record in ten bears those of a training record;
    else one in a hundred bears a made-up e-mail address or telephone number in a category.
    """
    schema, n = given.honest.schema, len(given.honest)
    fields = [k for k, kind in schema.items() if kind.role in IDENTITY or isinstance(kind, Text)]
    fields = [name for name in fields if name in given.train.schema]
    if fields:
        count = max(LEAST, n // 10)
        records = given.rng.choice(len(given.train), count, replace=count > len(given.train))
        mixed = _leaked(given, records)
        return altered(given.honest, {name: mixed.columns[name] for name in fields})
    words = [k for k in schema.scalars if pa.types.is_string(given.honest.columns[k].type)]
    if not words:
        raise UsageError("leaked_identifiers: the records have neither identifiers nor a field of text")
    values = np.array(given.honest.columns[words[0]].to_pylist(), dtype=object)
    for row in given.rng.choice(n, max(LEAST, n // 100), replace=False):
        number = int(given.rng.integers(10**9, 10**10))
        values[row] = f"patient.{number}@example.org" if row % 2 else f"+49 {number}"
    return altered(given.honest, {words[0]: pa.array(values.tolist(), type=pa.string())})


def duplicated_rows(given: Planting) -> Cohort:
    """Honest records of which three in ten are repeats of others."""
    n = len(given.honest)
    rows, out = np.arange(n), given.rng.permutation(n)[: round(0.3 * n)]
    rows[out] = given.rng.choice(np.setdiff1d(rows, out), len(out))
    return given.honest.take(rows)


DEFECTS = {
    "exact_copies": Defect(exact_copies, "privacy"),
    "jittered_copies": Defect(jittered_copies, "privacy"),
    "shifted_copies": Defect(shifted_copies, "privacy"),
    "leak_10": Defect(leak(0.10), "privacy"),
    "leak_3": Defect(leak(0.03), "privacy"),
    "leak_outliers": Defect(leak_outliers, "privacy"),
    "leaked_identifiers": Defect(leaked_identifiers, "privacy"),
    "collapse": Defect(collapse, "diversity"),
    "duplicated_rows": Defect(duplicated_rows, "diversity"),
    "dropped_subgroup": Defect(dropped_subgroup, "fairness"),
    "flipped_labels": Defect(flipped_labels, "utility"),
    "implausible_values": Defect(implausible_values, "clinical validity"),
    "independent_marginals": Defect(independent_marginals, "fidelity"),
    "noise": Defect(noise, "fidelity"),
}
