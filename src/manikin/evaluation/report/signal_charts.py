"""Strips: traces of signals, mean waves with bands, spectra and rates of missing values, as small SVG."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from markupsafe import Markup

from manikin.evaluation.report.svg import draw_path, draw_text, wrap_svg
from manikin.evaluation.report.wording import format_number

if TYPE_CHECKING:
    from collections.abc import Sequence

SIGNAL_WIDTH, SIGNAL_HEIGHT, CHART_HEIGHT = 260.0, 46.0, 110.0
ROW_HEIGHT = 13.0  # of one parameter
DASH_HALF_LENGTH = 1.2  # half the length of a value without neighbours


def draw_signals(field: dict[str, Any], group: dict[str, Any], channel: int) -> Markup:
    """Synthetic signals of one class below each other, each on the same scale."""
    rows = [trace[channel] for trace in group["traces"]]
    low, high = _find_range(rows)
    body = ""
    for i, row in enumerate(rows):
        body += _draw_lines(_scale_points(row, low, high, SIGNAL_HEIGHT, i * SIGNAL_HEIGHT), "synthetic")
    height = SIGNAL_HEIGHT * max(len(rows), 1)
    label = f"{len(rows)} synthetic signals, {field['channels'][channel]}"
    return wrap_svg(
        SIGNAL_WIDTH,
        height + 14,
        body + _draw_axis_labels(field, height),
        f"{label}, {group['group']}".rstrip(", "),
        "strip",
    )


def draw_signal_row(field: dict[str, Any], most: int = 4) -> Markup:
    """A few synthetic signals beside each other, the first channel of each, for the first screen."""
    traces = [trace[0] for group in field["groups"] for trace in group["traces"]][:most]
    low, high = _find_range(traces)
    drawn = [
        wrap_svg(
            SIGNAL_WIDTH,
            SIGNAL_HEIGHT,
            _draw_lines(_scale_points(trace, low, high, SIGNAL_HEIGHT), "synthetic"),
            f"A synthetic signal, {field['channels'][0]}",
            "strip",
        )
        for trace in traces
    ]
    return Markup("").join(drawn)


def draw_channels(rows: Sequence[Any], label: str) -> Markup:
    """The channels of one signal below each other, each on its own scale; what is missing stays open."""
    rows = [[float(v) if math.isfinite(v) else None for v in row] for row in rows]
    body = "".join(
        _draw_lines(_scale_points(row, *_find_range([row]), SIGNAL_HEIGHT, i * SIGNAL_HEIGHT), "curve")
        for i, row in enumerate(rows)
    )
    return wrap_svg(SIGNAL_WIDTH, SIGNAL_HEIGHT * len(rows), body, label, "wave")


def draw_mean_band(field: dict[str, Any], group: dict[str, Any], channel: int) -> Markup:
    """The mean and the middle 80 % of real (filled) and of synthetic signals (lines)."""
    real, made = (
        {k: side[k][channel] for k in side} if (side := group[n]) else None for n in ("real", "synthetic")
    )
    sides = [side for side in (real, made) if side]
    low, high = _find_range([row for side in sides for row in side.values()])
    body = ""
    if real:
        ends = [_scale_points(real[k], low, high, CHART_HEIGHT) for k in ("low", "high")]
        whole = (
            [p for p, q in zip(*ends, strict=True) if p and q],
            [q for p, q in zip(*ends, strict=True) if p and q],
        )
        body += draw_path([*whole[0], *reversed(whole[1])], "real", close=True) if whole[0] else ""
        body += _draw_lines(_scale_points(real["mean"], low, high, CHART_HEIGHT), "base")
    if made:
        body += _draw_lines(_scale_points(made["mean"], low, high, CHART_HEIGHT), "synthetic")
        body += "".join(
            _draw_lines(_scale_points(made[k], low, high, CHART_HEIGHT), "synthetic edge")
            for k in ("low", "high")
        )
    name = f"{field['channels'][channel]}, {group['group']}".rstrip(", ")
    label = f"Mean and middle 80 % of {name}: real filled, synthetic as lines"
    return wrap_svg(
        SIGNAL_WIDTH,
        CHART_HEIGHT + 14,
        body + _draw_axis_labels(field, CHART_HEIGHT, f"{format_number(low)} to {format_number(high)}"),
        label,
        "wave",
    )


def draw_spectrum(field: dict[str, Any], channel: int) -> Markup:
    """Mean power by frequency, both logarithmic: real broad, synthetic thin."""
    found = field["spectra"]
    rows = [found[n][channel] for n in ("real", "synthetic")]
    low, high = _find_range(rows)
    body = _draw_lines(_scale_points(rows[0], low, high, CHART_HEIGHT), "curve real") + _draw_lines(
        _scale_points(rows[1], low, high, CHART_HEIGHT), "synthetic"
    )
    body += f'<path class="base" d="M0 {CHART_HEIGHT:g}H{SIGNAL_WIDTH:g}"/>'
    first, last = found["frequency"][0], found["frequency"][-1]
    body += draw_text(0, CHART_HEIGHT + 11, format_number(first)) + draw_text(
        SIGNAL_WIDTH, CHART_HEIGHT + 11, f"{format_number(last)} {found['unit']}", anchor="end"
    )
    label = f"Power of {field['channels'][channel]} by frequency, real and synthetic"
    return wrap_svg(SIGNAL_WIDTH, CHART_HEIGHT + 14, body, label, "lines")


def draw_missing_rates(found: dict[str, Any]) -> Markup:
    """How often each parameter is missing: real as bars, synthetic as outlines."""
    left, body = 78.0, ""
    scale = SIGNAL_WIDTH - left
    for i, (name, real, made) in enumerate(
        zip(found["channels"], found["real"], found["synthetic"], strict=True)
    ):
        y = i * ROW_HEIGHT + 2
        body += draw_text(left - 5, y + 8, name[:12], anchor="end")
        body += f'<path class="real" d="M{left:g} {y:g}h{real * scale:.4g}v9H{left:g}z"/>'
        body += f'<path class="synthetic" d="M{left:g} {y:g}h{made * scale:.4g}v9H{left:g}"/>'
    height = ROW_HEIGHT * len(found["channels"])
    worst = max(abs(a - b) for a, b in zip(found["real"], found["synthetic"], strict=True))
    body += draw_text(left, height + 11, "0") + draw_text(
        SIGNAL_WIDTH, height + 11, "all missing", anchor="end"
    )
    label = f"Share of missing values of each parameter: real and synthetic differ by at most {worst:.1%}"
    return wrap_svg(SIGNAL_WIDTH, height + 14, body, label, "marginal")


def _draw_axis_labels(field: dict[str, Any], height: float, values: str = "") -> str:
    start, end, unit = field["time"]
    span = f"values {values}" if values else ""
    middle = draw_text(SIGNAL_WIDTH / 2, height + 11, span, anchor="middle")
    return (
        middle
        + draw_text(0, height + 11, format_number(start))
        + draw_text(SIGNAL_WIDTH, height + 11, f"{format_number(end)} {unit}", anchor="end")
    )


def _find_range(rows: Sequence[Any]) -> tuple[float, float]:
    known = [v for row in rows for v in row if v is not None]
    low, high = (min(known), max(known)) if known else (0.0, 1.0)
    return (low, high) if high > low else (low - 0.5, high + 0.5)


def _scale_points(
    row: Sequence[float | None], low: float, high: float, height: float, top: float = 0.0
) -> list[tuple[float, float] | None]:
    step = SIGNAL_WIDTH / max(len(row) - 1, 1)
    scale = 0.92 * height / (high - low)
    return [
        None if v is None else (i * step, top + 0.96 * height - (v - low) * scale)
        for i, v in enumerate(row)
    ]


def _draw_lines(points: Sequence[tuple[float, float] | None], kind: str) -> str:
    """Lines between neighbouring values; a value alone is a dash, or it would not be seen."""
    runs: list[list[tuple[float, float]]] = [[]]
    for point in points:
        if point is None:
            runs.append([])
        else:
            runs[-1].append(point)
    return "".join(draw_path(run if len(run) > 1 else _widen_point(*run[0]), kind) for run in runs if run)


def _widen_point(x: float, y: float) -> list[tuple[float, float]]:
    return [(x - DASH_HALF_LENGTH, y), (x + DASH_HALF_LENGTH, y)]
