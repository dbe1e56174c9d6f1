"""The contract of a metric: how one quantity is measured; the judge repeats and calibrates it.

A metric sees a `Split`: training records, real records that nobody has trained on, and a
candidate. It does not know whether the candidate is synthetic, fresh real (that gives the
ceiling) or a bad generator (the floor), and it never splits, repeats or calibrates.

    @metric("fidelity", better="low", source="Villani 2009, definition 6.1")
    def column_distance(split: Split) -> float:
        ...

A module in `metrics/` lists its metrics as `__plugin__ = (column_distance, ...)`.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal, TypeVar

if TYPE_CHECKING:
    import numpy as np

    from manikin.cohort.cohort import Cohort
    from manikin.cohort.scalar_matrix import ScalarEncoder
    from manikin.core.seeds import Key

Axis = Literal["fidelity", "diversity", "utility", "privacy", "fairness", "clinical validity", "provenance"]
AXES: tuple[Axis, ...] = (
    "fidelity",
    "diversity",
    "utility",
    "privacy",
    "fairness",
    "clinical validity",
    "provenance",
)
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

    Ask the narrowest owner: `once(split.train, tree)` is kept for the whole card,
    `once(split.holdout, radii)` for one repeat, `once(split, matches)` for one candidate.
    What is `given` must be the same whenever the same owner is asked.
    """
    if compute not in owner.memo:
        owner.memo[compute] = compute(owner, *given)
    return owner.memo[compute]


@dataclass(frozen=True, eq=False)
class ExactResult:
    """The outcome of a metric that looks at all records at once and brings an exact test.

    Few leaked records among thousands are lost in a sample of a few dozen; where a test is exact
    for all records, nothing is gained by repeating it on some.

    Args:
        value: What was measured, of all synthetic records.
        low: The lower end of its 95 % interval.
        high: The upper end.
        null_values: What never-seen real records give: draws of its distribution, shape (k,).
        p_value: The probability that never-seen real records give a value as bad.
        floor: What the bad generator gives, where that follows by definition; None: it is measured.
    """

    value: float
    low: float
    high: float
    null_values: np.ndarray
    p_value: float
    floor: float | None = None

    @classmethod
    def from_counts(cls, hits: float, n: float, real: float, known: float, key: Key) -> ExactResult:
        """The share of hits among n synthetic records, against `real` hits among `known` real ones.

        What counts must be independent of each other: subjects rather than records, pairs rather than
        twins. Fisher's exact test, the interval of Clopper and Pearson.
        """
        from manikin.stats import permutation

        found = permutation.simulate_null_share(hits, n, real, known, key.child("usual").numpy())
        low, high = permutation.compute_share_interval(round(hits), round(n))
        return cls(
            found.value,
            low,
            high,
            found.null_values,
            permutation.compute_fisher_p_value(hits, n, real, known),
        )


def compute_per_record(sample: Sample, compute: Callable[..., T], *given: Any) -> T:  # noqa: ANN401 - what compute takes
    """`compute(cohort, *given)`, an entry for each record, computed once for the whole of a cohort.

    For what is costly and belongs to single records: the judge draws the same ones again and again.
    """
    if compute not in sample.shared_cache:
        sample.shared_cache[compute] = compute(sample.source_cohort, *given)
    return sample.shared_cache[compute][sample.rows]


MetricResult = float | ExactResult | Mapping[str, float]
Floor = str | Callable[[Split], "Cohort"]


@dataclass(frozen=True)
class MeasurementPlan:
    """How the judge repeats a metric.

    Args:
        floor: The bad generator that marks the lower end: a name of `evaluation/floors.py`
            ("independent", "uniform", "wild", "collapsed", "complete", "copies"), or a function
            from a split, whose candidate is fresh real records, to as many bad records.
        cost: "light": repeated some 50 times; "heavy" (it fits models): some 15 times.
        reference: "holdout": fresh real records and those in `Split.holdout` are disjoint halves of
            the holdout; where that is small, of all real records. "real": they are halves of
            training and holdout records together; for what a record shows by itself (a rule, a
            duplicate), where nothing is gained by having been trained on. There are more of them,
            so rarer faults are seen. "train": fresh real records are half of the training records,
            `Split.train` the other half and `Split.holdout` half of the holdout; for what models
            learn from the candidate and show on patients that neither side has seen. "whole": all
            records of every side, asked once: the metric returns an `ExactResult`.
    """

    floor: Floor = "independent"
    cost: Literal["light", "heavy"] = "light"
    reference: Literal["holdout", "real", "train", "whole"] = "holdout"


@dataclass(frozen=True)
class Metric:
    """A measured quantity: the function, and what the judge has to know of it.

    Args:
        compute: `(split) -> float`, or `-> {part: float}` for one score per part, named
            `metric[part]`; `-> Exact` with the reference "whole". Raises `Unsupported` with the
            reason where it cannot be measured: the score is then shown as not assessed, with it.
        axis: What it speaks about.
        better: Whether a "low" or a "high" value is the good one.
        source: Where it was published: paper and equation, or standard.
        plan: How it is repeated.
        feature: The feature whose vectors it reads ("table", "dynamics"); "grid": every one of pictures or
            signals; "": any, one after the other; "arrays": none, it reads pictures and signals
            themselves and is asked once; "records": none, it reads the records and is asked once.
        note: `(split) -> str`, asked once, with all synthetic records: what stands beside the score.
    """

    compute: Callable[[Split], MetricResult]
    axis: Axis
    better: Literal["low", "high"]
    source: str
    plan: MeasurementPlan = MeasurementPlan()
    feature: str = ""
    note: Callable[[Split], str] | None = None

    def __call__(self, split: Split) -> MetricResult:
        """Measure one candidate."""
        return self.compute(split)

    @property
    def name(self) -> str:
        """The name of the function."""
        return self.compute.__name__

    @property
    def description(self) -> str:
        """The docstring of the function: what it is, how to read it, what it cannot see."""
        return self.compute.__doc__ or ""


def metric(
    axis: Axis,
    *,
    better: Literal["low", "high"],
    source: str,
    feature: str = "",
    note: Callable[[Split], str] | None = None,
    **plan: Any,  # noqa: ANN401 - passed on to Plan, which names and checks them
) -> Callable[[Callable[[Split], MetricResult]], Metric]:
    """Make a function a metric; `floor`, `cost` and `reference` are those of `MeasurementPlan`.

    Example:
        >>> import numpy as np
        >>> @metric("fidelity", better="low", source="by definition", floor="uniform")
        ... def mean_distance(split):
        ...     '''Distance of the means.'''
        ...     return float(np.abs(split.holdout.x.mean(0) - split.synthetic.x.mean(0)).mean())
        >>> mean_distance.name, mean_distance.better, mean_distance.plan.floor
        ('mean_distance', 'low', 'uniform')
    """
    return lambda compute: Metric(compute, axis, better, source, MeasurementPlan(**plan), feature, note)
