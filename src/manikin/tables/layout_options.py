"""How the table was written that histories or series came in."""

from __future__ import annotations

from dataclasses import asdict, astuple, dataclass, field
from typing import TYPE_CHECKING, Any, Self, final

from manikin.cohort.source_format import SourceOptions
from manikin.tables import CodeColumns, EventColumns, SeriesColumns

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


@final
@dataclass(frozen=True)
class EventLayout:
    """How a long table of events is written.

    Args:
        columns: Which column is what.
        spelling: How times are written: "moment", "date", or a unit of numbers.
        beside: Columns that say more of a code.
        units: Units that may stand at the end of a code.
    """

    columns: EventColumns = field(default_factory=EventColumns)
    spelling: str = "moment"
    beside: CodeColumns = field(default_factory=CodeColumns)
    units: Sequence[str] = ()


@final
@dataclass(frozen=True)
class EventOptions(SourceOptions):
    """The layout of a long table of events; None: events came in no such table."""

    events: EventLayout | None = None

    @classmethod
    def from_options(cls, options: Mapping[str, Any]) -> Self:
        """The layout among these options."""
        if "events" not in options:
            return cls()
        told = dict(options["events"])
        spelling, units, beside = told.pop("spelling"), told.pop("units", ()), told.pop("beside", {})
        return cls(EventLayout(EventColumns(**told), spelling, CodeColumns(**beside), units))

    def to_options(self) -> dict[str, Any]:
        """The layout as one table of names."""
        if self.events is None:
            return {}
        told = {"spelling": self.events.spelling, "beside": asdict(self.events.beside)}
        return {"events": {**asdict(self.events.columns), **told, "units": self.events.units}}


@final
@dataclass(frozen=True)
class LongLayout:
    """How a long table of measurements is written.

    Args:
        columns: Which column is what.
        spelling: How times are written: "moment", "clock", or a unit of numbers.
        decimals: Of each parameter, how many its values have.
    """

    columns: SeriesColumns
    spelling: str
    decimals: Mapping[str, int]


@final
@dataclass(frozen=True)
class WideLayout:
    """How a table of a row for each moment is written.

    Args:
        time: The column of times; None: there is none.
        spelling: How times are written.
        subject: The column of subjects; None: there is none.
    """

    time: str | None
    spelling: str
    subject: str | None


@final
@dataclass(frozen=True)
class SeriesOptions(SourceOptions):
    """The layout of a table of measurements; None: signals came in no table."""

    series: LongLayout | WideLayout | None = None

    @classmethod
    def from_options(cls, options: Mapping[str, Any]) -> Self:
        """The layout among these options."""
        told = dict(options.get("series", {}))
        match told.pop("form", None):
            case "long":
                return cls(LongLayout(**{**told, "columns": SeriesColumns(*told["columns"])}))
            case "wide":
                return cls(WideLayout(**told))
        return cls()

    def to_options(self) -> dict[str, Any]:
        """The layout as one table of names."""
        match self.series:
            case LongLayout(columns, spelling, decimals):
                told = {"columns": [*astuple(columns)], "spelling": spelling, "decimals": decimals}
                return {"series": {"form": "long", **told}}
            case WideLayout():
                return {"series": {"form": "wide", **asdict(self.series)}}
        return {}
