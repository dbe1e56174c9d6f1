"""The documentation is true: its code runs, its files parse, its commands and links exist."""

from __future__ import annotations

import re
import shlex
import tomllib
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import typer.main
from doc_names import SOURCE, find_stale_names

from manikin.cli import app
from manikin.core import registry
from manikin.evaluation.card import policy
from manikin.evaluation.measuring import floors
from manikin.evaluation.measuring.catalogue import list_metrics
from manikin.io import formats
from manikin.rules.rule import read_rules
from manikin.schema.kinds import Schema

if TYPE_CHECKING:
    from collections.abc import Iterator

    from manikin.contracts.metric import Metric

ROOT = Path(__file__).resolve().parents[1]
PAGES = {path.name: path for path in (ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md")))}
FENCE = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"\]\(([^)#\s]+)(?:#[^)]*)?\)")
FILE = re.compile(r"# (ward/\S+)\n")
READERS: dict[str, Any] = {
    "schema.toml": Schema.read,
    "rules.toml": read_rules,
    "policy.toml": policy.read_policy,
}
COMPARED = {
    "holdout": "held-out records",
    "real": "all real records",
    "train": "held-out records, at training size",
    "whole": "all records at once",
}


def blocks(page: str, language: str) -> list[str]:
    """The code blocks of a page in one language, in order."""
    text = PAGES[page].read_text(encoding="utf-8")
    return [body for found, body in FENCE.findall(text) if found == language]


def having(language: str) -> list[str]:
    return [page for page in PAGES if blocks(page, language)]


@pytest.fixture
def fresh() -> Iterator[None]:
    """Plug-ins that a page brings along are forgotten afterwards."""
    forget()
    yield
    forget()


def forget() -> None:
    registry.list_plugins.cache_clear()
    formats.load_format.cache_clear()
    formats.map_suffixes.cache_clear()
    list_metrics.cache_clear()


@pytest.mark.parametrize("page", having("python"))
def test_the_code_of_a_page_runs(
    page: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fresh: None
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(tmp_path)
    install(page, tmp_path)
    space: dict[str, Any] = {"__name__": f"docs_{page.removesuffix('.md')}"}
    run = [body for body in blocks(page, "python") if not FILE.match(body)]
    assert run
    for place, body in enumerate(run, 1):
        exec(compile(body, f"{page}, block {place}", "exec"), space)  # noqa: S102 - the documentation's own code


def install(page: str, folder: Path) -> None:
    """The files of the example package that a page shows, and the entry points that it declares."""
    for body in blocks(page, "python"):
        if named := FILE.match(body):
            path = folder / named[1]
            path.parent.mkdir(exist_ok=True)
            path.write_text(body, encoding="utf-8")
    tables = [body for body in blocks(page, "toml") if "[project.entry-points." in body]
    if tables:
        info = folder / "ward-1.0.dist-info"
        info.mkdir()
        (info / "METADATA").write_text(
            "Metadata-Version: 2.1\nName: ward\nVersion: 1.0\n", encoding="utf-8"
        )
        points = re.sub(r'\[project\.entry-points\."(.+?)"\]', r"[\1]", tables[0]).replace('"', "")
        (info / "entry_points.txt").write_text(points, encoding="utf-8")


@pytest.mark.parametrize("page", having("toml"))
def test_the_files_of_a_page_are_read(page: str, tmp_path: Path) -> None:
    for place, body in enumerate(blocks(page, "toml")):
        name = body.partition("\n")[0].removeprefix("# ")
        if name in READERS:
            path = tmp_path / f"{place}-{name}"
            path.write_text(body, encoding="utf-8")
            assert READERS[name](path)


@pytest.mark.parametrize("page", having("bash"))
def test_the_commands_of_a_page_exist(page: str) -> None:
    commands = typer.main.get_command(app).commands  # type: ignore[attr-defined]
    text = "\n".join(blocks(page, "bash")).replace("\\\n", " ")
    lines = [shlex.split(line, comments=True) for line in text.splitlines()]
    for words in (line[1:] for line in lines if line and line[0].endswith("manikin")):
        if words[0] == "--help":
            continue
        assert words[0] in commands, words
        known = {option for entry in commands[words[0]].params for option in entry.opts} | {"--help"}
        asked = {word for word in words if re.match(r"--?[a-z]", word)}
        assert asked <= known, f"manikin {words[0]} has no {asked - known}"


@pytest.mark.parametrize("page", PAGES)
def test_the_links_of_a_page_lead_somewhere(page: str) -> None:
    links = [link for link in LINK.findall(PAGES[page].read_text(encoding="utf-8")) if "://" not in link]
    dead = [link for link in links if not (PAGES[page].parent / link).exists()]
    assert not dead


@pytest.mark.parametrize("page", [*PAGES, "CHANGELOG.md", "benchmarks/README.md"])
def test_what_a_page_names_exists(page: str) -> None:
    assert find_stale_names(PAGES.get(page, ROOT / page)) == []


def test_what_docstrings_and_comments_name_exists() -> None:
    assert [name for path in sorted(SOURCE.rglob("*.py")) for name in find_stale_names(path)] == []


@pytest.mark.parametrize("metric", list_metrics(), ids=lambda metric: metric.name)
def test_every_metric_is_explained(metric: Metric) -> None:
    text = PAGES["scorecard.md"].read_text(encoding="utf-8")
    assert f"### {metric.name}\n" in text
    line = facts(metric)
    assert line in text, f"docs/scorecard.md, section {metric.name}, must say: {line}"


def facts(metric: Metric) -> str:
    """What the page must say of a metric in one line, from the metric itself."""
    better, floor = metric.better, metric.plan.floor
    bad = floor if isinstance(floor, str) else floor.__name__
    return (
        f"*Better: {better}. Floor: {bad}. Measured on: {COMPARED[metric.plan.reference]}. "
        f"Source: {metric.description.source}.*"
    )


def test_every_floor_is_explained() -> None:
    text = PAGES["scorecard.md"].read_text(encoding="utf-8")
    assert all(f"| `{name}` |" in text for name in floors.FLOORS)


def test_every_layer_is_explained() -> None:
    text = PAGES["architecture.md"].read_text(encoding="utf-8")
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    contracts = project["tool"]["importlinter"]["contracts"]
    layers = [name.strip() for layer in contracts[0]["layers"] for name in layer.split("|")]
    assert not [name for name in layers if f"`{name}`" not in text]
