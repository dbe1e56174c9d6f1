"""Scale: coordinates of which a step of one is a step of one robust deviation of the training records."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

TINY = 1e-6


class RobustScaler(NamedTuple):
    """The median and a robust deviation of each coordinate, shapes (d,)."""

    centre: np.ndarray
    spread: np.ndarray

    @classmethod
    def from_vectors(cls, x: np.ndarray) -> RobustScaler:
        """The range of the middle half over 1.349, or a fifth of the deviation where that is more.

        A coordinate that never varies keeps its own size.
        """
        low, centre, high = np.quantile(x, (0.25, 0.5, 0.75), axis=0)
        spread = np.maximum((high - low) / 1.349, x.std(axis=0) / 5)
        return cls(centre, np.where(spread > TINY * (1 + np.abs(centre)), spread, 1.0))

    def __call__(self, x: np.ndarray) -> np.ndarray:
        """Linear in the bulk, logarithmic in the tails, float32 (n, d).

        Example:
            >>> RobustScaler(np.array([2.0]), np.array([0.5]))(np.array([[2.0], [2.5]])).round(2).tolist()
            [[0.0], [0.8799999952316284]]
        """
        return np.arcsinh((x - self.centre) / self.spread).astype(np.float32)
