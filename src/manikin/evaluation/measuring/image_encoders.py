"""Encoders: a network of the user's own, read from a file, as one more way to look at pictures.

TorchScript (`torch.jit.save`), an exported program (`torch.export.save`, .pt2) or ONNX. The file is run,
never
unpickled. It gets pictures float32 (n, 3 or 1, *grid) and returns vectors (n, d), or maps of
them that are averaged over the grid.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Self, cast

import numpy as np

from manikin.contracts.feature import Feature
from manikin.core.extras import require, require_torch
from manikin.errors import FormatError, UsageError
from manikin.imaging.analysis.intensity import find_intensity_range
from manikin.imaging.analysis.robust_scaler import RobustScaler
from manikin.schema.kinds import Image

if TYPE_CHECKING:
    from manikin.cohort.cohort import Cohort

Network = Callable[[np.ndarray], np.ndarray]
BATCH_SIZE = 32
MAX_SCALE_RECORDS = 2_000
INPUT_MEAN, INPUT_SD = 0.45, 0.225
"""To which intensities 0 to 1 are brought, about as networks of natural pictures expect."""

SUFFIXES = (".pt", ".ts", ".pth", ".pt2", ".onnx")


def load_encoder(path: str | Path) -> UserEncoder:
    """The encoder of a file.

    Raises:
        FormatError: The file is none that can be run.
        MissingExtra: ONNX files need onnxruntime, the others PyTorch.
        UsageError: There is no such file, or its name says nothing about its format.
    """
    path = Path(path)
    if not path.is_file():
        raise UsageError(f"encoder {path}: there is no such file")
    if path.suffix not in SUFFIXES:
        raise UsageError(f"encoder {path}: its name ends with none of {', '.join(SUFFIXES)}")
    reader = {".onnx": _load_onnx, ".pt2": _load_exported_program}.get(path.suffix, _load_torchscript)
    version = sha256(path.read_bytes()).hexdigest()[:12]
    return UserEncoder(path.stem, version, reader(path))


@dataclass(frozen=True)
class UserEncoder(Feature):
    """A network read from a file.

    Intensities become 0 to 1 by one range, learned from the training pictures, then (x - .45) / .225. A
    network
    that takes three channels gets a grey picture three times over.

    Args:
        name: What the view is called.
        content_hash: The first twelve digits of the file's SHA-256, its version.
        network: Pictures to vectors.
        intensity_ranges: For each field, its name and the range of its intensities.
        scale: Of the coordinates.
    """

    kinds: ClassVar[tuple[type, ...]] = (Image,)
    version: ClassVar[str] = "own encoder/1"

    name: str
    content_hash: str
    network: Network
    intensity_ranges: tuple[tuple[str, float, float], ...] = ()
    scale: RobustScaler | None = None

    def fit(self, cohort: Cohort) -> Self:
        """Learn the ranges of intensities and the scale of each coordinate."""
        schema = cohort.schema
        pictures = [(n, schema[n]) for n in schema.modelled_fields]
        names = [n for n, kind in pictures if isinstance(kind, Image) and not kind.levels]
        ranges = tuple((name, *find_intensity_range(cohort[name])) for name in names)
        if not ranges:
            raise UsageError(
                f"encoder {self.name}: the records have label maps only, and no picture to encode"
            )
        found = UserEncoder(self.name, self.content_hash, self.network, ranges)
        some = cohort.take(np.linspace(0, len(cohort) - 1, min(len(cohort), MAX_SCALE_RECORDS)).astype(int))
        return cast(
            "Self",
            UserEncoder(
                self.name, self.content_hash, self.network, ranges, RobustScaler.from_vectors(found(some))
            ),
        )

    def __call__(self, cohort: Cohort) -> np.ndarray:
        """Vectors float32 (n, d)."""
        x = np.concatenate([self._encode_field(cohort, *entry) for entry in self.intensity_ranges], axis=1)
        return x if self.scale is None else self.scale(x)

    def _encode_field(self, cohort: Cohort, name: str, low: float, high: float) -> np.ndarray:
        x = cohort[name]
        parts = []
        for start in range(0, len(x), BATCH_SIZE):
            scaled = (x[start : start + BATCH_SIZE].astype(np.float32) - low) / (high - low)
            parts.append(self._run_batch((scaled - INPUT_MEAN) / INPUT_SD))
        return np.concatenate(parts)

    def _run_batch(self, x: np.ndarray) -> np.ndarray:
        """Vectors of one batch; a grey picture is given three times where it is refused."""
        try:
            y = self.network(x)
        except (RuntimeError, ValueError, TypeError) as error:
            if x.shape[1] != 1:
                raise UsageError(
                    f"encoder {self.name}: it refuses pictures of shape {x.shape[1:]}: {error}"
                ) from error
            y = self._run_three_channels(x)
        return y.reshape(*y.shape[:2], -1).mean(axis=2).astype(np.float32)

    def _run_three_channels(self, x: np.ndarray) -> np.ndarray:
        try:
            return self.network(np.repeat(x, 3, axis=1))
        except (RuntimeError, ValueError, TypeError) as error:
            raise UsageError(
                f"encoder {self.name}: it refuses pictures of shape {x.shape[1:]} and of three channels: "
                f"{error}"
            ) from error


def _load_torchscript(path: Path) -> Network:
    torch = require_torch(f"encoder {path}: TorchScript needs PyTorch")

    try:
        module = torch.jit.load(str(path), map_location="cpu").eval()
    except RuntimeError as error:
        raise FormatError(
            f"encoder {path}: is no TorchScript; save it with torch.jit.save ({error})"
        ) from error
    return _wrap_module(module)


def _load_exported_program(path: Path) -> Network:
    torch = require_torch(f"encoder {path}: exported programs need PyTorch")

    try:
        module = torch.export.load(str(path)).module()
    except (RuntimeError, ValueError, OSError) as error:
        raise FormatError(
            f"encoder {path}: is no exported program; use torch.export.save ({error})"
        ) from error
    return _wrap_module(module)


def _wrap_module(module: Any) -> Network:  # noqa: ANN401 - a torch module, which is not imported here
    import torch  # an extra

    def network(x: np.ndarray) -> np.ndarray:
        try:
            with torch.inference_mode():
                return module(torch.from_numpy(np.ascontiguousarray(x))).float().numpy()
        except AssertionError as error:  # how an exported program refuses a shape
            raise ValueError(str(error)) from error

    return network


def _load_onnx(path: Path) -> Network:
    onnxruntime = require("onnxruntime", what=f"encoder {path}: ONNX files need onnxruntime")
    session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    name = session.get_inputs()[0].name
    return lambda x: session.run(None, {name: np.ascontiguousarray(x)})[0]
