"""Compare: what got better and what worse from one scorecard to the next.

A difference counts only where the two 95 % intervals do not overlap, or where the verdict
changed; all else may be chance. Two cards are comparable only if they were judged against the
same real records: a comparison says when they were not.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from rich.console import Group
from rich.table import Table
from rich.text import Text

from manikin.core.short_lists import list_names
from manikin.evaluation.score_names import format_plain_name

if TYPE_CHECKING:
    from manikin.evaluation.card.results import EvaluationResults
    from manikin.evaluation.score import Score

Outcome = Literal["better", "worse", "no clear difference", "not comparable"]
OUTCOMES: tuple[Outcome, ...] = ("worse", "better", "no clear difference", "not comparable")
VERDICT_RANKS = {"fail": 0, "warn": 1, "pass": 2}
OTHER_DATA_CAUTION = "the two cards were judged against different"
MAX_NAMED_SCORES = 3  # scores in a sentence
OUTCOME_STYLES = {
    "better": "green",
    "worse": "red",
    "no clear difference": "dim",
    "not comparable": "yellow",
}


@dataclass(frozen=True)
class Change:
    """One score on both cards.

    Args:
        name: The score.
        axis: What it speaks about.
        before: The score on the first card; None: it is not there.
        after: The score on the second card; None: it is not there.
        outcome: What became of it.
    """

    name: str
    axis: str
    before: Score | None
    after: Score | None
    outcome: Outcome


@dataclass(frozen=True)
class Comparison:
    """All changes from one card to another, what got worse first.

    Args:
        changes: One per score of either card.
        cautions: Why the two cards may not be comparable, in words.
    """

    changes: tuple[Change, ...]
    cautions: tuple[str, ...] = ()

    def list_scores(self, outcome: Outcome) -> list[str]:
        """The names of the scores with this outcome."""
        return [change.name for change in self.changes if change.outcome == outcome]

    @property
    def answer(self) -> str:
        """Whether the second card is better, in one sentence."""
        if any(caution.startswith(OTHER_DATA_CAUTION) for caution in self.cautions):
            return "Not to be compared: the two cards were judged against different real records."
        worse, better = (
            list_names(dict.fromkeys(map(format_plain_name, self.list_scores(outcome))), MAX_NAMED_SCORES)
            for outcome in OUTCOMES[:2]
        )
        if worse and better:
            return f"Mixed: worse in {worse}; better in {better}."
        if worse or better:
            word, other = ("Worse", "better") if worse else ("Better", "worse")
            return f"{word}: {worse or better}; nothing got {other}."
        if not self.list_scores("no clear difference"):
            return "The two cards have no score in common that was assessed on both."
        return f"No clear difference in any of {len(self.list_scores('no clear difference')):,} scores."

    @property
    def inconclusive_lines(self) -> list[str]:
        """How many scores say nothing, and why, in a line each."""
        same, odd = (self.list_scores(outcome) for outcome in OUTCOMES[2:])
        lines = [f"No clear difference: {len(same):,} scores, all on the cards themselves."] if same else []
        if odd:
            lines.append(
                f"Not comparable (not assessed on both cards): {list_names(odd, MAX_NAMED_SCORES)}."
            )
        return lines

    def to_text(self) -> str:
        """The answer, what limits it, and what got worse and better, in a few lines."""
        lines = [
            f"{outcome}: {', '.join(self.list_scores(outcome))}"
            for outcome in OUTCOMES[:2]
            if self.list_scores(outcome)
        ]
        return "\n".join([self.answer, *self._caution_lines, *lines, *self.inconclusive_lines])

    @property
    def _caution_lines(self) -> list[str]:
        return [f"But {caution}." for caution in self.cautions]

    def to_dict(self) -> dict[str, Any]:
        """Plain lists and numbers, for JSON."""
        rows = [
            {
                "name": c.name,
                "axis": c.axis,
                "outcome": c.outcome,
                "before": _to_dict(c.before),
                "after": _to_dict(c.after),
            }
            for c in self.changes
        ]
        return {"cautions": list(self.cautions), "changes": rows}

    def __rich__(self) -> Group:
        lines = [Text(line) for line in (*self._caution_lines, "")]
        told = [change for change in self.changes if change.outcome in OUTCOMES[:2]]
        table = Table(box=None, padding=(0, 2, 0, 0))
        for heading in ("", "score", "before", "after"):
            table.add_column(heading, header_style="dim", no_wrap=heading in ("", "score"), overflow="fold")
        for c in told:
            table.add_row(
                c.outcome,
                Text(c.name),
                _format_score(c.before),
                _format_score(c.after),
                style=OUTCOME_STYLES[c.outcome],
            )
        shown = [table] if told else []
        return Group(Text(self.answer, style="bold"), *lines, *shown, *map(Text, self.inconclusive_lines))


def compare(before: EvaluationResults, after: EvaluationResults) -> Comparison:
    """What got better and what worse from `before` to `after`.

    It cannot see whether a change matters to anyone; the release gate judges that.

    Example:
        >>> from manikin.evaluation.scorecard import Scorecard
        >>> from manikin.evaluation.score import Score
        >>> auc = dict(name="c2st_auc", axis="fidelity", floor=1., ceiling=.5, calibrated=None)
        >>> auc |= dict(better="low", note="")
        >>> first = Scorecard([Score(value=.9, low=.88, high=.92, verdict="fail", **auc)])
        >>> second = Scorecard([Score(value=.6, low=.58, high=.63, verdict="warn", **auc)])
        >>> compare(first, second).list_scores("better"), compare(second, first).list_scores("worse")
        (['c2st_auc'], ['c2st_auc'])
    """
    names = dict.fromkeys([score.name for card in (before, after) for score in card.scores])
    changes = [_compare_score(name, before.find(name), after.find(name)) for name in names]
    changes.sort(key=lambda change: OUTCOMES.index(change.outcome))
    return Comparison(tuple(changes), tuple(_find_cautions(before, after)))


def _compare_score(name: str, before: Score | None, after: Score | None) -> Change:
    axis = next(score.axis for score in (before, after) if score)
    return Change(name, axis, before, after, _classify_change(before, after))


def _classify_change(before: Score | None, after: Score | None) -> Outcome:
    if before is None or after is None or not (before.is_assessed and after.is_assessed):
        return "not comparable"
    if before.better != after.better:
        return "not comparable"
    if before.verdict != after.verdict:
        return "better" if VERDICT_RANKS[after.verdict] > VERDICT_RANKS[before.verdict] else "worse"
    if before.value is None or after.value is None:
        return "no clear difference"
    (low, high), (lower, upper) = _find_interval(before), _find_interval(after)
    if low <= upper and lower <= high:
        return "no clear difference"
    return "better" if (upper < low) == (after.better == "low") else "worse"


def _find_interval(score: Score) -> tuple[float, float]:
    value = score.value or 0.0
    return (value if score.low is None else score.low), (value if score.high is None else score.high)


def _find_cautions(before: EvaluationResults, after: EvaluationResults) -> list[str]:
    found = []
    for part in ("train", "holdout"):
        hashes = [(card.about.get("hashes") or {}).get(part) for card in (before, after)]
        if None in hashes:
            found.append(f"whether both cards were judged against the same {part} records is not on record")
        elif hashes[0] != hashes[1]:
            found.append(f"{OTHER_DATA_CAUTION} {part} records")
    versions = [(card.about.get("versions") or {}).get("manikin") for card in (before, after)]
    if versions[0] != versions[1]:
        found.append(f"the two cards are of different versions of manikin: {versions[0]} and {versions[1]}")
    return found


def _to_dict(score: Score | None) -> dict[str, Any] | None:
    keys = ("value", "low", "high", "calibrated", "verdict")
    return None if score is None else {key: getattr(score, key) for key in keys}


def _format_score(score: Score | None) -> str:
    if score is None or score.value is None:
        return "–"
    spread = "" if score.low is None or score.high is None else f" [{score.low:.3g}, {score.high:.3g}]"
    return f"{score.value:.3g}{spread} {score.verdict}"
