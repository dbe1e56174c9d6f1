"""Figures: the card's plots as small SVG, coloured by the page's own style sheet.

Every figure tells real from synthetic by form as well as by colour (filled against outlined), has
a text alternative, and holds counts, shares and synthetic points only: no real record.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise
from typing import Any

from markupsafe import Markup, escape

from manikin.evaluation.report.wording import format_number

Numbers = Sequence[float]
CHART_WIDTH = 168.0
MAX_LEVELS = 7  # more would not be legible: the rarest are drawn together
OPACITY_STEPS = 16
DENSITY_SHADES = 8
GUTTER_SHARE = 0.3  # the room for the names of rows, as a share of the matrix
MAX_NAMED_ROWS = 32


def wrap_svg(width: float, height: float, body: str, label: str, kind: str) -> Markup:
    """A drawing that scales with its place on the page; `label` is its text alternative."""
    head = (
        f'<svg class="{kind}" viewBox="0 0 {width:g} {height:g}" role="img" aria-label="{escape(label)}">'
    )
    return Markup(f"{head}{body}</svg>")  # noqa: S704 - what comes from the card is escaped in `draw_text`


def draw_text(x: float, y: float, words: object, kind: str = "", anchor: str = "start") -> str:
    """One line of writing."""
    return f'<text x="{x:.4g}" y="{y:.4g}" class="{kind}" text-anchor="{anchor}">{escape(words)}</text>'


def draw_path(points: Sequence[tuple[float, float]], kind: str, close: bool = False) -> str:
    """A line through points."""
    line = "L".join(f"{x:.4g} {y:.4g}" for x, y in points)
    return f'<path class="{kind}" d="M{line}{"Z" if close else ""}"/>'


def compute_difference(plot: dict[str, Any]) -> float:
    """The share of records that would have to move for two histograms to agree, 0 to 1.

    Example:
        >>> compute_difference({"real": [.5, .5], "synthetic": [.4, .6]})
        0.1
    """
    return round(sum(abs(a - b) for a, b in zip(plot["real"], plot["synthetic"], strict=True)) / 2, 4)


def compute_expected_difference(plot: dict[str, Any], real: int, synthetic: int) -> float:
    """By how much two histograms of the same distribution differ on average at these sizes, 0 to 1.

    The mean of |a - b| is the square root of 2 / pi standard deviations for each bin of a normal
    approximation. It shows how little a small difference in a small sample means.

    Example:
        >>> round(compute_expected_difference({"real": [.5, .5], "synthetic": [.4, .6]}, 100, 100), 3)
        0.056
    """
    both = [(a + b) / 2 for a, b in zip(plot["real"], plot["synthetic"], strict=True)]
    spread = 1 / max(real, 1) + 1 / max(synthetic, 1)
    return sum(math.sqrt(2 / math.pi * max(p * (1 - p), 0.0) * spread) for p in both) / 2


def draw_marginal(name: str, plot: dict[str, Any]) -> Markup:
    """One field: real records filled, synthetic ones outlined."""
    body, height = _draw_levels(plot) if plot.get("levels") else _draw_histogram(plot)
    share = compute_difference(plot)
    label = f"{name}: the synthetic records differ from the real ones in {share:.1%} of records"
    return wrap_svg(CHART_WIDTH, height, body, label, "marginal")


def _draw_histogram(plot: dict[str, Any]) -> tuple[str, float]:
    real, synthetic, edges = plot["real"], plot["synthetic"], plot["edges"]
    top, step, height = max(*real, *synthetic, 1e-9), CHART_WIDTH / len(real), 62.0
    filled, outline = (
        "".join(f"V{height * (1 - share / top):.4g}H{(i + 1) * step:.4g}" for i, share in enumerate(side))
        for side in (real, synthetic)
    )
    start, end = f"M0 {height:g}", f"V{height:g}"
    body = (
        f'<path class="real" d="{start}{filled}{end}Z"/><path class="synthetic" d="{start}{outline}{end}"/>'
    )
    body += f'<path class="base" d="{start}H{CHART_WIDTH:g}"/>'
    unit = f" {plot['unit']}" if plot.get("unit") else ""
    ends = draw_text(0, height + 11, format_number(edges[0])) + draw_text(
        CHART_WIDTH, height + 11, format_number(edges[-1]) + unit, anchor="end"
    )
    return body + ends, height + 15


def _draw_levels(plot: dict[str, Any]) -> tuple[str, float]:
    rows = _merge_rare_levels(plot)
    top = max(max(a, b) for _, a, b in rows) or 1.0
    row, left = min(77.0 / len(rows), 19.0), min(max(len(name) for name, _, _ in rows) * 5.6, 74.0) + 6

    scale = (CHART_WIDTH - left) / top

    def bars(shares: Sequence[float], end: str) -> str:
        return "".join(
            f"M{left:.4g} {i * row + 1:.4g}h{share * scale:.4g}v{row - 3:.4g}H{left:.4g}{end}"
            for i, share in enumerate(shares)
        )

    names = "".join(
        draw_text(left - 5, (i + 0.5) * row + 2.6, _shorten(name, 13), anchor="end")
        for i, (name, _, _) in enumerate(rows)
    )
    base = f'<path class="base" d="M{left:.4g} 0V{len(rows) * row:.4g}"/>'
    real = bars([share for _, share, _ in rows], "z")
    synthetic = bars([share for _, _, share in rows], "")
    drawn = f'<path class="real" d="{real}"/><path class="synthetic" d="{synthetic}"/>'
    return drawn + base + names, 77.0


def _merge_rare_levels(plot: dict[str, Any]) -> list[tuple[str, float, float]]:
    rows = list(zip(map(str, plot["levels"]), plot["real"], plot["synthetic"], strict=True))
    if len(rows) <= MAX_LEVELS:
        return rows
    common = sorted(rows, key=lambda row: -row[1])[: MAX_LEVELS - 1]
    rest = [row for row in rows if row not in common]
    return [*common, (f"{len(rest)} others", sum(a for _, a, _ in rest), sum(b for _, _, b in rest))]


def _shorten(words: str, room: int) -> str:
    return words if len(words) <= room else words[: room - 1] + "…"


def draw_matrix(cells: Sequence[Numbers], label: str, names: Sequence[str] = ()) -> Markup:
    """A square matrix of numbers from -1 to 1: hue is the sign, strength the size.

    Args:
        cells: The numbers, row by row.
        label: What the matrix is.
        names: What stands beside the rows; left out where there are too many to be legible.
    """
    n, gutter = len(cells), len(cells) * GUTTER_SHARE if names else 0.0
    paths: dict[tuple[str, int], list[str]] = {}
    for i, row in enumerate(cells):
        for j, value in enumerate(row):
            if strength := min(round(abs(value or 0.0) * OPACITY_STEPS), OPACITY_STEPS):
                paths.setdefault(("plus" if value > 0 else "minus", strength), []).append(
                    f"M{j} {i}h1v1h-1z"
                )
    body = "".join(
        f'<path class="{sign}" opacity="{strength / OPACITY_STEPS:.3g}" d="{"".join(squares)}"/>'
        for (sign, strength), squares in sorted(paths.items())
    )
    body = (
        f'<g transform="translate({gutter:.4g} 0)"><rect class="paper" width="{n}" height="{n}"/>{body}</g>'
    )
    size = min(0.95, 0.045 * n)
    beside = "".join(
        f'<text x="{gutter - 0.02 * n:.4g}" y="{i + 0.5 + size * 0.35:.4g}" text-anchor="end" '
        f'style="font-size:{size:.3g}px">{escape(_shorten(name, int(gutter / size / 0.63)))}</text>'
        for i, name in enumerate(names if n <= MAX_NAMED_ROWS else ())
    )
    return wrap_svg(n + gutter, n, body + beside, label, "matrix")


def subtract_matrices(a: Sequence[Numbers], b: Sequence[Numbers]) -> list[list[float]]:
    """The difference of two matrices, what is undefined counted as none."""
    return [[(y or 0.0) - (x or 0.0) for x, y in zip(p, q, strict=True)] for p, q in zip(a, b, strict=True)]


def find_largest_differences(plot: dict[str, Any], most: int = 5) -> list[tuple[str, str, float, float]]:
    """The pairs of fields whose correlation differs most: names, real, synthetic."""
    fields, real, synthetic = plot["fields"], plot["real"], plot["synthetic"]
    pairs = [
        (fields[i], fields[j], real[i][j] or 0.0, synthetic[i][j] or 0.0)
        for i in range(len(fields))
        for j in range(i)
    ]
    return sorted(pairs, key=lambda pair: -abs(pair[2] - pair[3]))[:most]


def draw_embedding(plot: dict[str, Any]) -> Markup:
    """Where real records are dense (shaded) and where the synthetic ones lie (dots)."""
    x0, x1, y0, y1 = plot["extent"]
    grid = plot["density"]
    width, height = 420.0, 300.0
    top = max((max(row) for row in grid), default=0.0) or 1.0
    w, h = width / len(grid[0]), height / len(grid)
    shades: dict[int, list[str]] = {}
    for i, row in enumerate(grid):
        for j, value in enumerate(row):
            if shade := round((value / top) ** 0.5 * DENSITY_SHADES):
                square = f"M{j * w:.4g} {height - (i + 1) * h:.4g}h{w:.4g}v{h:.4g}h-{w:.4g}z"
                shades.setdefault(shade, []).append(square)
    cells = "".join(
        f'<path class="dense" opacity="{k / DENSITY_SHADES * 0.75:.3g}" d="{"".join(p)}"/>'
        for k, p in shades.items()
    )
    spots = "".join(
        f"M{(x - x0) / (x1 - x0) * width:.4g} {(y1 - y) / (y1 - y0) * height:.4g}h0"
        for x, y in plot["synthetic"]
        if x0 <= x <= x1 and y0 <= y <= y1
    )
    label = (
        f"Two-dimensional map: density of the real records and {len(plot['synthetic'])} synthetic records"
    )
    return wrap_svg(width, height, f'{cells}<path class="spots" d="{spots}"/>', label, "embedding")


def draw_neighbor_distances(plot: dict[str, Any]) -> Markup:
    """How far each record is from its nearest training record: copies pile up on the left."""
    edges = plot["edges"]
    top = max(*plot["real"], *plot["synthetic"], 1e-9)
    width, height = 420.0, 190.0

    def outline(shares: Numbers) -> list[tuple[float, float]]:
        ends = [(edge - edges[0]) / (edges[-1] - edges[0]) * width for edge in edges]
        steps = [
            (x, height * (1 - 0.96 * share / top))
            for share, (a, b) in zip(shares, pairwise(ends), strict=True)
            for x in (a, b)
        ]
        return [(0.0, height), *steps, (width, height)]

    body = draw_path(outline(plot["real"]), "real", close=True) + draw_path(
        outline(plot["synthetic"]), "synthetic"
    )
    body += f'<path class="base" d="M0 {height}H{width}"/>'
    body += draw_text(0, height + 14, format_number(edges[0])) + draw_text(
        width, height + 14, format_number(edges[-1]), anchor="end"
    )
    body += draw_text(width / 2, height + 14, "distance to the nearest training record", anchor="middle")
    label = "Distances to the nearest training record, of synthetic and of never-seen real records"
    return wrap_svg(width, height + 20, body, label, "lines")


def draw_survival(plot: dict[str, Any], name: str = "") -> Markup:
    """Kaplan-Meier curves: real as a broad grey line, synthetic as a thin one."""
    times = plot["time"]
    end = times[-1] or 1.0
    width, height = 420.0, 190.0

    def steps(shares: Numbers) -> list[tuple[float, float]]:
        points, last = [(0.0, 0.0)], 0.0
        for t, share in zip(times, shares, strict=True):
            points += [(t / end * width, last), (t / end * width, height * (1 - share))]
            last = height * (1 - share)
        return points

    body = draw_path(steps(plot["real"]), "curve real") + draw_path(steps(plot["synthetic"]), "synthetic")
    body += f'<path class="base" d="M0 0V{height}H{width}"/>'
    unit = plot.get("unit") or ""
    body += draw_text(0, height + 14, "0") + draw_text(
        width, height + 14, f"{format_number(end)} {unit}".strip(), anchor="end"
    )
    body += draw_text(width / 2, height + 14, "time", anchor="middle") + draw_text(4, 12, "1")
    most = max((abs(a - b) for a, b in zip(plot["real"], plot["synthetic"], strict=True)), default=0.0)
    label = f"Survival curves{' of ' + name if name else ''}: they differ by at most {most:.1%}"
    return wrap_svg(width, height + 20, body, label, "lines")
