"""The order in which records of different length are learned from."""

from __future__ import annotations

import numpy as np

POOL = 32
"""Batches that are sorted by length together."""


def alike(order: np.ndarray, lengths: np.ndarray, batch: int, rng: np.random.Generator) -> np.ndarray:
    """The same order with records of like length in each batch, so that little is spent on their ends.

    They are sorted within pools of some batches, and the batches shuffled again.

    Example:
        >>> alike(np.arange(4), np.array([9, 1, 8, 2]), 2, np.random.default_rng(0)).reshape(2, 2).tolist()
        [[1, 3], [2, 0]]
    """
    pools = [order[i : i + POOL * batch] for i in range(0, len(order), POOL * batch)]
    flat = np.concatenate([pool[np.argsort(lengths[pool], kind="stable")] for pool in pools])
    batches = [flat[i : i + batch] for i in range(0, len(flat), batch)]
    last = [batches.pop()] if len(flat) % batch else []
    return np.concatenate([*(batches[i] for i in rng.permutation(len(batches))), *last])
