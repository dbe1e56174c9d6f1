"""Preview: what pictures look like while they are still being learned, as a PNG beside the checkpoint."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from manikin.core.atomic import write_atomically
from manikin.core.seeds import Key
from manikin.imaging.analysis.intensity import find_intensity_range
from manikin.schema.kinds import Image
from manikin.stats.downsample import downsample
from manikin.training.neural_learner import NeuralLearner

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from manikin.cohort.cohort import Cohort
    from manikin.contracts.codec import Codec
    from manikin.contracts.family import Family
    from manikin.training.data import TrainingData
    from manikin.training.state import TrainingState

GRID_ROWS, GRID_COLUMNS = 4, 8  # of the grid of pictures
MAX_SIDE_PIXELS = 128  # places along an axis, at most
N_COLOR_CHANNELS = 3


def build_preview_writer(
    path: Path | None, family: Family, codec: Codec, data: TrainingData, train: Cohort, name: str
) -> Callable[[TrainingState], None] | None:
    """A function that draws some pictures from a training and writes them; None where there is nothing to.

    Always the same pictures, by the same noise and under the conditions of training records, so
    that one can see them get better. They are as confidential as a checkpoint is.

    Args:
        path: The checkpoint; the picture is called so with `.png` after it.
        family: What draws.
        codec: Gives back pictures.
        data: The encoded records, with what is given with them.
        train: The training records.
        name: The field that is modelled.
    """
    kind = train.schema[name]
    if path is None or not isinstance(kind, Image):
        return None
    rows = np.linspace(0, len(data) - 1, GRID_ROWS * GRID_COLUMNS).astype(int)
    given = {part: x[rows].numpy() for part, x in data.given.parts.items()}
    ends = (
        (0.0, max(kind.levels - 1.0, 1.0)) if kind.levels else find_intensity_range(train.take(rows)[name])
    )
    nothing = np.zeros((len(rows), *data.spec.shape), np.int64 if data.spec.tokens else np.float32)

    def write(run: TrainingState) -> None:
        now = NeuralLearner(family, data.given_spec, run.average)
        x = now.draw(given, nothing, nothing.astype(bool), Key(0).child("preview"))
        _write_image_grid(path, np.asarray(codec.decode(x, Key(0))[name].to_numpy_ndarray()), *ends)

    return write


def _write_image_grid(path: Path, x: np.ndarray, low: float, high: float) -> None:
    """A grid of pictures, of volumes the middle slice."""
    from PIL import Image as Picture

    plane = x[:, :, x.shape[2] // 2] if x.ndim > 4 else x  # noqa: PLR2004 - volumes have a depth
    flat = downsample(plane.reshape(-1, *plane.shape[2:]), MAX_SIDE_PIXELS)
    pixels = flat.reshape(*plane.shape[:2], *flat.shape[1:])
    pixels = (
        pixels[:, :N_COLOR_CHANNELS]
        if pixels.shape[1] >= N_COLOR_CHANNELS
        else pixels[:, :1].repeat(N_COLOR_CHANNELS, axis=1)
    )
    bytes_ = np.rint(255 * np.clip((pixels - low) / (high - low), 0, 1)).astype(np.uint8)
    height, width = bytes_.shape[2:]
    grid = bytes_.reshape(GRID_ROWS, GRID_COLUMNS, N_COLOR_CHANNELS, height, width).transpose(0, 3, 1, 4, 2)
    picture = Picture.fromarray(grid.reshape(GRID_ROWS * height, GRID_COLUMNS * width, N_COLOR_CHANNELS))
    with write_atomically(path.with_name(f"{path.name}.png")) as part:
        picture.save(part)
