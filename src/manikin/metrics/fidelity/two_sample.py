"""Classifier two-sample test: can a judge tell the records from real ones it has not seen?"""

from __future__ import annotations

from manikin.contracts.metric import MetricDescription, metric
from manikin.contracts.split import Split, compute_once
from manikin.stats.two_sample import TwoSampleProblem, fit_boosted_judge, fit_linear_judge

SOURCE = (
    "Lopez-Paz and Oquab 2017, Revisiting classifier two-sample tests; area as in Hanley and McNeil 1982"
)


@metric(
    "fidelity",
    MetricDescription(
        "How well boosted trees tell the records from held-out real ones: area under the ROC curve.",
        reading="""0.5: not at all; 1: always. It sees joint structure of any order, given enough
        records. Signed: clearly below 0.5 means twins with opposite labels. Against held-out records,
        copies of training records look as good as any real record, as they should: privacy sees them.""",
        source=SOURCE,
    ),
    better="low",
    cost="heavy",
)
def c2st_auc(split: Split) -> float:
    problem = compute_once(split, _build_problem)
    return problem.compute_auroc(problem.cross_validate(fit_boosted_judge, split.key))


@metric(
    "fidelity",
    MetricDescription(
        "How well a linear discriminant tells the records from held-out real ones: area under the curve.",
        reading="0.5: not at all; 1: always.",
        blind_spot="""It sees shifted and scaled values, also where records are too few for trees; it
        cannot see how fields belong together, which c2st_auc does.""",
        source=SOURCE,
    ),
    better="low",
    cost="heavy",
    floor="uniform",
)
def c2st_linear_auc(split: Split) -> float:
    problem = compute_once(split, _build_problem)
    return problem.compute_auroc(problem.cross_validate(fit_linear_judge, split.key))


def _build_problem(split: Split) -> TwoSampleProblem:
    real, synthetic = ((side.x, side.subject) for side in (split.holdout, split.synthetic))
    return TwoSampleProblem.from_samples(real, synthetic, split.key.child("folds").numpy())


__plugin__ = (c2st_auc, c2st_linear_auc)
