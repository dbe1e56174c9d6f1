"""TimeVAE (Desai et al. 2021, A variational auto-encoder for multivariate time series), in PyTorch.

After the paper and the defaults that its authors released: three convolutions of stride 2 with 50, 100 and
200 channels, eight latent numbers, a level beside the decoder's transposed convolutions, batches of 16,
reconstruction weighed by 3 with the squared error of the mean over channels on top.
"""

from __future__ import annotations

import time

import numpy as np
import torch
from torch import Tensor, nn

HIDDEN = (50, 100, 200)
LATENT, BATCH, WEIGHT, RATE = 8, 16, 3.0, 1e-3


class TimeVAE(nn.Module):
    """Windows (B, channels, time) in [0, 1] to eight normal numbers and back."""

    def __init__(self, channels: int, length: int) -> None:
        super().__init__()
        self.channels, self.length = channels, length
        steps: list[nn.Module] = []
        for before, after in zip((channels, *HIDDEN), HIDDEN, strict=False):
            steps += [nn.Conv1d(before, after, 3, 2, 1), nn.ReLU()]
        self.encoder = nn.Sequential(*steps, nn.Flatten())
        self.short = self.encoder(torch.zeros(1, channels, length)).shape[1] // HIDDEN[-1]
        self.mean, self.log_variance = (nn.Linear(self.short * HIDDEN[-1], LATENT) for _ in range(2))
        self.level = nn.Sequential(nn.Linear(LATENT, channels), nn.ReLU(), nn.Linear(channels, channels))
        back: list[nn.Module] = []
        for before, after in zip(HIDDEN[::-1], (*HIDDEN[-2::-1], channels), strict=True):
            back += [nn.ConvTranspose1d(before, after, 3, 2, 1, output_padding=1), nn.ReLU()]
        self.dense = nn.Sequential(nn.Linear(LATENT, self.short * HIDDEN[-1]), nn.ReLU())
        self.decoder = nn.Sequential(*back, nn.Flatten())
        self.last = nn.Linear(channels * self.short * 2 ** len(HIDDEN), channels * length)

    def decode(self, z: Tensor) -> Tensor:
        """(B, 8) -> (B, channels, time)."""
        rest = self.last(self.decoder(self.dense(z).view(len(z), HIDDEN[-1], self.short)))
        return self.level(z)[..., None] + rest.view(len(z), self.channels, self.length)

    def loss(self, x: Tensor) -> Tensor:
        """Summed over a batch, as released."""
        h = self.encoder(x)
        mean, log_variance = self.mean(h), self.log_variance(h)
        y = self.decode(mean + torch.randn_like(mean) * (log_variance / 2).exp())
        missed = (x - y).square().sum() + (x.mean(1) - y.mean(1)).square().sum()
        return WEIGHT * missed - 0.5 * (1 + log_variance - mean.square() - log_variance.exp()).sum()


def timevae(x: np.ndarray, n: int, seconds: float, seed: int = 0) -> tuple[np.ndarray, int]:
    """Learn windows (m, channels, time), 0 to 1, for so many CPU seconds; n drawn ones, and the steps."""
    torch.manual_seed(seed)
    rng, model, data = np.random.default_rng(seed), TimeVAE(*x.shape[1:]), torch.from_numpy(x).float()
    optimizer = torch.optim.Adam(model.parameters(), lr=RATE)
    started, steps = time.process_time(), 0
    while time.process_time() - started < seconds:
        optimizer.zero_grad()
        model.loss(data[rng.integers(len(x), size=BATCH)]).backward()
        optimizer.step()
        steps += 1
    with torch.no_grad():
        return model.decode(torch.randn(n, LATENT)).numpy(), steps
