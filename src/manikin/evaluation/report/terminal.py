"""Terminal: the card in at most fifteen lines of text, plain or in colour."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from rich.table import Table
from rich.text import Text

from manikin.evaluation.card import card_facts
from manikin.evaluation.card.gate import decide_use
from manikin.evaluation.card.policy import Policy, read_policy
from manikin.evaluation.report import decision_reasons, wording

if TYPE_CHECKING:
    from collections.abc import Callable

    from manikin.evaluation.card.results import EvaluationResults

VERDICT_MARKS = {"pass": "●", "warn": "▲", "fail": "■", "not assessed": "○"}
VERDICT_STYLES = {"pass": "green", "warn": "yellow", "fail": "bold red", "not assessed": "dim"}
ANSWER_STYLES = {"Yes": "green", "No": "bold red", "Not shown": "dim"}
MAX_FACT_LINES = 4  # lines for what must be known beside answers and verdicts


class Line(NamedTuple):
    """A mark or word, its colour, and what is said."""

    mark: str
    style: str
    text: str


def render_text(card: EvaluationResults, policy: Policy | None = None) -> str:
    """The headline, the tiers, what must be known, and the axes, one line each.

    Example:
        >>> from manikin.evaluation.scorecard import Scorecard
        >>> print(render_text(Scorecard([])).splitlines()[0][:31])
        Not enough evidence for any use
    """
    headline, *lines = _build_lines(card, policy or read_policy())
    return "\n".join([headline.text, *(f"  {line.mark:<14} {line.text}" for line in lines)])


def render_rich(
    card: EvaluationResults, policy: Policy | None = None, reword: Callable[[str], str] = str
) -> Table:
    """The same with colours, for a terminal that has them; `reword` gives remedies in other words."""
    headline, *lines = _build_lines(card, policy or read_policy())
    grid = Table(box=None, show_header=False, padding=(0, 2, 0, 0), title_justify="left")
    grid.title = Text(reword(headline.text), style=headline.style)
    grid.add_column(no_wrap=True)
    grid.add_column(overflow="fold")
    for line in lines:
        grid.add_row(Text(line.mark, style=line.style), Text(reword(line.text)))
    return grid


def _build_lines(card: EvaluationResults, policy: Policy) -> list[Line]:
    names = policy.list_uses("tier")
    decisions = [decide_use(card, name, policy) for name in names]
    titles = [policy.uses[name].title for name in names]
    tiers = [
        (
            title,
            decision_reasons.format_answer(decision),
            decision_reasons.explain_decision(decision, card) or policy.uses[name].text,
        )
        for name, title, decision in zip(names, titles, decisions, strict=True)
    ]
    return [
        Line("", "bold", decision_reasons.compose_headline(decisions, titles, card)),
        *(Line(word, ANSWER_STYLES[word], f"{title}: {why}") for title, word, why in tiers),
        *(
            Line(f"{VERDICT_MARKS[v]} {v}", VERDICT_STYLES[v], f"{axis}: {says}")
            for axis, v, says in wording.summarize_axes(card)
        ),
        *(Line("i note", "cyan", sentence) for sentence in select_facts(card)),
    ]


def select_facts(card: EvaluationResults) -> list[str]:
    """What must be known in a few lines; the card holds the rest.

    Always among them: which columns were taken for what, and whether there is a guarantee.
    """
    tested = [f"Self-test: {sentence}" for sentence in [wording.describe_power(card)] if sentence]
    who = " ".join(
        filter(None, [card_facts.describe_columns(card.about), card_facts.describe_rows(card.about)])
    )
    last = [line for line in (who, card_facts.describe_guarantee(card.about)) if line]
    grave = [*card_facts.list_short_trainings(card.about), *card.about.get("facts", []), *tested]
    room = MAX_FACT_LINES - len(last)
    if len(grave) > room:
        grave = [*grave[: room - 1], f"{grave[room - 1]} And {len(grave) - room:,} more notes on the card."]
    return [*grave, *last]
