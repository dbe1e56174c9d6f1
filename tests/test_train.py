# ruff: noqa: ARG002, D102 - the families here are fakes whose methods need no words
"""The one training loop."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import pytest
import torch
from torch import nn

from manikin.contracts.family import Family, Networks, Optimizer, SingleNetwork
from manikin.core.progress_display import report_on
from manikin.core.seeds import Key
from manikin.encoding.spec import Continuous, Spec
from manikin.errors import TrainingError, UsageError
from manikin.nn.conditioning import ConditionBatch
from manikin.training import checkpoint
from manikin.training.batches import split_subjects
from manikin.training.budget import choose_batch_size, resolve_budget
from manikin.training.engine import Engine
from manikin.training.loop import Training, TrainingData, train
from manikin.training.progress import Progress, show_progress_bar
from manikin.training.state import TrainingState

SPEC = Spec((Continuous(),))
QUIET = Engine(threads=1)


@dataclass(frozen=True)
class Line(Family):
    """Learns x = weight + noise; `broken` makes its loss no number after a few steps."""

    broken: bool = False
    optimizer: ClassVar[Optimizer] = Optimizer(rate=0.05, warmup=1)

    def refusal(self, spec):
        return None

    def build_networks(self, spec, given):
        return SingleNetwork(spec, nn.Sequential(nn.Linear(1, 1), nn.Dropout(0.1)))

    def compute_loss(self, nets, batch):
        x = batch.x
        noise = torch.randn(x.shape, generator=batch.rng)
        loss = (nets.by_name[batch.player](torch.ones_like(x)) - x - 0.1 * noise).square().mean()
        return loss * (math.nan if self.broken and float(x.sum()) > -math.inf else 1.0)

    def sample(self, nets, n, given, rng):
        return nets.model(torch.ones(n, 1))


@dataclass(frozen=True)
class Pair(Networks):
    """Two networks."""

    a: nn.Module
    b: nn.Module


@dataclass(frozen=True)
class Duel(Line):
    """Two players that count their turns in their weights."""

    turns: ClassVar[tuple[str, ...]] = ("a", "a", "b")

    def build_networks(self, spec, given):
        return Pair(spec, nn.Linear(1, 1), nn.Linear(1, 1))


def data(n=200, mean=3.0):
    x = Key(0).numpy().normal(mean, 1, size=(n, 1)).astype(np.float32)
    return TrainingData(SPEC, x, np.arange(n))


def weights(trained):
    return torch.cat([p.flatten() for net in trained.nets.by_name.values() for p in net.parameters()])


class Stop:
    """Presses Ctrl-C at a turn."""

    def __init__(self, turn):
        self.turn = turn

    def __call__(self, progress):
        if progress.turn == self.turn:
            raise KeyboardInterrupt


def test_it_learns_and_says_why_it_ended():
    trained = train(Line(), data(), Training(steps=300), Key(0), engine=QUIET)
    assert (trained.steps, trained.stop_reason) == (300, "budget")
    # Dropout of 1/10 that scales the rest by 10/9 has its least squared error at 9/10 of the mean.
    assert trained.nets.model(torch.ones(1, 1)).item() == pytest.approx(2.7, abs=0.2)
    assert trained.holdout_loss == pytest.approx(1.1, abs=0.5)
    assert not trained.nets.model.training
    assert trained.seconds > 0


def test_the_same_key_gives_the_same_weights_and_leaves_the_process_alone():
    before = torch.random.get_rng_state()
    first, again, other = (
        weights(train(Line(), data(), Training(steps=30), Key(seed), engine=QUIET)) for seed in (0, 0, 1)
    )
    assert torch.equal(first, again)
    assert not torch.equal(first, other)
    assert torch.equal(before, torch.random.get_rng_state())


def test_an_interrupted_run_resumes_exactly(tmp_path):
    path = tmp_path / "run.safetensors"
    whole = train(Line(), data(), Training(steps=240), Key(0), engine=QUIET)
    half = train(
        Line(), data(), Training(steps=240), Key(0), checkpoint=path, progress=Stop(120), engine=QUIET
    )
    assert (half.steps, half.stop_reason) == (120, "interrupted")
    assert not list(tmp_path.glob("*.part"))
    resumed = train(Line(), data(), Training(steps=240), Key(0), checkpoint=path, engine=QUIET)
    assert resumed.steps == 240
    assert torch.equal(weights(resumed), weights(whole))
    assert resumed.holdout_loss == whole.holdout_loss


def test_two_players_take_turns_and_resume_too(tmp_path):
    path = tmp_path / "run.safetensors"
    whole = train(Duel(), data(), Training(steps=60), Key(0), engine=QUIET)
    train(Duel(), data(), Training(steps=60), Key(0), checkpoint=path, progress=Stop(20), engine=QUIET)
    resumed = train(Duel(), data(), Training(steps=60), Key(0), checkpoint=path, engine=QUIET)
    assert torch.equal(weights(resumed), weights(whole))
    assert math.isnan(resumed.holdout_loss)
    moments = checkpoint.read(path)[0]["optimizers"]
    assert {name: moments[name]["0"]["step"].item() for name in moments} == {"a": 40, "b": 20}


def test_the_checkpoint_of_another_run_is_refused(tmp_path):
    path = tmp_path / "run.safetensors"
    train(Line(), data(), Training(steps=10), Key(0), checkpoint=path, engine=QUIET)
    for other, key in ((data(mean=4.0), Key(0)), (data(), Key(1))):
        with pytest.raises(TrainingError, match="another run"):
            train(Line(), other, Training(steps=10), key, checkpoint=path, engine=QUIET)
    path.write_bytes(b"nothing of the kind")
    with pytest.raises(TrainingError, match="not a readable checkpoint"):
        train(Line(), data(), Training(steps=10), Key(0), checkpoint=path, engine=QUIET)


def test_patience_ends_a_run_that_no_longer_improves():
    trained = train(Line(), data(), Training(steps=5000, patience=2), Key(0), engine=QUIET)
    assert trained.stop_reason == "patience"
    assert trained.steps < 5000


def run_best_at(monkeypatch, steps, patience, best):
    """A run whose loss on held-out subjects is lowest at turn `best`, and the weights it had then."""
    run, kept = TrainingState(Line(), data(), Training(steps=steps, patience=patience), Key(0), QUIET), {}
    monkeypatch.setattr(
        run, "_compute_loss", lambda _: abs(run.turn - best) / steps + 1.0 - 2.0 * bool(run.back)
    )
    paces = []
    while not run.stop_reason:
        run.advance()
        if run.turn == best:
            kept = {name: value.clone() for name, value in run.average.model.state_dict().items()}
        if run.back == run.turn:
            assert all(torch.equal(kept[name], x) for name, x in run.nets.model.state_dict().items())
        paces.append(run._compute_rate_scale(1))
    return run, paces


def test_weights_best_in_the_middle_come_to_rest_at_the_end(monkeypatch):
    run, paces = run_best_at(monkeypatch, steps=1000, patience=0, best=200)
    assert (run.stop_reason, run.turn, run.back, run.rest) == ("budget", 1000, 800, 200)
    assert paces[798] == pytest.approx(0.5 * (1 + math.cos(0.799 * math.pi)))  # what it was before
    assert paces[799] == pytest.approx(0.5 * (1 + math.cos(0.2 * math.pi)))  # that of turn 200
    assert paces[898] == pytest.approx(paces[799] * (1 - 99 / 200))
    assert paces[998] < 0.02
    assert run.least_held == pytest.approx(0.7 - 1)  # of turn 900, the lowest there


def test_out_of_patience_the_best_weights_come_to_rest_too(monkeypatch):
    run, _ = run_best_at(monkeypatch, steps=5000, patience=2, best=200)
    assert (run.stop_reason, run.turn, run.back) == ("patience", 500, 400)


def test_what_still_improves_is_left_alone(monkeypatch):
    run, paces = run_best_at(monkeypatch, steps=1000, patience=0, best=1000)
    assert run.back == 0
    assert paces[898] == pytest.approx(0.5 * (1 + math.cos(0.899 * math.pi)))


def test_a_loss_that_is_no_number_is_an_error_that_says_when():
    with pytest.raises(TrainingError, match="step 0: the loss is nan"):
        train(Line(broken=True), data(), Training(steps=10), Key(0), engine=QUIET)


def test_budgets_in_epochs_and_minutes():
    # 200 records, 20 of them held out: 180 / 45 = 4 steps per epoch.
    assert train(Line(), data(), Training(epochs=2, batch=45), Key(0), engine=QUIET).steps == 8
    short = train(Line(), data(), Training(minutes=0.005), Key(0), engine=QUIET)
    assert 0.25 < short.seconds < 5


def test_impossible_budgets_are_refused():
    for wrong in ({"minutes": 0}, {"steps": -1}, {"ema": 1.0}, {"holdout": 1.0}):
        with pytest.raises(UsageError, match="training"):
            Training(**wrong)


def test_defaults_grow_with_the_data_and_shrink_with_the_size_of_a_record():
    assert resolve_budget(Training(), Line(), SPEC, 20).batch == 8
    assert choose_batch_size(SPEC, 5_000) > choose_batch_size(SPEC, 500)
    image, volume = (Spec((Continuous(),), grid=(64,) * axes) for axes in (2, 3))
    assert (
        choose_batch_size(SPEC, 10**6) > choose_batch_size(image, 10**6) > choose_batch_size(volume, 10**6)
    )
    assert choose_batch_size(Spec(vocab=2_000, length=500, ragged=True), 10**6) == 8
    assert (
        resolve_budget(Training(), Duel(), SPEC, 500).steps
        == 2 * resolve_budget(Training(), Line(), SPEC, 500).steps
    )
    assert resolve_budget(Training(minutes=1), Line(), SPEC, 500).steps is None


def test_no_subject_is_on_both_sides_of_the_split():
    subject = np.repeat(np.arange(100), 3)
    rows, held = split_subjects(subject, 0.2, Key(0))
    assert set(subject[rows]).isdisjoint(subject[held])
    assert len(held) == 60
    assert len(split_subjects(np.arange(10), 0.2, Key(0))[1]) == 0


def test_every_record_is_seen_once_per_epoch():
    seen = []

    @dataclass(frozen=True)
    class Watched(Line):
        def compute_loss(self, nets, batch):
            seen.extend(batch.x.flatten().tolist())
            return super().compute_loss(nets, batch)

    small = data(n=30)
    train(Watched(), small, Training(epochs=2, batch=7), Key(0), engine=QUIET)
    assert sorted(seen[:30]) == sorted(small.x.flatten().tolist())
    assert sorted(seen[30:60]) == sorted(small.x.flatten().tolist())
    assert seen[:30] != seen[30:60]


def test_what_is_given_stays_with_its_record():
    @dataclass(frozen=True)
    class Paired(Line):
        def compute_loss(self, nets, batch):
            assert torch.equal(batch.given.parts["double"], 2 * batch.x)
            return super().compute_loss(nets, batch)

    plain = data()
    paired = TrainingData(
        SPEC, plain.x, plain.subject, given=ConditionBatch.from_arrays({"double": 2 * plain.x})
    )
    assert train(Paired(), paired, Training(steps=5), Key(0), engine=QUIET).steps == 5


def test_progress_tells_time_left_and_the_bar_shows_it():
    heard = []
    train(Line(), data(), Training(steps=50), Key(0), progress=heard.append, engine=QUIET)
    assert [p.turn for p in heard] == [10, 20, 30, 40, 50]
    assert heard[-1].fraction == 1
    assert heard[-1].seconds_left == 0
    assert Progress(0, 0.0, 0.0, 1.0).seconds_left == math.inf


def test_the_bar_shows_loss_and_time_left():
    from rich.console import Console

    console = Console(record=True, force_terminal=True, width=100)
    with report_on(console), show_progress_bar("learning") as report:
        report(Progress(50, 0.5, 61.0, 0.25))
    shown = console.export_text()
    assert "learning" in shown
    assert "loss 0.250" in shown
    assert "1:01 left" in shown


def test_rows_take_one_thread_and_the_number_of_threads_is_restored():
    before = torch.get_num_threads()
    image = Spec((Continuous(),), grid=(8, 8))
    for engine, spec, expected in (
        (Engine(), SPEC, 1),
        (Engine(), image, before),
        (Engine(threads=3), image, 3),
    ):
        with engine.limit_threads(spec):
            assert torch.get_num_threads() == expected
        assert torch.get_num_threads() == before


def test_a_gradient_that_lies_transposed_in_memory_moves_each_weight_by_its_own():
    weight, slope = nn.Parameter(torch.zeros(2, 3)), torch.tensor([[1.0, -1], [-1, 1], [1, 1]])
    optimizer = torch.optim.AdamW([weight], lr=0.1, betas=(0.0, 0.99), weight_decay=0.0, fused=True)
    QUIET.step((weight.t() * slope).sum(), optimizer)
    assert torch.equal(weight.detach().sign(), -slope.t().sign())


def test_a_step_of_one_player_leaves_no_gradient_in_another():
    mine, other = nn.Parameter(torch.ones(1)), nn.Parameter(torch.ones(1))
    QUIET.step((mine * other).sum(), torch.optim.AdamW([mine], lr=0.1, fused=True))
    assert other.grad is None
    assert float(mine.detach()) < 1
