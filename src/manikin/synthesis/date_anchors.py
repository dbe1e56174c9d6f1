"""Intervals: which dates and times are learned as lengths of time from which others."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from manikin.synthesis.date_recoding import DAY, MONDAY, WEEK, Moment, coarsest

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

ROWS = 30
"""Records with both dates below which nothing is concluded about the two."""
ORDERED = 0.98
"""Of the records so many keep the order of two dates that are learned as a length of time."""
TIGHT, CLOSE, WIDER = 0.9, 0.5, 1.05
"""The spread of a length of time, as a share of the spread of the date, below which it tells much of it;
below which it is learned even without an order; and above which it is not learned."""
CROSSED = 0.02
"""Of independent dates, at least so many would break an order that is worth keeping."""
HEAPED = 0.2
"""Dates of which a greater share falls on the first or fifteenth of a month are heaped by asking."""
SHORT = 1.5 * DAY
"""Lengths of time shorter than this, in the middle, are learned to the minute rather than in whole days."""
UNEVEN = 27.9
"""Chi-squared of seven weekdays that chance exceeds once in 10,000."""
RARELY = 0.2
"""Of what would be an equal share, a weekday has less on which a date hardly ever falls."""
FEWEST = 50
"""Moments below which weekdays are not looked at."""

Values = tuple[np.ndarray, np.ndarray]
"""Moments in microseconds (n,), and which are missing."""


@dataclass(frozen=True)
class Pair:
    """What is known of a date counted from another.

    Args:
        spread: Of the length of time, in microseconds.
        after: Whether it is counted forward.
        middle: The median length.
    """

    spread: float
    after: bool
    middle: float


def find_moments(values: Mapping[str, Values], given: Collection[str]) -> tuple[Moment, ...]:
    """How each date or time is learned, each after its anchor; what is best left as it is, is left out.

    Args:
        values: The moments of each field.
        given: The fields that are given, which have no anchor that is not given itself.
    """
    anchors = _anchors(values, given)
    found = []
    for name, anchor in anchors.items():
        moment = _rooted(name, values[name]) if anchor is None else _anchored(name, values, *anchor)
        if moment is not None:
            found.append(moment)
    return tuple(found)


def _anchors(values: Mapping[str, Values], given: Collection[str]) -> dict[str, tuple[str, Pair] | None]:
    """For each field the one it is counted from, in an order in which anchors come first."""
    pairs = {(y, x): pair for y in values for x in values if (pair := _pair(values, y, x)) is not None}
    done: dict[str, tuple[str, Pair] | None] = {name: None for name in values if name in given}
    left = [name for name in values if name not in given]
    while left:
        near = [
            (pairs[y, x].spread, values[x][1].sum(), y, x) for y in left for x in done if (y, x) in pairs
        ]
        if near:
            *_, y, x = min(near)
            done[y] = (x, pairs[y, x])
        else:
            y = min(left, key=lambda name: _firmness(*values[name]))
            done[y] = None
        left.remove(y)
    return done


def _pair(values: Mapping[str, Values], y: str, x: str) -> Pair | None:
    """A date counted from another, if that tells much of it, or keeps an order; else None."""
    if y == x:
        return None
    both = ~values[y][1] & ~values[x][1]
    if both.sum() < ROWS:
        return None
    a, b = values[y][0][both], values[x][0][both]
    length = (a - b).astype(float)
    wide, own = _range(length), max(_range(a.astype(float)), 1.0)
    ahead, behind = (length >= 0).mean(), (length <= 0).mean()
    after = bool(ahead >= behind)
    late, early = (a, b) if after else (b, a)
    crossed = np.searchsorted(np.sort(late), early, side="left").mean() / len(early)
    order = max(ahead, behind) >= ORDERED
    worth = wide < TIGHT * own or (crossed >= CROSSED and not _heaped(a))
    if (order and worth and wide <= WIDER * own) or wide < CLOSE * own:
        return Pair(wide, after, float(np.median(np.abs(length))))
    return None


def _firmness(moment: np.ndarray, missing: np.ndarray) -> tuple[float, ...]:
    """What others are best counted from, least first: coarse clocks, a narrow range, few gaps, early."""
    known = moment[~missing]
    if not len(known):
        return (np.inf,)
    clock, _ = _clock(known)
    narrow = round(5 * np.log(max(_range(known.astype(float)), 1.0)))
    return (-(clock or DAY), narrow, int(missing.sum()), float(known.mean()))


def _range(values: np.ndarray) -> float:
    """Between the outer twentieths, which a few errors do not move."""
    return float(np.subtract(*np.quantile(values, [0.95, 0.05]))) if len(values) else 0.0


def _heaped(moment: np.ndarray) -> bool:
    days = moment.astype("datetime64[us]").astype("datetime64[D]")
    within = (days - days.astype("datetime64[M]")).astype(int)
    return bool(np.isin(within, (0, 14)).mean() > HEAPED)


def _rooted(name: str, values: Values) -> Moment | None:
    """A date that is counted from nothing; None: it is learned as it is."""
    moment = values[0][~values[1]]
    if len(moment) < ROWS:
        return None
    clock, at = _clock(moment)
    weekly = _weekly(moment)
    if not (weekly or clock or at):
        return None
    return Moment(name, WEEK if weekly else DAY, clock=clock, at=at)


def _anchored(name: str, values: Mapping[str, Values], anchor: str, pair: Pair) -> Moment:
    here, there = values[name], values[anchor]
    both = ~here[1] & ~there[1]
    apart = bool((there[1] & ~here[1]).any())
    (clock, at), (_, other) = _clock(here[0][~here[1]]), _clock(there[0][~there[1]])
    daily = not (here[0][both] % DAY).any() and not (there[0][both] % DAY).any()
    if daily or pair.middle >= SHORT or (at and other):
        return Moment(name, DAY, anchor, pair.after, clock, at, apart, _weekdays(here[0][both]))
    tick = coarsest(here[0][both] - there[0][both])
    return Moment(name, tick, anchor, pair.after, clock if apart else 0, at if apart else 0, apart)


def _clock(moment: np.ndarray) -> tuple[int, int]:
    """The grid of clock times that vary, else the clock time that all have; in microseconds."""
    clock = np.mod(moment, DAY)
    if len(clock) and (clock == clock[0]).all():
        return 0, int(clock[0])
    return coarsest(clock), 0


def _weekdays(moment: np.ndarray) -> tuple[int, ...]:
    """The weekdays on which moments fall, where there are some on which they hardly ever do; else none."""
    if not _weekly(moment):
        return ()
    count = np.bincount(np.mod(moment + MONDAY, WEEK) // DAY, minlength=7)
    often = count >= RARELY * len(moment) / 7
    return () if often.all() else tuple(np.flatnonzero(often).tolist())


def _weekly(moment: np.ndarray) -> bool:
    """Whether weekdays differ beyond chance; those of one and the same day, as of clock times, do not."""
    if len(moment) < FEWEST or np.ptp(moment // DAY) == 0:
        return False
    count = np.bincount(np.mod(moment + MONDAY, WEEK) // DAY, minlength=7)
    expected = len(moment) / 7
    return bool(((count - expected) ** 2 / expected).sum() > UNEVEN)
