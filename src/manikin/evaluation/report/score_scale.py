"""Rulers: one score between a bad generator (left) and real data (right), with its interval.

All rulers read alike, whatever the metric and its direction: further right is better, the
hatched band is where fresh real records fall, and the mark's form tells the verdict.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from manikin.evaluation.report.svg import draw_text, wrap_svg
from manikin.evaluation.report.wording import format_number
from manikin.evaluation.score_names import format_title

if TYPE_CHECKING:
    from collections.abc import Sequence

    from markupsafe import Markup

    from manikin.evaluation.score import Score

CHART_WIDTH, CHART_HEIGHT, AXIS_Y = 480.0, 63.0, 27.0
FLOOR_X, CEILING_X = 64.0, 392.0  # where the floor and the ceiling stand
EDGE_MARGIN = 12.0  # what lies further out stands here, with an arrow
VERDICT_MARKS = {
    "pass": '<circle class="mark pass" cx="{x:.4g}" cy="{y:.4g}" r="6"/>',
    "warn": '<path class="mark warn" d="M{x:.4g} {y:.4g}m0 -7.5l7.5 13h-15z"/>',
    "fail": '<path class="mark fail" d="M{x:.4g} {y:.4g}m-6 -6h12v12h-12z"/>',
    "not assessed": '<circle class="mark none" cx="{x:.4g}" cy="{y:.4g}" r="5"/>',
}


def draw_score_scale(
    score: Score, null: Sequence[float] | None = None, floor: str = "bad generator"
) -> Markup | None:
    """A score on its ruler; None where there is no number, or nothing to hold it against.

    Args:
        score: What was measured.
        null: Where the middle 95 % of fresh real records fall, in the unit of the score.
        floor: What the bad generator was.
    """
    stops = find_scale_ends(score, null)
    if score.value is None or stops is None:
        return None

    def place(value: float) -> float:
        x = FLOOR_X + (value - stops[0]) / (stops[1] - stops[0]) * (CEILING_X - FLOOR_X)
        return min(max(x, EDGE_MARGIN), CHART_WIDTH - EDGE_MARGIN)

    body = f'<path class="track" d="M{EDGE_MARGIN:g} {AXIS_Y:g}H{CHART_WIDTH - EDGE_MARGIN:g}"/>'
    body += _draw_band(sorted(map(place, null))) if null else ""
    body += _draw_stop(FLOOR_X, floor, score.floor) if score.floor is not None else ""
    body += (
        _draw_stop(CEILING_X, describe_ceiling(score), score.ceiling) if score.ceiling is not None else ""
    )
    body += _draw_interval([place(end) for end in (score.low, score.high) if end is not None])
    x = place(score.value)
    body += VERDICT_MARKS[score.verdict].format(x=x, y=AXIS_Y) + draw_text(
        x, 12, format_number(score.value), "figure", "middle"
    )
    if x == EDGE_MARGIN:
        body += draw_text(x - 8, AXIS_Y + 4, "‹", "figure", "end")
    if x == CHART_WIDTH - EDGE_MARGIN:
        body += draw_text(x + 8, AXIS_Y + 4, "›", "figure")
    return wrap_svg(CHART_WIDTH, CHART_HEIGHT, body, describe_scale(score), "ruler")


def find_scale_ends(score: Score, null: Sequence[float] | None = None) -> tuple[float, float] | None:
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


def describe_ceiling(score: Score) -> str:
    """What stands at the right stop: fresh real records, or what an attack guesses by chance."""
    return "chance" if score.name.startswith(("shadow_", "canary_")) else "real data"


def describe_scale(score: Score) -> str:
    """What the ruler shows, in words, for those who do not see it.

    Example:
        >>> from manikin.evaluation.score import Score
        >>> describe_scale(Score("c2st_auc", "fidelity", .71, .66, .75, 1., .5, .58, "low", "warn", ""))
        'C2ST AUC 0.71, 95 % interval 0.66 to 0.75, bad generator 1, real data 0.5, lower is better: warn'
    """
    parts = [f"{format_title(score.name)} {format_number(score.value)}"]
    if score.low is not None and score.high is not None:
        parts.append(f"95 % interval {format_number(score.low)} to {format_number(score.high)}")
    if score.floor is not None:
        parts.append(f"bad generator {format_number(score.floor)}")
    if score.ceiling is not None:
        parts.append(f"{describe_ceiling(score)} {format_number(score.ceiling)}")
    return f"{', '.join(parts)}, {score.better}er is better: {score.verdict}"


def _draw_band(ends: Sequence[float]) -> str:
    left, right = ends
    width = max(right - left, 3.0)
    return f'<rect class="null" x="{left:.4g}" y="{AXIS_Y - 9:g}" width="{width:.4g}" height="18" rx="2"/>'


def _draw_stop(x: float, name: str, value: float) -> str:
    line = f'<path class="stop" d="M{x:.4g} {AXIS_Y - 9:g}v18"/>'
    return (
        line
        + draw_text(x, CHART_HEIGHT - 15, format_number(value), "value", "middle")
        + draw_text(x, CHART_HEIGHT - 2.5, name, "", "middle")
    )


def _draw_interval(ends: Sequence[float]) -> str:
    if len(ends) != 2 or ends[0] == ends[1]:  # noqa: PLR2004 - an interval has two ends
        return ""
    low, high = sorted(ends)
    caps = "".join(f"M{x:.4g} {AXIS_Y - 5:g}v10" for x in (low, high))
    return f'<path class="interval" d="M{low:.4g} {AXIS_Y:g}H{high:.4g}{caps}"/>'
