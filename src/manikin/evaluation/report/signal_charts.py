"""Strips: traces of signals, mean waves with bands, spectra and rates of missing values, as small SVG."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from markupsafe import Markup

from manikin.evaluation.report.svg import path, svg, text
from manikin.evaluation.report.wording import spell

if TYPE_CHECKING:
    from collections.abc import Sequence

WIDTH, HEIGHT, TALL = 260.0, 46.0, 110.0
LINE = 13.0  # of one parameter
ALONE = 1.2  # half the length of a value without neighbours


def strip(field: dict[str, Any], group: dict[str, Any], channel: int) -> Markup:
    """Synthetic signals of one class below each other, each on the same scale."""
    rows = [trace[channel] for trace in group["traces"]]
    low, high = _ends(rows)
    body = ""
    for i, row in enumerate(rows):
        body += _lines(_points(row, low, high, HEIGHT, i * HEIGHT), "synthetic")
    height = HEIGHT * max(len(rows), 1)
    label = f"{len(rows)} synthetic signals, {field['channels'][channel]}"
    return svg(
        WIDTH, height + 14, body + _feet(field, height), f"{label}, {group['group']}".rstrip(", "), "strip"
    )


def row(field: dict[str, Any], most: int = 4) -> Markup:
    """A few synthetic signals beside each other, the first channel of each, for the first screen."""
    traces = [trace[0] for group in field["groups"] for trace in group["traces"]][:most]
    low, high = _ends(traces)
    drawn = [
        svg(
            WIDTH,
            HEIGHT,
            _lines(_points(trace, low, high, HEIGHT), "synthetic"),
            f"A synthetic signal, {field['channels'][0]}",
            "strip",
        )
        for trace in traces
    ]
    return Markup("").join(drawn)


def courses(rows: Sequence[Any], label: str) -> Markup:
    """The channels of one signal below each other, each on its own scale; what is missing stays open."""
    rows = [[float(v) if math.isfinite(v) else None for v in row] for row in rows]
    body = "".join(
        _lines(_points(row, *_ends([row]), HEIGHT, i * HEIGHT), "curve") for i, row in enumerate(rows)
    )
    return svg(WIDTH, HEIGHT * len(rows), body, label, "wave")


def wave(field: dict[str, Any], group: dict[str, Any], channel: int) -> Markup:
    """The mean and the middle 80 % of real (filled) and of synthetic signals (lines)."""
    real, made = (
        {k: side[k][channel] for k in side} if (side := group[n]) else None for n in ("real", "synthetic")
    )
    sides = [side for side in (real, made) if side]
    low, high = _ends([row for side in sides for row in side.values()])
    body = ""
    if real:
        ends = [_points(real[k], low, high, TALL) for k in ("low", "high")]
        whole = (
            [p for p, q in zip(*ends, strict=True) if p and q],
            [q for p, q in zip(*ends, strict=True) if p and q],
        )
        body += path([*whole[0], *reversed(whole[1])], "real", close=True) if whole[0] else ""
        body += _lines(_points(real["mean"], low, high, TALL), "base")
    if made:
        body += _lines(_points(made["mean"], low, high, TALL), "synthetic")
        body += "".join(
            _lines(_points(made[k], low, high, TALL), "synthetic edge") for k in ("low", "high")
        )
    name = f"{field['channels'][channel]}, {group['group']}".rstrip(", ")
    label = f"Mean and middle 80 % of {name}: real filled, synthetic as lines"
    return svg(WIDTH, TALL + 14, body + _feet(field, TALL, f"{spell(low)} to {spell(high)}"), label, "wave")


def spectrum(field: dict[str, Any], channel: int) -> Markup:
    """Mean power by frequency, both logarithmic: real broad, synthetic thin."""
    found = field["spectra"]
    rows = [found[n][channel] for n in ("real", "synthetic")]
    low, high = _ends(rows)
    body = _lines(_points(rows[0], low, high, TALL), "curve real") + _lines(
        _points(rows[1], low, high, TALL), "synthetic"
    )
    body += f'<path class="base" d="M0 {TALL:g}H{WIDTH:g}"/>'
    first, last = found["frequency"][0], found["frequency"][-1]
    body += text(0, TALL + 11, spell(first)) + text(
        WIDTH, TALL + 11, f"{spell(last)} {found['unit']}", anchor="end"
    )
    label = f"Power of {field['channels'][channel]} by frequency, real and synthetic"
    return svg(WIDTH, TALL + 14, body, label, "lines")


def gaps(found: dict[str, Any]) -> Markup:
    """How often each parameter is missing: real as bars, synthetic as outlines."""
    left, body = 78.0, ""
    scale = WIDTH - left
    for i, (name, real, made) in enumerate(
        zip(found["channels"], found["real"], found["synthetic"], strict=True)
    ):
        y = i * LINE + 2
        body += text(left - 5, y + 8, name[:12], anchor="end")
        body += f'<path class="real" d="M{left:g} {y:g}h{real * scale:.4g}v9H{left:g}z"/>'
        body += f'<path class="synthetic" d="M{left:g} {y:g}h{made * scale:.4g}v9H{left:g}"/>'
    height = LINE * len(found["channels"])
    worst = max(abs(a - b) for a, b in zip(found["real"], found["synthetic"], strict=True))
    body += text(left, height + 11, "0") + text(WIDTH, height + 11, "all missing", anchor="end")
    label = f"Share of missing values of each parameter: real and synthetic differ by at most {worst:.1%}"
    return svg(WIDTH, height + 14, body, label, "marginal")


def _feet(field: dict[str, Any], height: float, values: str = "") -> str:
    start, end, unit = field["time"]
    span = f"values {values}" if values else ""
    middle = text(WIDTH / 2, height + 11, span, anchor="middle")
    return (
        middle
        + text(0, height + 11, spell(start))
        + text(WIDTH, height + 11, f"{spell(end)} {unit}", anchor="end")
    )


def _ends(rows: Sequence[Any]) -> tuple[float, float]:
    known = [v for row in rows for v in row if v is not None]
    low, high = (min(known), max(known)) if known else (0.0, 1.0)
    return (low, high) if high > low else (low - 0.5, high + 0.5)


def _points(
    row: Sequence[float | None], low: float, high: float, height: float, top: float = 0.0
) -> list[tuple[float, float] | None]:
    step = WIDTH / max(len(row) - 1, 1)
    scale = 0.92 * height / (high - low)
    return [
        None if v is None else (i * step, top + 0.96 * height - (v - low) * scale)
        for i, v in enumerate(row)
    ]


def _lines(points: Sequence[tuple[float, float] | None], kind: str) -> str:
    """Lines between neighbouring values; a value alone is a dash, or it would not be seen."""
    runs: list[list[tuple[float, float]]] = [[]]
    for point in points:
        if point is None:
            runs.append([])
        else:
            runs[-1].append(point)
    return "".join(path(run if len(run) > 1 else _dash(*run[0]), kind) for run in runs if run)


def _dash(x: float, y: float) -> list[tuple[float, float]]:
    return [(x - ALONE, y), (x + ALONE, y)]
