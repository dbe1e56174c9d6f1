"""Evaluate: three cohorts in, a card out. The judge never knows who made the records."""

from __future__ import annotations

import time
from dataclasses import replace
from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np

from manikin.cohort.enforced_constraints import describe_imposed, is_imposed
from manikin.contracts.metric import AXES, Metric, Question
from manikin.core import registry
from manikin.core.progress_display import show_step
from manikin.core.seeds import Key
from manikin.evaluation.altered_copies import refuse_changed
from manikin.evaluation.card.card_facts import roles
from manikin.evaluation.card.rare_levels import describe_rare_levels
from manikin.evaluation.card.scorecard import Scorecard
from manikin.evaluation.inputs import admitted, known, tell_lacking, unwritten
from manikin.evaluation.measuring.calibration import scores
from manikin.evaluation.measuring.evaluation_data import HELD, LEARNED
from manikin.evaluation.measuring.measurement import measure
from manikin.evaluation.measuring.repeats import Draws
from manikin.evaluation.measuring.views import arrays, compared
from manikin.evaluation.measuring.views import views as viewed
from manikin.evaluation.report.image_examples import samples
from manikin.evaluation.report.note_examples import excerpts
from manikin.evaluation.report.plot_data import about, plots
from manikin.evaluation.report.signal_examples import traces
from manikin.evaluation.report.worst_cases import tables
from manikin.text.note_fields import notes

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from manikin.cohort.cohort import Cohort
    from manikin.evaluation.card.scorecard import Score
    from manikin.evaluation.measuring.evaluation_data import Sides

NONE = np.zeros(0)
NOWHERE = {"table": "there are no fields of one value, such as age or sex"}
ANY = {"", "grid"}  # asked of several views, whose names their scores bear


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
    given, hidden = admitted(synthetic, train, holdout), unwritten(train, synthetic)
    label = label or given[0].schema.named("label")
    known(given[0], label, subgroups)
    cohorts = capped(given, key)
    every, done = (*rules, *_checks(cohorts[0])), synthetic.imposed
    won, imposed = (tuple(r for r in every if is_imposed(r, done) == side) for side in (False, True))
    question = Question(label, tuple(subgroups), won, imposed)
    with show_step("preparing what the judge looks at"):
        views = viewed(cohorts, question, encoders)
    if "table" in views:
        refuse_changed(views["table"].train, views["table"].holdout, key.child("changed"))
    draws = [draw for name in views for draw in _judged(name, views, key)]
    grid = arrays(views)
    front = (next(iter(views.values())) if grid is None else views[grid]).bare
    with show_step("drawing figures"):
        figures = {**plots(front, draws, key), **_shown(views, key)}
    card = Scorecard(
        _noted([*scores([*_told(draws), *_unseen(views), *_surrogates(hidden, views)])], views),
        about(given, question, seed, _sentences(given, cohorts))
        | {"roles": roles(train.schema, notes(given[0].schema))},
        figures,
        tables(front, key),
    )
    seconds = round(time.perf_counter() - started, 2)
    made = synthetic.origin.options
    facts = (*tell_lacking(synthetic, train, holdout), *describe_rare_levels(given[0], given[2]))
    card = card.with_facts(*facts, *made.get("unsupported", ()), *made.get("pooled", ()))
    return replace(card, about={**card.about, "seconds": seconds}).with_facts(*describe_imposed(done))


@cache
def all_metrics() -> tuple[Metric, ...]:
    """Every metric there is, shipped or installed beside, axis by axis as the modules list them."""
    modules = [registry.find("metrics", name) for name in registry.names("metrics")]
    found = [metric for module in modules for metric in module]
    return tuple(sorted(found, key=lambda metric: AXES.index(metric.axis)))


def asked(name: str, views: dict[str, Sides]) -> list[Metric]:
    """All metrics that read this view."""
    features = {
        name,
        "" if len(views) == 1 or views[name].wide else name,
        "grid" if compared(views[name]) else name,
        "records" if name == next(iter(views)) else name,
        "arrays" if name == arrays(views) else name,
    }
    return [metric for metric in all_metrics() if metric.feature in features]


def _judged(name: str, views: dict[str, Sides], key: Key) -> list[Draws]:
    """What a view gives; with several views, metrics that read any bear its name."""
    found = measure(views[name], asked(name, views), key.child(name))
    if len(views) == 1 or name == "table":
        return found
    return [_named(draws, name) if draws.metric.feature in ANY else draws for draws in found]


