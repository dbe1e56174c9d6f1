"""Views: the records through every feature that finds fields of its kinds, the table first."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Self

import numpy as np

from manikin.cohort.scalar_matrix import ScalarEncoder
from manikin.contracts.feature import Feature
from manikin.core import registry
from manikin.errors import UsageError
from manikin.evaluation.measuring.evaluation_data import EvaluationData
from manikin.evaluation.measuring.image_encoders import load_encoder
from manikin.evaluation.measuring.text_encoders import load_text_encoder as read
from manikin.schema.kinds import SCALAR_TYPES, Image, Signal, Text
from manikin.text.note_fields import list_note_fields

if TYPE_CHECKING:
    from collections.abc import Sequence

    from manikin.cohort.cohort import Cohort
    from manikin.contracts.split import EvaluationOptions

MAX_CACHED_VALUES = 1 << 26  # numbers that are remembered at most
ARRAY_KINDS = {Image, Signal}


def build_views(
    cohorts: tuple[Cohort, ...], question: EvaluationOptions, encoders: Sequence[str | Path] = ()
) -> dict[str, EvaluationData]:
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
    fields = ScalarEncoder.fit(train)
    features = {**_select_features(train), **_load_encoders(train, encoders)}
    if not features:
        raise UsageError(
            "no field that the judge can read: give quantities, categories, times, histories, pictures, "
            "signals or notes that are no identifiers"
        )
    return {
        name: _build_view(name, feature, fields, cohorts, question) for name, feature in features.items()
    }


def _build_view(
    name: str,
    feature: Feature,
    fields: ScalarEncoder,
    cohorts: tuple[Cohort, ...],
    question: EvaluationOptions,
) -> EvaluationData:
    if set(feature.kinds) & set(SCALAR_TYPES):
        return EvaluationData.from_cohorts(feature.fit(cohorts[0]), fields, cohorts, question)
    fitted = feature.fit(cohorts[0])
    fitted = CachedFeature(fitted) if set(feature.kinds) & ARRAY_KINDS else fitted
    width = fitted(cohorts[0]).shape[1]
    beside = ScalarEncoder(
        (*fields.names, *(f"{name} {j + 1}" for j in range(width))), (*fields.levels, *(None,) * width)
    )
    return EvaluationData.from_cohorts(fitted, beside, cohorts, question)


def _select_features(train: Cohort) -> dict[str, Feature]:
    kinds = [
        train.schema[name] for name in {*train.schema.modelled_fields, *list_note_fields(train.schema)}
    ]
    found = {name: registry.find("features", name) for name in registry.list_plugins("features")}
    fit = {
        name: make() for name, make in found.items() if any(isinstance(kind, make.kinds) for kind in kinds)
    }
    return dict(sorted(fit.items(), key=lambda entry: not set(entry[1].kinds) & set(SCALAR_TYPES)))


def _load_encoders(train: Cohort, encoders: Sequence[str | Path]) -> dict[str, Feature]:
    """The encoders by name: of notes those in a folder, of pictures those in a file."""
    readers = [path for path in encoders if Path(path).is_dir()]
    others = [path for path in encoders if path not in readers]
    if others and not any(isinstance(train.schema[n], Image) for n in train.schema.modelled_fields):
        raise UsageError(
            "encoders are given, and the records have no picture for them to read; one of notes is a folder"
        )
    if readers and not list_note_fields(train.schema):
        raise UsageError("an encoder of notes is given, and the records have no notes for it to read")
    found = [*map(read, readers), *map(load_encoder, others)]
    return {feature.name: feature for feature in found}


def is_array_view(sides: EvaluationData) -> bool:
    """Whether its feature reads pictures or signals."""
    return bool(_list_kinds(sides) & ARRAY_KINDS)


def is_embedding_view(sides: EvaluationData) -> bool:
    """Whether its records are compared as points of one space: pictures, signals and notes."""
    return bool(_list_kinds(sides) & {*ARRAY_KINDS, Text})


def find_array_view(views: dict[str, EvaluationData]) -> str | None:
    """The view in which pictures and signals themselves are looked at: of the fewest kinds."""
    found = [name for name, sides in views.items() if is_array_view(sides)]
    return min(found, key=lambda name: len(_list_kinds(views[name])), default=None)


def _list_kinds(sides: EvaluationData) -> set[type]:
    feature = sides.feature.feature if isinstance(sides.feature, CachedFeature) else sides.feature
    return set(feature.kinds)


@dataclass(frozen=True)
class CachedFeature(Feature):
    """A fitted feature that looks at each picture once, however often the judge draws it."""

    kinds: ClassVar[tuple[type, ...]] = ()
    version: ClassVar[str] = "remembered/1"

    feature: Feature
    cache: dict[bytes, np.ndarray] = field(default_factory=dict, repr=False)

    def fit(self, cohort: Cohort) -> Self:  # noqa: ARG002 - it is fitted already
        """Itself."""
        return self

    def __call__(self, cohort: Cohort) -> np.ndarray:
        """Vectors float32 (n, d)."""
        marks = hash_records(cohort, self.feature.kinds)
        known = dict(self.cache)
        new = [i for i, mark in enumerate(marks) if mark not in known]
        if new:
            found = self.feature(cohort.take(np.array(new)) if len(new) < len(marks) else cohort)
            known.update(zip((marks[i] for i in new), found, strict=True))
            if len(self.cache) * found.shape[1] < MAX_CACHED_VALUES:
                self.cache.update(known)
        return np.stack([known[mark] for mark in marks])


def hash_records(cohort: Cohort, kinds: tuple[Any, ...]) -> list[bytes]:
    """One for each record, of its fields of these kinds."""
    arrays = [cohort[n] for n in cohort.schema.modelled_fields if isinstance(cohort.schema[n], kinds)]
    return [
        hashlib.blake2b(
            b"".join(np.ascontiguousarray(x[i]).tobytes() for x in arrays), digest_size=16
        ).digest()
        for i in range(len(cohort))
    ]
