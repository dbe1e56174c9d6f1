"""Plan: which fields are modelled, which are given, by what family, through which codecs."""

from __future__ import annotations

from dataclasses import asdict, dataclass, fields
from typing import TYPE_CHECKING, Any

from manikin.contracts.family import Family, StatisticalFamily
from manikin.core import registry
from manikin.errors import SchemaError, Unsupported, UsageError
from manikin.schema.kinds import SCALAR_TYPES, Codes, Image, Schema, Signal, Text

if TYPE_CHECKING:
    from collections.abc import Sequence

MIN_NETWORK_LETTERS = 20_000_000
"""Letters of notes, some four million tokens, from which on a network writes better than templates."""


@dataclass(frozen=True)
class Plan:
    """What stands on which side of the bar.

    Args:
        target: The fields to model.
        condition: The fields that are always given.
        observed: The target fields of which any part may be given.
        family: How they are modelled.
    """

    target: tuple[str, ...]
    condition: tuple[str, ...]
    observed: tuple[str, ...]
    family: Family | StatisticalFamily

    @property
    def fields(self) -> tuple[str, ...]:
        """All fields that it speaks of."""
        return (*self.condition, *self.target)

    @classmethod
    def from_schema(
        cls,
        schema: Schema,
        target: str | Sequence[str] | None,
        condition: str | Sequence[str],
        family: str | Family | StatisticalFamily | None,
        letters: int = 0,
    ) -> Plan:
        """Resolve what the user said against what the records hold.

        Raises:
            SchemaError: A field that does not exist or is never modelled.
            Unsupported: Fields that no one model can hold; the message names `Chain`. A signal or a
                picture for a family of tables or texts.
        """
        given = check_fields(schema, condition)
        wanted = (
            check_fields(schema, target) if target is not None else _find_remaining_fields(schema, given)
        )
        observed = tuple(name for name in wanted if name in given)
        plain = tuple(name for name in given if name not in wanted)
        if not wanted:
            raise UsageError(
                "nothing is left to model: every field is given or an identifier; free text is modelled if "
                "its role is note (in schema.toml, or by --note)"
            )
        _raise_if_mixed_kinds(schema, wanted)
        continued = any(isinstance(schema[name], Text) for name in observed)
        chosen = resolve_family(
            family, schema, wanted, plain, MIN_NETWORK_LETTERS if continued else letters
        )
        if continued and isinstance(chosen, StatisticalFamily):
            raise Unsupported("templates do not continue a text that is given; use 'autoregressive'")
        _raise_if_unsupported(schema, wanted, plain, chosen)
        return cls(wanted, plain, observed, chosen)


def check_fields(schema: Schema, fields: str | Sequence[str]) -> tuple[str, ...]:
    """Field names, checked: they exist and may be modelled."""
    chosen = (fields,) if isinstance(fields, str) else tuple(fields)
    for name in chosen:
        if name not in schema:
            message = f"no field {name!r}; there are {', '.join(schema)}"
            raise SchemaError(message)
        if name not in schema.modelled_fields:
            message = (
                f"field {name!r} is an identifier, which is never modelled; if it is not, say so in "
                'schema.toml (of prose by role = "note")'
            )
            raise SchemaError(message)
    return chosen


def resolve_family(
    family: str | Family | StatisticalFamily | None,
    schema: Schema,
    target: Sequence[str],
    condition: Sequence[str],
    letters: int = 0,
) -> Family | StatisticalFamily:
    """The family by name, or the best default for the kind of the target and the letters of its notes."""
    if isinstance(family, Family | StatisticalFamily):
        return family
    family = family or _choose_default_family(schema, target, condition, letters)
    kind, (_, _, model) = find_family_class(family), family.partition(":")
    if not model:
        return kind()
    if "model" not in (option.name for option in fields(kind)):
        raise UsageError(f"family {family.partition(':')[0]!r} takes no model after a colon; 'lora' does")
    return kind(model=model)


def find_family_class(family: str | Family | StatisticalFamily) -> type[Any]:
    """The class of a family that is named, or is there as an object."""
    return registry.find("families", family.partition(":")[0]) if isinstance(family, str) else type(family)


