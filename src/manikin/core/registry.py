"""Plug-ins by module name: `families/vae.py` defines `__plugin__ = VAE` and is called "vae".

Metrics lie in a folder of their axis: `metrics/privacy/copies.py` is called "privacy.copies".

Third parties add their own through entry points of the group `manikin.<folder>`.
"""

from __future__ import annotations

import pkgutil
import signal
import threading
from contextlib import contextmanager
from functools import cache
from importlib import import_module
from importlib.metadata import entry_points
from typing import TYPE_CHECKING, Any

from manikin.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator


_GROUPED_FOLDERS = ("metrics",)  # each plug-in lies in a folder of its axis


@cache
def list_plugins(folder: str) -> tuple[str, ...]:
    """All plug-ins of a folder, sorted: those shipped and those installed beside."""
    shipped = _list_modules(folder)
    if folder in _GROUPED_FOLDERS:
        shipped = [f"{group}.{name}" for group in shipped for name in _list_modules(f"{folder}.{group}")]
    return tuple(sorted({*shipped, *list_installed(folder)}))


def list_installed(folder: str) -> tuple[str, ...]:
    """The plug-ins of a folder that other packages bring, sorted."""
    return tuple(sorted(point.name for point in entry_points(group=f"manikin.{folder}")))


def _list_modules(folder: str) -> list[str]:
    package = import_module(f"manikin.{folder}")
    return [module.name for module in pkgutil.iter_modules(package.__path__)]


def find(folder: str, name: str) -> Any:  # noqa: ANN401 - each folder holds its own contract
    """The plug-in class called `name`.

    Raises:
        UsageError: No such plug-in; the message lists those that exist.
    """
    known = list_plugins(folder)
    if name not in known:
        message = f"no {name!r} among the {folder}; there are: {', '.join(known)}"
        raise UsageError(message)
    with defer_interrupts():
        for point in entry_points(group=f"manikin.{folder}", name=name):
            return point.load()
        return import_module(f"manikin.{folder}.{name}").__plugin__


@contextmanager
def defer_interrupts() -> Iterator[None]:
    """Let Ctrl-C take effect at the end: while large libraries are imported, it can get lost.

    Raises:
        KeyboardInterrupt: Ctrl-C was pressed within.
    """
    deaf = signal.getsignal(signal.SIGINT) in (signal.SIG_IGN, None)
    if deaf or threading.current_thread() is not threading.main_thread():  # nobody hears of Ctrl-C
        yield
        return
    asked: list[int] = []
    before = signal.signal(signal.SIGINT, lambda number, _: asked.append(number))
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
    if asked:
        raise KeyboardInterrupt
