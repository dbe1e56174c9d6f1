"""What keys of `schema.toml` may hold, where a type alone does not say it."""

from __future__ import annotations

import math
import re
from typing import Annotated, Any, Literal

from annotated_types import Ge, Gt, Len, Predicate

from manikin.core.toml_tables import Described
from manikin.errors import SchemaError
from manikin.schema.vocabulary import LIMIT_PATTERN

FOLDER_ROLES = ("subject", "label", "visit", "none")
"""What a level of folders may be; of a visit and of "none" nothing is kept."""


class _NumbersAsText:
    """An annotation, read by pydantic: numbers are taken as the text that they stand for."""

    def __get_pydantic_core_schema__(self, source: Any, handler: Any) -> Any:  # noqa: ANN401 - of pydantic
        """The schema of a text, which takes numbers too."""
        from pydantic_core import core_schema  # as in `core.toml_tables`

        def read(value: Any) -> Any:  # noqa: ANN401 - TOML holds anything
            return str(value) if isinstance(value, int | float) else value

        either = core_schema.union_schema([core_schema.str_schema(), core_schema.float_schema()])
        return core_schema.no_info_before_validator_function(
            read, handler(source), json_schema_input_schema=either
        )


Quantity = int | Annotated[float, Predicate(math.isfinite)]
"""A whole number stays one: it is written as it was read."""
PositiveQuantity = Annotated[int, Gt(0)] | Annotated[float, Gt(0), Predicate(math.isfinite)]
_Frequency = Annotated[int, Ge(0)] | Annotated[float, Ge(0), Predicate(math.isfinite)]
FrequencyBand = Annotated[
    tuple[_Frequency, ...],
    Len(2, 2),
    Predicate(lambda band: not band[1] or band[0] < band[1]),
    Described("a lowest and a highest frequency in Hz, 0 for an open side"),
]
LabelCount = Annotated[int, Ge(0), Described("how many labels there are")]
GridSize = Annotated[
    tuple[Annotated[int, Gt(0)], ...],
    Len(2, 3),
    Described("two or three numbers of places, each above 0"),
]
BeatSymbols = Annotated[str, Len(1), Described("text: symbols of beats, or *")]
BurnedInText = Annotated[
    Literal["none", "present"], Described('"none" or "present", as a person found who looked')
]
MissingSpellings = Annotated[
    tuple[Annotated[str, _NumbersAsText()], ...], Described("a list of texts or numbers")
]
Limits = Annotated[
    tuple[Annotated[str, Predicate(lambda text: bool(re.match(LIMIT_PATTERN, text)))], ...],
    Described('a list of limits such as "<0.01" or "90+"'),
]


def parse_folder_roles(value: Any) -> tuple[str, ...]:  # noqa: ANN401 - TOML holds anything
    """The key `folders` of a schema: one of `FOLDER_ROLES` for each level; none where it is a field.

    Raises:
        SchemaError: It is a list of something else, or names two levels of subjects or of labels.
    """
    if value is None or isinstance(value, dict):
        return ()
    listed = (
        isinstance(value, list | tuple) and bool(value) and all(level in FOLDER_ROLES for level in value)
    )
    if not listed or max(value.count("subject"), value.count("label")) > 1:
        raise SchemaError(
            f"schema, folders: needs a list with one of {', '.join(FOLDER_ROLES)} for each level "
            'from the top, at most one of them "subject" and one "label"; '
            'as in folders = ["label", "subject"]'
        )
    return tuple(value)
