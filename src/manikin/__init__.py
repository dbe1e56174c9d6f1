"""manikin makes synthetic patients and proves what they are worth."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from manikin import codecs, errors, families, histories, recipes
    from manikin.cohort.cohort import Cohort
    from manikin.evaluation.evaluate import evaluate
    from manikin.evaluation.scorecard import Scorecard
    from manikin.evaluation.selftest.defects.tabular import plant
    from manikin.evaluation.suspects import suspects
    from manikin.evaluation.timegan_scores import discriminative_score, predictive_score
    from manikin.io.read_write import read, write
    from manikin.publication.release import release
    from manikin.rules.rule import Rule, read_rules
    from manikin.schema.kinds import Category, Codes, Image, Number, Schema, Signal, Text, Time
    from manikin.synthesis.chain import Chain
    from manikin.synthesis.persistence import load
    from manikin.synthesis.synthesizer import Synthesizer
    from manikin.text.deid.deidentify import deidentify
    from manikin.text.entities import tagged, untagged
    from manikin.training.budget import Training

# Where each public name lives; it is imported when first asked for, so that `import manikin` is fast.
_HOMES = {
    "cohort.cohort": ("Cohort",),
    "text.deid.deidentify": ("deidentify",),
    "text.entities": ("tagged", "untagged"),
    "io.read_write": ("read", "write"),
    "rules.rule": ("Rule", "read_rules"),
    "schema.kinds": ("Category", "Codes", "Image", "Number", "Schema", "Signal", "Text", "Time"),
    "evaluation.selftest.defects.tabular": ("plant",),
    "evaluation.evaluate": ("evaluate",),
    "evaluation.timegan_scores": ("discriminative_score", "predictive_score"),
    "evaluation.scorecard": ("Scorecard",),
    "evaluation.suspects": ("suspects",),
    "publication.release": ("release",),
    "training.budget": ("Training",),
    "synthesis.chain": ("Chain",),
    "synthesis.persistence": ("load",),
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
