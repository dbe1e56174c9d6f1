"""The rules by which functions and modules of the package are named, as a program.

Functions are called by what they do, predicates by what they ask, modules by what they hold. A participle
(`joined`), an adverb (`apart`) or a preposition (`beside`) alone says none of that. Properties are no
functions here: like fields they are called by what they give.
"""

from __future__ import annotations

import ast
import re
from pathlib import Path
from typing import NamedTuple

SOURCE = Path(__file__).parents[1] / "src" / "manikin"

PARTICIPLES = """
bent born bought bound brought built caught chosen done drawn driven fallen felt found frozen given gone
grown heard held hidden kept known laid learnt left lent lost made meant met paid seen sent shaken shown
sold sought spelt spent spoken stood struck stuck taken taught thought thrown told torn understood won
worn woven written
""".split()  # noqa: SIM905 - a list of words reads better so
"""Irregular ones; the others end in -ed or -ing."""
VERBS_AND_NOUNS = """
apply embed exceed feed multiply need proceed reply ring seed shed spring string supply thing
""".split()  # noqa: SIM905 - a list of words reads better so
"""Words that end so and are no participles."""
ADVERBS = """
again ahead alike alone already also apart away back elsewhere enough ever far forward here instead
later less likely most much never now often once only otherwise out rather since so soon still then thus
together too twice well when where yet
""".split()  # noqa: SIM905 - a list of words reads better so
"""Those in -ly are known by that."""
PREPOSITIONS = """
about above across after against along among around as at before behind below beneath beside between
beyond by down during except for from in inside into like near of off on onto outside over past per
through to toward towards under until up upon using via with within without
""".split()  # noqa: SIM905 - a list of words reads better so

ALLOWED_NAMES = {
    "forward": "networks are called so by PyTorch",
    "_apply": "PyTorch's own",
    "to": "as tensors of PyTorch are moved",
}
ALLOWED_PREDICATES = {
    "Family.exact": "plug-ins override it",
    "Masked.exact": "overrides Family.exact",
    "Spec.tokens": "the option of families and codecs has the same name",
}
PARALLEL_ROOMS = {
    "association": "how it is computed, and its metric",
    "assemble": "one for each kind of record that is put together from files: signals, images, histories",
    "autoencoder": "its networks, and how they are trained",
    "corrupt": "one for each kind of record: text, histories",
    "deidentify": "the function and its command",
    "distortions": "of images and of signals",
    "edf": "how the files are read, and the format",
    "evaluate": "the function and its command; de-identification has its own",
    "folder_index": "of images and of signals",
    "histories": "public functions, columns, metrics, defects and examples of one kind of record",
    "image_translation": "the recipe and what is measured of it",
    "inputs": "of the judge and of learning",
    "interpolate": "in NumPy and in PyTorch",
    "manifest": "of images and of signals",
    "vocabulary": "of medical codes, and of the words in names of columns",
    "marginals": "how they are compared, and the metrics",
    "nifti": "the files and the format",
    "notes": "metrics, defects and examples of one kind of record",
    "read": "one for each layout of histories",
    "series": "of tables and of DICOM",
    "signals": "metrics and defects of one kind of record",
    "similarity": "of histories and of images",
    "subgroups": "how they are formed, and how they are compared",
    "text": "plug-ins of three sorts for one kind of record",
    "two_sample": "the tests, and their metrics",
    "wfdb": "how the files are read, and the format",
    "write": "one for each layout of histories, images and signals",
}


class Function(NamedTuple):
    """A function of a module or a method of a class, and where it stands."""

    place: str
    name: str
    owner: str | None
    is_property: bool
    returns: str


def list_functions() -> list[Function]:
    """All functions of modules and methods of classes, but those whose names Python gives."""
    found: list[Function] = []
    for path in sorted(SOURCE.rglob("*.py")):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        owners = [(None, tree.body)] + [
            (c.name, c.body) for c in ast.walk(tree) if isinstance(c, ast.ClassDef)
        ]
        for owner, body in owners:
            for node in body:
                if isinstance(node, ast.FunctionDef) and not node.name.startswith("__"):
                    place = f"{path.relative_to(SOURCE)}:{node.lineno}"
                    is_property = any("property" in ast.unparse(one) for one in node.decorator_list)
                    returns = ast.unparse(node.returns) if node.returns else ""
                    found.append(Function(place, node.name, owner, is_property, returns))
    return found


def is_bare(name: str) -> bool:
    """Whether a name is a participle, an adverb or a preposition and nothing else."""
    word = name.strip("_")
    if word in (*PARTICIPLES, *ADVERBS, *PREPOSITIONS):
        return True
    return bool(re.fullmatch(r"[a-z]+(ed|ing|ly)", word)) and word not in VERBS_AND_NOUNS


def find_bare_names() -> list[str]:
    """Functions and methods that are called by a participle, an adverb or a preposition alone."""
    return [
        f"{one.place} {one.name}"
        for one in list_functions()
        if is_bare(one.name) and not one.is_property and one.name not in ALLOWED_NAMES
    ]


def find_odd_predicates() -> list[str]:
    """Functions, methods and properties that return a bool and do not say what they ask."""
    return [
        f"{one.place} {one.name}"
        for one in list_functions()
        if one.returns == "bool"
        and not re.match(r"_?(is|are|has|can|may|should)_", one.name)
        and f"{one.owner}.{one.name}" not in ALLOWED_PREDICATES
    ]


def find_repeated_stems() -> dict[str, list[str]]:
    """Names of modules that stand more than once."""
    found: dict[str, list[str]] = {}
    for path in sorted(SOURCE.rglob("*.py")):
        if path.name != "__init__.py":
            found.setdefault(path.stem, []).append(str(path.relative_to(SOURCE)))
    return {stem: paths for stem, paths in found.items() if len(paths) > 1}
