"""The card's page: self-contained, readable by all, and true to the card."""

import itertools
import re
import time
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest

from manikin.contracts.metric import AXES, MetricDescription, metric
from manikin.evaluation.measuring import catalogue
from manikin.evaluation.report import html_page, score_scale, svg
from manikin.evaluation.score import Score
from manikin.evaluation.scorecard import Scorecard

CSS = (Path(html_page.__file__).parent / "templates" / "card.css").read_text(encoding="utf-8")
VOID = {"meta", "br", "path", "circle", "rect", "link", "img"}


def score(name="c2st_auc", axis="fidelity", verdict="warn", note="", **numbers):
    given = {"value": 0.71, "low": 0.66, "high": 0.75, "floor": 1.0, "ceiling": 0.5, "calibrated": 0.58}
    return Score(name=name, axis=axis, **(given | numbers), better="low", verdict=verdict, note=note)


def unassessed(name, axis, note="not asked"):
    nothing = dict.fromkeys(("value", "low", "high", "floor", "ceiling", "calibrated"))
    return score(name, axis, "not assessed", note, **nothing)


def full(fields=30, points=1000):
    """A card of many fields, made by code."""
    rng = np.random.default_rng(0)
    names = [f"field {i}" for i in range(fields)]
    marginals = {}
    for i, name in enumerate(names):
        size = 24 if i % 2 else 2 + i % 12
        ends = (
            {"edges": list(range(25)), "unit": "mmHg"}
            if i % 2
            else {"levels": [f"level {j}" for j in range(size)]}
        )
        real = rng.dirichlet(np.ones(size))
        marginals[name] = {
            "kind": "number",
            "real": real,
            "synthetic": rng.dirichlet(real * 50 + 0.01),
            **ends,
        }
    correlation = np.corrcoef(rng.normal(size=(fields, 8)))
    scores = [score(f"metric_{axis[:4]}_{n}", axis) for axis in AXES for n in range(5)]
    plots = {
        "marginals": marginals,
        "correlation": {"fields": names, "real": correlation, "synthetic": correlation * 0.9},
        "embedding": {
            "density": rng.random((40, 40)),
            "extent": [0, 1, 0, 1],
            "synthetic": rng.random((points, 2)),
            "explained": [0.3, 0.2],
        },
        "neighbours": {"edges": range(31), "real": rng.random(30), "synthetic": rng.random(30)},
        "survival": {
            group: {"time": [1, 2], "real": [0.9, 0.5], "synthetic": [0.8, 0.5]} for group in "ab"
        },
        "nulls": {"metric_fide_0": [0.45, 0.55]},
    }
    tables = {
        "columns": [{"field": "field 1", "distance": 0.25}, {"field": "field 2", "note": "rare"}],
        "records": [{"row": 3, "age": 29, "why": "unlike any"}],
        "subgroups": [],
    }
    about = {"title": "Heart", "records": {"train": 800, "holdout": 200, "synthetic": 1000}, "seed": 0}
    return Scorecard.from_dict(Scorecard(scores, about, plots, tables).to_dict())


class Document(HTMLParser):
    """Tags, attributes and text of a page, refusing what does not nest."""

    def __init__(self, html):
        super().__init__()
        self.open, self.tags, self.text = [], [], ""
        self.feed(html)
        assert self.open == []

    def handle_starttag(self, tag, attrs):
        """Open a tag."""
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        """A tag that closes itself."""
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag):
        """Close the tag that was opened last."""
        assert self.open.pop() == tag

    def handle_data(self, data):
        """Text between tags."""
        self.text += data

    def all(self, name):
        """The values of an attribute."""
        return [attrs[name] for _, attrs in self.tags if name in attrs]


@pytest.fixture(scope="module")
def html():
    return html_page.render_page(full())


def test_nothing_is_fetched_and_nothing_runs(html):
    assert not re.search(r"(?:https?:)?//[a-z]", html.replace("http://www.w3.org", ""))
    assert "<script" not in html
    assert "<link" not in html
    assert "@import" not in html
    assert re.findall(r"url\(([^)]*)\)", html) == ["#hatch"]
    assert Document(html).all("src") == []


def test_every_link_has_its_place_and_every_place_one_name(html):
    document = Document(html)
    places = document.all("id")
    assert len(places) == len(set(places))
    assert {link.removeprefix("#") for link in document.all("href")} <= set(places)
    assert set(document.all("aria-labelledby")) <= set(places)


