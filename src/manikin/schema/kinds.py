"""The vocabulary of records: the kinds of field, their units, ranges, levels and roles.

A schema is written to and read from `schema.toml`, one table per field:

    [age]
    kind = "number"
    unit = "years"
    low = 0
    high = 120
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Literal, get_args

from manikin.core.deprecation import forward_method
from manikin.errors import SchemaError

if TYPE_CHECKING:
    from collections.abc import Iterable

    # What `schema.toml` may hold: loaded when a table of one is parsed.
    from manikin.schema.toml_keys import (
        BeatSymbols,
        BurnedInText,
        FrequencyBand,
        GridSize,
        LabelCount,
        Limits,
        MissingSpellings,
        PositiveQuantity,
        Quantity,
    )

Role = Literal["subject", "label", "sensitive", "identifier", "time", "event", "order", "note", "unclear"]
IDENTITY_ROLES = ("subject", "identifier", "unclear")
"""Roles of fields that say who somebody is, or may: they are never modelled."""
Level = str | int | float | bool
SOURCE_FILE_KEY = "schema_of"
"""The key of `schema.toml` that names the file it was made from."""


@dataclass(frozen=True)
class Number:
    """A quantity.

    Args:
        unit: The unit of the values, for people and for writers of medical formats.
        low: The smallest plausible value, in `unit`; synthetic values never fall below it.
        high: The largest plausible value, in `unit`.
        step: The grid on which values are recorded (1 for integers); None: any value.
        role: What the field is for; "time" is the time to the event of a survival pair, "order" what the
            rows of a patient are ordered by.
        missing: The spellings that stand for a missing value in the file.
        censored: Limits among the values ("<0.01", "90+"), read as numbers beyond them.
        static: Whether it has one value in all rows of a patient, though the file says otherwise.
    """

    name: ClassVar[str] = "number"
    unit: str | None = None
    low: Quantity | None = None
    high: Quantity | None = None
    step: PositiveQuantity | None = None
    role: Role | None = None
    missing: MissingSpellings = ()
    censored: Limits = ()
    static: bool = field(default=False, repr=False)


@dataclass(frozen=True)
class Category:
    """One of a finite set of levels, as they stand in the file (text, integers or booleans).

    `static`: it has one level in all rows of a patient.
    """

    name: ClassVar[str] = "category"
    levels: tuple[Level, ...] = ()
    ordered: bool = False
    role: Role | None = None
    missing: MissingSpellings = ()
    static: bool = field(default=False, repr=False)


@dataclass(frozen=True)
class Time:
    """A date or a moment; `unit` is its resolution ("day", "s", ...), `format` its strptime spelling."""

    name: ClassVar[str] = "time"
    unit: str = "day"
    format: str | None = None
    role: Role | None = None
    missing: MissingSpellings = ()
    static: bool = field(default=False, repr=False)


@dataclass(frozen=True)
class Codes:
    """A history: timed events with codes and values in visits; or a bag of codes, without times.

    Args:
        system: Of the codes (ICD-10, LOINC, ...), where all are of one.
        levels: The codes there may be; empty: any.
        role: What the field is for.
    """

    name: ClassVar[str] = "codes"
    system: str | None = None
    levels: tuple[str, ...] = ()
    role: Role | None = None


@dataclass(frozen=True)
class Text:
    """Free text or a name: replaced by a surrogate; with the role "note" it is prose, and modelled."""

    name: ClassVar[str] = "text"
    role: Role | None = None
    missing: MissingSpellings = ()


@dataclass(frozen=True)
class Signal:
    """A waveform or a series of measurements of shape (channels, time) on a regular grid.

    Args:
        channels: What each channel is; declared, those that are read, in this order.
        rate: In Hz, one place every 1 / `rate` seconds; declared, the rate to which recordings are brought.
        unit: Of the values; where channels differ, one for each, separated by commas.
        role: What the field is for.
        window: The seconds of one record, into which longer recordings are cut.
        around: Symbols of beats on which windows are centred ("NV", "*" for all); None: windows in a row.
        band: The lowest and the highest frequency that are let through on reading, in Hz; 0: open.
        notch: A frequency that is taken out on reading, such as that of mains, in Hz.
    """

    name: ClassVar[str] = "signal"
    channels: tuple[str, ...] = ()
    rate: PositiveQuantity | None = None
    unit: str | None = None
    role: Role | None = None
    window: PositiveQuantity | None = None
    around: BeatSymbols | None = None
    band: FrequencyBand = ()
    notch: PositiveQuantity | None = None


@dataclass(frozen=True)
class Image:
    """A picture (channels, H, W) or volume (channels, D, H, W); with `levels`, a label map.

    Args:
        channels: What each channel is.
        spacing: Between the centres of neighbouring places along each axis, (H, W) or (D, H, W), in mm.
        unit: Of the values ("HU", ...).
        levels: How many levels a label map has; 0: the values are measured.
        role: What the field is for.
        size: The shape to which pictures are brought on reading, (H, W) or (D, H, W), without
            distortion; empty: as they are.
        even: Whether volumes with uneven gaps between slices are interpolated to even ones on reading.
        burned_in: Text in the pixels, as a person found who looked: "none" or "present"; None: nobody did.
    """

    name: ClassVar[str] = "image"
    channels: tuple[str, ...] = ()
    spacing: tuple[Quantity, ...] = ()
    unit: str | None = None
    levels: LabelCount = 0
    role: Role | None = None
    size: GridSize = ()
    even: bool = False
    burned_in: BurnedInText | None = None


Kind = Number | Category | Time | Codes | Text | Signal | Image
KINDS: dict[str, type[Kind]] = {kind.name: kind for kind in get_args(Kind)}
SCALAR_TYPES = (Number, Category, Time)


class Schema(dict[str, Kind]):
    """What each field of a cohort is: an ordered mapping from field name to kind.

    `folders` says what each level of subfolders is ("subject", "label", "visit", "none"); empty: as found.

    Example:
        >>> schema = Schema(age=Number(unit="years"), sex=Category(levels=("F", "M"), role="label"))
        >>> schema.find_by_role("label"), schema.modelled_fields
        ('sex', ['age', 'sex'])
    """

    folders: tuple[str, ...] = ()

    named = forward_method("Schema.named", "find_by_role")

    def find_by_role(self, role: Role) -> str | None:
        """The first field with this role."""
        return next((name for name, kind in self.items() if kind.role == role), None)

    @property
    def modelled_fields(self) -> list[str]:
        """The fields a generator may learn: no identifiers, nothing unclear, of free text only notes."""
        return [
            name
            for name, kind in self.items()
            if (kind.role == "note" if isinstance(kind, Text) else kind.role not in IDENTITY_ROLES)
        ]

    def mark_notes(self, names: Iterable[str]) -> Schema:
        """The same, with the texts among `names` as notes, which are modelled.

        A text that says to whom a record belongs stays what it is.

        Example:
            >>> schema = Schema(report=Text(role="identifier"), age=Number())
            >>> schema.mark_notes(["report", "age"]).modelled_fields
            ['report', 'age']
        """
        chosen = {n for n in names if isinstance(self.get(n), Text) and self[n].role != "subject"}
        return Schema({n: replace(k, role="note") if n in chosen else k for n, k in self.items()})

    @property
    def scalar_fields(self) -> list[str]:
        """The modelled fields that are one value per record."""
        return [name for name in self.modelled_fields if isinstance(self[name], SCALAR_TYPES)]

    @property
    def survival_pairs(self) -> list[tuple[str, str]]:
        """The survival pairs: each field with the role "time" beside the "event" of the same rank."""
        times = [name for name, kind in self.items() if kind.role == "time"]
        events = [name for name, kind in self.items() if kind.role == "event"]
        return list(zip(times, events, strict=False))

    def to_dict(self) -> dict[str, dict[str, Any]]:
        """Plain tables, ready for TOML or JSON; what is unset is left out."""
        return {name: _to_table(kind) for name, kind in self.items()}

    @classmethod
    def from_dict(cls, tables: dict[str, dict[str, Any]]) -> Schema:
        """The inverse of `to_dict`.

        Raises:
            SchemaError: An unknown kind, key or role, with the field where it stands.
        """
        from manikin.schema.toml_keys import parse_folder_roles  # as below

        levels = parse_folder_roles(tables.get("folders"))
        found = cls({n: _parse_kind(n, t) for n, t in tables.items() if n != "folders" or not levels})
        found.folders = levels
        return found

    def write(self, path: str | Path) -> None:
        """Write an editable `schema.toml`."""
        import tomli_w  # as below

        Path(path).write_text(tomli_w.dumps({**self.build_header(), **self.to_dict()}), encoding="utf-8")

    def build_header(self) -> dict[str, list[str]]:
        """What stands above the fields in a file: what levels of folders are, where there are any."""
        return {"folders": list(self.folders)} if self.folders else {}

    @classmethod
    def read(cls, path: str | Path) -> Schema:
        """Read a `schema.toml`.

        Raises:
            SchemaError: The file is absent, is not TOML, or declares what does not exist.
        """
        from manikin.core.toml import read_toml  # as below

        tables = read_toml(path, SchemaError)
        if isinstance(tables.get(SOURCE_FILE_KEY), str):
            del tables[SOURCE_FILE_KEY]
        try:
            return cls.from_dict(tables)
        except SchemaError as error:
            raise SchemaError(f"{path}: {error}") from error


def _to_table(kind: Kind) -> dict[str, Any]:
    values = {key: list(v) if isinstance(v, tuple) else v for key, v in asdict(kind).items()}
    unset = [key for key, value in values.items() if value is None or value is False or value == []]
    return {"kind": kind.name, **{key: values[key] for key in values if key not in unset}}


def _parse_kind(name: str, table: Any) -> Kind:  # noqa: ANN401 - TOML holds anything
    from manikin.core.toml_tables import parse_table  # most tables are read without a schema in TOML
    from manikin.schema import toml_keys

    where = f"schema, field {name!r}"
    if not isinstance(table, dict) or str(table.get("kind")) not in KINDS:
        raise SchemaError(f"{where}: needs kind = one of {', '.join(KINDS)}")
    options = {key: value for key, value in table.items() if key != "kind"}
    kind = parse_table(KINDS[table["kind"]], options, where, SchemaError, types=toml_keys)
    _raise_if_inconsistent(kind, where)
    return kind


def _raise_if_inconsistent(kind: Kind, where: str) -> None:
    """Refuse a declaration that contradicts itself."""
    match kind:
        case Number(low=float() | int() as low, high=float() | int() as high) if low > high:
            raise SchemaError(f"{where}: low {low} lies above high {high}")
        case Category(levels=levels) if len(set(levels)) < len(levels):
            raise SchemaError(f"{where}: a level is declared twice")
    if kind.role == "note" and not isinstance(kind, Text):
        raise SchemaError(f"{where}: only text is a note, not {kind.name}")
