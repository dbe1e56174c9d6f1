"""Views: the records through every feature that finds fields of its kinds, the table first."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Self

import numpy as np

from manikin.cohort.scalar_matrix import Scalars
from manikin.contracts.feature import Feature
from manikin.core import registry
from manikin.errors import UsageError
from manikin.evaluation.measuring.evaluation_data import Sides
from manikin.evaluation.measuring.image_encoders import opened
from manikin.evaluation.measuring.text_encoders import opened as read
from manikin.schema.kinds import SCALARS, Image, Signal, Text
from manikin.text.note_fields import notes

if TYPE_CHECKING:
    from collections.abc import Sequence

    from manikin.cohort.cohort import Cohort
    from manikin.contracts.metric import Question

KEPT = 1 << 26  # numbers that are remembered at most
GRIDS = {Image, Signal}


def views(
    cohorts: tuple[Cohort, ...], question: Question, encoders: Sequence[str | Path] = ()
) -> dict[str, Sides]:
    """Training, held-out and synthetic records through each feature.

    In all others than the table's the coordinates of the vectors stand as fields beside the scalar ones,
    so that models may predict a label from them.

    Args:
        cohorts: The three sides.
        question: What the card is asked.
        encoders: Files of networks that turn pictures into vectors; folders of models that read notes.

    Raises:
        UsageError: No field can be read, or an encoder is given and there is nothing for it to read.
    """
    train = cohorts[0]
    fields = Scalars.fit(train)
    features = {**_shipped(train), **_given(train, encoders)}
    if not features:
        raise UsageError(
            "no field that the judge can read: give quantities, categories, times, histories, pictures, "
            "signals or notes that are no identifiers"
        )
    return {name: _seen(name, feature, fields, cohorts, question) for name, feature in features.items()}


def _seen(
    name: str, feature: Feature, fields: Scalars, cohorts: tuple[Cohort, ...], question: Question
) -> Sides:
    if set(feature.kinds) & set(SCALARS):
        return Sides.of(feature.fit(cohorts[0]), fields, cohorts, question)
    fitted = feature.fit(cohorts[0])
    fitted = Remembered(fitted) if set(feature.kinds) & GRIDS else fitted
    width = fitted(cohorts[0]).shape[1]
    beside = Scalars(
        (*fields.names, *(f"{name} {j + 1}" for j in range(width))), (*fields.levels, *(None,) * width)
    )
    return Sides.of(fitted, beside, cohorts, question)


def _shipped(train: Cohort) -> dict[str, Feature]:
    kinds = [train.schema[name] for name in {*train.schema.modelled, *notes(train.schema)}]
    found = {name: registry.find("features", name) for name in registry.names("features")}
    fit = {
        name: make() for name, make in found.items() if any(isinstance(kind, make.kinds) for kind in kinds)
    }
    return dict(sorted(fit.items(), key=lambda entry: not set(entry[1].kinds) & set(SCALARS)))


def _given(train: Cohort, encoders: Sequence[str | Path]) -> dict[str, Feature]:
    """The encoders by name: of notes those in a folder, of pictures those in a file."""
    readers = [path for path in encoders if Path(path).is_dir()]
    others = [path for path in encoders if path not in readers]
    if others and not any(isinstance(train.schema[n], Image) for n in train.schema.modelled):
        raise UsageError(
            "encoders are given, and the records have no picture for them to read; one of notes is a folder"
        )
    if readers and not notes(train.schema):
        raise UsageError("an encoder of notes is given, and the records have no notes for it to read")
    found = [*map(read, readers), *map(opened, others)]
    return {feature.name: feature for feature in found}


def gridded(sides: Sides) -> bool:
    """Whether its feature reads pictures or signals."""
    return bool(_kinds(sides) & GRIDS)


def compared(sides: Sides) -> bool:
    """Whether its records are compared as points of one space: pictures, signals and notes."""
    return bool(_kinds(sides) & {*GRIDS, Text})


def arrays(views: dict[str, Sides]) -> str | None:
    """The view in which pictures and signals themselves are looked at: of the fewest kinds."""
    found = [name for name, sides in views.items() if gridded(sides)]
    return min(found, key=lambda name: len(_kinds(views[name])), default=None)


def _kinds(sides: Sides) -> set[type]:
    feature = sides.feature.feature if isinstance(sides.feature, Remembered) else sides.feature
    return set(feature.kinds)


@dataclass(frozen=True)
class Remembered(Feature):
    """A fitted feature that looks at each picture once, however often the judge draws it."""

    kinds: ClassVar[tuple[type, ...]] = ()
    version: ClassVar[str] = "remembered/1"

    feature: Feature
    known: dict[bytes, np.ndarray] = field(default_factory=dict, repr=False)

    def fit(self, cohort: Cohort) -> Self:  # noqa: ARG002 - it is fitted already
        """Itself."""
        return self

    def __call__(self, cohort: Cohort) -> np.ndarray:
        """Vectors float32 (n, d)."""
        marks = fingerprints(cohort, self.feature.kinds)
        known = dict(self.known)
        new = [i for i, mark in enumerate(marks) if mark not in known]
        if new:
            found = self.feature(cohort.take(np.array(new)) if len(new) < len(marks) else cohort)
            known.update(zip((marks[i] for i in new), found, strict=True))
            if len(self.known) * found.shape[1] < KEPT:
                self.known.update(known)
        return np.stack([known[mark] for mark in marks])


def fingerprints(cohort: Cohort, kinds: tuple[Any, ...]) -> list[bytes]:
    """One for each record, of its fields of these kinds."""
    arrays = [cohort[n] for n in cohort.schema.modelled if isinstance(cohort.schema[n], kinds)]
    return [
        hashlib.blake2b(
            b"".join(np.ascontiguousarray(x[i]).tobytes() for x in arrays), digest_size=16
        ).digest()
        for i in range(len(cohort))
    ]
