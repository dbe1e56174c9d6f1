"""The two scores of the literature of time series, by the recurrent networks it uses.

They stand beside the card, not on it: they are not calibrated and miss much (windows that a convolutional
network tells from real ones every time may score .04), but papers report them. Both follow the released
code of Yoon et al. 2019 (Time-series generative adversarial networks, section 5): channels scaled to
[0, 1] by the real windows, one layer of gated recurrent units half as wide as there are channels, Adam.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from manikin.core.extras import require_torch
from manikin.core.seeds import Key
from manikin.errors import UsageError
from manikin.schema.kinds import Signal
from manikin.signals.analysis.interpolate import interpolate_gaps

if TYPE_CHECKING:
    from collections.abc import Callable

    from torch import Tensor

    from manikin.cohort.cohort import Cohort

    Network = Callable[[Tensor], Tensor]
    Loss = Callable[[Network, np.ndarray], Tensor]

BATCH_SIZE, LEARNING_RATE = 128, 1e-3
TRAIN_SHARE = 0.8  # of the windows, which the discriminator learns from
MIN_RECORDS = 10


def compute_discriminative_score(
    synthetic: Cohort, real: Cohort, *, field: str | None = None, steps: int = 2_000, seed: int = 0
) -> float:
    """How well a recurrent network tells synthetic windows from real ones, both of which it has not seen.

    Args:
        synthetic: Records with a signal; as many are used as there are on the smaller side.
        real: Real records; gaps are crossed by lines.
        field: The signal; None: the only one.
        steps: Of training; with fewer than the default the score is none that papers report.
        seed: The same seed gives the same score. Papers give the mean of five or ten.

    Returns:
        |accuracy - .5| on a fifth of both sides: 0 to .5, 0 is best.

    Raises:
        UsageError: There is no such signal, or fewer than ten records on a side.
        MissingExtra: PyTorch is not installed.
    """
    torch = require_torch("the discriminative score needs PyTorch")
    from torch.nn.functional import binary_cross_entropy_with_logits as wrong

    key = Key(seed).child("discriminative_score")
    sides = _scale_windows(synthetic, real, field)
    n = min(map(len, sides))
    cut = int(TRAIN_SHARE * n)
    mixed = [side[key.child(i).numpy().permutation(len(side))[:n]] for i, side in enumerate(sides)]
    taught, told = (torch.cat([side[part] for side in mixed]) for part in (slice(cut), slice(cut, n)))
    made, asked = (torch.tensor([1.0, 0.0]).repeat_interleave(m) for m in (cut, n - cut))

    def loss(net: Network, rows: np.ndarray) -> Tensor:
        both = np.concatenate([rows, rows + cut])
        return wrong(net(taught[both])[:, -1, 0], made[both])

    net = _train_network(taught.shape[2], taught.shape[2], (cut, steps), loss, key)
    with torch.no_grad():
        right = (net(told)[:, -1, 0] > 0).float() == asked
    return abs(float(right.float().mean()) - 0.5)


def compute_predictive_score(
    synthetic: Cohort, real: Cohort, *, field: str | None = None, steps: int = 5_000, seed: int = 0
) -> float:
    """Mean error, at real windows, of a recurrent network that learned from synthetic ones to look ahead.

    It tells the next value of the last channel from all others so far; of a single channel from itself.

    Args:
        synthetic: Records with a signal, learned from.
        real: Real records, whose values are asked for; gaps are crossed by lines.
        field: The signal; None: the only one.
        steps: Of training; with fewer than the default the score is none that papers report.
        seed: The same seed gives the same score. Papers give the mean of five or ten.

    Returns:
        The mean absolute error, as a share of the range of real values: 0 to 1. What real windows
        themselves teach is the least to hope for.

    Raises:
        UsageError: There is no such signal, or fewer than ten records on a side.
        MissingExtra: PyTorch is not installed.
    """
    torch = require_torch("the predictive score needs PyTorch")
    key = Key(seed).child("predictive_score")
    taught, told = _scale_windows(synthetic, real, field)
    others = max(1, taught.shape[2] - 1)

    def missed(net: Network, x: Tensor) -> Tensor:
        return (net(x[:, :-1, :others])[..., 0].sigmoid() - x[:, 1:, -1]).abs().mean()

    sizes = len(taught), steps
    net = _train_network(others, taught.shape[2], sizes, lambda net, rows: missed(net, taught[rows]), key)
    with torch.no_grad():
        return float(missed(net, told))


def _scale_windows(synthetic: Cohort, real: Cohort, field: str | None) -> list[Tensor]:
    """Both sides' windows (n, time, channels), 0 to 1 by the range of the real ones."""
    import torch  # an extra

    fields = [name for name in real.schema.modelled_fields if isinstance(real.schema[name], Signal)]
    if field is None and len(fields) != 1:
        raise UsageError(f"{len(fields)} signals: name one of {fields} as `field`")
    name = field or fields[0]
    if name not in fields or name not in synthetic.schema:
        raise UsageError(f"{name!r} is no signal of both sides; the real ones are {fields}")
    if min(len(synthetic), len(real)) < MIN_RECORDS:
        raise UsageError(
            f"{len(synthetic)} and {len(real)} records; give at least {MIN_RECORDS} of each side"
        )
    x, y = (interpolate_gaps(side[name]) for side in (synthetic, real))
    low, high = (end(y, axis=(0, 2), keepdims=True) for end in (np.min, np.max))
    width = np.where(high > low, high - low, 1)
    return [torch.from_numpy(((side - low) / width).swapaxes(1, 2).copy()) for side in (x, y)]


def _train_network(width: int, channels: int, sizes: tuple[int, int], loss: Loss, key: Key) -> Network:
    """A recurrent network (B, time, width) -> (B, time, 1), trained on batches of so many windows."""
    import torch  # an extra

    n, steps = sizes
    hidden = max(1, channels // 2)
    with torch.random.fork_rng(devices=[]):
        torch.default_generator.manual_seed(key.child("weights").integer())
        units, last = torch.nn.GRU(width, hidden, batch_first=True), torch.nn.Linear(hidden, 1)
    optimizer = torch.optim.Adam([*units.parameters(), *last.parameters()], lr=LEARNING_RATE)
    rng = key.child("batches").numpy()

    def net(x: Tensor) -> Tensor:
        return last(units(x)[0])

    for _ in range(steps):
        optimizer.zero_grad()
        loss(net, rng.permutation(n)[:BATCH_SIZE]).backward()
        optimizer.step()
    return net
