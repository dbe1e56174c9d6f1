"""Which records are learned from, which are held out, and in what order they come."""

from __future__ import annotations

from typing import TYPE_CHECKING, final

import numpy as np

if TYPE_CHECKING:
    from manikin.core.seeds import Key

BATCHES_PER_POOL = 32
"""Batches that are sorted by length together."""

MAX_EVALUATED_RECORDS = 1024
"""Up to how many records of either side are looked at, and about how many draws of noise."""

MIN_HOLDOUT_SUBJECTS = 50
"""With fewer subjects none is held out: the loss of one to four says nothing."""


def bucket_by_length(
    order: np.ndarray, lengths: np.ndarray, batch: int, rng: np.random.Generator
) -> np.ndarray:
    """The same order with records of like length in each batch, so that little is spent on their ends.

    They are sorted within pools of some batches, and the batches shuffled again.

    Example:
        >>> lengths, rng = np.array([9, 1, 8, 2]), np.random.default_rng(0)
        >>> bucket_by_length(np.arange(4), lengths, 2, rng).reshape(2, 2).tolist()
        [[1, 3], [2, 0]]
    """
    pools = [
        order[i : i + BATCHES_PER_POOL * batch] for i in range(0, len(order), BATCHES_PER_POOL * batch)
    ]
    flat = np.concatenate([pool[np.argsort(lengths[pool], kind="stable")] for pool in pools])
    batches = [flat[i : i + batch] for i in range(0, len(flat), batch)]
    last = [batches.pop()] if len(flat) % batch else []
    return np.concatenate([*(batches[i] for i in rng.permutation(len(batches))), *last])


def split_subjects(subject: np.ndarray, share: float, key: Key) -> tuple[np.ndarray, np.ndarray]:
    """Rows to learn from and rows held out: no subject is in both.

    Args:
        subject: To whom each record belongs (n,).
        share: Share of the subjects held out.
        key: Chooses them.

    Returns:
        Positions to learn from, and at most `MAX_EVALUATED_RECORDS` positions held out (none with few
        subjects).
    """
    subjects, first = np.unique(subject, return_inverse=True)
    if len(subjects) < MIN_HOLDOUT_SUBJECTS or not share:
        return np.arange(len(subject)), np.arange(0)
    order = key.numpy().permutation(len(subjects))
    held = np.zeros(len(subjects), dtype=bool)
    held[order[: max(1, round(share * len(subjects)))]] = True
    return np.flatnonzero(~held[first]), np.flatnonzero(held[first])[:MAX_EVALUATED_RECORDS]


@final
class ShuffledEpochs:
    """An endless row of shuffled epochs, cut into batches.

    Args:
        n: Records of an epoch.
        batch: Records of a batch.
        key: Shuffles each epoch anew.
        lengths: Tokens of each record (n,): those of like length come together; None: they do not.
    """

    def __init__(self, n: int, batch: int, key: Key, lengths: np.ndarray | None = None) -> None:
        self.n, self.batch, self.key, self.lengths = n, batch, key, lengths
        self.orders: dict[int, np.ndarray] = {}

    def choose_batch(self, turn: int) -> np.ndarray:
        """The positions of the records of a turn, (batch,)."""
        epoch, place = divmod(turn * self.batch, self.n)
        order = self._shuffle(epoch)[place : place + self.batch]
        while len(order) < self.batch:
            epoch += 1
            order = np.append(order, self._shuffle(epoch)[: self.batch - len(order)])
        return order

    def _shuffle(self, epoch: int) -> np.ndarray:
        if epoch not in self.orders:
            rng = self.key.child(epoch).numpy()
            shuffled = rng.permutation(self.n)
            if self.lengths is not None:
                shuffled = bucket_by_length(shuffled, self.lengths, self.batch, rng)
            self.orders = {k: v for k, v in self.orders.items() if k == epoch - 1} | {epoch: shuffled}
        return self.orders[epoch]
