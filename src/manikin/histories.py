"""Histories in other shapes, and the futures of given patients."""

from __future__ import annotations

from manikin.data.events.shapes import aggregated, series, snapshot, until, without
from manikin.synthesis.futures import chances

__all__ = ["aggregated", "chances", "series", "snapshot", "until", "without"]
