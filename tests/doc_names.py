"""Modules, files and functions that pages and docstrings name in backticks: those that do not exist."""

from __future__ import annotations

import ast
import builtins
import importlib
import keyword
import re
import warnings
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[1]
SOURCE = ROOT / "src" / "manikin"
FENCE = re.compile(r"^```.*?^```$", re.MULTILINE | re.DOTALL)
TICKS = re.compile(r"`([^`\n]+)`")
PATH = re.compile(r"[\w.-]+(/[\w.-]+)*\.py|[a-z_]+/[\w./-]*")
DOTTED = re.compile(r"([A-Za-z_]\w*)((?:\.[A-Za-z_]\w*)+)(\(.*)?")
SINGLE = re.compile(r"([A-Za-z_]\w*)(\(.*)?")
FILE = re.compile(r".*\.(toml|json|html|csv|gz|png|npy|safetensors|pyi|typed)")
EXAMPLES = {
    "doctor_id": "a column of a user",
    "image_001": "a file of a user",
    "images_001": "a folder of a user",
    "la_003": "a file of a user",
    "la_003_0000": "a file of a user",
    "patient07_T1": "a file of a user",
    "patient07_T2": "a file of a user",
    "provider_id": "a column of a user",
    "subject_kind": "a file of a user",
    "families/regression.py": "a file that a page tells to write",
}


def find_stale_names(path: Path) -> list[str]:
    """What a page or a module names in backticks and is nowhere, with the line."""
    is_code = path.suffix == ".py"
    text = path.read_text(encoding="utf-8")
    if not is_code:
        text = FENCE.sub(lambda block: "\n" * block[0].count("\n"), text)
    own = (
        list_identifiers(path)
        if is_code
        else frozenset(re.findall(r"\w+", path.read_text(encoding="utf-8")))
    )
    return [
        f"{path.relative_to(ROOT)}:{number}: {name}"
        for number, line in enumerate(text.splitlines(), 1)
        for name in TICKS.findall(line)
        if name not in EXAMPLES and not does_exist(name, own, is_code=is_code, home=path.parent)
    ]


def does_exist(name: str, own: frozenset[str], *, is_code: bool, home: Path) -> bool:
    """Whether what stands in backticks exists, or is none of the names that can be looked up.

    Args:
        name: What stands in backticks.
        own: The identifiers of the file in which it stands.
        is_code: Whether that is a module; on a page a word may be anything.
        home: The folder of that file.
    """
    if PATH.fullmatch(name):
        return is_path(name, home)
    if FILE.fullmatch(name):
        return True
    if dotted := DOTTED.fullmatch(name):
        return is_attribute(dotted[1], dotted[2], own if is_code else None)
    if is_code and (single := SINGLE.fullmatch(name)):
        word = single[1]
        return word in list_all_identifiers() or keyword.iskeyword(word) or can_import(word)
    return True


def is_path(name: str, home: Path) -> bool:
    """Whether a path exists; one that is no module and begins with no package is of a user."""
    if not name.endswith(".py") and not (SOURCE / name.partition("/")[0]).is_dir():
        return True
    found = any((folder / name).exists() for folder in (SOURCE, ROOT, home))
    return found or ("/" not in name and any(SOURCE.rglob(name)))


def is_attribute(first: str, rest: str, own: frozenset[str] | None) -> bool:
    """Whether a dotted name leads somewhere; what a variable (on a page: anything) has is not looked up."""
    if first in ("mk", "manikin") or (SOURCE / first).is_dir():
        package = "manikin" if first in ("mk", "manikin") else f"manikin.{first}"
        return can_import(package + rest)
    known = own if first.islower() else list_all_identifiers()
    return own is None or first in known or can_import(first + rest)


@cache
def can_import(name: str) -> bool:
    """Whether a dotted name leads to a module, or to an attribute of one that is not deprecated."""
    parts = name.split(".")
    for count in range(len(parts), 0, -1):
        try:
            found = importlib.import_module(".".join(parts[:count]))
        except ModuleNotFoundError:
            continue
        with warnings.catch_warnings():
            warnings.simplefilter("error", DeprecationWarning)
            try:
                for part in parts[count:]:
                    fields = getattr(found, "__annotations__", {})
                    found = (
                        fields[part]
                        if part in fields and not hasattr(found, part)
                        else getattr(found, part)
                    )
            except (AttributeError, DeprecationWarning):
                return False
        return True
    return False


@cache
def list_identifiers(path: Path) -> frozenset[str]:
    """Names of variables, attributes, parameters, functions, classes and modules in a module."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        match node:
            case ast.Name(id=name) | ast.arg(arg=name) | ast.Attribute(attr=name):
                found.add(name)
            case ast.FunctionDef(name=name) | ast.ClassDef(name=name):
                found.add(name)
            case ast.keyword(arg=str(name)):
                found.add(name)
            case ast.alias():
                found |= set((node.asname or node.name).split("."))
            case ast.Constant(value=str(text)) if "`" not in text:  # options and columns by name
                found |= set(re.findall(r"\w+", text))
    return frozenset(found)


@cache
def list_all_identifiers() -> frozenset[str]:
    """Those of all modules, with the words of the tables that lie beside them, and of Python itself."""
    found = set(dir(builtins))
    for path in SOURCE.rglob("*.py"):
        found |= list_identifiers(path) | set(path.relative_to(SOURCE).with_suffix("").parts)
    for path in (*SOURCE.rglob("*.toml"), *SOURCE.rglob("*.json")):
        found |= set(re.findall(r"\w+", path.read_text(encoding="utf-8")))
    return frozenset(found)
