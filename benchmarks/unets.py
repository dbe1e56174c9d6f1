"""U-Nets that learn a picture from another by plain regression, and regions from a picture."""

from __future__ import annotations

import time

import numpy as np
import torch
from torch import nn
from torch.nn import functional

from manikin.encoding.spec import Spec
from manikin.nn.unet import Backbone
from manikin.training.engine import Engine

BATCH = 16
RATE = 2e-3
ENGINE = Engine(precision=Engine.select(Spec(grid=(1, 1))).precision)


def regressed(source: np.ndarray, target: np.ndarray, seconds: float) -> nn.Module:
    """A U-Net source -> target of the size of manikin's, by absolute error, after so many CPU seconds."""
    return _trained(source, target, 1, lambda out, y: (out - y).abs().mean(), seconds=seconds)


def segmented(pictures: np.ndarray, masks: np.ndarray, steps: int, width: int = 32) -> nn.Module:
    """A U-Net pictures -> logits of a region, by cross-entropy and soft Dice, after so many steps."""

    def loss(out: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
        p = out.sigmoid()
        over = 1 - (2 * (p * y).sum((1, 2, 3)) + 1) / ((p + y).sum((1, 2, 3)) + 1)
        return functional.binary_cross_entropy_with_logits(out, y) + over.mean()

    return _trained(pictures, masks, 1, loss, steps=steps, width=width)


def applied(net: nn.Module, x: np.ndarray) -> np.ndarray:
    """What a network gives of pictures (n, channels, H, W)."""
    with torch.no_grad():
        parts = [net(torch.from_numpy(x[i : i + 64].astype(np.float32))) for i in range(0, len(x), 64)]
    return torch.cat(parts).numpy()


def dice(found: np.ndarray, real: np.ndarray) -> float:
    """The mean over pictures that have a region (n, 1, H, W)."""
    there = real.any(axis=(1, 2, 3))
    both = (found & real).sum(axis=(1, 2, 3))[there]
    return float(np.mean(2 * both / (found.sum(axis=(1, 2, 3)) + real.sum(axis=(1, 2, 3)))[there]))


def _trained(
    x: np.ndarray,
    y: np.ndarray,
    out: int,
    loss,
    seconds: float = 0,
    steps: int = 0,
    width: int | None = None,
) -> nn.Module:
    rng, pairs = np.random.default_rng(0), [torch.from_numpy(a.astype(np.float32)) for a in (x, y)]
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        net = Backbone(x.shape[1], out, x.shape[2:], width=width)
    optimizer = torch.optim.AdamW(net.parameters(), lr=RATE)
    started, step, share = time.process_time(), 0, 0.0
    while share < 1:
        rows = rng.integers(len(x), size=BATCH)
        a, b = (p[rows] for p in pairs)
        if rng.random() < 0.5:  # noqa: PLR2004 - every second mirrored
            a, b = a.flip(-1), b.flip(-1)
        for group in optimizer.param_groups:
            group["lr"] = RATE * max(0.01, 0.5 * (1 + np.cos(np.pi * share)))
        with ENGINE.enable_autocast():
            made = net(a)
        ENGINE.step(loss(made.float(), b), optimizer)
        step += 1
        share = (time.process_time() - started) / seconds if seconds else step / steps
    return net.eval()
