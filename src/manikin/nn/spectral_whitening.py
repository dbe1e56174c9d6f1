"""Emphasis: waveforms whose frequencies are brought nearer to each other in size, and back.

Nearly all power of an ECG is slow. In white noise its fast part, which makes a QRS sharp, is lost first,
and errors of a network, which are white, are far larger than it. Here each frequency is divided by the root
of its mean amplitude in the training records: halfway to white (as emphasis before a transmission, and
de-emphasis after it). Frequencies are those of the cosine transform (Ahmed et al., 1974): ends are no edge.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, final

import numpy as np
import torch
from torch import Tensor, nn

from manikin.signals.analysis.spectrum import interpolate_amplitudes

if TYPE_CHECKING:
    from manikin.encoding.spec import Spec

WHITENING_EXPONENT = 0.5
MIN_RELATIVE_AMPLITUDE = 1e-3
"""Of the greatest amplitude: a frequency that the data lack is not divided by nothing."""


@final
class SpectralWhitening(nn.Module):
    """Expanded records to what the network sees, of unit scale; as they are where no spectrum is known.

    Example:
        >>> from manikin.encoding.spec import Continuous, Spec
        >>> slow = SpectralWhitening(Spec((Continuous(),), grid=(4,), spectrum=((4.0, 2.0, 1.0, 0.5),)))
        >>> x = torch.randn(2, 1, 4, generator=torch.Generator().manual_seed(0))
        >>> torch.allclose(slow.invert(slow(x)), x, atol=1e-5)
        True
    """

    def __init__(self, spec: Spec) -> None:
        super().__init__()
        self.known = bool(spec.spectrum)
        self.gains = nn.Buffer(_compute_gains(spec) if self.known else torch.ones(0), persistent=False)

    def forward(self, x: Tensor) -> Tensor:
        """(B, channels, time) with each frequency times its gain."""
        return _apply_gains(x, self.gains) if self.known else x

    def invert(self, x: Tensor) -> Tensor:
        """The inverse."""
        return _apply_gains(x, 1 / self.gains) if self.known else x


def _compute_gains(spec: Spec) -> Tensor:
    """Of each channel and frequency, (channels, time + 1); the last of them is never there."""
    length = spec.grid[0]
    size = np.stack([interpolate_amplitudes(np.array(amplitudes), length) for amplitudes in spec.spectrum])
    size = np.maximum(size, MIN_RELATIVE_AMPLITUDE * size.max(axis=1, keepdims=True)) ** (
        1 - WHITENING_EXPONENT
    )
    scale = np.sqrt((size**2).mean(axis=1, keepdims=True))
    gains = size ** (-WHITENING_EXPONENT / (1 - WHITENING_EXPONENT)) / scale
    return torch.from_numpy(np.pad(gains, ((0, 0), (0, 1)), mode="edge")).float()


def _apply_gains(x: Tensor, gains: Tensor) -> Tensor:
    """Laid out once more backwards, so that ends meet: the Fourier transform is then the cosine one."""
    twice = torch.cat([x, x.flip(2)], dim=2).float()
    return torch.fft.irfft(torch.fft.rfft(twice, dim=2) * gains, n=twice.shape[2], dim=2)[..., : x.shape[2]]