def test_every_drawing_speaks(html):
    drawings = [attrs for tag, attrs in Document(html).tags if tag == "svg"]
    assert len(drawings) > 60
    assert all(
        attrs.get("aria-label") if attrs.get("role") == "img" else attrs.get("aria-hidden")
        for attrs in drawings
    )


def test_headings_descend_one_by_one(html):
    levels = [int(tag[1]) for tag, _ in Document(html).tags if re.fullmatch(r"h[1-6]", tag)]
    assert levels[0] == 1
    assert all(after <= before + 1 for before, after in itertools.pairwise(levels))


def test_the_first_screen_names_uses_axes_and_what_was_not_assessed():
    card = Scorecard([score(), unassessed("tstr_c_index", "utility")], {"subsampled": ["half of it"]})
    first = Document(html_page.render_page(card)).text.partition("Scores")[0]
    for word in ("Internal", "Controlled", "Open", "Software testing", "Augmentation", "Model evaluation"):
        assert word in first
    assert all(axis.capitalize() in first for axis in AXES)
    assert "Not assessed:\nsurvival models trained on them (C-index)." in first
    assert "half of it" in first
    assert "Not enough evidence for any use." in first


def test_parts_of_a_metric_stand_together():
    names = ["worst[sex = F]", "worst[sex = M]"]
    card = Scorecard([score(names[0], "fairness"), unassessed(names[1], "fairness")])
    document = Document(html_page.render_page(card))
    assert "sex = F" in document.text
    assert "worst (1 of 2 parts)." in document.text
    assert [attrs["id"] for tag, attrs in document.tags if tag == "article"] == ["worst"]


@pytest.mark.parametrize("where", ["title", "name", "note", "field", "level", "table", "accepted"])
def test_nothing_on_the_card_can_become_markup(where):
    evil = '"><script>alert(1)</script>'
    plot = {
        "edges": [0, 1] if where == "field" else None,
        "levels": [evil] if where == "level" else None,
        "real": [1.0],
        "synthetic": [1.0],
    }
    card = Scorecard(
        [score(evil if where == "name" else "a", note=evil if where == "note" else "")],
        {
            "title": evil if where == "title" else "t",
            "release": {"tier": "open", "accepted": evil if where == "accepted" else None},
        },
        {"marginals": {evil: plot} if where in ("field", "level") else {}},
        {"rows": [{evil: evil}]} if where == "table" else {},
    )
    html = html_page.render_page(card)
    assert "<script" not in html
    assert "script" in html


def test_an_empty_card_and_one_of_other_plots_are_pages():
    assert "no overall mark" in html_page.render_page(Scorecard([]))
    Document(
        html_page.render_page(
            Scorecard([], {}, {"survival": {"time": [1], "real": [0.5], "synthetic": [0.4]}})
        )
    )


def test_the_meaning_of_a_metric_comes_from_the_metric(monkeypatch):
    about = MetricDescription(
        "Distance of columns.",
        reading="From 0, which is best.",
        blind_spot="""It cannot see whether
        fields belong together.""",
        source="Villani 2009",
    )

    @metric("fidelity", about, better="low", floor="uniform")
    def distance(split):
        """Not for people."""

    monkeypatch.setattr(catalogue, "list_metrics", lambda: (distance,))
    text = Document(html_page.render_page(Scorecard([score("distance")]))).text
    assert "Distance of columns." in text
    assert "How to read itFrom 0, which is best." in text
    assert "What it cannot seeIt cannot see whether fields belong together." in text
    assert "SourceVillani 2009" in text
    assert "evenly spread values" in text
    assert "Not for people" not in text


def test_a_ruler_puts_the_better_end_right():
    low = score_scale.draw_score_scale(score(value=0.75, floor=1.0, ceiling=0.5, low=None, high=None))
    middle = (score_scale.FLOOR_X + score_scale.CEILING_X) / 2
    assert f"M{middle:.4g} {score_scale.AXIS_Y:.4g}m0" in low  # halfway, as a warning's triangle
    high = score_scale.draw_score_scale(
        Score("recall", "diversity", 0.9, None, None, 0.1, 0.9, 1.0, "high", "pass", "")
    )
    assert f'cx="{score_scale.CEILING_X:.4g}"' in high  # as good as real, as a pass's circle


