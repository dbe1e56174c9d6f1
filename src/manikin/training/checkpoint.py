"""The state of a training run in one file: tensors in safetensors, the rest as JSON in its header."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file

from manikin.core.atomic import write_atomically
from manikin.errors import TrainingError

if TYPE_CHECKING:
    from pathlib import Path

    import torch
    from torch import Tensor

Tree = dict[str, Any]
"""Dictionaries within dictionaries, tensors at their ends; a key holds no tab."""

SEPARATOR = "\t"


def write(path: Path, tensors: Tree, facts: dict[str, Any]) -> None:
    """Write a checkpoint; an interrupted run leaves no half file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    flat = {name: tensor.detach().cpu().contiguous() for name, tensor in _flatten(tensors).items()}
    with write_atomically(path) as part:
        save_file(flat, part, metadata={"facts": json.dumps(facts)})


def read(path: Path) -> tuple[Tree, dict[str, Any]]:
    """The inverse of `write`.

    Raises:
        TrainingError: The file is not a checkpoint.
    """
    try:
        with safe_open(path, framework="pt") as file:
            facts = json.loads((file.metadata() or {})["facts"])
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 - no mapping
    except (OSError, SafetensorError, KeyError, ValueError) as error:
        message = f"{path}: not a readable checkpoint ({error}); delete it to start anew"
        raise TrainingError(message) from error
    return _nest(tensors), facts


def extract_optimizer_state(optimizer: torch.optim.Optimizer) -> Tree:
    """The moments of an optimiser, by the position of the parameter."""
    return {str(index): state for index, state in optimizer.state_dict()["state"].items()}


def restore_optimizer_state(optimizer: torch.optim.Optimizer, tensors: Tree) -> None:
    """The inverse of `extract_optimizer_state`."""
    groups = optimizer.state_dict()["param_groups"]
    state = {int(index): values for index, values in tensors.items()}
    optimizer.load_state_dict({"state": state, "param_groups": groups})


def _flatten(tree: Tree, prefix: str = "") -> dict[str, Tensor]:
    flat = {}
    for name, value in tree.items():
        inner = (
            _flatten(value, prefix + name + SEPARATOR)
            if isinstance(value, dict)
            else {prefix + name: value}
        )
        flat.update(inner)
    return flat


def _nest(flat: dict[str, Tensor]) -> Tree:
    tree: Tree = {}
    for name, tensor in flat.items():
        *path, last = name.split(SEPARATOR)
        branch = tree
        for step in path:
            branch = branch.setdefault(step, {})
        branch[last] = tensor
    return tree
