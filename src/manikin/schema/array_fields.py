"""Fields of arrays: images, volumes and signals among the fields of a schema."""

from __future__ import annotations

from typing import TYPE_CHECKING

from manikin.schema.kinds import Image, Signal

if TYPE_CHECKING:
    from manikin.schema.kinds import Schema


def list_array_fields(schema: Schema) -> list[str]:
    """The modelled fields that are images, volumes or signals.

    Example:
        >>> from manikin.schema.kinds import Number, Schema
        >>> list_array_fields(Schema({"age": Number(), "scan": Image(), "mask": Image(levels=3)}))
        ['scan', 'mask']
    """
    return [name for name in schema.modelled_fields if isinstance(schema[name], Image | Signal)]


def list_measured_fields(schema: Schema) -> list[str]:
    """Those of them that are no label maps.

    Example:
        >>> from manikin.schema.kinds import Schema
        >>> list_measured_fields(Schema({"scan": Image(), "mask": Image(levels=3)}))
        ['scan']
    """
    kinds = {name: schema[name] for name in list_array_fields(schema)}
    return [name for name, kind in kinds.items() if not (isinstance(kind, Image) and kind.levels)]
