"""Moments: dates and times as what is constant, periodic or a length of time about them.

A visit at 08:30 on a Tuesday is a week, a weekday and a clock time, each with its own distribution; a
discharge is so many days after the admission. Each part is an ordinary number or category to a model.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from manikin.core.arrow import pc
from manikin.schema.kinds import Category, Number

if TYPE_CHECKING:
    from manikin.schema.kinds import Kind

DAY = 86_400_000_000
WEEK = 7 * DAY
MONDAY_OFFSET = 3 * DAY
"""1 January 1970 was a Thursday: weeks begin three days before it."""
CLOCK_TICKS = (*(s * 1_000_000 for s in (3600, 1800, 900, 600, 300, 60, 30, 15, 10, 5, 1)), 1000, 1)
"""The grids on which clock times are recorded, in microseconds, coarse to fine."""
MAX_MICROSECONDS = 9_200_000_000_000_000
"""The farthest moment, in microseconds from 1970, that nanoseconds in 64 bits reach: in the year 2261."""


@dataclass(frozen=True)
class DateRecoding:
    """How one field of dates or times is learned.

    Args:
        field: The field.
        tick: The unit of its main part, in microseconds: a day, a week, or the grid of a length of time.
        anchor: The field from which that part is counted; empty: 1 January 1970.
        after: Whether it comes after the anchor: its main part is then counted forward, else backward.
        clock: The grid of its clock times, in microseconds; 0: its clock time is no part of its own.
        at: Its clock time where that never changes, in microseconds.
        apart: Whether it is learned as a date of its own besides, for records that lack the anchor.
        weekdays: Of one that is counted in days from an anchor, the weekdays on which it falls (0: Monday);
            empty: on any.
    """

    field: str
    tick: int
    anchor: str = ""
    after: bool = True
    clock: int = 0
    at: int = 0
    apart: bool = False
    weekdays: tuple[int, ...] = ()

    @property
    def is_daily(self) -> bool:
        """Whether the main part counts whole days or weeks, beside which a clock time stands."""
        return self.tick >= DAY

    @property
    def main_part(self) -> str:
        """The name of the main part, in which gaps are."""
        if self.anchor:
            late, early = (self.field, self.anchor) if self.after else (self.anchor, self.field)
            return f"{late} - {early}"
        return f"{self.field}: {'week' if self.tick == WEEK else 'day'}"

    @property
    def part_names(self) -> tuple[str, ...]:
        """All parts by name."""
        parts = {"weekday": self.tick == WEEK, "clock": self.clock > 0, "apart": self.apart}
        return (self.main_part, *(f"{self.field}: {part}" for part, there in parts.items() if there))

    def build_kinds(self) -> dict[str, Kind]:
        """What each part is."""
        unit = (
            f"{self.tick / 1e6:g} s from {self.anchor or '1970'}"
            if self.tick < DAY
            else ("days" if self.tick == DAY else "weeks")
        )
        known: dict[str, Kind] = {
            self.main_part: Number(unit=unit if self.anchor else f"{unit} since 1970", step=1.0),
            f"{self.field}: weekday": Category(levels=tuple(range(7))),
            f"{self.field}: clock": Number(
                unit=f"{self.clock / 1e6:g} s of a day",
                low=0,
                high=float(DAY // max(self.clock, 1) - 1),
                step=1.0,
            ),
            f"{self.field}: apart": Number(unit="days since 1970", step=1.0),
        }
        return {name: known[name] for name in self.part_names}

    def split(self, moment: np.ndarray, anchor: np.ndarray | None) -> dict[str, np.ndarray]:
        """The parts of moments (n,) in microseconds, of which none is missing."""
        day = np.floor_divide(moment, DAY)
        base = day * DAY if self.is_daily else moment
        parts = {f"{self.field}: clock": (moment - day * DAY) // self.clock} if self.clock else {}
        if self.apart:
            parts[f"{self.field}: apart"] = day
        if anchor is not None:
            start = np.floor_divide(anchor, DAY) * DAY if self.is_daily else anchor
            parts[self.main_part] = np.rint(
                (base - start) / (self.tick if self.after else -self.tick)
            ).astype(np.int64)
        elif self.tick == WEEK:
            parts[self.main_part] = np.floor_divide(base + MONDAY_OFFSET, WEEK)
            parts[f"{self.field}: weekday"] = np.mod(base + MONDAY_OFFSET, WEEK) // DAY
        else:
            parts[self.main_part] = day
        return {name: parts[name] for name in self.part_names}

    def join(self, parts: dict[str, np.ndarray], anchor: np.ndarray | None) -> np.ndarray:
        """Moments (n,) in microseconds from their parts."""
        main = parts[self.main_part]
        if anchor is not None:
            start = np.floor_divide(anchor, DAY) * DAY if self.is_daily else anchor
            base = start + main * (self.tick if self.after else -self.tick)
            base = self._move_to_weekdays(base, start) if self.weekdays else base
        elif self.tick == WEEK:
            base = main * WEEK - MONDAY_OFFSET + parts[f"{self.field}: weekday"] * DAY
        else:
            base = main * DAY
        return base + self._compute_clock_time(parts) if self.is_daily else base

    def _move_to_weekdays(self, base: np.ndarray, start: np.ndarray) -> np.ndarray:
        """Days (n,) moved to the nearest weekday on which the field falls, not across the anchor."""
        toward = -1 if self.after else 1
        steps = sorted(range(-6, 7), key=lambda step: (abs(step), step * -toward))
        done, moved = np.zeros(len(base), dtype=bool), base.copy()
        for step in steps:
            day = base + step * DAY
            fits = np.isin(np.mod(day + MONDAY_OFFSET, WEEK) // DAY, self.weekdays)
            fits &= (day >= start) | (base < start) if self.after else (day <= start) | (base > start)
            moved = np.where(fits & ~done, day, moved)
            done |= fits
        return moved

    def join_unanchored(self, parts: dict[str, np.ndarray]) -> np.ndarray:
        """Moments (n,) in microseconds as they are where there is no anchor."""
        return parts[f"{self.field}: apart"] * DAY + self._compute_clock_time(parts)

    def solve_anchor(
        self, moment: np.ndarray, parts: dict[str, np.ndarray], anchor: np.ndarray
    ) -> np.ndarray:
        """The anchor (n,) from the moment; of whole days it keeps the clock time that was drawn."""
        back = moment - parts[self.main_part] * (self.tick if self.after else -self.tick)
        if not self.is_daily:
            return back
        return np.floor_divide(back, DAY) * DAY + np.mod(anchor, DAY)

    def _compute_clock_time(self, parts: dict[str, np.ndarray]) -> np.ndarray:
        clock = f"{self.field}: clock"
        return parts[clock] * self.clock if self.clock else np.full(len(parts[self.main_part]), self.at)

    def describe(self) -> str:
        """How it is learned, in words."""
        if self.anchor and self.tick >= DAY:
            words = f"days {'after' if self.after else 'before'} {self.anchor}"
        elif self.anchor:
            words = f"time {'after' if self.after else 'before'} {self.anchor}"
        else:
            words = "week and weekday" if self.tick == WEEK else "day"
        clock = " and clock time" if self.is_daily and self.clock else ""
        return words + clock


def find_coarsest_tick(values: np.ndarray) -> int:
    """The coarsest grid, in microseconds, on which all values (n,) lie."""
    return next(tick for tick in CLOCK_TICKS if not (values % tick).any())


def to_microseconds(column: pa.Array | pa.ChunkedArray) -> tuple[np.ndarray, np.ndarray]:
    """Moments (n,) in microseconds from 1970 by the clock of their zone, 0 where missing; and the gaps."""
    values = column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column
    if getattr(values.type, "tz", None):
        values = pc.local_timestamp(values)
    missing = values.is_null().to_numpy(zero_copy_only=False)
    whole = values.cast(pa.timestamp("us"), safe=False).cast(pa.int64()).fill_null(0)
    return whole.to_numpy(zero_copy_only=False), missing


def from_microseconds(moment: np.ndarray, missing: np.ndarray, dtype: pa.DataType) -> pa.Array:
    """The inverse of `to_microseconds`, in the type of the file."""
    zone, unit = getattr(dtype, "tz", None), getattr(dtype, "unit", "us")
    if unit == "ns":
        moment = np.clip(moment, -MAX_MICROSECONDS, MAX_MICROSECONDS)
    values = pa.array(np.where(missing, 0, moment).astype("datetime64[us]"), mask=missing)
    if zone:
        values = pc.assume_timezone(values, zone, ambiguous="earliest", nonexistent="earliest")
    return values.cast(dtype, safe=False)