def _choose_default_family(
    schema: Schema, target: Sequence[str], condition: Sequence[str], letters: int
) -> str:
    """The name of the best family where none is named."""
    given_scalars = all(isinstance(schema[name], SCALAR_TYPES) for name in condition)
    if given_scalars and all(isinstance(schema[name], SCALAR_TYPES) for name in target):
        return "trees"
    if any(isinstance(schema[name], Text) for name in target):
        return "templates" if given_scalars and letters < MIN_NETWORK_LETTERS else "autoregressive"
    return "autoregressive" if any(isinstance(schema[name], Codes) for name in target) else "diffusion"


def dump_family(family: Family | StatisticalFamily) -> dict[str, Any]:
    """A family as its name and options; unset options are left out."""
    name = registry.find_name("families", type(family))
    if name is None:
        message = f"{type(family).__name__} is no registered family; add an entry point of manikin.families"
        raise UsageError(message)
    return {"name": name} | {key: value for key, value in asdict(family).items() if value is not None}  # type: ignore[call-overload]


def parse_family(table: dict[str, Any]) -> Family | StatisticalFamily:
    """The inverse of `dump_family`."""
    options = {key: tuple(v) if isinstance(v, list) else v for key, v in table.items() if key != "name"}
    cls = registry.find("families", table["name"])
    try:
        return cls(**options)
    except TypeError as error:
        message = f"family {table['name']!r}: {error}"
        raise UsageError(message) from error


def _find_remaining_fields(schema: Schema, given: Sequence[str]) -> tuple[str, ...]:
    """Everything not given; if all is given, everything, any part of which may be observed."""
    rest = tuple(name for name in schema.modelled_fields if name not in given)
    return rest or tuple(schema.modelled_fields)


def _raise_if_unsupported(
    schema: Schema, target: Sequence[str], condition: Sequence[str], family: Family | StatisticalFamily
) -> None:
    """Check that a family of tables or texts meets no signal or picture."""
    texts = family.is_for_notes
    tables = isinstance(family, StatisticalFamily) and not texts
    modelled = [name for name in target if isinstance(schema[name], Signal | Image)]
    given = [name for name in condition if tables and isinstance(schema[name], Signal | Image)]
    if not (tables or texts) or not (modelled or given):
        return
    name = (modelled or given)[0]
    signal = isinstance(schema[name], Signal)
    able = "'diffusion', 'vae', 'gan'" + (", 'autoregressive' or 'masked'" if signal else "")
    message = (
        f"{dump_family(family)['name']!r} cannot {'model' if modelled else 'be given'} the "
        f"{'signal' if signal else 'picture'} {name!r}: it is for {'tables' if tables else 'texts'}; "
        f"use {able if modelled else 'a family of networks'}"
    )
    raise Unsupported(message)


def _raise_if_mixed_kinds(schema: Schema, target: Sequence[str]) -> None:
    arrays = [name for name in target if not isinstance(schema[name], SCALAR_TYPES)]
    if arrays and len(target) > 1:
        others = [name for name in target if name not in arrays[:1]]
        message = (
            f"one model cannot hold {arrays[0]!r} together with {', '.join(map(repr, others[:5]))}; join "
            f"one model for each: Chain([Synthesizer(target={others}), "
            f"Synthesizer(target={arrays[0]!r}, condition={others})])"
        )
        raise Unsupported(message)


def can_model(family: str | Family | StatisticalFamily, schema: Schema, target: Sequence[str]) -> bool:
    """Whether a family is for such fields."""
    kind, first = find_family_class(family), schema[target[0]]
    if kind.is_for_notes:
        return isinstance(first, Text)
    return isinstance(first, SCALAR_TYPES) or not issubclass(kind, StatisticalFamily)


def group_fields(schema: Schema, fields: Sequence[str]) -> list[tuple[str, ...]]:
    """The fields that one model can hold together: all scalars, then label maps, then each other array."""
    scalars = tuple(name for name in fields if isinstance(schema[name], SCALAR_TYPES))
    arrays = [name for name in fields if name not in scalars]
    maps = [name for name in arrays if _is_label_map(schema, name)]
    rest = [name for name in arrays if name not in maps]
    return [*([scalars] if scalars else []), *((name,) for name in (*maps, *rest))]


def _is_label_map(schema: Schema, name: str) -> bool:
    kind = schema[name]
    return isinstance(kind, Image) and kind.levels > 0
