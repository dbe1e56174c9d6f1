"""Terminal: the card in a few lines of text, plain or in colour."""

from __future__ import annotations

from typing import TYPE_CHECKING

from manikin.evaluation import words
from manikin.evaluation.gate import gate
from manikin.evaluation.policy import Policy, read

if TYPE_CHECKING:
    from rich.console import Group

    from manikin.evaluation.scorecard import Scorecard

MARKS = {"pass": "●", "warn": "▲", "fail": "■", "not assessed": "○"}
STYLES = {"pass": "green", "warn": "yellow", "fail": "bold red", "not assessed": "dim"}
ANSWERS = {"Yes": "green", "No": "bold red", "Not shown": "dim"}


def told(card: Scorecard, policy: Policy | None = None) -> str:
    """The headline, the tiers and the axes, one line each.

    Example:
        >>> from manikin.evaluation.scorecard import Scorecard
        >>> print(told(Scorecard([])).splitlines()[0])
        Not enough evidence for any use.
    """
    headline, tiers = _tiers(card, policy or read())
    released = [f"  {word:<9} {name}: {why}" for name, word, why in tiers]
    found = [f"  {MARKS[v]} {v:<12} {axis}: {sentence}" for axis, v, sentence in words.summary(card)]
    tested = [f"Self-test: {sentence}" for sentence in [words.power(card)] if sentence]
    return "\n".join([headline, *released, "What was found", *found, *tested])


def shown(card: Scorecard, policy: Policy | None = None) -> Group:
    """The same in two tables with colours, for a terminal that has them."""
    from rich.console import Group
    from rich.table import Table
    from rich.text import Text

    headline, tiers = _tiers(card, policy or read())
    uses, axes = Table(box=None, padding=(0, 2, 0, 0)), Table(box=None, padding=(0, 2, 0, 0))
    for table, headings in (
        (uses, ("use", "answer", "because")),
        (axes, ("axis", "verdict", "what was found")),
    ):
        for heading in headings:
            table.add_column(heading, header_style="dim")
    for name, word, why in tiers:
        uses.add_row(Text(name), Text(word, style=ANSWERS[word]), Text(why))
    for axis, verdict, sentence in words.summary(card):
        axes.add_row(Text(axis), Text(f"{MARKS[verdict]} {verdict}", style=STYLES[verdict]), Text(sentence))
    tested = [Text(f"\nSelf-test: {sentence}") for sentence in [words.power(card)] if sentence]
    return Group(Text(headline, style="bold"), uses, Text(), axes, *tested)


def _tiers(card: Scorecard, policy: Policy) -> tuple[str, list[tuple[str, str, str]]]:
    names = policy.named("tier")
    decisions = [gate(card, name, policy) for name in names]
    titles = [policy.uses[name].title for name in names]
    rows = [
        (
            title,
            words.answer(decision),
            words.because(decision) if decision.reasons else policy.uses[name].text,
        )
        for name, title, decision in zip(names, titles, decisions, strict=True)
    ]
    return words.headline(decisions, titles), rows
