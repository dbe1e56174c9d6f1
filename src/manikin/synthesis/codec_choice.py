"""Which codec encodes which fields: one that is named, or one for the kind and size of the records."""

from __future__ import annotations

import math
from dataclasses import asdict
from typing import TYPE_CHECKING

from manikin.codecs.patches import PatchCodec
from manikin.contracts.codec import TrainableCodec
from manikin.contracts.family import StatisticalFamily
from manikin.core import registry
from manikin.errors import Unsupported
from manikin.schema.kinds import SCALAR_TYPES, Text

if TYPE_CHECKING:
    from collections.abc import Sequence

    from manikin.cohort.cohort import Cohort
    from manikin.contracts.codec import Codec, CodecRequest
    from manikin.schema.kinds import Schema
    from manikin.synthesis.plan import Plan


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


def create_requested_codec(request: CodecRequest) -> Codec:
    """The unfitted codec that serves a family's request.

    Raises:
        Unsupported: There is none.
    """
    for name in registry.list_plugins("codecs"):
        codec = registry.find("codecs", name)
        if codec.serves is type(request):
            return codec(**asdict(request))  # type: ignore[call-overload] - every request is a dataclass
    raise Unsupported(f"no codec serves {request!r}; add an entry point of manikin.codecs")


def choose_target_codec(
    train: Cohort, plan: Plan, fields: Sequence[str], named: str | Codec | None
) -> Codec:
    """The unfitted codec of a target: one that is named, that the family asks for, or that fits the fields.

    Pictures of which a part may be observed stay as they are, because codes have no such part.

    Raises:
        Unsupported: No codec knows these kinds in this form, or codes are to be observed in part.
    """
    request = plan.family.codec_request
    if named is not None:
        codec = registry.find("codecs", named)() if isinstance(named, str) else named
    elif request is not None:
        codec = create_requested_codec(request)
    else:
        shapes = [getattr(train.columns[name].type, "shape", [1]) for name in fields]
        places = 0 if plan.observed else max(math.prod(shape[1:]) for shape in shapes)
        codec = choose_codec(train.schema, fields, tokens=plan.family.tokens, places=places)
    if plan.observed and isinstance(codec, TrainableCodec):
        message = (
            f"an observed part of {plan.observed[0]!r} is no part of its learned codes; use 'diffusion' in "
            "pixel space: Synthesizer(..., family='diffusion', codec='arrays')"
        )
        raise Unsupported(message)
    return codec


def fit_target_codec(train: Cohort, plan: Plan, named: str | Codec | None) -> Codec:
    """The fitted codec of a target; for a statistical family of the condition as well, which comes first.

    Raises:
        Unsupported: As of `choose_target_codec`, or the family cannot model what the codec gives.
    """
    fields = plan.fields if isinstance(plan.family, StatisticalFamily) else plan.target
    codec = choose_target_codec(train, plan, fields, named)
    if isinstance(plan.family, StatisticalFamily) and plan.family.has_equalities:
        codec = codec.share_scales()
    codec = codec.condition_on(plan.condition).fit(train, list(fields))
    if reason := plan.family.refusal(codec.spec):
        raise Unsupported(reason)
    return codec


def fit_condition_codecs(train: Cohort, plan: Plan, codec: Codec) -> dict[str, Codec]:
    """A codec for the scalar part of a condition, and one for each array in it; in networks alone.

    Arrays on the very grid of a target that is modelled on a coarser one are laid on that.
    """
    condition = plan.condition
    if isinstance(plan.family, StatisticalFamily):
        return {}
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
