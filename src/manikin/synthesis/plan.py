"""Plan: which fields are modelled, which are given, by what family, through which codecs."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass, fields
from typing import TYPE_CHECKING, Any

from manikin.codecs.patches import PatchCodec
from manikin.contracts.codec import TrainableCodec
from manikin.contracts.family import Family, StatisticalFamily
from manikin.core import registry
from manikin.errors import SchemaError, Unsupported, UsageError
from manikin.schema.kinds import SCALAR_TYPES, Codes, Image, Schema, Signal, Text

if TYPE_CHECKING:
    from collections.abc import Sequence

    from manikin.cohort.cohort import Cohort
    from manikin.contracts.codec import Codec

MIN_NETWORK_LETTERS = 20_000_000
"""Letters of notes, some four million tokens, from which on a network writes better than templates."""

Fields = "str | Sequence[str] | None"


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
    if family is None:
        rows = all(isinstance(schema[name], SCALAR_TYPES) for name in (*target, *condition))
        scalars = all(isinstance(schema[name], SCALAR_TYPES) for name in condition)
        notes = any(isinstance(schema[name], Text) for name in target)
        tokens = notes or any(isinstance(schema[name], Codes) for name in target)
        family = "trees" if rows else "autoregressive" if tokens else "diffusion"
        family = "templates" if notes and scalars and letters < MIN_NETWORK_LETTERS else family
    name, _, model = family.partition(":")
    kind = registry.find("families", name)
    if model and "model" not in (option.name for option in fields(kind)):
        raise UsageError(f"family {name!r} takes no model after a colon; 'lora' does")
    return kind(model=model) if model else kind()


def choose_codec(schema: Schema, fields: Sequence[str], *, tokens: bool, places: int = 0) -> Codec:
    """An unfitted codec for these fields.

    Args:
        schema: Of the records.
        fields: What is encoded together.
        tokens: Whether as tokens rather than as channels on a grid.
        places: How many places of a grid a record has; 0: as if it were small.

    Raises:
        Unsupported: No codec knows these kinds in this form.
    """
    kinds = tuple(type(schema[name]) for name in fields)
    known = [registry.find("codecs", name) for name in registry.list_plugins("codecs")]
    able = [
        codec
        for codec in known
        if codec.tokens == tokens
        and codec.min_length <= places
        and all(issubclass(kind, codec.kinds) for kind in kinds)
    ]
    if able:  # of several the one made for these kinds and few others
        return max(able, key=lambda codec: (codec.min_length, -len(codec.kinds)))()
    form = "tokens" if tokens else "channels on a grid"
    message = f"no codec turns {', '.join(kind.name for kind in kinds)} into {form}; " + (
        "use 'diffusion', 'vae' or 'gan'" if tokens else "use 'autoregressive' or 'masked'"
    )
    raise Unsupported(message)


def choose_target_codec(
    train: Cohort, plan: Plan, fields: Sequence[str], named: str | Codec | None
) -> Codec:
    """The unfitted codec of a target: the one that is named, or one for the kind and size of the fields.

    Pictures of which a part may be observed stay as they are, because codes have no such part.

    Raises:
        Unsupported: No codec knows these kinds in this form, or codes are to be observed in part.
    """
    tokens = getattr(plan.family, "tokens", False)
    named = named or getattr(plan.family, "codec", None)
    if named is None:
        shapes = [getattr(train.columns[name].type, "shape", [1]) for name in fields]
        places = 0 if plan.observed else max(math.prod(shape[1:]) for shape in shapes)
        codec = choose_codec(train.schema, fields, tokens=tokens, places=places)
    else:
        codec = registry.find("codecs", named)() if isinstance(named, str) else named
    if plan.observed and isinstance(codec, TrainableCodec):
        message = (
            f"an observed part of {plan.observed[0]!r} is no part of its learned codes; use 'diffusion' in "
            "pixel space: Synthesizer(..., family='diffusion', codec='arrays')"
        )
        raise Unsupported(message)
    return codec


def fit_condition_codecs(train: Cohort, condition: tuple[str, ...], codec: Codec) -> dict[str, Codec]:
    """A codec for the scalar part of a condition, and one for each array in it.

    Arrays on the very grid of a target that is modelled on a coarser one are laid on that.
    """
    if (asked := codec.choose_condition_codecs(train, condition)) is not None:
        return asked
    rows = [name for name in condition if isinstance(train.schema[name], SCALAR_TYPES)]
    arrays = [name for name in condition if name not in rows]
    groups = {**({"row": rows} if rows else {}), **{name: [name] for name in arrays}}
    fitted = {
        name: choose_codec(train.schema, fields, tokens=isinstance(train.schema[fields[0]], Text)).fit(
            train, fields
        )
        for name, fields in groups.items()
    }
    if isinstance(codec, TrainableCodec):
        grid, patches = codec.source.spec.grid, PatchCodec(codec.downsampling_factors)
        fitted |= {name: patches.fit(train, [name]) for name in arrays if fitted[name].spec.grid == grid}
    return fitted


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
