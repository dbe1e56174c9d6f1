"""How noisy: the amounts of noise that a diffusion learns at, and those that it goes through in sampling.

Data x and noise n meet at x_t = (1 - t) n + t x. Seen as data with noise of deviation s on top
(x_t / t), s = (1 - t) / t, so both formulations of the field are draws of logit(t) = -log s, and a
schedule of t:

- "flow": rectified flow, logit(t) standard normal, even steps (Esser et al. 2024, section 3.1);
- "edm": log s normal about -.5, wider, steps even in the seventh root of s, the network's output scaled
  to the same size at every noise (Karras et al. 2022, equations 5 to 8 and table 1).

Series are learned at as wide noise in both, and the steps of sampling come as near to the data as those of
small pictures: between hours a patient's values differ far less than between patients.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import torch

if TYPE_CHECKING:
    from torch import Tensor

    from manikin.encoding.spec import Spec

FORMULATIONS = ("flow", "edm")

REFERENCE_PLACES = 64 * 64
"""Places of a picture above which more noise is needed to hide it (Esser et al., 2024, eq. 23)."""

REFERENCE_LENGTH, MAX_SHIFT = 256, 4.0
"""The same of a signal: what is spread over a long one (its rhythm) is hidden by noise in proportion
to its length; no more than was tried."""

SERIES_REDUNDANCY = 4
"""The same of a series, where neighbouring hours tell the same, and flags and levels often all of them."""

EDM_CENTRE, EDM_WIDTH = 0.5, 1.6  # of logit(t) in "edm"
MIN_NOISE, MAX_NOISE, SCHEDULE_ROOT = (
    0.002,
    80.0,
    7,
)  # deviations of noise, and the root in whose even steps they go down


def draw_times(formulation: str, n: int, spec: Spec, rng: torch.Generator) -> Tensor:
    """Times of n training records, (n,): 0 is noise, 1 data."""
    logit = torch.randn(n, generator=rng, device=rng.device)
    centre = EDM_CENTRE if formulation == "edm" else 0.0
    width = EDM_WIDTH if formulation == "edm" or spec.is_series else 1.0
    return shift_times((centre + width * logit).sigmoid(), spec)


def compute_sampling_times(formulation: str, count: int, spec: Spec) -> list[float]:
    """So many times of sampling, from 0 to 1."""
    t = torch.linspace(0, 1, count, dtype=torch.float64)
    if formulation == "edm":
        top, low = MAX_NOISE ** (1 / SCHEDULE_ROOT), MIN_NOISE ** (1 / SCHEDULE_ROOT)
        noise = (top + torch.linspace(0, 1, count - 1, dtype=torch.float64) * (low - top)) ** SCHEDULE_ROOT
        t[1:-1] = 1 / (1 + noise[1:])
    return (t if spec.is_series else shift_times(t, spec)).tolist()


def shift_times(t: Tensor, spec: Spec) -> Tensor:
    """Times moved towards noise where many places tell the data through more of it."""
    count = math.prod(spec.grid)
    if spec.is_series:
        a = math.sqrt(count / SERIES_REDUNDANCY)
    elif len(spec.grid) == 1:
        a = min(count / REFERENCE_LENGTH, MAX_SHIFT)
    else:
        a = math.sqrt(count / REFERENCE_PLACES)
    a = max(1.0, a)
    return t / (t + a * (1 - t))
