"""Reasons: what a card answers to each use, in a headline and in sentences that count patients."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from manikin.core.short_lists import list_names
from manikin.evaluation.card.burned_text_check import FINDING_NAME
from manikin.evaluation.report.wording import read_axes
from manikin.evaluation.score_names import format_plain_name

if TYPE_CHECKING:
    from manikin.evaluation.card.gate import Decision, Finding
    from manikin.evaluation.card.results import EvaluationResults
    from manikin.evaluation.score import Score

SHARE_PHRASES = {
    "exact_copies": "equal a training patient's",
    "held_out_copies": "equal a held-out patient's",
    "disguised_copies": "are a training patient's in disguise",
    "near_match_excess": "nearer to a training patient than chance explains",
    "near_histories": "nearer to a training patient's history than chance explains",
    "near_notes": "nearer to a training patient's note than chance explains",
    "copied_spans": "hold a passage of one training patient alone",
    "identifiers_left": "hold an identifier of a training patient",
    "note_identifiers": "point to a person more often than real notes do",
    "rule_violations": "break a clinical rule, beyond the share of real ones",
    "implausible_share": "hold an impossible value",
    "impossible_values": "hold an impossible value within a picture or signal",
}
"""Of how many synthetic records a score speaks that is a share of them: "about 17 of 4,088 records ..."."""

PAIRS_PHRASE = "in {0} of 100 pairs (guessing: 50)"
SCORE_PHRASES = {
    "membership_tpr_10": "about {0} of 100 training patients recognised, at 1 false alarm in 10 others",
    "membership_tpr_1": "about {0} of 100 training patients recognised, at 1 false alarm in 100 others",
    "shadow_tpr_10": "about {0} of 100 training patients recognised by refitting, 1 false alarm in 10",
    "shadow_tpr_1": "about {0} of 100 training patients recognised by refitting, 1 false alarm in 100",
    "membership_auc": f"an attacker tells a training patient from another {PAIRS_PHRASE}",
    "shadow_auc": f"an attacker who refits the model tells a training patient from another {PAIRS_PHRASE}",
    "c2st": f"a judge tells a synthetic record from a real one {PAIRS_PHRASE}",
    "note_c2st": f"a judge tells a synthetic note from a real one {PAIRS_PHRASE}",
    "attribute_inference": "in {0} of 100 training patients a value is guessed, beyond other patients",
    "single_values": "{0} of 100 synthetic patients hold an exact value of one training patient",
    "linkability": "{0} of 100 training patients have their parts linked, beyond other patients",
}
"""What a score says of a hundred, by the beginning of its name."""

RECORD_FINDINGS = ("holdout", FINDING_NAME)
"""Findings that are about the records given, not about a score."""

FEARED_SCORES = (
    "duplicate_share",
    "near_duplicate_share",
    "rule_violations",
    "implausible_share",
    "impossible_values",
)
"""Scores outside privacy whose plain name says what is feared, not what is hoped for."""


def compose_headline(decisions: list[Decision], titles: list[str], card: EvaluationResults) -> str:
    """The widest tier that the evidence allows, and the axes that fail, in a sentence or two.

    Args:
        decisions: One per tier, from the most restricted to the most open.
        titles: How the tiers are called.
        card: What was found, axis by axis.
    """
    return " ".join(filter(None, [_describe_widest_tier(decisions, titles, card), describe_failures(card)]))


def _describe_widest_tier(decisions: list[Decision], titles: list[str], card: EvaluationResults) -> str:
    allowed = [name for decision, name in zip(decisions, titles, strict=True) if decision.is_released]
    if not allowed:
        broken = decisions[0].outcome == "broken"
        start = "Not fit for any use" if broken else "Not enough evidence for any use"
        why = explain_decision(decisions[0], card, most=1)
        return f"{start}. {why[:1].upper()}{why[1:]}.{'' if broken else _describe_remedy(decisions[0])}"
    if len(allowed) == len(decisions) and titles[-1] == "Open":
        return "Fit for open release."
    return f"Fit for {allowed[-1].lower()} use, no further."


def _describe_remedy(decision: Decision) -> str:
    """What would give the evidence that lacks, by the first two checks that lack it."""
    asked = [f.remedy for f in decision.findings if f.outcome == "not shown" and f.remedy]
    return f" What would show it: {'; '.join(dict.fromkeys(asked[:2]))}." if asked else ""


def describe_failures(card: EvaluationResults) -> str:
    """Which axes fail and what that means, in a sentence; fidelity also where it was not shown; else ""."""
    failed = [axis for axis, verdict in card.verdicts.items() if verdict == "fail"]
    if not failed:
        measured = any(score.value is not None for score in card.scores if score.axis == "fidelity")
        unseen = measured and card.verdicts["fidelity"] == "not assessed"
        return "Whether they look like real records is not shown." if unseen else ""
    names = " and ".join(filter(None, [", ".join(failed[:-1]), failed[-1]]))
    means = "; ".join(read_axes()[axis]["fail"] for axis in failed)
    return f"{names[:1].upper()}{names[1:]} fail{'s' if len(failed) == 1 else ''}: {means}."


def format_answer(decision: Decision) -> str:
    """May the records be used so? In a word or two."""
    return {"met": "Yes", "broken": "No"}.get(decision.outcome, "Not shown")


def explain_decision(decision: Decision, card: EvaluationResults, most: int = 2) -> str:
    """What stands in the way, the numbers in counts of patients.

    What is broken was found. What is not shown was not found: there are too few records to rule it out.
    "" where nothing stands in the way.
    """
    if decision.is_released:
        return ""
    against = [finding for finding in decision.findings if finding.outcome == decision.outcome]
    if decision.outcome == "broken":
        first = {finding.score.partition("[")[0]: finding for finding in reversed(against)}
        said = [describe_finding(finding, card) for finding in against if finding in first.values()]
        rest = len(against) - min(len(said), most)
        return "; ".join(said[:most]) + (f"; and {rest} more" if rest else "")
    return "; ".join(filter(None, _describe_unshown(against, card, 1)))


def _describe_unshown(against: list[Finding], card: EvaluationResults, most: int) -> list[str]:
    held = [finding.detail for finding in against if finding.score in RECORD_FINDINGS]
    rest = [finding for finding in against if finding.score not in RECORD_FINDINGS]
    untested = [finding for finding in rest if not finding.is_measured]
    feared = [finding for finding in rest if finding.is_measured and is_feared(finding.score, card)]
    hoped = [finding for finding in rest if finding.is_measured and not is_feared(finding.score, card)]
    return [
        *held,
        f"too few records to rule out {_format_names(feared, most)}" if feared else "",
        f"too few records to vouch for {_format_names(hoped, most)}" if hoped else "",
        f"not tested for {_format_names(untested, most)}" if untested else "",
    ]


def _format_names(findings: list[Finding], most: int) -> str:
    return list_names(dict.fromkeys(format_plain_name(finding.score) for finding in findings), most)


def is_feared(name: str, card: EvaluationResults) -> bool:
    """Whether a score's plain name says what nobody wants ("copied patients")."""
    score = card.find(name)
    return name.partition("[")[0] in FEARED_SCORES or (score is not None and score.axis == "privacy")