def _told(draws: list[Draws]) -> list[Draws]:
    """Of a metric that any view could be asked for, those views in which it could be measured; else one."""
    seen = {draw.metric for draw in draws if not draw.reason}
    found: list[Draws] = []
    for draw in draws:
        if draw.reason and draw.metric.feature in ANY:
            if draw.metric in seen:
                continue
            seen.add(draw.metric)
            draw = replace(draw, name=draw.metric.name)  # noqa: PLW2901 - it stands for all views
        found.append(draw)
    return found


def _named(draws: Draws, view: str) -> Draws:
    metric, _, part = draws.name.removesuffix("]").partition("[")
    return replace(draws, name=f"{metric}[{view}{' ' * bool(part)}{part}]")


def _unseen(views: dict[str, Sides]) -> list[Draws]:
    """What is asked of tables; what is about other kinds of field is asked only where there are any."""
    others = {*ANY, "records", "arrays", *registry.names("features"), *views} - ({"table"} - set(views))
    return [
        Draws(
            metric.name,
            metric,
            NONE,
            NONE,
            NONE,
            NOWHERE.get(metric.feature, f"there is no field for the feature {metric.feature!r}"),
        )
        for metric in all_metrics()
        if metric.feature not in others
    ]


def _surrogates(fields: list[str], views: dict[str, Sides]) -> list[Draws]:
    """One line for notes that were replaced, where there are no others to judge."""
    if not fields or "text" in views:
        return []
    metric = next(metric for metric in all_metrics() if metric.feature == "text")
    why = f"surrogates stand for the notes ({', '.join(fields)}): nothing is written there to judge"
    return [Draws(metric.name, metric, NONE, NONE, NONE, why)]


def _shown(views: dict[str, Sides], key: Key) -> dict[str, Any]:
    """Synthetic pictures, signals and notes, where there are any."""
    shown = {
        "samples": (samples, "radiomics"),
        "signals": (traces, "dynamics"),
        "notes": (excerpts, "text"),
    }
    return {name: draw(views[view], key) for name, (draw, view) in shown.items() if view in views}


def _noted(found: list[Score], views: dict[str, Sides]) -> list[Score]:
    """The scores with what their metrics have to say about the whole of the synthetic records."""
    first = next(iter(views.values()))
    metrics = {metric.name: metric for metric in all_metrics() if metric.note}

    def said(score: Score) -> str:
        metric = metrics.get(score.name)
        if metric is None or metric.note is None or score.value is None:
            return ""
        view = arrays(views) if metric.feature == "arrays" else metric.feature
        return metric.note(views.get(view or "", first).whole)

    return [
        replace(score, note="; ".join((*filter(None, [score.note]), words)))
        if (words := said(score))
        else score
        for score in found
    ]


def _checks(train: Cohort) -> list[Any]:
    """The checks for which there are fields; they are counted as rules are."""
    kinds = {type(train.schema[name]) for name in (*train.schema.modelled, *notes(train.schema))}
    found = [check for name in registry.names("checks") for check in registry.find("checks", name)]
    return [check for check in found if check.kind in kinds]


def capped(given: tuple[Cohort, ...], key: Key) -> tuple[Cohort, ...]:
    """Of each side at most as many records as are looked at at all."""
    return tuple(
        cohort if len(rows) == len(cohort) else cohort.take(rows)
        for cohort, rows in zip(given, looked(given, key), strict=True)
    )


def looked(given: tuple[Cohort, ...], key: Key) -> list[np.ndarray]:
    """Which records of each side are looked at, ascending."""
    keys = [key.child("cap", n) for n in range(len(given))]
    return [
        np.arange(len(cohort))
        if len(cohort) <= LEARNED
        else np.sort(one.numpy().choice(len(cohort), LEARNED, replace=False))
        for cohort, one in zip(given, keys, strict=True)
    ]


def _sentences(given: tuple[Cohort, ...], cohorts: tuple[Cohort, ...]) -> list[str]:
    """What was subsampled, in words."""
    sides = zip(("training", "held-out", "synthetic"), given, cohorts, strict=True)
    capped = [f"{len(b):,} of {len(a):,} {side} records" for side, a, b in sides if len(b) < len(a)]
    held = len(cohorts[1]) // 2
    repeated = [f"{HELD:,} of {held:,} fresh records in each repeat"] if held > HELD else []
    return [*capped, *repeated]
