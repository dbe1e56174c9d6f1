"""Values: what is asked of fields on the command line, in the types that the fields have."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from manikin.core.short_lists import list_names
from manikin.errors import UsageError
from manikin.schema.kinds import Category, Schema

if TYPE_CHECKING:
    from collections.abc import Sequence


def parse_where(schema: Schema, items: Sequence[str]) -> dict[str, Any]:
    """`FIELD=VALUE` texts as a mapping, values in the types of the fields.

    Raises:
        UsageError: No "=", an unknown field, or a value that is none of the field's.

    Example:
        >>> parse_where(Schema(sex=Category(levels=("F", "M")), dead=Category(levels=(0, 1))), ["dead=1"])
        {'dead': 1}
    """
    found = {}
    for item in items:
        name, equals, text = item.partition("=")
        if not equals or name not in schema:
            what = f"there is no field {name!r}" if equals else "write FIELD=VALUE"
            raise UsageError(
                f"--where {item}: {what}; the fields are {list_names(schema.modelled_fields, 20)}"
            )
        kind = schema[name]
        levels = kind.levels if isinstance(kind, Category) else ()
        found[name] = next((level for level in levels if str(level) == text), text)
    return found
