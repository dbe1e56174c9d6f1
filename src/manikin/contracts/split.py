"""What a metric sees: samples of records, and the split of them that it measures."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np

from manikin.stats.subsample import draw_at_most

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable

    from manikin.cohort.cohort import Cohort
    from manikin.cohort.scalar_matrix import ScalarEncoder
    from manikin.core.seeds import Key

T = TypeVar("T")


@dataclass(frozen=True, eq=False)
class Sample:
    """Records of one side, as the judge sees them.

    Args:
        source_cohort: The cohort they are taken from.
        rows: Their positions in it, shape (n,).
        x: Their vectors, float32 (n, d): robust scale, Euclidean distance, no NaN.
        table: Their scalar fields, float64 (n, p), NaN where missing: quantities as they are,
            levels as codes. In views of pictures the coordinates of `x` stand beside them.
        fields: The names and levels of the columns of `table`.
        shared_cache: What was computed once for all records of `source_cohort`; see `compute_per_record`.
    """

    source_cohort: Cohort
    rows: np.ndarray
    x: np.ndarray
    table: np.ndarray
    fields: ScalarEncoder
    memo: dict[Hashable, Any] = field(default_factory=dict, repr=False)
    shared_cache: dict[Hashable, Any] = field(default_factory=dict, repr=False)

    def __len__(self) -> int:
        return len(self.rows)

    @cached_property
    def cohort(self) -> Cohort:
        """The records themselves."""
        return self.source_cohort.take(self.rows)

    @cached_property
    def subject(self) -> np.ndarray:
        """To whom each record belongs, codes of shape (n,)."""
        return self.source_cohort.subject[self.rows]

    def take(self, rows: np.ndarray) -> Sample:
        """The records at these positions (or where a boolean array is true)."""
        return replace(self, rows=self.rows[rows], x=self.x[rows], table=self.table[rows], memo={})

    def subsample(self, most: int, rng: np.random.Generator) -> Sample:
        """At most so many of the records, drawn at random, in their order."""
        if len(self) <= most:
            return self
        return self.take(np.sort(draw_at_most(len(self), most, rng)))


@dataclass(frozen=True)
class EvaluationOptions:
    """What the card is asked, beside the records.

    Args:
        label: The field that a downstream model predicts; None: no utility is asked for.
        subgroups: Fields by whose levels the records are compared apart.
        rules: Rules and checks, each with `name` and `holds(cohort) -> bool (n,)`.
        enforced_rules: Rules and checks that sampling enforced: that they hold is no merit of the model.
    """

    label: str | None = None
    subgroups: tuple[str, ...] = ()
    rules: tuple[Any, ...] = ()
    enforced_rules: tuple[Any, ...] = ()


@dataclass(frozen=True, eq=False)
class Split:
    """What a metric sees.

    Args:
        train: The records that the generator may have learned from (all, up to a cap; with
            `reference="train"`, a half of them).
        holdout: Real records kept from the generator: the reference of this repeat (with
            `reference="real"`, a half of all real records).
        synthetic: The candidate. In turn synthetic records, fresh real records (disjoint by
            subject from `holdout`) and a bad generator's, always equally many.
        options: Label, subgroups and rules.
        key: Where a metric that draws or fits takes its random numbers from.
    """

    train: Sample
    holdout: Sample
    synthetic: Sample
    options: EvaluationOptions
    key: Key
    memo: dict[Hashable, Any] = field(default_factory=dict, repr=False)

    @property
    def fields(self) -> ScalarEncoder:
        """The names and levels of the columns of `table`, the same on every side."""
        return self.train.fields


def compute_once(owner: Sample | Split, compute: Callable[..., T], *given: Any) -> T:  # noqa: ANN401 - what compute takes
    """`compute(owner, *given)`, computed once for each owner: for what several metrics share.

    Ask the narrowest owner: `compute_once(split.train, tree)` is kept for the whole card,
    `compute_once(split.holdout, radii)` for one repeat, `compute_once(split, matches)` for one candidate.
    What is `given` must be the same whenever the same owner is asked.
    """
    if compute not in owner.memo:
        owner.memo[compute] = compute(owner, *given)
    return owner.memo[compute]


def compute_per_record(sample: Sample, compute: Callable[..., T], *given: Any) -> T:  # noqa: ANN401 - what compute takes
    """`compute(cohort, *given)`, an entry for each record, computed once for the whole of a cohort.

    For what is costly and belongs to single records: the judge draws the same ones again and again.
    """
    if compute not in sample.shared_cache:
        sample.shared_cache[compute] = compute(sample.source_cohort, *given)
    return sample.shared_cache[compute][sample.rows]
