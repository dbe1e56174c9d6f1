"""Intervals: which dates and times are learned as lengths of time from which others."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from manikin.synthesis.date_recoding import DAY, MONDAY_OFFSET, WEEK, DateRecoding, find_coarsest_tick

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

MIN_RECORDS = 30
"""Records with both dates below which nothing is concluded about the two."""
MIN_ORDERED_SHARE = 0.98
"""Of the records so many keep the order of two dates that are learned as a length of time."""
MAX_INFORMATIVE_SPREAD, MAX_UNORDERED_SPREAD, MAX_LEARNED_SPREAD = 0.9, 0.5, 1.05
"""The spread of a length of time, as a share of the spread of the date, below which it tells much of it;
below which it is learned even without an order; and above which it is not learned."""
MIN_CROSSED_SHARE = 0.02
"""Of independent dates, at least so many would break an order that is worth keeping."""
MIN_HEAPED_SHARE = 0.2
"""Dates of which a greater share falls on the first or fifteenth of a month are heaped by asking."""
MAX_SHORT_INTERVAL = 1.5 * DAY
"""Lengths of time shorter than this, in the middle, are learned to the minute rather than in whole days."""
WEEKDAY_CHI2_THRESHOLD = 27.9
"""Chi-squared of seven weekdays that chance exceeds once in 10,000."""
MAX_RARE_WEEKDAY_SHARE = 0.2
"""Of what would be an equal share, a weekday has less on which a date hardly ever falls."""
MIN_WEEKDAY_DATES = 50
"""Moments below which weekdays are not looked at."""

Timestamps = tuple[np.ndarray, np.ndarray]
"""Moments in microseconds (n,), and which are missing."""


@dataclass(frozen=True)
class AnchorPair:
    """What is known of a date counted from another.

    Args:
        spread: Of the length of time, in microseconds.
        is_after: Whether it is counted forward.
        median: The median length.
    """

    spread: float
    is_after: bool
    median: float


def find_date_recodings(
    values: Mapping[str, Timestamps], given: Collection[str]
) -> tuple[DateRecoding, ...]:
    """How each date or time is learned, each after its anchor; what is best left as it is, is left out.

    Args:
        values: The moments of each field.
        given: The fields that are given, which have no anchor that is not given itself.
    """
    anchors = _choose_anchors(values, given)
    found = []
    for name, anchor in anchors.items():
        moment = (
            _recode_unanchored(name, values[name])
            if anchor is None
            else _recode_anchored(name, values, *anchor)
        )
        if moment is not None:
            found.append(moment)
    return tuple(found)


def _choose_anchors(
    values: Mapping[str, Timestamps], given: Collection[str]
) -> dict[str, tuple[str, AnchorPair] | None]:
    """For each field the one it is counted from, in an order in which anchors come first."""
    pairs = {
        (y, x): pair for y in values for x in values if (pair := _compare_dates(values, y, x)) is not None
    }
    done: dict[str, tuple[str, AnchorPair] | None] = {name: None for name in values if name in given}
    left = [name for name in values if name not in given]
    while left:
        near = [
            (pairs[y, x].spread, values[x][1].sum(), y, x) for y in left for x in done if (y, x) in pairs
        ]
        if near:
            *_, y, x = min(near)
            done[y] = (x, pairs[y, x])
        else:
            y = min(left, key=lambda name: _compute_anchor_rank(*values[name]))
            done[y] = None
        left.remove(y)
    return done


def _compare_dates(values: Mapping[str, Timestamps], y: str, x: str) -> AnchorPair | None:
    """A date counted from another, if that tells much of it, or keeps an order; else None."""
    if y == x:
        return None
    both = ~values[y][1] & ~values[x][1]
    if both.sum() < MIN_RECORDS:
        return None
    a, b = values[y][0][both], values[x][0][both]
    length = (a - b).astype(float)
    wide, own = _compute_range(length), max(_compute_range(a.astype(float)), 1.0)
    ahead, behind = (length >= 0).mean(), (length <= 0).mean()
    after = bool(ahead >= behind)
    late, early = (a, b) if after else (b, a)
    crossed = np.searchsorted(np.sort(late), early, side="left").mean() / len(early)
    order = max(ahead, behind) >= MIN_ORDERED_SHARE
    worth = wide < MAX_INFORMATIVE_SPREAD * own or (crossed >= MIN_CROSSED_SHARE and not _is_heaped(a))
    if (order and worth and wide <= MAX_LEARNED_SPREAD * own) or wide < MAX_UNORDERED_SPREAD * own:
        return AnchorPair(wide, after, float(np.median(np.abs(length))))
    return None


def _compute_anchor_rank(moment: np.ndarray, missing: np.ndarray) -> tuple[float, ...]:
    """What others are best counted from, least first: coarse clocks, a narrow range, few gaps, early."""
    known = moment[~missing]
    if not len(known):
        return (np.inf,)
    clock, _ = _find_clock(known)
    narrow = round(5 * np.log(max(_compute_range(known.astype(float)), 1.0)))
    return (-(clock or DAY), narrow, int(missing.sum()), float(known.mean()))


def _compute_range(values: np.ndarray) -> float:
    """Between the outer twentieths, which a few errors do not move."""
    return float(np.subtract(*np.quantile(values, [0.95, 0.05]))) if len(values) else 0.0


def _is_heaped(moment: np.ndarray) -> bool:
    days = moment.astype("datetime64[us]").astype("datetime64[D]")
    within = (days - days.astype("datetime64[M]")).astype(int)
    return bool(np.isin(within, (0, 14)).mean() > MIN_HEAPED_SHARE)


def _recode_unanchored(name: str, values: Timestamps) -> DateRecoding | None:
    """A date that is counted from nothing; None: it is learned as it is."""
    moment = values[0][~values[1]]
    if len(moment) < MIN_RECORDS:
        return None
    clock, at = _find_clock(moment)
    weekly = _has_weekly_pattern(moment)
    if not (weekly or clock or at):
        return None
    return DateRecoding(name, WEEK if weekly else DAY, clock=clock, at=at)


def _recode_anchored(
    name: str, values: Mapping[str, Timestamps], anchor: str, pair: AnchorPair
) -> DateRecoding:
    here, there = values[name], values[anchor]
    both = ~here[1] & ~there[1]
    apart = bool((there[1] & ~here[1]).any())
    (clock, at), (_, other) = _find_clock(here[0][~here[1]]), _find_clock(there[0][~there[1]])
    daily = not (here[0][both] % DAY).any() and not (there[0][both] % DAY).any()
    if daily or pair.median >= MAX_SHORT_INTERVAL or (at and other):
        return DateRecoding(
            name, DAY, anchor, pair.is_after, clock, at, apart, _find_weekdays(here[0][both])
        )
    tick = find_coarsest_tick(here[0][both] - there[0][both])
    return DateRecoding(name, tick, anchor, pair.is_after, clock if apart else 0, at if apart else 0, apart)


def _find_clock(moment: np.ndarray) -> tuple[int, int]:
    """The grid of clock times that vary, else the clock time that all have; in microseconds."""
    clock = np.mod(moment, DAY)
    if len(clock) and (clock == clock[0]).all():
        return 0, int(clock[0])
    return find_coarsest_tick(clock), 0


def _find_weekdays(moment: np.ndarray) -> tuple[int, ...]:
    """The weekdays on which moments fall, where there are some on which they hardly ever do; else none."""
    if not _has_weekly_pattern(moment):
        return ()
    count = np.bincount(np.mod(moment + MONDAY_OFFSET, WEEK) // DAY, minlength=7)
    often = count >= MAX_RARE_WEEKDAY_SHARE * len(moment) / 7
    return () if often.all() else tuple(np.flatnonzero(often).tolist())


def _has_weekly_pattern(moment: np.ndarray) -> bool:
    """Whether weekdays differ beyond chance; those of one and the same day, as of clock times, do not."""
    if len(moment) < MIN_WEEKDAY_DATES or np.ptp(moment // DAY) == 0:
        return False
    count = np.bincount(np.mod(moment + MONDAY_OFFSET, WEEK) // DAY, minlength=7)
    expected = len(moment) / 7
    return bool(((count - expected) ** 2 / expected).sum() > WEEKDAY_CHI2_THRESHOLD)
