"""Sides: training, held-out and synthetic records as the judge sees them, and how it draws from them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from itertools import compress
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from manikin.cohort.scalar_matrix import ScalarEncoder
from manikin.contracts.split import EvaluationOptions, Sample, Split
from manikin.core.seeds import Key
from manikin.stats.subsample import draw_at_most

if TYPE_CHECKING:
    from manikin.cohort.cohort import Cohort
    from manikin.contracts.feature import Feature

MAX_HOLDOUT_RECORDS = 4_000  # records of a side in one repeat, where the reference is held out
MIN_HOLDOUT_RECORDS = 1_000
"""Held-out records of a side that tell links between fields; fewer are joined by training."""

MAX_POOLED_RECORDS = 20_000  # the same, where it is all real records
MAX_RECORDS = 100_000  # records of training, and of the synthetic side, that are looked at at all


@dataclass(frozen=True, eq=False)
class EvaluationData:
    """All records, seen through one feature.

    Args:
        feature: A feature, fitted on the training records.
        train: Training records.
        holdout: Real records kept from the generator.
        synthetic: Records to judge.
        question: Label, subgroups and rules.
    """

    feature: Feature
    train: Sample
    holdout: Sample
    synthetic: Sample
    question: EvaluationOptions

    @classmethod
    def from_cohorts(
        cls,
        feature: Feature,
        fields: ScalarEncoder,
        cohorts: tuple[Cohort, ...],
        question: EvaluationOptions,
    ) -> EvaluationData:
        """Look at training, held-out and synthetic records through a feature, once."""
        train, holdout, synthetic = (to_sample(cohort, feature, fields) for cohort in cohorts)
        return cls(feature, train, holdout, synthetic, question)

    @cached_property
    def real(self) -> Sample:
        """Training and held-out records together."""
        sides = self.train.source_cohort, self.holdout.source_cohort
        columns = pa.concat_tables([side.columns for side in sides])
        whole = replace(self.train.source_cohort, columns=columns)
        if whole.schema.find_by_role("subject") is None:  # its column may have been left out
            first, second = (side.subject for side in sides)
            whole = replace(
                whole, subject_codes=(columns, np.append(first, second + first.max(initial=-1) + 1))
            )
        return Sample(
            whole,
            np.arange(len(whole)),
            np.concatenate([self.train.x, self.holdout.x]),
            np.concatenate([self.train.table, self.holdout.table]),
            self.train.fields,
        )

    @property
    def scalar_data(self) -> EvaluationData:
        """The same without the coordinates that stand as fields beside the scalar ones."""
        names, levels = self.train.fields.names, self.train.fields.levels
        count = sum(name in self.train.source_cohort.schema for name in names)
        if count == len(names):
            return self
        fields = ScalarEncoder(names[:count], levels[:count])
        parts = (self.train, self.holdout, self.synthetic)
        train, holdout, synthetic = (
            replace(side, table=side.table[:, :count], fields=fields, memo={}) for side in parts
        )
        return replace(self, train=train, holdout=holdout, synthetic=synthetic)

    @property
    def has_several_fields(self) -> bool:
        """Whether its vectors tell records apart: a label alone does not."""
        return len(self.train.fields.names) > 1

    @property
    def full_split(self) -> Split:
        """All records at once, for what is asked of them only once."""
        return Split(self.train, self.holdout, self.synthetic, self.question, Key(0))

    def to_sample(self, cohort: Cohort) -> Sample:
        """Other records through the same feature."""
        return to_sample(cohort, self.feature, self.train.fields)

    def draw(self, reference: str, repeat: int, key: Key) -> tuple[Split, Split]:
        """One repeat: a split whose candidate is synthetic and one whose candidate is fresh and real.

        The candidates are equally many, and at most half of the synthetic records. Repeats 0 and
        1, 2 and 3, ... are pairs: in the second the halves of the real records change their parts,
        and the synthetic records are others.
        """
        pair, turn = divmod(repeat, 2)
        key = key.child(reference, pair)
        pool, cap = self._choose_pool(reference)
        kept, fresh = split_halves(pool, key.child("real"))
        if turn:
            kept, fresh = fresh, kept
        order = shuffle_by_subject(self.synthetic, key.child("synthetic"))
        n = min(len(kept), len(fresh), max(1, len(order) // 2), cap)
        candidate = self.synthetic.take(order[turn * n : (turn + 1) * n])
        split = Split(self.train, pool.take(kept[:cap]), candidate, self.question, key.child(turn))
        return split, replace(split, synthetic=pool.take(fresh[:n]), memo={})

    def _choose_pool(self, reference: str) -> tuple[Sample, int]:
        """The real records that a repeat draws from, and how many of them are enough.

        Halves of a small holdout cannot tell independent columns from linked ones; training
        records are as real, and what they show of the population does not depend on who saw them.
        """
        if reference != "holdout":
            return self.real, MAX_POOLED_RECORDS
        return (
            (self.real, MIN_HOLDOUT_RECORDS)
            if should_pool_training(len(self.holdout))
            else (self.holdout, MAX_HOLDOUT_RECORDS)
        )


def should_pool_training(held: int) -> bool:
    """Whether so few held-out records are joined by training records to judge likeness and variety."""
    return held < 2 * MIN_HOLDOUT_RECORDS


def to_sample(cohort: Cohort, feature: Feature, fields: ScalarEncoder) -> Sample:
    """A cohort as a sample of all its records; fields beyond its own are the coordinates of the feature."""
    x, scalar = feature(cohort), [name in cohort.schema for name in fields.names]
    own = ScalarEncoder(tuple(compress(fields.names, scalar)), tuple(compress(fields.levels, scalar)))
    beside = x[:, : len(scalar) - sum(scalar)]
    return Sample(cohort, np.arange(len(cohort)), x, np.column_stack([own.encode(cohort), beside]), fields)


def shuffle_by_subject(sample: Sample, key: Key) -> np.ndarray:
    """Positions of all records in random order, those of a subject together."""
    _, subject = np.unique(sample.subject, return_inverse=True)
    rng = key.numpy()
    return np.lexsort((rng.random(len(subject)), rng.permutation(subject.max(initial=0) + 1)[subject]))


def split_halves(sample: Sample, key: Key) -> tuple[np.ndarray, np.ndarray]:
    """Positions of two random halves, each in random order; no subject is in both."""
    order = shuffle_by_subject(sample, key)
    subject = sample.subject[order]
    edges = np.flatnonzero(np.diff(subject)) + 1
    cut = edges[np.argmin(np.abs(edges - len(order) / 2))] if len(edges) else len(order)
    return order[:cut], order[cut:]


def cap_records(given: tuple[Cohort, ...], key: Key) -> tuple[Cohort, ...]:
    """Of each side at most as many records as are looked at at all."""
    return tuple(
        cohort if len(rows) == len(cohort) else cohort.take(rows)
        for cohort, rows in zip(given, choose_rows(given, key), strict=True)
    )


def choose_rows(given: tuple[Cohort, ...], key: Key) -> list[np.ndarray]:
    """Which records of each side are looked at, ascending."""
    return [
        np.sort(draw_at_most(len(cohort), MAX_RECORDS, key.child("cap", n).numpy()))
        for n, cohort in enumerate(given)
    ]
