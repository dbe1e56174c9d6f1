"""Page: the scorecard as one HTML file that needs nothing else.

No script, no font, no picture is fetched: it reads the same from a disk without network, on
paper, in the dark, and to a screen reader.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

from jinja2 import ChainableUndefined, Environment, PackageLoader

from manikin.contracts.metric import AXES
from manikin.evaluation import score_names
from manikin.evaluation.card.card_facts import list_facts
from manikin.evaluation.card.gate import decide_use
from manikin.evaluation.card.policy import Policy, Use, read_policy
from manikin.evaluation.report import decision_reasons, glossary, score_scale, signal_charts, svg, wording

if TYPE_CHECKING:
    from manikin.evaluation.card.gate import Decision, Finding
    from manikin.evaluation.card.results import EvaluationResults
    from manikin.evaluation.score import Score

TABLE_HEADINGS = {
    "columns": "Columns that differ most",
    "records": "Synthetic records that look least like a patient's",
    "subgroups": "Subgroups",
    "rules": "Clinical rules",
    "power": "What this judge would have noticed",
}


@dataclass(frozen=True)
class UseDecision:
    """May the records be used so?"""

    name: str
    use: Use
    decision: Decision
    reason: str

    @property
    def answer(self) -> str:
        """Yes, No or Not shown."""
        return decision_reasons.format_answer(self.decision)

    @property
    def mark_style(self) -> str:
        """The verdict whose colour and form it has."""
        return {"Yes": "pass", "No": "fail"}.get(self.answer, "none")

    @property
    def findings(self) -> list[Finding]:
        """What each check says, those that stand in the way first."""
        order = ("broken", "not shown", "met")
        return sorted(self.decision.findings, key=lambda finding: order.index(finding.outcome))

    @property
    def explanation(self) -> str:
        """The checks that stand in the way; what the use means where none does."""
        text = self.use.text if self.decision.is_released else self.reason
        return f"{text[:1].upper()}{text[1:]}."


def render_page(card: EvaluationResults, policy: Policy | None = None) -> str:
    """The card as HTML.

    Args:
        card: What was measured.
        policy: The limits of its uses; None: those shipped with manikin.
    """
    policy = policy or read_policy()
    tiers, purposes = decide_uses(card, policy, "tier"), decide_uses(card, policy, "purpose")
    headline = decision_reasons.compose_headline(
        [t.decision for t in tiers], [t.use.title for t in tiers], card
    )
    return load_template("card.html").render(
        card=card,
        policy=policy,
        tiers=tiers,
        purposes=purposes,
        headline=headline,
        facts=list_facts(card),
        axes=AXES,
        unassessed=wording.list_unassessed(card),
        order=rank_fields_by_difference(card),
    )


def render_summary(card: EvaluationResults) -> str:
    """The verdicts as a small table, for notebooks."""
    return load_template("brief.html").render(card=card)


def decide_uses(card: EvaluationResults, policy: Policy, kind: Any) -> list[UseDecision]:  # noqa: ANN401 - a literal of Policy.named
    """What the policy says of each tier, or of each purpose."""
    decided = {name: decide_use(card, name, policy) for name in policy.list_uses(kind)}
    return [
        UseDecision(name, policy.uses[name], decision, decision_reasons.explain_decision(decision, card))
        for name, decision in decided.items()
    ]


def rank_fields_by_difference(card: EvaluationResults) -> list[tuple[str, float, float]]:
    """Each field, the difference of its histograms, and what chance alone gives; the oddest first."""
    sizes = card.about.get("records") or {}
    real, synthetic = (sizes.get("train") or 0) + (sizes.get("holdout") or 0), sizes.get("synthetic") or 0
    found = [
        (
            name,
            svg.compute_difference(plot),
            svg.compute_expected_difference(plot, real, synthetic) if real and synthetic else 0.0,
        )
        for name, plot in (card.plots.get("marginals") or {}).items()
    ]
    return sorted(found, key=lambda entry: entry[2] - entry[1])


def find_null_interval(card: EvaluationResults, score: Score) -> list[float] | None:
    """Where the middle 95 % of fresh real records fall, where the card says so."""
    ends = (card.plots.get("nulls") or {}).get(score.name)
    return ends if ends and None not in ends else None


def format_cell(value: object) -> str:
    """A table's entry as text."""
    if isinstance(value, float):
        return wording.format_number(value)
    return "–" if value is None else str(value)


def format_options(value: Any) -> str:  # noqa: ANN401 - what a generator says of itself
    """Nested options as running text.

    Example:
        >>> format_options({"family": {"name": "trees", "depth": 8}, "seed": 0})
        'family (name trees, depth 8), seed 0'
    """
    if isinstance(value, dict):
        parts = [
            f"{k} ({format_options(v)})" if isinstance(v, dict) else f"{k} {format_options(v)}"
            for k, v in value.items()
        ]
        return ", ".join(parts)
    return ", ".join(map(format_options, value)) if isinstance(value, list) else format_cell(value)


def list_headings(rows: list[dict[str, Any]]) -> list[str]:
    """The columns of a table whose rows may lack some."""
    return list(dict.fromkeys(key for row in rows for key in row))


@cache
def _create_environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("manikin.evaluation.report"),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=ChainableUndefined,
    )
    environment.globals.update(
        wording=wording,
        score_names=score_names,
        glossary=glossary,
        svg=svg,
        score_scale=score_scale,
        signal_charts=signal_charts,
        null=find_null_interval,
        table_headings=TABLE_HEADINGS,
        headings=list_headings,
    )
    environment.filters.update(
        spell=wording.format_number,
        title_of=score_names.format_title,
        part_of=score_names.format_part,
        plainly=format_options,
        slug=wording.to_slug,
        capital=wording.to_sentence,
        cell=format_cell,
    )
    return environment


def load_template(name: str) -> Any:  # noqa: ANN401 - a jinja template
    """One of the shipped templates, with what all of them may use."""
    return _create_environment().get_template(name)
