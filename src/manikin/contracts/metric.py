"""The contract of a metric: how one quantity is measured; the judge repeats and calibrates it.

A metric sees a `Split`: training records, real records that nobody has trained on, and a
candidate. It does not know whether the candidate is synthetic, fresh real (that gives the
ceiling) or a bad generator (the floor), and it never splits, repeats or calibrates.

    @metric(
        "fidelity",
        MetricDescription("Mean distance of each field from the real one.", source="Villani 2009"),
        better="low",
    )
    def column_distance(split: Split) -> float:
        ...

A module in `metrics/` lists its metrics as `__plugin__ = (column_distance, ...)`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import KW_ONLY, dataclass, fields
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from manikin.contracts.split import Split
from manikin.stats import permutation

if TYPE_CHECKING:
    import numpy as np

    from manikin.cohort.cohort import Cohort
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
        found = permutation.simulate_null_share(hits, n, real, known, key.child("usual").numpy())
        low, high = permutation.compute_share_interval(round(hits), round(n))
        return cls(
            found.value,
            low,
            high,
            found.null_values,
            permutation.compute_fisher_p_value(hits, n, real, known),
        )


MetricResult = float | ExactResult | Mapping[str, float]
Floor = str | Callable[[Split], "Cohort"]


@dataclass(frozen=True)
class MetricDescription:
    """What a metric is, for people: the scorecard shows it, and it is the docstring of the metric.

    Line breaks and indents within a text count as one space.

    Args:
        summary: What it measures, in one sentence.
        reading: How to read it: from where to where it goes, and what is best; may be empty.
        blind_spot: What it cannot see; may be empty.
        source: Where it was published: paper and equation, or standard.

    Example:
        >>> print(MetricDescription("A distance.", source="by definition", reading="From 0.").render())
        A distance.
        <BLANKLINE>
        From 0.
        <BLANKLINE>
        Source: by definition.
    """

    summary: str
    _: KW_ONLY
    source: str
    reading: str = ""
    blind_spot: str = ""

    def __post_init__(self) -> None:
        for part in fields(self):
            object.__setattr__(self, part.name, " ".join(getattr(self, part.name).split()))

    def render(self) -> str:
        """The parts as the paragraphs of a docstring."""
        reading = " ".join(filter(None, (self.reading, self.blind_spot)))
        return "\n\n".join(filter(None, (self.summary, reading, f"Source: {self.source}.")))


@dataclass(frozen=True)
class MeasurementPlan:
    """How the judge repeats a metric.

    Args:
        floor: The bad generator that marks the lower end: a name in `evaluation/measuring/floors.py`
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


class SuspectedCopy(NamedTuple):
    """One synthetic record and the patient whom it resembles.

    Args:
        record: Its position among the synthetic records, from 0.
        patient: The position of the training record.
        field: What is alike: a picture, a signal, or the values of the record ("").
        ratio: How far the record lies from this patient, as a share of how far from any other: 0 is a copy.
    """

    record: int
    patient: int
    field: str
    ratio: float


@dataclass(frozen=True)
class Metric:
    """A measured quantity: the function, and what the judge has to know of it.

    Args:
        compute: `(split) -> float`, or `-> {part: float}` for one score per part, named
            `metric[part]`; `-> Exact` with the reference "whole". Raises `Unsupported` with the
            reason where it cannot be measured: the score is then shown as not assessed, with it.
        axis: What it speaks about.
        description: What it is, for people.
        better: Whether a "low" or a "high" value is the good one.
        plan: How it is repeated.
        feature: The feature whose vectors it reads ("table", "dynamics"); "grid": every one of pictures or
            signals; "": any, one after the other; "arrays": none, it reads pictures and signals
            themselves and is asked once; "records": none, it reads the records and is asked once.
        note: `(split) -> str`, asked once, with all synthetic records: what stands beside the score.
        suspected_copies: `(split) -> [SuspectedCopy]`, asked with all records: which it counts as copies.
    """

    compute: Callable[[Split], MetricResult]
    axis: Axis
    description: MetricDescription
    better: Literal["low", "high"]
    plan: MeasurementPlan = MeasurementPlan()
    feature: str = ""
    note: Callable[[Split], str] | None = None
    suspected_copies: Callable[[Split], Sequence[SuspectedCopy]] | None = None

    def __call__(self, split: Split) -> MetricResult:
        """Measure one candidate."""
        return self.compute(split)

    @property
    def name(self) -> str:
        """The name of the function."""
        return self.compute.__name__


def metric(
    axis: Axis,
    description: MetricDescription,
    *,
    better: Literal["low", "high"],
    feature: str = "",
    note: Callable[[Split], str] | None = None,
    suspected_copies: Callable[[Split], Sequence[SuspectedCopy]] | None = None,
    **plan: Any,  # noqa: ANN401 - passed on to `MeasurementPlan`, which names and checks them
) -> Callable[[Callable[[Split], MetricResult]], Metric]:
    """Make a function a metric; `floor`, `cost` and `reference` are those of `MeasurementPlan`.

    Example:
        >>> import numpy as np
        >>> about = MetricDescription("Distance of the means.", source="by definition")
        >>> @metric("fidelity", about, better="low", floor="uniform")
        ... def mean_distance(split):
        ...     return float(np.abs(split.holdout.x.mean(0) - split.synthetic.x.mean(0)).mean())
        >>> mean_distance.name, mean_distance.better, mean_distance.plan.floor
        ('mean_distance', 'low', 'uniform')
    """
    measured = MeasurementPlan(**plan)

    def make_metric(compute: Callable[[Split], MetricResult]) -> Metric:
        compute.__doc__ = description.render()
        return Metric(compute, axis, description, better, measured, feature, note, suspected_copies)

    return make_metric
