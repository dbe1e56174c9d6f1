"""Words: scores and verdicts as a clinician, a privacy officer or a reviewer reads them.

What a metric means stands with the metric; `meaning` takes it from there.
"""

from __future__ import annotations

import re
import tomllib
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from manikin.contracts.metric import AXES
from manikin.core.short_lists import list_names
from manikin.evaluation.score_names import (
    format_inline_name,
    format_plain_name,
    read_plain_names,
)

if TYPE_CHECKING:
    from manikin.evaluation.card.results import EvaluationResults
    from manikin.evaluation.score import Score

MIN_SHOWN_VALUE = 5e-5
REAL_DATA_CALIBRATED = 0.995
"""Of the way from a bad generator to real data, which more than all of it is by chance."""

NOTICED_SHARE = 0.95  # of the trials: a defect that is noticed nearly always
VERDICT_MEANINGS = {
    "pass": "as good as fresh real records, or so close that it does not matter",
    "warn": "worse than fresh real records, by a little",
    "fail": "clearly worse than fresh real records",
    "not assessed": "not measured, or too few records to tell: never a pass",
    "yes": "every limit of this use is met",
    "no": "a limit is broken, whatever chance may add",
    "not shown": "nothing broken was found, but too little was tested or too few records: never a yes",
}
"""What each verdict and each answer says, in a line."""
SEVERITY_ORDER = ("fail", "warn", "pass", "not assessed")


def to_sentence(note: str) -> str:
    """A note as a sentence; one that begins with the name of a field keeps it as it is.

    Example:
        >>> to_sentence("no rules were given"), to_sentence("sex = F: 3 %")
        ('No rules were given.', 'sex = F: 3 %.')
    """
    named = ":" in note or "=" in note
    start = note[:1] if named else note[:1].upper()
    return f"{start}{note[1:]}{'' if note.endswith(('.', '!', '?')) else '.'}" if note else ""


def format_number(value: float | None) -> str:
    """A number with as many digits as it deserves.

    Example:
        >>> format_number(0.71234), format_number(-1234.5), format_number(0.0), format_number(None)
        ('0.712', '−1,230', '0', '–')
    """
    if value is None:
        return "–"
    if 0 < abs(value) < MIN_SHOWN_VALUE:
        return "≈0"
    rounded = float(f"{value:.3g}")
    return (f"{rounded:,.0f}" if rounded.is_integer() else f"{rounded:g}").replace("-", "−")


def to_slug(name: str) -> str:
    """A score's name as the target of a link.

    Example:
        >>> to_slug("subgroup_distance[sex = F]")
        'subgroup_distance-sex-F'
    """
    return re.sub(r"[^\w]+", "-", name).strip("-")


@cache
def read_axes() -> dict[str, dict[str, str]]:
    """For each axis its question, what a pass says, and what no pass can say."""
    return tomllib.loads(Path(__file__).with_name("axes.toml").read_text(encoding="utf-8"))


def sort_scores(card: EvaluationResults, axis: str) -> list[Score]:
    """The scores of an axis: failures first, the unassessed last; of equals the most telling first."""
    telling = {name: place for place, name in enumerate(read_plain_names())}
    return sorted(
        (s for s in card.scores if s.axis == axis),
        key=lambda score: (
            SEVERITY_ORDER.index(score.verdict),
            telling.get(score.name.partition("[")[0], len(telling)),
        ),
    )


def group_by_metric(card: EvaluationResults, axis: str) -> list[tuple[str, list[Score]]]:
    """The metrics of an axis with their scores, the worst metric first."""
    groups: dict[str, list[Score]] = {}
    for score in sort_scores(card, axis):
        groups.setdefault(score.name.partition("[")[0], []).append(score)
    return list(groups.items())


def list_unassessed(card: EvaluationResults) -> list[tuple[str, str]]:
    """The metrics without a verdict, and of how many of their parts that is so."""
    found = []
    for axis in AXES:
        for name, scores in group_by_metric(card, axis):
            count = sum(not score.is_assessed for score in scores)
            if count:
                found.append((name, f"{count} of {len(scores)} parts" if len(scores) > 1 else ""))
    return found


