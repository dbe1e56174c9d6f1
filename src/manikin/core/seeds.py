"""One seed, named independent streams; the process-wide random state is never touched."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import torch


@dataclass(frozen=True)
class Key:
    """A node in a tree of random streams.

    A stream is addressed by its name, not by the order of use, so a new consumer never
    shifts the numbers of another.

    Example:
        >>> key = Key(0)
        >>> a = key.child("order").numpy().integers(100)
        >>> b = Key(0).child("order").numpy().integers(100)
        >>> bool(a == b), key.child("order") == key.child("noise")
        (True, False)
    """

    seed: int
    path: tuple[str, ...] = ()

    def child(self, *names: str | int) -> Key:
        """The stream called `names` below this one."""
        return Key(self.seed, (*self.path, *map(str, names)))

    def integer(self) -> int:
        """A fixed 63-bit integer for libraries that take a seed."""
        text = "\x1f".join((str(self.seed), *self.path)).encode()
        return int.from_bytes(hashlib.blake2b(text, digest_size=8).digest(), "big") >> 1

    def numpy(self) -> np.random.Generator:
        """A fresh NumPy generator at the start of this stream."""
        return np.random.default_rng(self.integer())

    def torch(self, device: str | torch.device = "cpu") -> torch.Generator:
        """A fresh PyTorch generator at the start of this stream."""
        import torch

        return torch.Generator(device).manual_seed(self.integer())
