"""The contract of learners: the ways in which a family learns, behind one face.

`draw` gives encoded records, `save` keeps what was learned as plain arrays. A statistical family sees the
given columns as the first of its row (`training/statistical_learner.py`); a family with networks gets them
through the conditioner (`training/neural_learner.py`).
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from manikin.errors import Unsupported

if TYPE_CHECKING:
    from pathlib import Path

    from manikin.core.seeds import Key

Parts = dict[str, np.ndarray]


class Learner(ABC):
    """What has been learned from encoded records.

    `has_condition_in_row` tells whether the condition stands before the target in the same encoded row.
    """

    has_condition_in_row: ClassVar[bool] = False
    facts: dict[str, Any]

    @property
    @abstractmethod
    def can_redraw_fields(self) -> bool:
        """Whether single fields can be drawn given the others."""

    @property
    def is_infilling(self) -> bool:
        """Whether what a given record lacks within is found, rather than what comes after it."""
        return False

    @abstractmethod
    def draw(self, given: Parts, values: np.ndarray, mask: np.ndarray, key: Key) -> np.ndarray:
        """Encoded records of the shape of `values`; where `mask`, the values themselves."""

    @abstractmethod
    def save(self, folder: Path) -> None:
        """Write `weights.safetensors`."""

    @abstractmethod
    def compute_losses(self, x: np.ndarray, given: Parts, draws: int, key: Key) -> np.ndarray:
        """The loss in training of each encoded record alone, the mean over draws of its noise, (n,).

        Every record meets the same noise, so that differences between records are not noise.

        Raises:
            Unsupported: The family has no loss, or one that only compares sides.
        """


def refuse_losses(family: object) -> Unsupported:
    """Why a family cannot say how badly it foretells a record."""
    name = type(family).__name__
    return Unsupported(f"{name} has no loss of a single record; judge what it writes instead")