def describe_axis(card: EvaluationResults, axis: str) -> str:
    """What was found on an axis, in one sentence or two."""
    scores, verdict = sort_scores(card, axis), card.verdicts[axis]
    if verdict == "not assessed":
        if found := next((score for score in scores if score.is_pending and score.value is not None), None):
            return f"{_describe_named_score(found)} {found.note[:1].upper()}{found.note[1:]}."
        notes = [score.note for score in scores if not score.is_assessed and score.note]
        return to_sentence(notes[0]) if notes else describe_silent_axis(axis)
    assessed = [score for score in scores if score.is_assessed]
    if verdict == "pass":
        return _describe_pass(axis, len(assessed), [score for score in scores if not score.is_assessed])
    hit = [score for score in assessed if score.verdict == verdict]
    says = {"fail": "failed", "warn": "doubtful"}[verdict]
    return f"{len(hit)} of {_format_check_count(len(assessed))} {says}. {_describe_named_score(hit[0])}"


def _describe_named_score(score: Score) -> str:
    """A finding under the name by which all know it, with the metric's own before the number."""
    called, own = format_plain_name(score.name), format_inline_name(score.name.partition("[")[0])
    known = f"{own} " if not called.startswith(own) and score.value is not None else ""
    return f"{called[:1].upper()}{called[1:]}: {known}{describe_score(score)}"


def describe_silent_axis(axis: str) -> str:
    """What is said of an axis on which a card has no score."""
    return read_axes()[axis].get("silent", "Nothing on this card speaks about it.")


def describe_calibrated(calibrated: float) -> str:
    """A calibrated score in words.

    Example:
        >>> describe_calibrated(.57), describe_calibrated(1.04), describe_calibrated(-3)
        ('57 % of the way to real data', 'as good as real data', 'worse than the bad generator')
    """
    if calibrated < 0:
        return "worse than the bad generator"
    if calibrated >= REAL_DATA_CALIBRATED:
        return "as good as real data"
    return f"{calibrated * 100:.0f} % of the way to real data"


def _describe_pass(axis: str, checks: int, unassessed: list[Score]) -> str:
    """What a pass says: all that the axis is about only where all of it was assessed."""
    if not unassessed:
        return read_axes()[axis]["pass"]
    missing = [format_plain_name(score.name) for score in unassessed]
    return f"{_format_check_count(checks)} passed; not assessed: {list_names(missing, 2)}."


def _format_check_count(count: int) -> str:
    return f"{count} check{'' if count == 1 else 's'}"


def describe_score(score: Score) -> str:
    """What a score says, in one sentence: its numbers; without numbers its note."""
    if score.value is None:
        return to_sentence(score.note)
    real = "" if score.ceiling is None else f", fresh real records {format_number(score.ceiling)}"
    bad = "" if score.floor is None else f", a bad generator {format_number(score.floor)}"
    return f"{format_number(score.value)}{real}{bad}."


def describe_power(card: EvaluationResults) -> str:
    """What the judge would have noticed, in one sentence; "" where it was not tested."""
    rows = [row for row in card.tables.get("power", []) if row["axis"]]
    if not rows:
        return ""
    missed = [row for row in rows if row["noticed"] < NOTICED_SHARE * row["trials"]]
    named = "; ".join(f"{row['defect']} ({row['noticed']} of {row['trials']} trials)" for row in missed)
    found = f"in records like these, this judge nearly always notices {len(rows) - len(missed)} of "
    return f"{found}{len(rows)} planted defects{f'; it may miss: {named}' if named else ''}."


def summarize_axes(card: EvaluationResults) -> list[tuple[str, str, str]]:
    """For each axis its name, verdict and sentence."""
    return [(axis, card.verdicts[axis], describe_axis(card, axis)) for axis in AXES]
