"""Terminal: the card in at most fifteen lines of text, plain or in colour."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from manikin.evaluation.card import card_facts
from manikin.evaluation.card.gate import gate
from manikin.evaluation.card.policy import Policy, read
from manikin.evaluation.report import decision_reasons, wording

if TYPE_CHECKING:
    from collections.abc import Callable

    from rich.table import Table

    from manikin.evaluation.card.scorecard import Scorecard

MARKS = {"pass": "●", "warn": "▲", "fail": "■", "not assessed": "○"}
STYLES = {"pass": "green", "warn": "yellow", "fail": "bold red", "not assessed": "dim"}
ANSWERS = {"Yes": "green", "No": "bold red", "Not shown": "dim"}
FACTS = 4  # lines for what must be known beside answers and verdicts


class Line(NamedTuple):
    """A mark or word, its colour, and what is said."""

    mark: str
    style: str
    text: str


def told(card: Scorecard, policy: Policy | None = None) -> str:
    """The headline, the tiers, what must be known, and the axes, one line each.

    Example:
        >>> from manikin.evaluation.card.scorecard import Scorecard
        >>> print(told(Scorecard([])).splitlines()[0][:31])
        Not enough evidence for any use
    """
    headline, *lines = _lines(card, policy or read())
    return "\n".join([headline.text, *(f"  {line.mark:<14} {line.text}" for line in lines)])


def shown(card: Scorecard, policy: Policy | None = None, reword: Callable[[str], str] = str) -> Table:
    """The same with colours, for a terminal that has them; `reword` gives remedies in other words."""
    from rich.table import Table
    from rich.text import Text

    headline, *lines = _lines(card, policy or read())
    grid = Table(box=None, show_header=False, padding=(0, 2, 0, 0), title_justify="left")
    grid.title = Text(reword(headline.text), style=headline.style)
    grid.add_column(no_wrap=True)
    grid.add_column(overflow="fold")
    for line in lines:
        grid.add_row(Text(line.mark, style=line.style), Text(reword(line.text)))
    return grid


def _lines(card: Scorecard, policy: Policy) -> list[Line]:
    names = policy.named("tier")
    decisions = [gate(card, name, policy) for name in names]
    titles = [policy.uses[name].title for name in names]
    tiers = [
        (
            title,
            decision_reasons.answer(decision),
            decision_reasons.because(decision, card) or policy.uses[name].text,
        )
        for name, title, decision in zip(names, titles, decisions, strict=True)
    ]
    return [
        Line("", "bold", decision_reasons.headline(decisions, titles, card)),
        *(Line(word, ANSWERS[word], f"{title}: {why}") for title, word, why in tiers),
        *(Line(f"{MARKS[v]} {v}", STYLES[v], f"{axis}: {says}") for axis, v, says in wording.summary(card)),
        *(Line("i note", "cyan", sentence) for sentence in known(card)),
    ]


def known(card: Scorecard) -> list[str]:
    """What must be known in a few lines; the card holds the rest.

    Always among them: which columns were taken for what, and whether there is a guarantee.
    """
    tested = [f"Self-test: {sentence}" for sentence in [wording.power(card)] if sentence]
    who = " ".join(filter(None, [card_facts.columns(card.about), card_facts.rows(card.about)]))
    last = [line for line in (who, card_facts.guarantee(card.about)) if line]
    grave = [*card_facts.training(card.about), *card.about.get("facts", []), *tested]
    room = FACTS - len(last)
    if len(grave) > room:
        grave = [*grave[: room - 1], f"{grave[room - 1]} And {len(grave) - room:,} more notes on the card."]
    return [*grave, *last]
