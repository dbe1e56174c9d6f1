"""Sample size: how many more records would decide what the evidence leaves open, if the figure stays."""

from __future__ import annotations

import math

MAX_FACTOR = 100.0  # times as many records: nobody has them
MORE_RECORDS_REMEDY = "judge more synthetic and more held-out records"


def suggest_sample_size(
    spread: tuple[float, float],
    value: float,
    bounds: tuple[float | None, float | None],
    shown: int | None = None,
) -> str:
    """What would decide a limit that lies within the interval of a score.

    An interval becomes narrower with the root of the number of records. That tells how many would do
    if the value stays where it is; where the value lies beyond the limit itself, no number would.

    Args:
        spread: The interval of what the limit reads.
        value: The same, without its interval.
        bounds: At most and at least what is allowed.
        shown: Synthetic records of which it is a share. Where nothing was found in them, the upper end
            falls with their number, and is at least three over it.

    Example:
        >>> suggest_sample_size((0.54, 0.62), 0.58, (0.6, None))
        'about 4 times as many synthetic and held-out records would decide it, if the figure stays'
        >>> suggest_sample_size((0.0, 0.0066), 0.0, (0.001, None), 455)
        'judge about 3,000 synthetic records instead of 455'
    """
    most, least = bounds
    if shown and most and value <= 0:
        needed = math.ceil(max(3, shown * spread[1]) / most - 1e-9)
        return f"judge about {float(f'{needed:.2g}'):,.0f} synthetic records instead of {shown:,}"
    gaps = [most - value] if most is not None else []
    gaps += [value - least] if least is not None else []
    reach = max(spread[1] - value, value - spread[0])
    if not gaps or reach <= 0:
        return MORE_RECORDS_REMEDY
    if min(gaps) <= 0:
        return "the figure itself lies beyond the limit: more records would not help, better ones would"
    times = (reach / min(gaps)) ** 2
    if times > MAX_FACTOR:
        return "the figure lies at the limit: no number of records that anybody has would decide it"
    many = f"about {format_factor(times)} times as many synthetic and held-out records"
    return f"{many} would decide it, if the figure stays"


def format_factor(times: float) -> str:
    """A factor rounded up: halves below 3, whole above."""
    return f"{math.ceil(2 * times) / 2:g}" if times < 3 else f"{math.ceil(times - 1e-9):g}"  # noqa: PLR2004
