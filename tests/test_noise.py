import math
from itertools import pairwise

import numpy as np
import pytest
import torch

import manikin as mk
from manikin.encoding.spec import Continuous, Spec
from manikin.errors import Unsupported
from manikin.families.diffusion import Diffusion
from manikin.nn.noise_schedule import FORMULATIONS, compute_sampling_times, draw_times

ROW = Spec((Continuous(),))


@pytest.mark.parametrize("formulation", FORMULATIONS)
def test_sampling_goes_from_noise_to_data(formulation):
    found = compute_sampling_times(formulation, 14, ROW)
    assert len(found) == 14
    assert (found[0], found[-1]) == (0, 1)
    assert found == sorted(set(found))


def test_a_flow_goes_in_even_steps():
    assert compute_sampling_times("flow", 5, ROW) == [0, 0.25, 0.5, 0.75, 1]


def test_the_schedule_of_edm_ends_at_its_least_noise():
    found = compute_sampling_times("edm", 14, ROW)
    noise = [(1 - t) / t for t in found[1:-1]]
    assert noise[-1] == pytest.approx(
        0.002
    )  # Karras et al. 2022, table 1: least noise .002, most 80, root 7
    roots = [80 ** (1 / 7), *(s ** (1 / 7) for s in noise)]
    steps = [a - b for a, b in pairwise(roots)]
    assert max(steps) == pytest.approx(min(steps))


def test_noise_is_learned_at_as_said():
    rng = torch.Generator().manual_seed(0)
    flow, edm = (torch.logit(draw_times(name, 20_000, ROW, rng)) for name in FORMULATIONS)
    assert (flow.mean().item(), flow.std().item()) == pytest.approx((0, 1), abs=0.03)
    assert (edm.mean().item(), edm.std().item()) == pytest.approx((0.5, 1.6), abs=0.04)


@pytest.mark.parametrize(("grid", "more"), [((128, 128), 2), ((256,), 1), ((512,), 2), ((5000,), 4)])
def test_large_grids_are_learned_at_more_noise(grid, more):
    rng = torch.Generator().manual_seed(0)
    moved = torch.logit(draw_times("flow", 20_000, Spec((Continuous(),), grid=grid), rng)).mean().item()
    assert moved == pytest.approx(-math.log(more), abs=0.03)  # the root of 128 * 128 / (64 * 64); 512 / 256


def test_an_unknown_formulation_is_refused():
    table = mk.Cohort.from_arrays({"x": np.arange(40.0)}, {"x": mk.Number()})
    with pytest.raises(Unsupported, match="no formulation is called 'ddpm'; there are flow and edm"):
        mk.Synthesizer(family=Diffusion(formulation="ddpm")).fit(table, quiet=True)
