"""Evaluate: three cohorts in, a card out. The judge never knows who made the records."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from manikin.cohort.enforced_constraints import describe_enforced, is_enforced
from manikin.cohort.sample_evidence import SampleEvidence
from manikin.contracts.split import EvaluationOptions
from manikin.core import registry
from manikin.core.progress_display import show_step
from manikin.core.seeds import Key
from manikin.evaluation.altered_copies import refuse_altered_copies
from manikin.evaluation.card.card_facts import list_roles
from manikin.evaluation.card.rare_levels import describe_rare_levels
from manikin.evaluation.inputs import (
    check_fields,
    describe_missing_fields,
    list_surrogate_notes,
    validate_inputs,
)
from manikin.evaluation.measuring import catalogue
from manikin.evaluation.measuring.calibration import compute_scores
from manikin.evaluation.measuring.evaluation_data import MAX_HOLDOUT_RECORDS, cap_records
from manikin.evaluation.measuring.measurement import measure
from manikin.evaluation.measuring.repeats import Repeats
from manikin.evaluation.measuring.views import build_views, find_array_view
from manikin.evaluation.report.image_examples import collect_image_examples
from manikin.evaluation.report.note_examples import collect_note_examples
from manikin.evaluation.report.plot_data import collect_metadata, compute_plots
from manikin.evaluation.report.signal_examples import collect_signal_examples
from manikin.evaluation.report.worst_cases import build_tables
from manikin.evaluation.scorecard import Scorecard
from manikin.text.note_fields import list_note_fields

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from manikin.cohort.cohort import Cohort
    from manikin.evaluation.measuring.evaluation_data import EvaluationData
    from manikin.evaluation.score import Score

NO_VALUES = np.zeros(0)
ABSENCE_REASONS = {"table": "there are no fields of one value, such as age or sex"}
GENERIC_FEATURES = {"", "grid"}  # asked of several views, whose names their scores bear


def evaluate(
    synthetic: Cohort,
    train: Cohort,
    holdout: Cohort,
    *,
    label: str | None = None,
    subgroups: Sequence[str] = (),
    rules: Sequence[Any] = (),
    seed: int = 0,
    encoders: Sequence[str | Path] = (),
) -> Scorecard:
    """Judge synthetic records against real ones that nobody has trained on.

    Args:
        synthetic: The records to judge, whoever made them.
        train: The real records that the generator may have learned from.
        holdout: Real records of other subjects, which it has not seen.
        label: The field that a downstream model is to predict; None: the one that the schema of
            `train` calls so, if any.
        subgroups: Fields by whose levels the records are compared apart.
        rules: Clinical rules, each with `name` and `holds(cohort) -> bool (n,)`.
        seed: The same seed gives the same scores.
        encoders: Files of networks (TorchScript, an exported program, ONNX) that turn pictures into
            vectors, and folders of language models (Hugging Face) that read notes: each one more view.

    Returns:
        A score for every metric, assessed or not, with plots and tables of aggregated figures.

    Raises:
        SchemaError: The fields of the three differ.
        UsageError: Too few records, shared subjects, or an unknown label or subgroup.
    """
    started = time.perf_counter()
    key = Key(seed).child("evaluate")
    given = validate_inputs(synthetic, train, holdout)
    label = label or given[0].schema.find_by_role("label")
    check_fields(given[0], label, subgroups)
    cohorts = cap_records(given, key)
    every, enforced = (*rules, *_select_checks(cohorts[0])), synthetic.enforced_constraints
    question = EvaluationOptions(
        label,
        tuple(subgroups),
        rules=tuple(rule for rule in every if not is_enforced(rule, enforced)),
        enforced_rules=tuple(rule for rule in every if is_enforced(rule, enforced)),
    )
    with show_step("preparing what the judge looks at"):
        views = build_views(cohorts, question, encoders)
    if "table" in views:
        refuse_altered_copies(views["table"].train, views["table"].holdout, key.child("changed"))
    measured = [repeats for name in views for repeats in _measure_view(name, views, key)]
    grid = find_array_view(views)
    front = (next(iter(views.values())) if grid is None else views[grid]).scalar_data
    with show_step("drawing figures"):
        plots = {**compute_plots(front, measured, key), **_collect_examples(views, key)}
    absent = _list_absent_metrics(views) + _report_surrogates(list_surrogate_notes(train, synthetic), views)
    scores = compute_scores(_merge_unmeasured_views(measured) + absent)
    about = collect_metadata(given, question, seed, _describe_subsampling(given, cohorts))
    about["roles"] = list_roles(train.schema, list_note_fields(given[0].schema))
    card = Scorecard(_add_metric_notes(scores, views), about, plots, build_tables(front, key))
    evidence = synthetic.origin.find_options(SampleEvidence)
    card = card.add_facts(
        *describe_missing_fields(synthetic, train, holdout),
        *describe_rare_levels(given[0], given[2]),
        *(evidence.unsupported or ()),
        *(evidence.pooled or ()),
        *describe_enforced(enforced),
    )
    seconds = round(time.perf_counter() - started, 2)
    return replace(card, about={**card.about, "seconds": seconds})


def _measure_view(name: str, views: dict[str, EvaluationData], key: Key) -> list[Repeats]:
    """What a view gives; with several views, metrics that read any bear its name."""
    found = measure(views[name], catalogue.select_metrics(name, views), key.child(name))
    if len(views) == 1 or name == "table":
        return found
    return [
        _add_view_name(draws, name) if draws.metric.feature in GENERIC_FEATURES else draws
        for draws in found
    ]


def _merge_unmeasured_views(draws: list[Repeats]) -> list[Repeats]:
    """Of a metric that any view could be asked for, those views in which it could be measured; else one."""
    seen = {draw.metric for draw in draws if not draw.reason}
    found: list[Repeats] = []
    for draw in draws:
        if draw.reason and draw.metric.feature in GENERIC_FEATURES:
            if draw.metric in seen:
                continue
            seen.add(draw.metric)
            draw = replace(draw, name=draw.metric.name)  # noqa: PLW2901 - it stands for all views
        found.append(draw)
    return found


def _add_view_name(draws: Repeats, view: str) -> Repeats:
    metric, _, part = draws.name.removesuffix("]").partition("[")
    return replace(draws, name=f"{metric}[{f'{view} {part}' if part else view}]")


def _list_absent_metrics(views: dict[str, EvaluationData]) -> list[Repeats]:
    """What is asked of tables; what is about other kinds of field is asked only where there are any."""
    others = {*GENERIC_FEATURES, "records", "arrays", *registry.list_plugins("features"), *views} - (
        {"table"} - set(views)
    )
    return [
        Repeats(
            metric.name,
            metric,
            NO_VALUES,
            NO_VALUES,
            NO_VALUES,
            ABSENCE_REASONS.get(metric.feature, f"there is no field for the feature {metric.feature!r}"),
        )
        for metric in catalogue.list_metrics()
        if metric.feature not in others
    ]


def _report_surrogates(fields: list[str], views: dict[str, EvaluationData]) -> list[Repeats]:
    """One line for notes that were replaced, where there are no others to judge."""
    if not fields or "text" in views:
        return []
    metric = next(metric for metric in catalogue.list_metrics() if metric.feature == "text")
    why = f"surrogates stand for the notes ({', '.join(fields)}): nothing is written there to judge"
    return [Repeats(metric.name, metric, NO_VALUES, NO_VALUES, NO_VALUES, why)]


def _collect_examples(views: dict[str, EvaluationData], key: Key) -> dict[str, Any]:
    """Synthetic pictures, signals and notes, where there are any."""
    shown = {
        "samples": (collect_image_examples, "radiomics"),
        "signals": (collect_signal_examples, "dynamics"),
        "notes": (collect_note_examples, "text"),
    }
    return {name: draw(views[view], key) for name, (draw, view) in shown.items() if view in views}


def _add_metric_notes(found: list[Score], views: dict[str, EvaluationData]) -> list[Score]:
    """The scores with what their metrics have to say about the whole of the synthetic records."""
    first = next(iter(views.values()))
    metrics = {metric.name: metric for metric in catalogue.list_metrics() if metric.note}

    def said(score: Score) -> str:
        metric = metrics.get(score.name)
        if metric is None or metric.note is None or score.value is None:
            return ""
        view = find_array_view(views) if metric.feature == "arrays" else metric.feature
        return metric.note(views.get(view or "", first).full_split)

    return [
        replace(score, note="; ".join((*filter(None, [score.note]), words)))
        if (words := said(score))
        else score
        for score in found
    ]


def _select_checks(train: Cohort) -> list[Any]:
    """The checks for which there are fields; they are counted as rules are."""
    kinds = {
        type(train.schema[name])
        for name in (*train.schema.modelled_fields, *list_note_fields(train.schema))
    }
    found = [check for name in registry.list_plugins("checks") for check in registry.find("checks", name)]
    return [check for check in found if check.kind in kinds]


def _describe_subsampling(given: tuple[Cohort, ...], cohorts: tuple[Cohort, ...]) -> list[str]:
    """What was subsampled, in words."""
    sides = zip(("training", "held-out", "synthetic"), given, cohorts, strict=True)
    capped = [f"{len(b):,} of {len(a):,} {side} records" for side, a, b in sides if len(b) < len(a)]
    held = len(cohorts[1]) // 2
    repeated = (
        [f"{MAX_HOLDOUT_RECORDS:,} of {held:,} fresh records in each repeat"]
        if held > MAX_HOLDOUT_RECORDS
        else []
    )
    return [*capped, *repeated]
