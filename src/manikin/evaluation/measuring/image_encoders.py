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
from manikin.errors import FormatError, MissingExtra, UsageError
from manikin.imaging.analysis.intensity import limits
from manikin.imaging.analysis.robust_scaler import Scale
from manikin.schema.kinds import Image

if TYPE_CHECKING:
    from manikin.cohort.cohort import Cohort

Network = Callable[[np.ndarray], np.ndarray]
BATCH = 32
MOST = 2_000
MIDDLE, WIDTH = (
    0.45,
    0.225,
)  # to which intensities 0 to 1 are brought, about as networks of natural pictures expect
SUFFIXES = (".pt", ".ts", ".pth", ".pt2", ".onnx")


def opened(path: str | Path) -> OwnEncoder:
    """The encoder of a file.

    Raises:
        FormatError: The file is none that can be run.
        MissingExtra: ONNX files need onnxruntime.
        UsageError: There is no such file, or its name says nothing about its format.
    """
    path = Path(path)
    if not path.is_file():
        raise UsageError(f"encoder {path}: there is no such file")
    if path.suffix not in SUFFIXES:
        raise UsageError(f"encoder {path}: its name ends with none of {', '.join(SUFFIXES)}")
    reader = {".onnx": _onnx, ".pt2": _exported}.get(path.suffix, _scripted)
    version = sha256(path.read_bytes()).hexdigest()[:12]
    return OwnEncoder(path.stem, version, reader(path))


@dataclass(frozen=True)
class OwnEncoder(Feature):
    """A network read from a file.

    Intensities become 0 to 1 by one range, learned from the training pictures, then (x - .45) / .225. A
    network
    that takes three channels gets a grey picture three times over.

    Args:
        name: What the view is called.
        mark: The first twelve digits of the file's SHA-256, its version.
        network: Pictures to vectors.
        ranges: For each field, its name and the range of its intensities.
        scale: Of the coordinates.
    """

    kinds: ClassVar[tuple[type, ...]] = (Image,)
    version: ClassVar[str] = "own encoder/1"

    name: str
    mark: str
    network: Network
    ranges: tuple[tuple[str, float, float], ...] = ()
    scale: Scale | None = None

    def fit(self, cohort: Cohort) -> Self:
        """Learn the ranges of intensities and the scale of each coordinate."""
        schema = cohort.schema
        pictures = [(n, schema[n]) for n in schema.modelled]
        names = [n for n, kind in pictures if isinstance(kind, Image) and not kind.levels]
        ranges = tuple((name, *limits(cohort[name])) for name in names)
        if not ranges:
            raise UsageError(
                f"encoder {self.name}: the records have label maps only, and no picture to encode"
            )
        found = OwnEncoder(self.name, self.mark, self.network, ranges)
        some = cohort.take(np.linspace(0, len(cohort) - 1, min(len(cohort), MOST)).astype(int))
        return cast("Self", OwnEncoder(self.name, self.mark, self.network, ranges, Scale.of(found(some))))

    def __call__(self, cohort: Cohort) -> np.ndarray:
        """Vectors float32 (n, d)."""
        x = np.concatenate([self._encoded(cohort, *entry) for entry in self.ranges], axis=1)
        return x if self.scale is None else self.scale(x)

    def _encoded(self, cohort: Cohort, name: str, low: float, high: float) -> np.ndarray:
        x = cohort[name]
        parts = []
        for start in range(0, len(x), BATCH):
            scaled = (x[start : start + BATCH].astype(np.float32) - low) / (high - low)
            parts.append(self._run((scaled - MIDDLE) / WIDTH))
        return np.concatenate(parts)

    def _run(self, x: np.ndarray) -> np.ndarray:
        """Vectors of one batch; a grey picture is given three times where it is refused."""
        try:
            y = self.network(x)
        except (RuntimeError, ValueError, TypeError) as error:
            if x.shape[1] != 1:
                raise UsageError(
                    f"encoder {self.name}: it refuses pictures of shape {x.shape[1:]}: {error}"
                ) from error
            y = self._tripled(x)
        return y.reshape(*y.shape[:2], -1).mean(axis=2).astype(np.float32)

    def _tripled(self, x: np.ndarray) -> np.ndarray:
        try:
            return self.network(np.repeat(x, 3, axis=1))
        except (RuntimeError, ValueError, TypeError) as error:
            raise UsageError(
                f"encoder {self.name}: it refuses pictures of shape {x.shape[1:]} and of three channels: "
                f"{error}"
            ) from error


def _scripted(path: Path) -> Network:
    import torch

    try:
        module = torch.jit.load(str(path), map_location="cpu").eval()
    except RuntimeError as error:
        raise FormatError(
            f"encoder {path}: is no TorchScript; save it with torch.jit.save ({error})"
        ) from error
    return _torch(module)


def _exported(path: Path) -> Network:
    import torch

    try:
        module = torch.export.load(str(path)).module()
    except (RuntimeError, ValueError, OSError) as error:
        raise FormatError(
            f"encoder {path}: is no exported program; use torch.export.save ({error})"
        ) from error
    return _torch(module)


def _torch(module: Any) -> Network:  # noqa: ANN401 - a torch module, which is not imported here
    import torch

    def network(x: np.ndarray) -> np.ndarray:
        try:
            with torch.inference_mode():
                return module(torch.from_numpy(np.ascontiguousarray(x))).float().numpy()
        except AssertionError as error:  # how an exported program refuses a shape
            raise ValueError(str(error)) from error

    return network


def _onnx(path: Path) -> Network:
    try:
        import onnxruntime  # type: ignore[import-not-found] - an extra
    except ImportError as error:
        raise MissingExtra(
            f"encoder {path}: ONNX files need onnxruntime; pip install onnxruntime"
        ) from error
    session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    name = session.get_inputs()[0].name
    return lambda x: session.run(None, {name: np.ascontiguousarray(x)})[0]
