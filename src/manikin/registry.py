"""Plug-ins by module name: `families/vae.py` defines `__plugin__ = VAE` and is called "vae".

Third parties add their own through entry points of the group `manikin.<folder>`.
"""

from __future__ import annotations

import pkgutil
from functools import cache
from importlib import import_module
from importlib.metadata import entry_points
from typing import Any

from manikin.errors import UsageError


@cache
def names(folder: str) -> tuple[str, ...]:
    """All plug-ins of a folder, sorted: those shipped and those installed beside."""
    package = import_module(f"manikin.{folder}")
    shipped = {module.name for module in pkgutil.iter_modules(package.__path__)}
    return tuple(sorted(shipped | {point.name for point in entry_points(group=f"manikin.{folder}")}))


def find(folder: str, name: str) -> Any:  # noqa: ANN401 - each folder holds its own contract
    """The plug-in class called `name`.

    Raises:
        UsageError: No such plug-in; the message lists those that exist.
    """
    known = names(folder)
    if name not in known:
        message = f"no {name!r} among the {folder}; there are: {', '.join(known)}"
        raise UsageError(message)
    for point in entry_points(group=f"manikin.{folder}", name=name):
        return point.load()
    return import_module(f"manikin.{folder}.{name}").__plugin__
