"""What each key of `schema.toml` holds: in words, and how to tell."""

from __future__ import annotations

import math
import re
from typing import TYPE_CHECKING, Any

from manikin.errors import SchemaError
from manikin.schema.spellings import LIMIT_PATTERN

if TYPE_CHECKING:
    from collections.abc import Callable


def _is_quantity(value: Any) -> bool:  # noqa: ANN401 - TOML holds anything
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def _build_list_test(*types: type) -> Callable[[Any], bool]:
    return lambda value: isinstance(value, list | tuple) and all(isinstance(item, types) for item in value)


def _is_grid_size(value: Any) -> bool:  # noqa: ANN401 - TOML holds anything
    whole = _build_list_test(int)(value) and not any(isinstance(side, bool) for side in value)
    return whole and len(value) in (2, 3) and min(value) > 0


def _is_frequency_band(value: Any) -> bool:  # noqa: ANN401 - TOML holds anything
    pair = _build_list_test(int, float)(value) and len(value) == 2  # noqa: PLR2004 - low and high
    return (
        pair
        and all(_is_quantity(edge) and edge >= 0 for edge in value)
        and (not value[1] or value[0] < value[1])
    )


FOLDER_ROLES = ("subject", "label", "visit", "none")
"""What a level of folders may be; of a visit and of "none" nothing is kept."""


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


def _are_limits(value: Any) -> bool:  # noqa: ANN401 - TOML holds anything
    return _build_list_test(str)(value) and all(re.match(LIMIT_PATTERN, item) for item in value)


_NUMBER_TEST = ("a number", _is_quantity)
_TEXT_TEST = ("text", lambda value: isinstance(value, str))
_TEXT_LIST_TEST = ("a list of texts", _build_list_test(str))
KEY_TESTS: dict[str, tuple[str, Callable[[Any], bool]]] = {
    "low": _NUMBER_TEST,
    "high": _NUMBER_TEST,
    "step": _NUMBER_TEST,
    "rate": _NUMBER_TEST,
    "window": _NUMBER_TEST,
    "notch": _NUMBER_TEST,
    "band": ("a lowest and a highest frequency in Hz, 0 for an open side", _is_frequency_band),
    "around": ("text: symbols of beats, or *", lambda value: isinstance(value, str) and value != ""),
    "unit": _TEXT_TEST,
    "format": _TEXT_TEST,
    "system": _TEXT_TEST,
    "missing": _TEXT_LIST_TEST,
    "censored": ('a list of limits such as "<0.01" or "90+"', _are_limits),
    "channels": _TEXT_LIST_TEST,
    "levels": ("a list of texts, numbers or truth values", _build_list_test(str, int, float, bool)),
    "labels": ("how many labels there are", lambda value: isinstance(value, int) and value >= 0),
    "spacing": ("a list of numbers", _build_list_test(int, float)),
    "size": ("two or three numbers of places, each above 0", _is_grid_size),
    "even": ("true or false", lambda value: isinstance(value, bool)),
    "burned_in": (
        '"none" or "present", as a person found who looked',
        lambda value: value in ("none", "present"),
    ),
    "ordered": ("true or false", lambda value: isinstance(value, bool)),
}


def raise_if_inconsistent(name: str, kind: Any) -> None:  # noqa: ANN401 - any kind of field
    """Refuse a declaration that contradicts itself."""
    if kind.name == "number" and kind.low is not None and kind.high is not None and kind.low > kind.high:
        raise SchemaError(f"schema, field {name!r}: low {kind.low} lies above high {kind.high}")
    if kind.name == "number" and kind.step is not None and kind.step <= 0:
        raise SchemaError(f"schema, field {name!r}: step is above 0")
    if (
        kind.name == "signal"
        and min(value for value in (kind.rate, kind.window, kind.notch, 1) if value is not None) <= 0
    ):
        raise SchemaError(f"schema, field {name!r}: rate, window and notch are above 0")
    if kind.role == "note" and kind.name != "text":
        raise SchemaError(f"schema, field {name!r}: only text is a note, not {kind.name}")
    if kind.name == "category" and len(set(kind.levels)) < len(kind.levels):
        raise SchemaError(f"schema, field {name!r}: a level is declared twice")
