"""Protocol: from repeated measurements to a calibrated score with an interval and a verdict.

In every repeat the real records that nobody has trained on (with few of those, all real records)
are halved by subject into a reference and fresh records. Synthetic records, fresh real ones and a
bad generator's, equally many, are measured against the same reference. That gives the value, the
ceiling with its null distribution, and the floor, all at one size, which matters: nearly every
distance depends on it.

*Interval.* Halves drawn without replacement spread around their mean as the full sample spreads
around the truth; see `repeats.compute_standard_error`. A bootstrap is wrong here: its ties are duplicates,
which distances to neighbours notice.

*Null.* Whether the candidate is worse than fresh records is decided by the difference of the two in
the same repeat, whose mean over its standard error is taken for Student's t with one degree of
freedom less than there are pairs of repeats; some metrics bring an exact test instead. Holm's
step-down method (1979) keeps the probability that any score of a whole card flags fresh real
records below 5 %; axes share it equally, so that one with many scores does not starve the others.

*Verdict.* A difference that is not shown passes, if the interval excludes half the way down to the
floor; else the records are too few to tell, which is never a pass. One that is shown passes if
it is small, by the limits below, which are this project's proposals. Where one copy is too many, a copy
that chance may explain is no pass either: somebody has to look at it. Nor is an attack that finds what
fresh records would let it find once in forty times: it is no proof over a whole card, and no comfort.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

import numpy as np

from manikin.evaluation.measuring.repeats import MIN_REPEATS, Repeats
from manikin.evaluation.score import FAMILYWISE_ERROR, THRESHOLDS, UNDECIDED_NOTE, Score, decide_verdict

MATCHES_NOTE = (
    "some match, no more than chance may explain: look at each of them (--suspected-copies PAGE) before "
    "any release"
)
DOUBTFUL_NOTE = (
    "more than chance explains in one check, but not over all checks of the card: more held-out patients "
    "would decide it"
)
MIN_PRIVACY_P_VALUE = 0.025  # by which chance explains one score of privacy, below which it is no pass
ERROR_WEIGHTS = {"disguised_copies": 4.0}  # what it may spend of the error, where each axis may spend 1
SEPARATE_TESTS = frozenset(
    {"worst_pair"}
)  # tested by itself at `FAMILYWISE_ERROR`; it warns and never fails


def compute_scores(draws: list[Repeats]) -> list[Score]:
    """The scores of a card: verdicts know of each other, for chance adds up over a card."""
    able = [draw for draw in draws if draw.is_measured and draw.has_separate_floor]
    alone = {id(draw): draw.p_value for draw in able if draw.name in SEPARATE_TESTS}
    judged = [draw for draw in able if draw.name not in SEPARATE_TESTS]
    count = Counter(draw.metric.axis for draw in judged)
    weights = [ERROR_WEIGHTS.get(draw.name, 1 / count[draw.metric.axis]) for draw in judged]
    adjusted = dict(
        zip(map(id, judged), adjust_p_values([draw.p_value for draw in judged], weights), strict=True)
    )
    return [_to_score(draw, {**adjusted, **alone}.get(id(draw))) for draw in draws]


def adjust_p_values(chances: list[float], weights: list[float]) -> list[float]:
    """Probabilities adjusted for how many there are, in the order given (Holm 1979, section 3).

    Args:
        chances: Probabilities.
        weights: How much of the error each may spend, relative to the others.

    Example:
        >>> adjust_p_values([0.01, 0.04, 0.03], [1, 1, 1])
        [0.03, 0.06, 0.06]
        >>> adjust_p_values([0.01, 0.04, 0.03], [1, 0.5, 0.5])
        [0.02, 0.06, 0.06]
    """
    ratio = np.array(chances) / np.array(weights)
    order = np.argsort(ratio, kind="stable")
    left = np.cumsum(np.array(weights)[order][::-1])[::-1]
    adjusted = np.empty(len(chances))
    adjusted[order] = np.minimum(np.maximum.accumulate(ratio[order] * left), 1.0)
    return [round(chance, 12) for chance in adjusted.tolist()]


def _to_score(draws: Repeats, chance: float | None) -> Score:
    if not draws.is_measured:
        note = draws.reason or f"measured in {len(draws.value)} repeats; it needs {MIN_REPEATS}"
        return _not_assessed(draws, note)
    low, high = draws.interval
    score = replace(
        _not_assessed(
            draws, "on so few records a bad generator scores like fresh real ones, so nothing can be told"
        ),
        value=float(np.mean(draws.value)),
        low=low,
        high=high,
        floor=float(np.mean(draws.floor)),
        ceiling=float(np.mean(draws.fresh)),
        percentile=draws.percentile,
    )
    return score if chance is None else _add_verdict(score, draws, chance)


def _add_verdict(score: Score, draws: Repeats, chance: float) -> Score:
    limit = THRESHOLDS.get(draws.name.partition("[")[0], THRESHOLDS[score.axis])
    said = decide_verdict(draws.calibrated, draws.calibrated_worst, chance, limit)
    if said == "fail" and draws.name in SEPARATE_TESTS:
        said = "warn"
    doubtful = (
        score.axis == "privacy"
        and said == "pass"
        and chance > FAMILYWISE_ERROR
        and draws.p_value < MIN_PRIVACY_P_VALUE
    )
    said = "not assessed" if doubtful else said
    found = limit.pass_threshold >= 1 and draws.calibrated < 1
    why = DOUBTFUL_NOTE if doubtful else MATCHES_NOTE if found else UNDECIDED_NOTE
    note = why if said == "not assessed" else ""
    return replace(score, calibrated=draws.calibrated, verdict=said, note=note)


def _not_assessed(draws: Repeats, note: str) -> Score:
    return Score.not_assessed(draws.name, draws.metric.axis, draws.metric.better, note)
