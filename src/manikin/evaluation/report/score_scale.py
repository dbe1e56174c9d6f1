"""Rulers: one score between a bad generator (left) and real data (right), with its interval.

All rulers read alike, whatever the metric and its direction: further right is better, the
hatched band is where fresh real records fall, and the mark's form tells the verdict.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from manikin.evaluation.report.svg import svg, text
from manikin.evaluation.report.wording import spell, title

if TYPE_CHECKING:
    from collections.abc import Sequence

    from markupsafe import Markup

    from manikin.evaluation.card.scorecard import Score

WIDTH, HEIGHT, LINE = 480.0, 63.0, 27.0
LEFT, RIGHT = 64.0, 392.0  # where the floor and the ceiling stand
EDGE = 12.0  # what lies further out stands here, with an arrow
MARKS = {
    "pass": '<circle class="mark pass" cx="{x:.4g}" cy="{y:.4g}" r="6"/>',
    "warn": '<path class="mark warn" d="M{x:.4g} {y:.4g}m0 -7.5l7.5 13h-15z"/>',
    "fail": '<path class="mark fail" d="M{x:.4g} {y:.4g}m-6 -6h12v12h-12z"/>',
    "not assessed": '<circle class="mark none" cx="{x:.4g}" cy="{y:.4g}" r="5"/>',
}


def ruler(score: Score, null: Sequence[float] | None = None, floor: str = "bad generator") -> Markup | None:
    """A score on its ruler; None where there is no number, or nothing to hold it against.

    Args:
        score: What was measured.
        null: Where the middle 95 % of fresh real records fall, in the unit of the score.
        floor: What the bad generator was.
    """
    stops = scale(score, null)
    if score.value is None or stops is None:
        return None

    def place(value: float) -> float:
        x = LEFT + (value - stops[0]) / (stops[1] - stops[0]) * (RIGHT - LEFT)
        return min(max(x, EDGE), WIDTH - EDGE)

    body = f'<path class="track" d="M{EDGE:g} {LINE:g}H{WIDTH - EDGE:g}"/>'
    body += _band(sorted(map(place, null))) if null else ""
    body += _stop(LEFT, floor, score.floor) if score.floor is not None else ""
    body += _stop(RIGHT, best(score), score.ceiling) if score.ceiling is not None else ""
    body += _interval([place(end) for end in (score.low, score.high) if end is not None])
    x = place(score.value)
    body += MARKS[score.verdict].format(x=x, y=LINE) + text(x, 12, spell(score.value), "figure", "middle")
    body += text(x - 8, LINE + 4, "‹", "figure", "end") * (x == EDGE)
    body += text(x + 8, LINE + 4, "›", "figure") * (x == WIDTH - EDGE)
    return svg(WIDTH, HEIGHT, body, spoken(score), "ruler")


def scale(score: Score, null: Sequence[float] | None = None) -> tuple[float, float] | None:
    """The values at the left and the right stop: floor and ceiling, or what stands in for them.

    Where a score has no floor, the left stop is a little beyond the worst of its numbers.
    """
    if score.floor is not None and score.ceiling is not None:
        return None if score.floor == score.ceiling else (score.floor, score.ceiling)
    known = [score.value, score.low, score.high, score.ceiling, score.floor, *(null or ())]
    numbers = [number for number in known if number is not None]
    ahead, worst = (min, max) if score.better == "low" else (max, min)
    if not numbers or ahead(numbers) == worst(numbers):
        return None
    ceiling = ahead(numbers) if score.ceiling is None else score.ceiling
    floor = ceiling + 1.1 * (worst(numbers) - ceiling) if score.floor is None else score.floor
    return None if floor == ceiling else (floor, ceiling)


def best(score: Score) -> str:
    """What stands at the right stop: fresh real records, or what an attack guesses by chance."""
    return "chance" if score.name.startswith(("shadow_", "canary_")) else "real data"


def spoken(score: Score) -> str:
    """What the ruler shows, in words, for those who do not see it.

    Example:
        >>> from manikin.evaluation.card.scorecard import Score
        >>> spoken(Score("c2st_auc", "fidelity", .71, .66, .75, 1., .5, .58, "low", "warn", ""))
        'C2ST AUC 0.71, 95 % interval 0.66 to 0.75, bad generator 1, real data 0.5, lower is better: warn'
    """
    parts = [f"{title(score.name)} {spell(score.value)}"]
    if score.low is not None and score.high is not None:
        parts.append(f"95 % interval {spell(score.low)} to {spell(score.high)}")
    if score.floor is not None:
        parts.append(f"bad generator {spell(score.floor)}")
    if score.ceiling is not None:
        parts.append(f"{best(score)} {spell(score.ceiling)}")
    return f"{', '.join(parts)}, {score.better}er is better: {score.verdict}"


def _band(ends: Sequence[float]) -> str:
    left, right = ends
    width = max(right - left, 3.0)
    return f'<rect class="null" x="{left:.4g}" y="{LINE - 9:g}" width="{width:.4g}" height="18" rx="2"/>'


def _stop(x: float, name: str, value: float) -> str:
    line = f'<path class="stop" d="M{x:.4g} {LINE - 9:g}v18"/>'
    return (
        line
        + text(x, HEIGHT - 15, spell(value), "value", "middle")
        + text(x, HEIGHT - 2.5, name, "", "middle")
    )


def _interval(ends: Sequence[float]) -> str:
    if len(ends) != 2 or ends[0] == ends[1]:  # noqa: PLR2004 - an interval has two ends
        return ""
    low, high = sorted(ends)
    caps = "".join(f"M{x:.4g} {LINE - 5:g}v10" for x in (low, high))
    return f'<path class="interval" d="M{low:.4g} {LINE:g}H{high:.4g}{caps}"/>'
