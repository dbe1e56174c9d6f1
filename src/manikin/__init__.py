"""manikin makes synthetic patients and proves what they are worth."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from manikin import codecs, errors, families, histories, recipes
    from manikin.data.cohort import Cohort
    from manikin.data.deid import deidentify
    from manikin.data.entities import tagged, untagged
    from manikin.data.files import read, write
    from manikin.data.rules import Rule, read_rules
    from manikin.data.schema import Category, Codes, Image, Number, Schema, Signal, Text, Time
    from manikin.defects import plant
    from manikin.evaluation.evaluate import evaluate
    from manikin.evaluation.recurrent import discriminative_score, predictive_score
    from manikin.evaluation.scorecard import Scorecard
    from manikin.evaluation.suspects import suspects
    from manikin.publish.release import release
    from manikin.synthesis.budget import Training
    from manikin.synthesis.chain import Chain
    from manikin.synthesis.store import load
    from manikin.synthesis.synthesizer import Synthesizer

# Where each public name lives; it is imported when first asked for, so that `import manikin` is fast.
_HOMES = {
    "data.cohort": ("Cohort",),
    "data.deid": ("deidentify",),
    "data.entities": ("tagged", "untagged"),
    "data.files": ("read", "write"),
    "data.rules": ("Rule", "read_rules"),
    "data.schema": ("Category", "Codes", "Image", "Number", "Schema", "Signal", "Text", "Time"),
    "defects": ("plant",),
    "evaluation.evaluate": ("evaluate",),
    "evaluation.recurrent": ("discriminative_score", "predictive_score"),
    "evaluation.scorecard": ("Scorecard",),
    "evaluation.suspects": ("suspects",),
    "publish.release": ("release",),
    "synthesis.budget": ("Training",),
    "synthesis.chain": ("Chain",),
    "synthesis.store": ("load",),
    "synthesis.synthesizer": ("Synthesizer",),
}
_HOME = {name: home for home, names in _HOMES.items() for name in names}

__all__ = [  # noqa: RUF022 - in the order in which they are used
    "Cohort",
    "Schema",
    "Number",
    "Category",
    "Time",
    "Codes",
    "Text",
    "Signal",
    "Image",
    "Rule",
    "read",
    "write",
    "read_rules",
    "deidentify",
    "tagged",
    "untagged",
    "Synthesizer",
    "Training",
    "Chain",
    "load",
    "evaluate",
    "plant",
    "Scorecard",
    "suspects",
    "discriminative_score",
    "predictive_score",
    "release",
    "errors",
    "families",
    "codecs",
    "histories",
    "recipes",
]


def __getattr__(name: str) -> Any:  # noqa: ANN401 - any public name
    if name in _HOME:
        return getattr(import_module(f"manikin.{_HOME[name]}"), name)
    if name in ("codecs", "errors", "families", "histories", "recipes"):
        return import_module(f"manikin.{name}")
    message = f"module 'manikin' has no attribute {name!r}"
    raise AttributeError(message)


def __dir__() -> list[str]:
    return sorted(__all__)
