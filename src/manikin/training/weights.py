"""Weights of networks, and plain objects, in files: safetensors and JSON."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from manikin.errors import FormatError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    import numpy as np
    from torch import nn


def write_weights(path: Path, nets: Mapping[str, nn.Module]) -> None:
    """Write the weights of networks into one file of tensors."""
    from safetensors.torch import save_file

    weights = {
        f"{name}\t{key}": tensor.cpu().contiguous()
        for name, net in nets.items()
        for key, tensor in net.state_dict().items()
    }
    save_file(weights, path)


def read_weights(path: Path, nets: Mapping[str, nn.Module]) -> None:
    """Fill networks with the weights that `write_weights` wrote, and set them to use.

    Raises:
        FormatError: The file is absent, or of other networks.
    """
    from safetensors import SafetensorError
    from safetensors.torch import load_file

    try:
        weights = load_file(path)
        for name, net in nets.items():
            mine = {k.partition("\t")[2]: v for k, v in weights.items() if k.partition("\t")[0] == name}
            net.load_state_dict(mine)
            net.eval()
    except (OSError, SafetensorError, RuntimeError) as error:
        message = f"{path}: not the weights of this model ({error}); name the folder that `save` wrote"
        raise FormatError(message) from error


def read_arrays(path: Path) -> dict[str, np.ndarray]:
    """The arrays of a file of tensors by name, each in its own shape and type.

    Raises:
        FormatError: The file is absent or damaged.
    """
    from safetensors import SafetensorError
    from safetensors.numpy import load_file

    try:
        return load_file(path)
    except (OSError, SafetensorError) as error:
        message = f"{path}: not the weights of a model ({error}); copy the folder that `save` wrote again"
        raise FormatError(message) from error


def read_json(path: Path) -> dict[str, Any]:
    """A JSON object.

    Raises:
        FormatError: The file is absent or is no JSON.
    """
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        message = f"{path}: not part of a saved model ({error}); name the folder that `save` wrote"
        raise FormatError(message) from error
