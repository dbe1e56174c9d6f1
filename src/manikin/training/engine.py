"""The only file that knows devices, precision and threads.

A distributed engine would replace `place` and `step` and nothing else.
"""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, final

import torch
from torch import Tensor, nn

if TYPE_CHECKING:
    from collections.abc import Iterator

    from manikin.contracts.family import AnyNetworks
    from manikin.core.seeds import Key
    from manikin.encoding.spec import Spec

MAX_GRADIENT_NORM = 1.0
"""Greatest norm of a gradient: one odd batch must not throw the weights away."""


@final
@dataclass(frozen=True)
class Engine:
    """Where and how precisely the networks run.

    Args:
        device: "cpu", "cuda", "cuda:1", ...
        precision: "fp32", or "bf16" for automatic mixed precision (weights stay in 32 bits).
        threads: CPU threads; None: one for the rows of a table, whose small matrices more threads
            hardly speed up and on a busy machine slow down tenfold, else as many as the process uses.

    Example:
        >>> Engine(device="cpu").precision
        'fp32'
    """

    device: str = "cpu"
    precision: Literal["fp32", "bf16"] = "fp32"
    threads: int | None = None

    @classmethod
    def select(cls, spec: Spec) -> Engine:
        """A GPU where there is one, else the CPU; bf16 where it pays.

        On a CPU it pays over a grid where there are units for products of matrices (AMX). Without, though
        the processor knows bf16 (AVX-512), a step takes 1.3 to 2.3 times as long as in fp32.
        """
        if torch.cuda.is_available():
            return cls("cuda", "bf16" if torch.cuda.is_bf16_supported() else "fp32")
        units = torch.backends.mkldnn.is_available() and torch.cpu._is_amx_tile_supported()  # noqa: SLF001 - the only way to ask
        return cls(precision="bf16" if units and spec.grid else "fp32")

    def place(self, nets: AnyNetworks) -> AnyNetworks:
        """The networks, moved to the device."""
        for net in nets.by_name.values():
            net.to(self.device)
        return nets

    @contextmanager
    def limit_threads(self, spec: Spec) -> Iterator[None]:
        """The threads that such records ask for, and as they were afterwards."""
        before = torch.get_num_threads()
        row = not spec.grid and (not spec.tokens or bool(spec.ranges))
        torch.set_num_threads(self.threads or (1 if row else before))
        try:
            yield
        finally:
            torch.set_num_threads(before)

    @contextmanager
    def seed_generators(self, key: Key) -> Iterator[torch.Generator]:
        """A generator for what is drawn by hand; weights and dropout draw from the same key.

        The process-wide generators are seeded inside and restored at the end.
        """
        devices = [torch.device(self.device)] if self.device.startswith("cuda") else []
        with torch.random.fork_rng(devices=devices), self.enable_autocast():
            # Not torch.manual_seed: without a GPU it queues a call for each absent device, for ever.
            seed = key.child("process").integer()
            torch.default_generator.manual_seed(seed)
            if devices:
                torch.cuda.manual_seed(seed)
            yield key.torch(self.device)

    def enable_autocast(self) -> torch.autocast:
        """Mixed precision, where it is wanted."""
        kind = torch.device(self.device).type
        return torch.autocast(kind, dtype=torch.bfloat16, enabled=self.precision == "bf16")

    def step(self, loss: Tensor, optimizer: torch.optim.Optimizer) -> None:
        """One clipped step of the optimiser down the gradient of `loss`."""
        optimizer.zero_grad(set_to_none=True)
        parameters = [p for group in optimizer.param_groups for p in group["params"]]
        # Not autograd.grad: what it gives of a penalty on gradients may lie in memory in another order
        # than the parameter, and fused optimisers read both alike.
        loss.backward(inputs=parameters)
        nn.utils.clip_grad_norm_(parameters, MAX_GRADIENT_NORM)
        optimizer.step()
