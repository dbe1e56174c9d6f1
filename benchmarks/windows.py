"""Windows of time series: families beside two peers at equal CPU budgets, by the scores of the field.

    OMP_NUM_THREADS=1 python benchmarks/windows.py --data DATA --peer DIR [--sets sines,beats]

Sines are those of the literature (Yoon et al. 2019: 24 places, 5 channels); beats are of MIT-BIH, brought
to 120 Hz (96 places), learned without their label, judged against stretches of the same recordings that
were held out. DIR is a checkout of Y-debug-sys/Diffusion-TS, whose model and whose TS2Vec are used as they
are (its dependency einops must be there); TimeVAE stands in `timevae.py`. Every model learns from the same
windows for so many CPU seconds, with its own optimiser and settings.

Context-FID: Fréchet distance in TS2Vec, learned from the training windows. Discriminative and (of short
windows) predictive score: as published, one seed. Strong: AUC of a convolutional network on windows it has
not seen, .5 best.
Each row is kept as a line of JSON and not computed again. Printed: Markdown.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from pathlib import Path

import numpy as np
import torch
from clock import processor
from lines import append, line, rows
from scipy.linalg import sqrtm
from signal_sets import signals, stretches
from sklearn.metrics import roc_auc_score
from timevae import timevae
from torch import nn

import manikin as mk
from manikin.core.registry import find

DRAWN = 2_000
SHORT = 48  # places of windows whose predictive score is computed: it takes minutes of longer ones
PUBLISHED = {"lr": 8e-4, "betas": (0.9, 0.96)}  # of Diffusion-TS, once it has warmed up
WARM, DECAY, BATCH, ASKED = 500, 0.995, 128, 50
SEEN, TAUGHT = 800, 2 / 3  # steps of the strong discriminator, and its share of the windows


def main() -> None:
    given = arguments()
    processor()
    sys.path.insert(0, str(given.peer))
    for name in given.sets.split(","):
        train, held = SETS[name](given.data)
        for model in ("real", *given.models.split(",")):
            once(given, name, model, train, held)
    print(report(rows(given.results)))


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, required=True, help="a folder with signals/")
    parser.add_argument("--peer", type=Path, required=True, help="a checkout of Diffusion-TS")
    parser.add_argument("--sets", default="sines,beats")
    parser.add_argument("--models", default="diffusion,gan,vae,timevae,diffusion-ts")
    parser.add_argument("--options", default="{}", help="options of the families, as JSON")
    parser.add_argument("--seconds", type=float, default=240, help="CPU seconds of learning")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--results", type=Path, default=Path("out/benchmarks/windows.jsonl"))
    return parser.parse_args()


def once(given: argparse.Namespace, name: str, model: str, train: np.ndarray, held: np.ndarray) -> None:
    """One row: learn, draw, measure; unless it is there already."""
    options = {} if model in ("real", *PEERS) else json.loads(given.options)
    row = {"set": name, "model": model, "options": options, "seconds": given.seconds, "seed": given.seed}
    if any(row.items() <= found.items() for found in rows(given.results)):
        return
    if model == "real":
        drawn, steps = train[np.random.default_rng(1).permutation(len(train))[:DRAWN]], 0
    elif model in PEERS:
        drawn, steps = PEERS[model](train, DRAWN, given.seconds, given.seed)
    else:
        drawn, steps = ours(model, options, train, given)
    sides = [cohort(side) for side in (drawn, held)]
    scores = {
        "context-FID": context_distance(train, drawn, held),
        "strong": strong(drawn, held),
        "discriminative": mk.compute_discriminative_score(*sides),
    }
    if drawn.shape[2] <= SHORT:
        scores["predictive"] = mk.compute_predictive_score(*sides)
    append(given.results, row | {"steps": steps, "scores": scores})
    np.savez_compressed(given.results.with_name(f"windows-{name}-{model}.npz"), x=drawn[:200])


def sines(_: Path) -> tuple[np.ndarray, np.ndarray]:
    """Ten thousand windows learned from, as many as are drawn held out, in [0, 1]."""
    rng = np.random.default_rng(0)
    speed, phase = rng.uniform(0, 0.1, (2, 10_000 + DRAWN, 5, 1))
    x = ((np.sin(speed * np.arange(24) + phase) + 1) / 2).astype(np.float32)
    return x[:10_000], x[10_000:]


def beats(data: Path) -> tuple[np.ndarray, np.ndarray]:
    """Beats of all patients, in [0, 1] by the range of those learned from."""
    sides = [side["ecg"] for side in stretches(signals("mitbih", data)[0]).split(0.2, seed=0)]
    sides = [side.reshape(len(side), 1, -1, 3).mean(axis=3) for side in sides]
    low, high = sides[0].min(), sides[0].max()
    train, held = ((side - low) / (high - low) for side in sides)
    return train, held[np.random.default_rng(0).permutation(len(held))[:DRAWN]]


def cohort(x: np.ndarray) -> mk.Cohort:
    channels = tuple(f"c{i}" for i in range(x.shape[1]))
    return mk.Cohort.from_arrays({"x": x}, {"x": mk.Signal(channels=channels, rate=1)})


def ours(
    family: str, options: dict, train: np.ndarray, given: argparse.Namespace
) -> tuple[np.ndarray, int]:
    training = mk.Training(minutes=given.seconds / 60)
    model = mk.Synthesizer("x", (), find("families", family)(**options), training=training, seed=given.seed)
    model = model.fit(cohort(train), quiet=True)
    return model.sample(DRAWN, seed=given.seed)["x"], model.models[0].learner.facts["steps"]


def diffusion_ts(train: np.ndarray, n: int, seconds: float, seed: int) -> tuple[np.ndarray, int]:
    """Its released model with its settings for sines, its loop without logging; 50 steps of sampling."""
    from Models.interpretable_diffusion.gaussian_diffusion import Diffusion_TS

    torch.manual_seed(seed)
    _, channels, length = train.shape
    size = {"n_layer_enc": 1, "n_layer_dec": 2, "d_model": 64, "kernel_size": 1, "padding_size": 0}
    model = Diffusion_TS(length, channels, **size, timesteps=500, sampling_timesteps=ASKED)
    mean = torch.optim.swa_utils.AveragedModel(
        model, multi_avg_fn=torch.optim.swa_utils.get_ema_multi_avg_fn(DECAY)
    )
    optimizer = torch.optim.Adam(model.parameters(), **PUBLISHED)
    warmth = torch.optim.lr_scheduler.LambdaLR(optimizer, lambda step: min(1.0, (step + 1) / WARM))
    data = torch.from_numpy(2 * train.swapaxes(1, 2) - 1)
    rng, started, steps = np.random.default_rng(seed), time.process_time(), 0
    while time.process_time() - started < seconds:
        for _ in range(2):
            x = data[rng.integers(len(data), size=BATCH)]
            (model(x, target=x) / 2).backward()
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        warmth.step()
        optimizer.zero_grad()
        mean.update_parameters(model)
        steps += 1
    drawn = torch.cat(
        [mean.module.eval().generate_mts(batch_size=min(500, n)) for _ in range(-(-n // 500))]
    )
    return ((drawn[:n] + 1) / 2).numpy().swapaxes(1, 2), steps


def context_distance(train: np.ndarray, drawn: np.ndarray, held: np.ndarray) -> float:
    """Fréchet distance of two sets of windows in what TS2Vec sees of them."""
    from Models.ts2vec.ts2vec import TS2Vec

    torch.manual_seed(0)
    np.random.seed(0)  # noqa: NPY002 - TS2Vec draws from it
    net = TS2Vec(
        train.shape[1], device="cpu", batch_size=8, lr=0.001, output_dims=320, max_train_length=3000
    )
    net.fit(train.swapaxes(1, 2).copy(), verbose=False)
    a, b = (
        net.encode(x.swapaxes(1, 2).astype(np.float32), encoding_window="full_series", batch_size=256)
        for x in (drawn, held)
    )
    p, q = np.cov(a, rowvar=False), np.cov(b, rowvar=False)
    shared = np.real(sqrtm(p @ q))
    return float(((a.mean(0) - b.mean(0)) ** 2).sum() + np.trace(p + q - 2 * shared))


def strong(drawn: np.ndarray, held: np.ndarray) -> float:
    """AUC of a convolutional network that tells drawn windows from held-out ones."""
    torch.manual_seed(0)
    rng = np.random.default_rng(0)
    x = torch.from_numpy(np.concatenate([drawn, held]).astype(np.float32))
    x = (x - x.mean((0, 2), keepdim=True)) / x.std((0, 2), keepdim=True)
    y = torch.tensor([1.0, 0.0]).repeat_interleave(torch.tensor([len(drawn), len(held)]))
    order = torch.from_numpy(rng.permutation(len(x)))
    cut = int(TAUGHT * len(x))
    layers: list[nn.Module] = []
    for before, after in ((x.shape[1], 32), (32, 64), (64, 64)):
        layers += [nn.Conv1d(before, after, 5, padding=2), nn.BatchNorm1d(after), nn.ReLU()]
    net = nn.Sequential(*layers, nn.AdaptiveMaxPool1d(4), nn.Flatten(), nn.Dropout(0.2), nn.Linear(256, 1))
    optimizer = torch.optim.AdamW(net.parameters(), lr=2e-3, weight_decay=1e-2)
    rate = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, SEEN)
    for _ in range(SEEN):
        few = order[rng.integers(cut, size=64)]
        optimizer.zero_grad()
        nn.functional.binary_cross_entropy_with_logits(net(x[few])[:, 0], y[few]).backward()
        optimizer.step()
        rate.step()
    with torch.no_grad():
        found = net.eval()(x[order[cut:]])[:, 0]
    return float(roc_auc_score(y[order[cut:]], found))


def report(found: list[dict]) -> str:
    """One table in Markdown."""
    names = list(dict.fromkeys(name for row in found for name in row["scores"]))
    text = [line(("set", "model", "steps", *names)), line(["---"] * (3 + len(names)))]
    for row in found:
        model = f"`{row['model']}` {row['options'] or ''}"
        text.append(
            line((row["set"], model, row["steps"], *(f"{row['scores'].get(n, np.nan):.3f}" for n in names)))
        )
    return "\n".join(text)


SETS = {"sines": sines, "beats": beats}
PEERS = {"timevae": timevae, "diffusion-ts": diffusion_ts}

if __name__ == "__main__":
    main()
