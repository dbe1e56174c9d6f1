"""The package says what it is and what it needs: dependencies, types, names and version."""

from __future__ import annotations

import ast
import pkgutil
import re
import sys
import tomllib
from importlib import metadata
from pathlib import Path

import pytest
from typer.testing import CliRunner

import manikin as mk
from manikin.cli import app
from manikin.core import registry

ROOT = Path(__file__).parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
SOURCE = ROOT / "src" / "manikin"


def normalise(requirement: str) -> str:
    """The name of a distribution as the Python package index spells it."""
    return re.sub(r"[-_.]+", "-", re.match(r"[\w.-]+", requirement)[0]).lower()


def list_imported() -> set[str]:
    """Distributions of other authors that the source imports, wherever the import stands."""
    modules = set()
    for path in SOURCE.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import):
                modules |= {alias.name.partition(".")[0] for alias in node.names}
            elif isinstance(node, ast.ImportFrom):
                modules.add(node.module.partition(".")[0])
    homes = metadata.packages_distributions()
    return {normalise(homes.get(m, [m])[0]) for m in modules - set(sys.stdlib_module_names) - {"manikin"}}


def test_what_is_imported_is_declared_and_what_is_required_is_imported():
    imported, core = list_imported(), set(map(normalise, PROJECT["dependencies"]))
    extras = {
        normalise(r) for name, rs in PROJECT["optional-dependencies"].items() for r in rs if name != "dev"
    }
    assert not imported - core - extras
    assert not core - imported


def test_constraints_hold_all_that_is_declared():
    lines = (ROOT / "constraints.txt").read_text(encoding="utf-8").split()
    pinned = {normalise(line) for line in lines}
    declared = {normalise(requirement) for requirement in PROJECT["dependencies"]}
    assert not declared - pinned


def test_the_version_is_that_of_the_installed_package():
    assert mk.__version__ == metadata.version("manikin") == PROJECT["version"]
    assert CliRunner().invoke(app, ["--version"]).output == f"manikin {mk.__version__}\n"


def test_types_are_shipped():
    shipped = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["setuptools"]
    assert {"py.typed", "**/*.pyi"} <= set(shipped["package-data"]["manikin"])
    assert (SOURCE / "py.typed").exists()


@pytest.mark.parametrize("folder", ["families", "codecs"])
def test_type_checkers_know_every_plugin_by_its_name(folder):
    stub = ast.parse((SOURCE / folder / "__init__.pyi").read_text(encoding="utf-8"))
    imports = [node for node in stub.body if isinstance(node, ast.ImportFrom)]
    named = {node.module: node.names[0].asname or node.names[0].name for node in imports}
    assert set(named) == {module.name for module in pkgutil.iter_modules([str(SOURCE / folder)])}
    for module, name in named.items():
        assert getattr(getattr(mk, folder), name) is registry.find(folder, module)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("discriminative_score", "compute_discriminative_score"),
        ("predictive_score", "compute_predictive_score"),
        ("suspects", "find_suspected_copies"),
        ("tagged", "tag_entities"),
        ("untagged", "untag_entities"),
    ],
)
def test_names_of_before_are_kept_with_a_warning(old, new):
    with pytest.warns(DeprecationWarning, match=f"manikin.{old} is deprecated; use manikin.{new}"):
        assert getattr(mk, old) is getattr(mk, new)


def test_a_name_that_never_was_is_none():
    with pytest.raises(AttributeError, match="no_such_name"):
        mk.no_such_name  # noqa: B018 - asked for
