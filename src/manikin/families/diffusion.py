"""Diffusion: straight lines from noise to data, learned and then followed.

    x_t = (1 - t) noise + t x,    t in [0, 1], t = 1 is data,    dx_t/dt = v(x_t, t)

Values learn the velocity v = x - noise (Liu et al., 2023; Lipman et al., 2023). Levels and flags
are points at +1 and -1 of their channels; the network learns their probabilities given x_t by
cross-entropy, and the velocity follows from the probabilities' mean m: v = (m - x_t) / (1 - t)
(variational flow matching; Eijkelboom et al., 2024). The last step draws levels from the
probabilities. So one process serves rows of mixed columns, signals, images and label maps.

Of series, and in the formulation "edm", what x_t tells of a place by itself is not learned: values get
the best linear guess of their velocity (Karras et al., 2022), levels the evidence of x_t by Bayes' rule.
The network adds what the other places tell.

Noise of a waveform has the colour of the data, halfway (`manikin.nn.spectral_whitening`).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from typing import TYPE_CHECKING, ClassVar, final

import torch
from torch import Tensor

from manikin.contracts.family import Batch, Family, Optimizer, SingleNetwork
from manikin.errors import Unsupported
from manikin.nn.flow_network import Flow, compute_mean_square
from manikin.nn.interpolate import compute_loss_weights
from manikin.nn.layers import expand_to_grid
from manikin.nn.noise_schedule import FORMULATIONS, compute_sampling_times, draw_times

if TYPE_CHECKING:
    from manikin.encoding.spec import Spec
    from manikin.nn.conditioning import ConditionBatch, ConditionSpec

GUIDANCE_DROPOUT = 0.1
"""Share of training records shown without their condition where guidance needs it and no other is given."""


@final
@dataclass(frozen=True)
class Diffusion(Family[SingleNetwork[Flow]]):
    """A rectified flow.

    Args:
        width: Channels of the network at its first level; None: by the data.
        blocks: Residual blocks per level; None: by the data.
        steps: Evaluations of the network per sample. Steps are of second order (Heun), which at
            25 evaluations keeps texture that as many steps of first order smooth away.
        drop: Share of training records shown without their condition, which guidance needs to know;
            None: a tenth with guidance, else none.
        formulation: "flow", a rectified flow, or "edm", which learns at a wider range of noise (Karras et
            al., 2022); see `manikin.nn.noise_schedule`.
        guidance: How far to exaggerate the condition (Ho & Salimans, 2022); 1: not at all.
            More raises agreement with the condition and lowers diversity.

    Example:
        >>> Diffusion(steps=11)
        Diffusion(width=None, blocks=None, steps=11, drop=None, guidance=1.0, formulation='flow')
    """

    width: int | None = None
    blocks: int | None = None
    steps: int = 25
    drop: float | None = None
    guidance: float = 1.0
    formulation: str = "flow"
    private: ClassVar[bool] = True
    sampling: ClassVar[frozenset[str]] = frozenset({"steps"})
    optimizer: ClassVar[Optimizer] = Optimizer(rate=2e-3)

    def refusal(self, spec: Spec) -> str | None:
        """Tokens have no place between them."""
        if self.formulation not in FORMULATIONS:
            return f"no formulation is called {self.formulation!r}; there are {' and '.join(FORMULATIONS)}"
        if spec.tokens:
            return "tokens have no values between them to take noise; use 'masked' or 'autoregressive'"
        return None

    def build_networks(self, spec: Spec, given: ConditionSpec) -> SingleNetwork[Flow]:
        """One network: (x_t, t, given) -> velocities of values, logits of levels and flags."""
        return SingleNetwork(spec, Flow(spec, given, self.formulation, self.width, self.blocks))

    def compute_loss(self, nets: SingleNetwork[Flow], batch: Batch) -> Tensor:
        """Squared error of velocities, cross-entropy of levels, of what is not observed."""
        net, spec, x, rng = nets.model, nets.spec, batch.x, batch.rng
        given = net.conditioner.mask_for_training(batch.given, x, rng, self.condition_dropout)
        end = net.compute_targets(x)
        if given.mask is not None:
            end = torch.where(spec.expand_mask(given.mask), net.compute_observed_targets(given), end)
        noise = net.draw_noise(len(x), rng)
        t = draw_times(self.formulation, len(x), spec, rng)
        s = expand_to_grid(t[:, None], len(spec.grid))
        out = net((1 - s) * noise + s * end, t, given)
        hidden = torch.ones_like(x, dtype=torch.bool) if given.mask is None else ~given.mask
        wrong = net.emphasis(out - (end - noise)).square() * spec.expand_mask(hidden)
        if self.formulation == "edm":
            wrong = wrong * compute_mean_square(s)
        values = wrong[:, net.values]
        total = (values * compute_loss_weights(x)).sum() if spec.is_series else values.sum()
        if spec.discrete_spec.blocks:
            levels = spec.discrete_spec.nll(out[:, net.levels], net.extract_discrete(x))
            total = total + (levels * hidden[:, net.flagged]).sum()
        return total / (x.numel())

    @property
    def condition_dropout(self) -> float:
        """The share of training records that are shown without their condition."""
        if self.drop is not None:
            return self.drop
        return GUIDANCE_DROPOUT if self.guidance != 1 else 0.0

    @torch.no_grad()
    def sample(
        self, nets: SingleNetwork[Flow], n: int, given: ConditionBatch, rng: torch.Generator
    ) -> Tensor:
        """Follow the flow from noise; observed channels follow their own straight line."""
        net = nets.model
        given = net.conditioner.fill_defaults(given, n, rng.device)
        noise, ways = net.draw_noise(n, rng), self._compute_time_grid(nets.spec)
        path = FlowPath(self, net, given, noise)
        return given.restore_observed(path.take_final_step(path.integrate(noise, ways[:-1]), ways[-2], rng))

    @torch.no_grad()
    def translate(
        self, nets: SingleNetwork[Flow], x: Tensor, before: ConditionBatch, after: ConditionBatch
    ) -> Tensor:
        """Records as they would be had they another condition (Su et al., 2023).

        Back along the flow of the one condition to the noise that the records come from, and forth along
        that of the other. What the condition says nothing of stays as it was.

        Args:
            nets: The trained network, of records of values alone, none of them ever missing.
            x: Compact records (n, channels, *grid).
            before: What is given with them.
            after: What shall be given instead.

        Raises:
            Unsupported: Levels and flags, which no line leads back from.
        """
        net, spec = nets.model, nets.spec
        if spec.discrete_spec.blocks:
            raise Unsupported(
                "levels and missing values cannot be carried; only values that are never missing"
            )
        ways = self._compute_time_grid(spec)
        noise = FlowPath(self, net, before, x).integrate(net.compute_targets(x), ways[::-1])
        return spec.collapse(FlowPath(self, net, after, noise).integrate(noise, ways))

    def _compute_time_grid(self, spec: Spec) -> list[float]:
        """From noise to data, one step more than are of second order."""
        return compute_sampling_times(self.formulation, (self.steps + 1) // 2 + 1, spec)


@final
@dataclass(frozen=True)
class FlowPath:
    """A flow under a condition, with the noise that its lines start from."""

    family: Diffusion
    net: Flow
    given: ConditionBatch
    noise: Tensor

    def compute_guided_output(self, x_t: Tensor, t: float) -> Tensor:
        """The network's output, exaggerated away from what it is without the condition."""
        times = torch.full((len(x_t),), t, dtype=x_t.dtype, device=x_t.device)
        out = self.net(x_t, times, self.given)
        w = self.family.guidance
        if w == 1 or not self.given.parts:
            return out
        without = self.net(x_t, times, self.given.drop_parts(torch.zeros_like(times, dtype=torch.bool)))
        return without + w * (out - without)

    def compute_velocity(self, x_t: Tensor, t: float) -> Tensor:
        """The velocity of all channels."""
        v, levels, discrete = (
            self.compute_guided_output(x_t, t),
            self.net.levels,
            self.net.spec.discrete_spec,
        )
        if levels:
            v[:, levels] = (2 * discrete.mean(v[:, levels]) - 1 - x_t[:, levels]) / (1 - t)
        return v

    def integrate(self, x_t: Tensor, times: list[float]) -> Tensor:
        """Follow the flow from the first time to the last, by steps of second order (Heun)."""
        for t, s in pairwise(times):
            v = self.compute_velocity(x_t, t)
            x_s = self.clamp_observed(x_t + (s - t) * v, s)
            x_t = self.clamp_observed(x_t + (s - t) * (v + self.compute_velocity(x_s, s)) / 2, s)
        return x_t

    @cached_property
    def observed_ends(self) -> Tensor:
        """Where the lines of the observed channels end: the same at every step."""
        return self.net.compute_observed_targets(self.given)

    def clamp_observed(self, x_t: Tensor, t: float) -> Tensor:
        """The same with the observed channels on their own lines."""
        if self.given.mask is None or self.given.values is None:
            return x_t
        line = (1 - t) * self.noise + t * self.observed_ends
        return torch.where(self.net.spec.expand_mask(self.given.mask), line, x_t)

    def take_final_step(self, x_t: Tensor, t: float, rng: torch.Generator) -> Tensor:
        """One last step to compact records: values by their velocity, levels drawn."""
        out, levels, spec = self.compute_guided_output(x_t, t), self.net.levels, self.net.spec
        x = x_t + (1 - t) * out
        if levels:
            x[:, levels] = spec.discrete_spec.expand(spec.discrete_spec.draw(out[:, levels], rng))
        return spec.collapse(x)


__plugin__ = Diffusion
