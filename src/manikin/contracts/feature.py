"""The contract of a feature: records to vectors, the space in which the judge looks at them."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, ClassVar, Self

if TYPE_CHECKING:
    import numpy as np

    from manikin.cohort.cohort import Cohort


class Feature(ABC):
    """Fields of a cohort -> vectors of shape (n, d) with a meaningful Euclidean distance.

    A feature is frozen: `fit` returns a fitted one. The judge fits it on the training records
    alone, so that neither the fresh real records nor the synthetic ones have shaped the
    space in which they are compared. It learns scales, never single records.

    `kinds` are the kinds of field that it reads. `version` changes with every change of the
    numbers that it gives, for scores are comparable only within one version.
    """

    kinds: ClassVar[tuple[type, ...]]
    version: ClassVar[str]

    @abstractmethod
    def fit(self, cohort: Cohort) -> Self:
        """Learn the scales of the fields of these kinds."""

    @abstractmethod
    def __call__(self, cohort: Cohort) -> np.ndarray:
        """Vectors float32 (n, d), without NaN: what is missing has coordinates of its own."""
