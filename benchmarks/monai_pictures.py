"""MONAI beside manikin: a class-conditional DDPM with the same budget, and the speed of both networks.

In an environment of its own (`python -m venv monai && monai/bin/pip install torch==2.13.0 monai==1.6.1`):

    OMP_NUM_THREADS=1 monai/bin/python benchmarks/monai_pictures.py train.npz drawn.npz --minutes 10
    OMP_NUM_THREADS=1 PYTHONPATH=src monai/bin/python benchmarks/monai_pictures.py --speed

`train.npz` is what `images.py --export` writes. The network is MONAI's DiffusionModelUNet with the widths
of its tutorials for small pictures, trained on noise (Ho et al. 2020) in bf16 where the processor has
it, averaged like manikin's, and sampled by 25 DDIM steps. Minutes are CPU minutes.
"""

from __future__ import annotations

import argparse
import copy
import math
import statistics
import time
from pathlib import Path

import numpy as np
import torch
from monai.networks.nets import DiffusionModelUNet
from monai.networks.schedulers import DDIMScheduler, DDPMScheduler
from torch.nn import functional

BATCH, RATE, EMA = 64, 1e-3, 0.999
STEPS, DRAWN = 25, 100
WIDTHS = {"pictures": (64, 128, 128), "speed": (32, 64, 128)}


def main() -> None:
    given = arguments()
    if given.speed:
        speed()
        return
    with np.load(given.train) as archive:
        x, y = archive["image"].astype(np.float32) / 127.5 - 1, archive["label"]
    edge = -x.shape[-1] % 8
    x = np.pad(x, ((0, 0), (0, 0), (0, edge), (0, edge)), mode="edge")  # the network halves twice
    net, steps = learned(torch.from_numpy(x), torch.from_numpy(y).long(), 60 * given.minutes)
    started = time.process_time()
    y = np.random.default_rng(0).permutation(y)[: given.count]
    made = drawn(net, torch.from_numpy(y).long(), x.shape[1:])
    print(f"{steps} steps; {1000 * (time.process_time() - started) / len(made):.1f} CPU s per 1,000")
    size = x.shape[-1] - edge
    pixels = ((made[..., :size, :size] + 1) * 127.5).clip(0, 255).round().astype(np.uint8)
    np.savez_compressed(given.drawn, image=pixels, label=y)


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("train", type=Path, nargs="?")
    parser.add_argument("drawn", type=Path, nargs="?")
    parser.add_argument("--minutes", type=float, default=10)
    parser.add_argument("--count", type=int, help="pictures drawn (as many as were learned)")
    parser.add_argument("--speed", action="store_true")
    return parser.parse_args()


def network(widths: tuple[int, ...], classes: int | None) -> DiffusionModelUNet:
    return DiffusionModelUNet(
        spatial_dims=2,
        in_channels=1,
        out_channels=1,
        channels=widths,
        attention_levels=(False, False, True),
        num_res_blocks=1,
        num_head_channels=32,
        num_class_embeds=classes,
    )


def learned(x: torch.Tensor, y: torch.Tensor, seconds: float) -> tuple[torch.nn.Module, int]:
    """The averaged network after so many CPU seconds, and the steps it took."""
    torch.manual_seed(0)
    net = network(WIDTHS["pictures"], int(y.max()) + 1)
    average = copy.deepcopy(net).requires_grad_(False)
    optimizer, noisy = torch.optim.AdamW(net.parameters(), lr=RATE), DDPMScheduler(num_train_timesteps=1000)
    started, step = time.process_time(), 0
    while (share := (time.process_time() - started) / seconds) < 1:
        for group in optimizer.param_groups:
            group["lr"] = RATE * max(0.01, 0.5 * (1 + math.cos(math.pi * share)))
        rows = torch.randint(len(x), (BATCH,))
        noise, t = torch.randn_like(x[rows]), torch.randint(1000, (BATCH,))
        with torch.autocast("cpu", torch.bfloat16, enabled=units()):
            out = net(noisy.add_noise(x[rows], noise, t), t, class_labels=y[rows])
        optimizer.zero_grad()
        functional.mse_loss(out.float(), noise).backward()
        torch.nn.utils.clip_grad_norm_(net.parameters(), 1.0)
        optimizer.step()
        weight = 1 - min(EMA, (1 + step) / (10 + step))
        for a, b in zip(average.parameters(), net.parameters(), strict=True):
            a.lerp_(b.detach(), weight)
        step += 1
    return average.eval(), step


@torch.no_grad()
def drawn(net: torch.nn.Module, y: torch.Tensor, shape: tuple[int, ...]) -> np.ndarray:
    """A picture for each label."""
    scheduler, parts = DDIMScheduler(num_train_timesteps=1000, clip_sample=True), []
    scheduler.set_timesteps(STEPS)
    for start in range(0, len(y), DRAWN):
        labels = y[start : start + DRAWN]
        x = torch.randn(len(labels), *shape)
        for t in scheduler.timesteps:
            with torch.autocast("cpu", torch.bfloat16, enabled=units()):
                out = net(x, t.repeat(len(x)), class_labels=labels)
            x, _ = scheduler.step(out.float(), t, x)
        parts.append(x.numpy())
        print(f"{start + len(labels)} drawn", flush=True)
    return np.concatenate(parts)


def speed() -> None:
    """Milliseconds of one training step at 64 px with about as many parameters, both in turn."""
    from manikin.nn.unet import Backbone

    both = {
        "MONAI": network(WIDTHS["speed"], None),
        "manikin": Backbone(1, 1, (64, 64), 128, width=64),
    }
    embedding = torch.randn(16, 128)
    calls = {
        "MONAI": lambda net, x: net(x, torch.randint(1000, (len(x),))),
        "manikin": lambda net, x: net(x, embedding),
    }
    taken: dict[tuple[str, bool], list[float]] = {}
    for _ in range(7):
        for name, net in both.items():
            for bf16 in (False, True) if units() else (False,):
                taken.setdefault((name, bf16), []).append(timed(net, calls[name], bf16=bf16))
    for (name, bf16), times in taken.items():
        count = sum(p.numel() for p in both[name].parameters()) / 1e6
        print(
            f"{name} {'bf16' if bf16 else 'fp32'}, {count:.2f} M: {1000 * statistics.median(times):.0f} ms"
        )
    mine = statistics.median(taken["manikin", units()])
    for bf16 in (False, True) if units() else (False,):
        ratio = statistics.median(taken["MONAI", bf16]) / mine
        print(f"manikin {ratio:.1f} times as fast as MONAI in {'bf16' if bf16 else 'fp32'}")


def timed(net: torch.nn.Module, call, *, bf16: bool) -> float:
    optimizer, x = torch.optim.AdamW(net.parameters(), lr=1e-4), torch.randn(16, 1, 64, 64)
    started = time.process_time()
    with torch.autocast("cpu", torch.bfloat16, enabled=bf16):
        loss = call(net, x).float().square().mean()
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    return time.process_time() - started


def units() -> bool:
    """Whether the processor has units for bf16."""
    return bool(torch.ops.mkldnn._is_mkldnn_bf16_supported())  # noqa: SLF001 - the only way to ask


if __name__ == "__main__":
    main()
