"""Catalogue: every metric there is, and which of them read a view."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from manikin.contracts.metric import AXES, Metric
from manikin.core import registry
from manikin.evaluation.measuring.views import find_array_view, is_embedding_view

if TYPE_CHECKING:
    from manikin.evaluation.measuring.evaluation_data import EvaluationData


@cache
def list_metrics() -> tuple[Metric, ...]:
    """Every metric there is, shipped or installed beside, axis by axis as the modules list them."""
    modules = [registry.find("metrics", name) for name in registry.list_plugins("metrics")]
    found = [metric for module in modules for metric in module]
    return tuple(sorted(found, key=lambda metric: AXES.index(metric.axis)))


def find_metric(score: str) -> Metric | None:
    """The metric behind a score; several features may make several scores of it."""
    return next((metric for metric in list_metrics() if metric.name == score.partition("[")[0]), None)


def select_metrics(name: str, views: dict[str, EvaluationData]) -> list[Metric]:
    """All metrics that read this view."""
    features = {
        name,
        "" if len(views) == 1 or views[name].has_several_fields else name,
        "grid" if is_embedding_view(views[name]) else name,
        "records" if name == next(iter(views)) else name,
        "arrays" if name == find_array_view(views) else name,
    }
    return [metric for metric in list_metrics() if metric.feature in features]
