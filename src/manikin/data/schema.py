"""The vocabulary of records: the kinds of field, their units, ranges, levels and roles.

A schema is written to and read from `schema.toml`, one table per field:

    [age]
    kind = "number"
    unit = "years"
    low = 0
    high = 120
    step = 1
"""

from __future__ import annotations

import tomllib
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any, ClassVar, Literal

import tomli_w

from manikin.errors import SchemaError

Role = Literal["subject", "label", "sensitive", "identifier", "time", "event"]
ROLES = ("subject", "label", "sensitive", "identifier", "time", "event")
Level = str | int | float | bool


@dataclass(frozen=True)
class Number:
    """A quantity.

    Args:
        unit: The unit of the values, for people and for writers of medical formats.
        low: The smallest plausible value, in `unit`; synthetic values never fall below it.
        high: The largest plausible value, in `unit`.
        step: The grid on which values are recorded (1 for integers); None: any value.
        role: What the field is for; "time" is the time to the event of a survival pair.
        missing: The spellings that stand for a missing value in the file.
    """

    name: ClassVar[str] = "number"
    unit: str | None = None
    low: float | None = None
    high: float | None = None
    step: float | None = None
    role: Role | None = None
    missing: tuple[str, ...] = ()


@dataclass(frozen=True)
class Category:
    """One of a finite set of levels, as they stand in the file (text, integers or booleans)."""

    name: ClassVar[str] = "category"
    levels: tuple[Level, ...] = ()
    ordered: bool = False
    role: Role | None = None
    missing: tuple[str, ...] = ()


@dataclass(frozen=True)
class Time:
    """A date or a moment; `unit` is its resolution ("day", "s", ...), `format` its strptime spelling."""

    name: ClassVar[str] = "time"
    unit: str = "day"
    format: str | None = None
    role: Role | None = None
    missing: tuple[str, ...] = ()


@dataclass(frozen=True)
class Codes:
    """A sequence of codes of one system (ICD-10, LOINC, ...)."""

    name: ClassVar[str] = "codes"
    system: str | None = None
    levels: tuple[str, ...] = ()
    role: Role | None = None


@dataclass(frozen=True)
class Text:
    """Free text or a name; in tables it is never modelled but replaced by a surrogate."""

    name: ClassVar[str] = "text"
    role: Role | None = None
    missing: tuple[str, ...] = ()


@dataclass(frozen=True)
class Signal:
    """A waveform of shape (channels, time) sampled at `rate` Hz."""

    name: ClassVar[str] = "signal"
    channels: tuple[str, ...] = ()
    rate: float | None = None
    unit: str | None = None
    role: Role | None = None


@dataclass(frozen=True)
class Image:
    """A picture (channels, H, W) or volume (channels, D, H, W); with `levels`, a label map."""

    name: ClassVar[str] = "image"
    channels: tuple[str, ...] = ()
    spacing: tuple[float, ...] = ()
    unit: str | None = None
    levels: int = 0
    role: Role | None = None


Kind = Number | Category | Time | Codes | Text | Signal | Image
KINDS: dict[str, type[Kind]] = {
    kind.name: kind for kind in (Number, Category, Time, Codes, Text, Signal, Image)
}
SCALARS = (Number, Category, Time)


class Schema(dict[str, Kind]):
    """What each field of a cohort is: an ordered mapping from field name to kind.

    Example:
        >>> schema = Schema(age=Number(unit="years"), sex=Category(levels=("F", "M"), role="label"))
        >>> schema.named("label"), schema.modelled
        ('sex', ['age', 'sex'])
    """

    def named(self, role: Role) -> str | None:
        """The first field with this role."""
        return next((name for name, kind in self.items() if kind.role == role), None)

    @property
    def modelled(self) -> list[str]:
        """The fields a generator may learn: neither identifiers nor free text of a table."""
        hidden = ("identifier", "subject")
        return [
            name for name, kind in self.items() if kind.role not in hidden and not isinstance(kind, Text)
        ]

    @property
    def scalars(self) -> list[str]:
        """The modelled fields that are one value per record."""
        return [name for name in self.modelled if isinstance(self[name], SCALARS)]

    def to_dict(self) -> dict[str, dict[str, Any]]:
        """Plain tables, ready for TOML or JSON; what is unset is left out."""
        return {name: _table(kind) for name, kind in self.items()}

    @classmethod
    def from_dict(cls, tables: dict[str, dict[str, Any]]) -> Schema:
        """The inverse of `to_dict`.

        Raises:
            SchemaError: An unknown kind, key or role, with the field where it stands.
        """
        return cls({name: _kind(name, table) for name, table in tables.items()})

    def write(self, path: str | Path) -> None:
        """Write an editable `schema.toml`."""
        Path(path).write_text(tomli_w.dumps(self.to_dict()), encoding="utf-8")

    @classmethod
    def read(cls, path: str | Path) -> Schema:
        """Read a `schema.toml`.

        Raises:
            SchemaError: The file is absent, is not TOML, or declares what does not exist.
        """
        try:
            tables = tomllib.loads(Path(path).read_text(encoding="utf-8"))
        except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
            message = f"{path}: not a readable schema.toml ({error})"
            raise SchemaError(message) from error
        return cls.from_dict(tables)


def _table(kind: Kind) -> dict[str, Any]:
    values = {key: value for key, value in asdict(kind).items() if value not in (None, (), False)}
    plain = {key: list(value) if isinstance(value, tuple) else value for key, value in values.items()}
    return {"kind": kind.name, **plain}


def _kind(name: str, table: Any) -> Kind:  # noqa: ANN401 - TOML holds anything
    if not isinstance(table, dict) or table.get("kind") not in KINDS:
        message = f"schema, field {name!r}: needs kind = one of {', '.join(KINDS)}"
        raise SchemaError(message)
    cls = KINDS[table["kind"]]
    options = {key: value for key, value in table.items() if key != "kind"}
    known = {field.name for field in fields(cls)}
    if unknown := set(options) - known:
        message = (
            f"schema, field {name!r}: {cls.name} has no {', '.join(sorted(unknown))}; "
            f"it knows {', '.join(sorted(known))}"
        )
        raise SchemaError(message)
    if options.get("role") not in (None, *ROLES):
        message = f"schema, field {name!r}: role is one of {', '.join(ROLES)}"
        raise SchemaError(message)
    return cls(**{key: tuple(v) if isinstance(v, list) else v for key, v in options.items()})