def test_a_ruler_shows_what_lies_beyond_it():
    beyond = score_scale.draw_score_scale(score(value=9.0, low=8.0, high=10.0))
    assert f"M{score_scale.EDGE_MARGIN:.4g} " in beyond
    assert "‹" in beyond
    assert "‹" not in score_scale.draw_score_scale(score())


def test_a_ruler_needs_something_to_hold_the_score_against():
    assert score_scale.draw_score_scale(unassessed("a", "privacy")) is None
    assert score_scale.draw_score_scale(score(floor=0.5, ceiling=0.5)) is None
    assert score_scale.draw_score_scale(score(value=0, low=0, high=0, floor=None, ceiling=0)) is None
    assert score_scale.find_scale_ends(score(value=10.0, low=None, high=None, floor=None, ceiling=0.0)) == (
        11.0,
        0.0,
    )


def test_figures_agree_with_the_numbers():
    plot = {"edges": [0, 1, 2], "real": [0.5, 0.5], "synthetic": [0.25, 0.75]}
    assert svg.compute_difference(plot) == 0.25
    assert "differ from the real ones in 25.0% of records" in svg.draw_marginal("age", plot)
    assert svg.subtract_matrices([[1.0, None]], [[0.5, 0.25]]) == [[-0.5, 0.25]]
    pairs = {"fields": ["a", "b", "c"], "real": [[1, 0, 0], [0, 1, 0.9], [0, 0.9, 1]]}
    pairs["synthetic"] = [[1, 0.1, 0], [0.1, 1, 0], [0, 0, 1]]
    assert svg.find_largest_differences(pairs, 2) == [("c", "b", 0.9, 0), ("b", "a", 0, 0.1)]


def test_many_levels_are_drawn_as_the_commonest_and_the_others():
    real = np.arange(1, 21) / 210
    plot = {"levels": [f"l{i}" for i in range(20)], "real": real, "synthetic": real}
    drawn = svg.draw_marginal("code", plot)
    assert "l19" in drawn
    assert "14 others" in drawn
    assert ">l0<" not in drawn


def test_a_card_of_fifty_columns_is_small_and_drawn_at_once():
    card = full(fields=50, points=2000)
    started = time.process_time()
    html = html_page.render_page(card)
    assert time.process_time() - started < 3
    assert len(html.encode()) < 1_500_000


def channel(value):
    return value / 12.92 if value <= 0.04045 else ((value + 0.055) / 1.055) ** 2.4


def luminance(colour):
    parts = [channel(int(colour[i : i + 2], 16) / 255) for i in (1, 3, 5)]
    return 0.2126 * parts[0] + 0.7152 * parts[1] + 0.0722 * parts[2]


def contrast(a, b):
    high, low = sorted((luminance(a), luminance(b)), reverse=True)
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("theme", [0, 1, 2])  # light, dark, print
def test_contrast_meets_wcag_aa(theme):
    colours = dict(
        re.findall(r"--([\w-]+): (#[0-9a-f]{3,6})\b", re.findall(r":root \{(.*?)\}", CSS, re.DOTALL)[theme])
    )
    colours = {k: v if len(v) == 7 else "#" + "".join(2 * c for c in v[1:]) for k, v in colours.items()}
    for name in ("ink", "soft", "pass", "warn", "fail", "none"):
        assert contrast(colours[name], colours["paper"]) >= 4.5, name
    for name in ("pass", "warn", "fail", "none"):
        assert contrast(colours[name], colours[f"{name}-wash"]) >= 4.5, name
    for name in ("synthetic", "real-line", "plus", "minus", "dense"):  # graphics need 3
        assert contrast(colours[name], colours["paper"]) >= 3, name


def test_what_stands_in_the_way_comes_first_and_is_open():
    copied = score("exact_copies", "privacy", "fail", value=0.5, low=0.5, high=0.5, ceiling=0.0)
    card = Scorecard([unassessed("identifiers_left", "privacy"), copied])
    html = html_page.render_page(card)
    tables = html[html.index('id="gate-internal"') :]
    assert tables.index("Copied patients") < tables.index("Identifiers left in values")
    opened = [attrs["id"] for tag, attrs in Document(html).tags if tag == "details" and "open" in attrs]
    assert opened == ["gate-internal", "gate-controlled", "gate-open"]
