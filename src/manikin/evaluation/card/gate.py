"""Gate: may these records be used for this, on this evidence?

Every limit is judged at the end of the 95 % interval that speaks against the records. So there
are three answers, not two: the limit is met; it is broken, even at the favourable end; or the
records are too few to tell, which is never a pass.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

from manikin.evaluation.card import burned_text_check
from manikin.evaluation.card.policy import Limit, Policy, read_policy
from manikin.evaluation.card.sample_size import MORE_RECORDS_REMEDY, suggest_sample_size

if TYPE_CHECKING:
    from manikin.evaluation.card.results import EvaluationResults
    from manikin.evaluation.score import Score

Outcome = Literal["met", "broken", "not shown"]
MEASURE_PHRASES = {
    "calibrated": " of the way from a bad generator to real data",
    "percentile": " as the share of fresh real samples that are better",
    "excess": " more than in fresh real records",
}


@dataclass(frozen=True)
class Finding:
    """What one limit says of a card.

    Args:
        score: The score that was read; "holdout": the number of never-seen real subjects; "burned_in_text":
            text in training pictures that nobody looked at.
        outcome: "met", "broken", or "not shown" where the evidence does not decide.
        detail: The numbers, in words.
        remedy: What to do where it is not shown.
        is_measured: Whether there is a number on the card; False: nobody has looked.
    """

    score: str
    outcome: Outcome
    detail: str
    remedy: str = ""
    is_measured: bool = True

    @property
    def text(self) -> str:
        """The finding in one sentence."""
        remedy = f"; {self.remedy}" if self.remedy and self.outcome == "not shown" else ""
        return f"{self.score}: {self.detail}{remedy}"


@dataclass(frozen=True)
class Decision:
    """Whether the records may be used so, and why not.

    Args:
        tier: The tier or purpose that was asked for.
        findings: What each limit says, in the order of the policy.
    """

    tier: str
    findings: tuple[Finding, ...]

    @property
    def is_released(self) -> bool:
        """Whether every limit is met."""
        return all(finding.outcome == "met" for finding in self.findings)

    @property
    def outcome(self) -> Outcome:
        """The worst of the findings: one broken limit is enough to refuse."""
        found = {finding.outcome for finding in self.findings}
        return "broken" if "broken" in found else "not shown" if "not shown" in found else "met"

    @property
    def verdict(self) -> str:
        """The answer in words."""
        words = {"met": "may be released", "broken": "must not be released"}
        return words.get(self.outcome, "cannot be released on this evidence")

    @property
    def reasons(self) -> tuple[str, ...]:
        """One sentence for each limit that is not met; those that are broken first."""
        by = {
            kind: [f.text for f in self.findings if f.outcome == kind] for kind in ("broken", "not shown")
        }
        return (*by["broken"], *by["not shown"])


def decide_use(card: EvaluationResults, tier: str = "controlled", policy: Policy | None = None) -> Decision:
    """Judge a card against the limits of a tier or a purpose.

    Args:
        card: The scorecard of the records.
        tier: A use that the policy names: "internal", "controlled", "open", "augmentation", ...
        policy: The limits; None: the ones shipped with manikin.

    Example:
        >>> from manikin.evaluation.scorecard import Scorecard
        >>> from manikin.evaluation.score import Score
        >>> copies = Score("exact_copies", "privacy", .1, .08, .12, None, 0., None, "low", "fail", "")
        >>> decide_use(Scorecard([copies]), "internal").verdict
        'must not be released'
    """
    policy = policy or read_policy()
    chain = policy.list_inherited_uses(tier)
    asked = [(limit, use) for limit in policy.limits if (use := _find_strictest_use(limit, chain))]
    findings = [finding for limit, use in asked for finding in apply_limit(card, limit, use)]
    about = (*_check_burned_text(card), *_check_conditions(card, policy, chain))
    return Decision(tier, (*_check_holdout_size(card, policy, chain), *about, *findings))


def apply_limit(card: EvaluationResults, limit: Limit, use: str) -> list[Finding]:
    """What a limit says of a card: one finding for each score it reads."""
    if not _is_applicable(card, limit, use):
        return []
    scores = [score for name in limit.score for score in card.find_parts(name)]
    if found := [score for score in scores if score.is_assessed]:
        records = (card.about.get("records") or {}).get("synthetic") or 1
        said = [_compare_to_limit(score, limit, use, records) for score in found]
        pending = [score for score in scores if score.is_pending]
        return said + [Finding(s.name, "not shown", s.note.rstrip("."), limit.remedy) for s in pending]
    if pending := [score for score in scores if score.is_pending]:
        return [Finding(s.name, "not shown", s.note.rstrip("."), limit.remedy) for s in pending]
    why = "not assessed" if scores else "not assessed: the card has no such score"
    why = next((score.note for score in scores if score.note), why)
    measured = any(score.value is not None for score in scores)
    return [Finding(limit.score[0], "not shown", why.rstrip("."), limit.remedy, measured)]


def compute_limit_interval(score: Score, measure: str, records: int) -> tuple[float, float] | None:
    """The lower and the upper end of what a limit reads, or None where there is no number.

    An excess of which nothing was found in n records may still be 3/n (the rule of three: Hanley
    and Lippman-Hand 1983, If nothing goes wrong, is everything all right?).

    Args:
        score: The score that the limit reads.
        measure: What the limit reads of it, as the head of `policy.toml` lists.
        records: How many synthetic records there are.

    Example:
        >>> from manikin.evaluation.score import Score
        >>> none = Score("near_match_excess", "privacy", 0., 0., 0., 1., 0., 1., "low", "pass", "")
        >>> compute_limit_interval(none, "excess", 1000)
        (0.0, 0.003)
    """
    if measure == "percentile":
        return None if score.percentile is None else (score.percentile, score.percentile)
    if score.value is None:
        return None
    low = score.value if score.low is None or measure == "found" else score.low
    high = score.value if score.high is None or measure == "found" else score.high
    if measure == "calibrated":
        return _calibrate_interval(score, low, high)
    if measure == "excess":
        low, high = low - (score.ceiling or 0.0), high - (score.ceiling or 0.0)
        return low, (max(high, low + 3 / max(records, 1)) if low == high else high)
    return low, high


def _calibrate_interval(score: Score, low: float, high: float) -> tuple[float, float] | None:
    if (
        score.calibrated is None
        or score.floor is None
        or score.ceiling is None
        or score.floor == score.ceiling
    ):
        return None
    span = score.floor - score.ceiling
    scaled = ((score.floor - low) / span, (score.floor - high) / span)
    return min(scaled), max(scaled)


def _compare_to_limit(score: Score, limit: Limit, use: str, records: int) -> Finding:
    found = compute_limit_interval(score, limit.measure, records)
    if found is None:
        return Finding(
            score.name, "not shown", f"no {limit.measure} on the card", limit.remedy, is_measured=False
        )
    low, high = found
    most, least = limit.at_most.get(use), limit.at_least.get(use)
    form = _format_percent if limit.measure == "calibrated" else "{:.3g}".format
    bounds = [
        f"at most {form(most)}" if most is not None else "",
        f"at least {form(least)}" if least is not None else "",
    ]
    spread = form(low) if form(low) == form(high) else f"{form(low)} to {form(high)}"
    detail = (
        f"{spread}{MEASURE_PHRASES.get(limit.measure, '')}, allowed {' and '.join(filter(None, bounds))}"
    )
    outcome = _decide_outcome((low, high), most, least)
    if outcome == "broken" and (why := _explain_by_chance(score, limit.measure, most, least)):
        outcome, detail = "not shown", f"{detail}; {why}"
    elif outcome == "not shown":
        detail += ": too uncertain to decide"
    if outcome != "not shown":
        return Finding(score.name, outcome, detail)
    share = records if limit.measure == "excess" else 0
    return Finding(score.name, outcome, detail, _describe_remedy(score, limit, found, (most, least), share))


def _format_percent(share: float) -> str:
    """A share of the way from a bad generator to real data: what lies beyond either is chance."""
    return f"{100 * min(max(share, 0.0), 1.0):.0f} %"


def _describe_remedy(
    score: Score,
    limit: Limit,
    spread: tuple[float, float],
    bounds: tuple[float | None, float | None],
    records: int,
) -> str:
    """How much more evidence would decide; of percentiles nobody can say."""
    if limit.measure == "percentile":
        return MORE_RECORDS_REMEDY
    point = compute_limit_interval(replace(score, low=None, high=None), limit.measure, 10**9)
    return MORE_RECORDS_REMEDY if point is None else suggest_sample_size(spread, point[0], bounds, records)


def _decide_outcome(spread: tuple[float, float], most: float | None, least: float | None) -> Outcome:
    low, high = spread
    if not _is_beyond(high, most, None) and not _is_beyond(low, None, least):
        return "met"
    return "broken" if _is_beyond(low, most, None) or _is_beyond(high, None, least) else "not shown"


def _explain_by_chance(score: Score, measure: str, most: float | None, least: float | None) -> str:
    """Why chance may explain a broken limit; empty: it does not, for the score's own verdict is no pass.

    In few real records the best of several attacks finds something too.
    """
    if score.verdict != "pass":
        return ""
    if measure == "percentile":
        return "chance explains it, over all scores of the card"
    if measure == "value" and score.ceiling is not None and _is_beyond(score.ceiling, most, least):
        return f"never-seen real records reach {score.ceiling:.3g} by chance: too few to decide"
    return ""


def _is_beyond(value: float, most: float | None, least: float | None) -> bool:
    return (most is not None and value > most) or (least is not None and value < least)


def _is_applicable(card: EvaluationResults, limit: Limit, use: str) -> bool:
    if limit.unless and (card.about.get("privacy") or {}).get("audited"):
        return False
    fewer = limit.below.get(use)
    learned = (card.about.get("records") or {}).get("train")
    return fewer is None or learned is None or learned < fewer


def _find_strictest_use(limit: Limit, chain: list[str]) -> str | None:
    return next((use for use in chain if use in limit.at_most or use in limit.at_least), None)


def _check_burned_text(card: EvaluationResults) -> list[Finding]:
    """Whether a person looked at training pictures into which text may be burned."""
    detail = burned_text_check.describe_burned_text(card)
    return (
        [
            Finding(
                burned_text_check.FINDING_NAME,
                "not shown",
                detail,
                burned_text_check.REMEDY,
                is_measured=False,
            )
        ]
        if detail
        else []
    )


def _check_conditions(card: EvaluationResults, policy: Policy, chain: list[str]) -> list[Finding]:
    """That records were asked for with values behind which too few training patients stand."""
    asked = card.about.get("unsupported") or []
    first = policy.list_uses("tier")[0]
    if not asked or all(use == first or policy.uses[use].kind != "tier" for use in chain):
        return []
    return [Finding("conditions", "broken", f"given with too few patients behind it: {'; '.join(asked)}")]


def _check_holdout_size(card: EvaluationResults, policy: Policy, chain: list[str]) -> list[Finding]:
    needed = max(policy.uses[use].holdout for use in chain)
    held = (card.about.get("subjects") or card.about.get("records") or {}).get("holdout")
    known = "an unknown number of" if held is None else held
    detail = f"{known} never-seen real patients, at least {needed} needed"
    met = held is not None and held >= needed
    return [
        Finding("holdout", "met" if met else "not shown", detail, "keep more real subjects from the model")
    ]
