"""Fairness: does what holds for all patients hold for every group of them?"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from manikin.contracts.metric import MetricDescription, metric
from manikin.contracts.split import Sample, Split, compute_once
from manikin.core.short_lists import list_names
from manikin.downstream.subgroup_comparison import (
    MIN_PER_CLASS,
    MIN_TESTED,
    compute_group_aurocs,
    compute_group_distances,
    find_class_task,
    select_large_groups,
    spell_class,
)
from manikin.downstream.subgroups import build_group_masks
from manikin.errors import Unsupported

if TYPE_CHECKING:
    from manikin.cohort.cohort import Cohort

CONFIDENCE_Z = 1.96  # standard errors that are taken for chance
MAX_NAMED = 5
BHANOT = "Bhanot et al. 2021, The problem of fairness in synthetic healthcare data"


def drop_subgroup(split: Split) -> Cohort:
    """The floor: fresh records without the largest group that is less than half of them."""
    try:
        found = compute_once(split.synthetic, build_group_masks, split)
    except Unsupported:  # without groups the metric is not assessed either
        return split.synthetic.cohort
    half = len(split.synthetic) // 2
    members = {name: rows for name, rows in found.items() if 0 < rows.sum() <= half}
    if not members:
        return split.synthetic.cohort  # one group alone cannot be lost: floor and ceiling are the same
    lost = max(members.values(), key=np.sum)
    left = np.flatnonzero(~lost)
    rng = split.key.child("without").numpy()
    return split.synthetic.take(rng.choice(left, len(lost))).cohort


def describe_missed_groups(split: Split) -> str:
    """The groups whose share differs most from that in all real records."""
    learned, held, synthetic = (
        _find_members(s, split) for s in (split.train, split.holdout, split.synthetic)
    )
    real = {name: np.concatenate([rows, held[name]]) for name, rows in learned.items()}
    gaps = _compute_prevalence_gaps(real, synthetic)
    worst = sorted((name for name in gaps if gaps[name] > 0), key=lambda name: -gaps[name])
    said = [f"{name}: {synthetic[name].mean():.1%} (real {real[name].mean():.1%})" for name in worst]
    return list_names(said, MAX_NAMED, "; ")


@metric(
    "fairness",
    MetricDescription(
        "How far, beyond chance, the share of the worst group is from its share among real patients.",
        reading="""0 to 1: the difference less 1.96 standard errors, over the larger of the two shares;
        1 is a large group that is lost. Counted are groups, their intersections, and either with each
        class of the label.""",
        blind_spot="It cannot see groups too small to compare.",
        source=BHANOT + "; two-proportion z",
    ),
    better="low",
    feature="table",
    cost="heavy",
    floor=drop_subgroup,
    reference="real",
    note=describe_missed_groups,
)
def subgroup_prevalence(split: Split) -> float:
    return max(
        _compute_prevalence_gaps(
            _find_members(split.holdout, split), _find_members(split.synthetic, split)
        ).values()
    )


@metric(
    "fairness",
    MetricDescription(
        "How far the values within the worst group are from those of its real patients, beyond chance.",
        reading="""0 to 1: the mean over the fields of the Kolmogorov-Smirnov distance, or for levels
        and gaps the total variation, less what two equal samples of that size differ by. 1 is a group
        that is lost. It looks at one field at a time.""",
        source=BHANOT,
    ),
    better="low",
    feature="table",
    cost="heavy",
    floor="uniform",
    reference="real",
)
def subgroup_fidelity(split: Split) -> float:
    found = compute_once(split, compute_group_distances)
    return max(found.values())


@metric(
    "fairness",
    MetricDescription(
        "How much worse models serve the worst group when trained on the records and not on real ones.",
        reading="""Area under the ROC curve on real patients of that group, of a model trained on real
        records less that of one trained on as many of these. -1 to 1; real data are a little above 0,
        being a maximum.""",
        blind_spot="It reads the order of patients and cannot see whether the probabilities are right.",
        source=BHANOT,
    ),
    better="low",
    feature="table",
    cost="heavy",
    reference="train",
)
def subgroup_tstr_gap(split: Split) -> float:
    asked = find_class_task(split)
    areas = [compute_group_aurocs(side, split, asked) for side in (split.train, split.synthetic)]
    gaps = [areas[0][name] - areas[1][name] for name in areas[0]]
    if not gaps:
        raise Unsupported(
            f"no subgroup has {MIN_TESTED} test patients in a repeat, {MIN_PER_CLASS} of each class"
        )
    return max(gaps)


def _compute_prevalence_gaps(
    real: dict[str, np.ndarray], candidate: dict[str, np.ndarray]
) -> dict[str, float]:
    """The difference in the share of each large group beyond chance, over the larger share."""
    return {
        name: _compute_excess(rows.sum(), len(rows), candidate[name].sum(), len(candidate[name]))
        for name, rows in select_large_groups(real).items()
    }


def _compute_excess(a: int, n: int, b: int, m: int) -> float:
    p, q, pooled = a / n, b / m, (a + b) / (n + m)
    error = np.sqrt(pooled * (1 - pooled) * (1 / n + 1 / m))
    return float(max(abs(p - q) - CONFIDENCE_Z * error, 0) / max(p, q))


def _find_members(side: Sample, split: Split) -> dict[str, np.ndarray]:
    """The groups, and each with each class of the label where classes are predicted."""
    found = compute_once(side, build_group_masks, split)
    try:
        asked = find_class_task(split)
    except Unsupported:
        return found
    outcome = asked.compute_outcome(side)
    named = [
        (f"{asked.label} = {spell_class(split, code)}", outcome == k)
        for k, code in enumerate(asked.classes)
    ]
    return {**found, **{f"{a}, {b}": x & y for a, x in found.items() for b, y in named}}


__plugin__ = (subgroup_prevalence, subgroup_fidelity, subgroup_tstr_gap)
