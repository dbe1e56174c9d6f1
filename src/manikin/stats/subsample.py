"""At most so many records, drawn at random."""

from __future__ import annotations

import numpy as np


def draw_at_most(n: int, most: int, rng: np.random.Generator) -> np.ndarray:
    """Positions among n records, each once: all in their order, or `most` of them in random order.

    Example:
        >>> draw_at_most(3, 5, np.random.default_rng(0)).tolist()
        [0, 1, 2]
        >>> len(set(draw_at_most(9, 5, np.random.default_rng(0)).tolist()))
        5
    """
    return np.arange(n) if n <= most else rng.choice(n, most, replace=False)
