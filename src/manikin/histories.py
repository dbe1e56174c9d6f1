"""Histories in other shapes, and the futures of given patients."""

from __future__ import annotations

from manikin.ehr.reshape import aggregated, series, snapshot, until, without
from manikin.synthesis.forecast import chances

__all__ = ["aggregated", "chances", "series", "snapshot", "until", "without"]
