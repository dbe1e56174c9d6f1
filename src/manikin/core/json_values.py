"""Values of any kind as what JSON can hold."""

from __future__ import annotations

import math
from typing import Any


def to_json_value(value: Any) -> Any:  # noqa: ANN401 - JSON holds anything
    """The same with NumPy values and tuples as plain ones, and None for what is not finite.

    Example:
        >>> to_json_value({"a": (1, float("nan"))})
        {'a': [1, None]}
    """
    if isinstance(value, dict):
        return {str(key): to_json_value(entry) for key, entry in value.items()}
    if hasattr(value, "tolist"):  # a NumPy array or scalar
        return to_json_value(value.tolist())
    if isinstance(value, list | tuple):
        return [to_json_value(entry) for entry in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value