def describe_finding(finding: Finding, card: EvaluationResults) -> str:
    """What breaks a limit, in counts where it has any."""
    score = card.find(finding.score)
    counted = "" if score is None else describe_count(score, card)
    return counted or f"{format_plain_name(finding.score)}: {finding.detail}"


def describe_count(score: Score, card: EvaluationResults) -> str:
    """A score in counts of patients or records; "" where it counts none.

    Example:
        >>> from manikin.evaluation.scorecard import Scorecard
        >>> from manikin.evaluation.score import Score
        >>> near = Score("near_match_excess", "privacy", .0042, .002, .006, 1, 0, None, "low", "fail", "")
        >>> describe_count(near, Scorecard([near], {"records": {"synthetic": 4088}}))
        'about 17 of 4,088 records nearer to a training patient than chance explains'
    """
    name = score.name.partition("[")[0]
    if score.value is None:
        return ""
    if name in SHARE_PHRASES:
        records = (card.about.get("records") or {}).get("synthetic")
        share = max(score.value, 0.0)
        if not records:
            return f"{100 * share:.2g} of 100 records {SHARE_PHRASES[name]}"
        many = max(round(records * share), int(share > 0))
        about = "" if math.isclose(many, records * share) else "about "
        return f"{about}{many:,} of {records:,} records {SHARE_PHRASES[name]}"
    text = next((text for start, text in SCORE_PHRASES.items() if name.startswith(start)), "")
    hundred = 100 * max(score.value, 0.0)
    return text.format(f"{hundred:.0f}" if hundred >= 1 else f"{hundred:.1g}")
