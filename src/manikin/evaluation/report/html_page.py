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
from manikin.evaluation.card.card_facts import facts
from manikin.evaluation.card.gate import gate
from manikin.evaluation.card.policy import Policy, Use, read
from manikin.evaluation.report import decision_reasons, glossary, score_scale, signal_charts, svg, wording

if TYPE_CHECKING:
    from manikin.evaluation.card.gate import Decision, Finding
    from manikin.evaluation.card.scorecard import Score, Scorecard

HEADINGS = {
    "columns": "Columns that differ most",
    "records": "Synthetic records that look least like a patient's",
    "subgroups": "Subgroups",
    "rules": "Clinical rules",
    "power": "What this judge would have noticed",
}


@dataclass(frozen=True)
class Answer:
    """May the records be used so?"""

    name: str
    use: Use
    decision: Decision
    why: str

    @property
    def word(self) -> str:
        """Yes, No or Not shown."""
        return decision_reasons.answer(self.decision)

    @property
    def mark(self) -> str:
        """The verdict whose colour and form it has."""
        return {"Yes": "pass", "No": "fail"}.get(self.word, "none")

    @property
    def findings(self) -> list[Finding]:
        """What each check says, those that stand in the way first."""
        order = ("broken", "not shown", "met")
        return sorted(self.decision.findings, key=lambda finding: order.index(finding.outcome))

    @property
    def because(self) -> str:
        """The checks that stand in the way; what the use means where none does."""
        text = self.use.text if self.decision.released else self.why
        return f"{text[:1].upper()}{text[1:]}."


def render(card: Scorecard, policy: Policy | None = None) -> str:
    """The card as HTML.

    Args:
        card: What was measured.
        policy: The limits of its uses; None: those shipped with manikin.
    """
    policy = policy or read()
    tiers, purposes = answers(card, policy, "tier"), answers(card, policy, "purpose")
    headline = decision_reasons.headline([t.decision for t in tiers], [t.use.title for t in tiers], card)
    return template("card.html").render(
        card=card,
        policy=policy,
        tiers=tiers,
        purposes=purposes,
        headline=headline,
        facts=facts(card),
        axes=AXES,
        unassessed=wording.unassessed(card),
        order=by_difference(card),
    )


def brief(card: Scorecard) -> str:
    """The verdicts as a small table, for notebooks."""
    return template("brief.html").render(card=card)


def answers(card: Scorecard, policy: Policy, kind: Any) -> list[Answer]:  # noqa: ANN401 - a literal of Policy.named
    """What the policy says of each tier, or of each purpose."""
    decided = {name: gate(card, name, policy) for name in policy.named(kind)}
    return [
        Answer(name, policy.uses[name], decision, decision_reasons.because(decision, card))
        for name, decision in decided.items()
    ]


def by_difference(card: Scorecard) -> list[tuple[str, float, float]]:
    """Each field, the difference of its histograms, and what chance alone gives; the oddest first."""
    sizes = card.about.get("records") or {}
    real, synthetic = (sizes.get("train") or 0) + (sizes.get("holdout") or 0), sizes.get("synthetic") or 0
    found = [
        (
            name,
            svg.difference(plot),
            svg.chance(plot, real, synthetic) if real and synthetic else 0.0,
        )
        for name, plot in (card.plots.get("marginals") or {}).items()
    ]
    return sorted(found, key=lambda entry: entry[2] - entry[1])


def null(card: Scorecard, score: Score) -> list[float] | None:
    """Where the middle 95 % of fresh real records fall, where the card says so."""
    ends = (card.plots.get("nulls") or {}).get(score.name)
    return ends if ends and None not in ends else None


def cell(value: object) -> str:
    """A table's entry as text."""
    if isinstance(value, float):
        return wording.spell(value)
    return "–" if value is None else str(value)


def plainly(value: Any) -> str:  # noqa: ANN401 - what a generator says of itself
    """Nested options as running text.

    Example:
        >>> plainly({"family": {"name": "trees", "depth": 8}, "seed": 0})
        'family (name trees, depth 8), seed 0'
    """
    if isinstance(value, dict):
        parts = [
            f"{k} ({plainly(v)})" if isinstance(v, dict) else f"{k} {plainly(v)}" for k, v in value.items()
        ]
        return ", ".join(parts)
    return ", ".join(map(plainly, value)) if isinstance(value, list) else cell(value)


def headings(rows: list[dict[str, Any]]) -> list[str]:
    """The columns of a table whose rows may lack some."""
    return list(dict.fromkeys(key for row in rows for key in row))


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("manikin.evaluation.report"),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=ChainableUndefined,
    )
    environment.globals.update(
        words=wording,
        meaning=glossary,
        figures=svg,
        rulers=score_scale,
        strips=signal_charts,
        null=null,
        table_headings=HEADINGS,
        headings=headings,
    )
    environment.filters.update(
        spell=wording.spell,
        title_of=wording.title,
        part_of=wording.part,
        plainly=plainly,
        slug=wording.slug,
        capital=wording.capital,
        cell=cell,
    )
    return environment


def template(name: str) -> Any:  # noqa: ANN401 - a jinja template
    """One of the shipped templates, with what all of them may use."""
    return _environment().get_template(name)
