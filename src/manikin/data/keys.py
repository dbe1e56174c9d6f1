"""What each key of `schema.toml` holds: in words, and how to tell."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable


def _quantity(value: Any) -> bool:  # noqa: ANN401 - TOML holds anything
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def _list_of(*types: type) -> Callable[[Any], bool]:
    return lambda value: isinstance(value, list | tuple) and all(isinstance(item, types) for item in value)


def _grid(value: Any) -> bool:  # noqa: ANN401 - TOML holds anything
    whole = _list_of(int)(value) and not any(isinstance(side, bool) for side in value)
    return whole and len(value) in (2, 3) and min(value) > 0


def _band(value: Any) -> bool:  # noqa: ANN401 - TOML holds anything
    pair = _list_of(int, float)(value) and len(value) == 2  # noqa: PLR2004 - low and high
    return (
        pair
        and all(_quantity(edge) and edge >= 0 for edge in value)
        and (not value[1] or value[0] < value[1])
    )


_NUMBER = ("a number", _quantity)
_TEXT = ("text", lambda value: isinstance(value, str))
_TEXTS = ("a list of texts", _list_of(str))
EXPECTED: dict[str, tuple[str, Callable[[Any], bool]]] = {
    "low": _NUMBER,
    "high": _NUMBER,
    "step": _NUMBER,
    "rate": _NUMBER,
    "window": _NUMBER,
    "notch": _NUMBER,
    "band": ("a lowest and a highest frequency in Hz, 0 for an open side", _band),
    "around": ("text: symbols of beats, or *", lambda value: isinstance(value, str) and value != ""),
    "unit": _TEXT,
    "format": _TEXT,
    "system": _TEXT,
    "missing": _TEXTS,
    "channels": _TEXTS,
    "levels": ("a list of texts, numbers or truth values", _list_of(str, int, float, bool)),
    "labels": ("how many labels there are", lambda value: isinstance(value, int) and value >= 0),
    "spacing": ("a list of numbers", _list_of(int, float)),
    "size": ("two or three numbers of places, each above 0", _grid),
    "ordered": ("true or false", lambda value: isinstance(value, bool)),
}
