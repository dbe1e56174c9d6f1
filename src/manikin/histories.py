"""Histories in other shapes, and the futures of given patients."""

from __future__ import annotations

from manikin.core.deprecation import forward_names
from manikin.ehr.reshape import aggregate, drop_codes, take_snapshot, to_series, truncate
from manikin.synthesis.forecast import estimate_event_probabilities

__all__ = [
    "aggregate",
    "drop_codes",
    "estimate_event_probabilities",
    "take_snapshot",
    "to_series",
    "truncate",
]

__getattr__ = forward_names(
    __name__,
    {
        "aggregated": "aggregate",
        "chances": "estimate_event_probabilities",
        "series": "to_series",
        "snapshot": "take_snapshot",
        "until": "truncate",
        "without": "drop_codes",
    },
)
