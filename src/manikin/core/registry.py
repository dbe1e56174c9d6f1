"""Plug-ins by module name: `families/vae.py` defines `__plugin__ = VAE` and is called "vae".

Metrics lie in a folder of their axis: `metrics/privacy/copies.py` is called "privacy.copies".

Third parties add their own through entry points of the group `manikin.<folder>`.
"""

from __future__ import annotations

import pkgutil
import signal
import sys
import threading
from contextlib import contextmanager
from functools import cache
from importlib import import_module
from importlib.metadata import entry_points
from typing import TYPE_CHECKING, Any

from manikin.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


_GROUPED_FOLDERS = ("metrics",)  # each plug-in lies in a folder of its axis
_SINGULAR = {"families": "family"}


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
        MissingExtra: It needs PyTorch, which is not installed.
    """
    known = list_plugins(folder)
    if name not in known:
        message = f"no {name!r} among the {folder}; there are: {', '.join(known)}"
        raise UsageError(message)
    with defer_interrupts():
        try:
            return _import_plugin(folder, name)
        except ModuleNotFoundError as error:
            if error.name != "torch":
                raise
            from manikin.core.extras import require_torch  # only where PyTorch is not installed

            kind = _SINGULAR.get(folder, folder.removesuffix("s"))
            require_torch(f"{kind} {name!r} needs PyTorch")
            raise


def _import_plugin(folder: str, name: str) -> Any:  # noqa: ANN401 - as above
    for point in entry_points(group=f"manikin.{folder}", name=name):
        return point.load()
    return import_module(f"manikin.{folder}.{name}").__plugin__


def find_name(folder: str, plugin: type) -> str | None:
    """The name of a plug-in class; None: it is not registered.

    Only modules that are imported already are looked at, since a class that exists has been imported: no
    other plug-in is loaded, and none needs its libraries.
    """
    for name in list_plugins(folder):
        module = sys.modules.get(f"manikin.{folder}.{name}")
        if getattr(module, "__plugin__", None) is plugin:
            return name
    points = entry_points(group=f"manikin.{folder}")
    return next((p.name for p in points if p.module in sys.modules and p.load() is plugin), None)


def forward_plugins(folder: str) -> Callable[[str], Any]:
    """A package's `__getattr__` that finds plug-ins by the name of their class.

    A class is called as its module, but for case and underscores: "fewshot" has `FewShot`.

    Raises:
        AttributeError: By what is returned, for a name of no plug-in.
        MissingExtra: By what is returned, where the plug-in needs PyTorch, which is not installed.
    """

    def find_class(name: str) -> Any:  # noqa: ANN401 - each folder holds its own contract
        for module in list_plugins(folder):
            if module.replace("_", "") == name.lower() != name:
                return find(folder, module)
        raise AttributeError(f"module 'manikin.{folder}' has no attribute {name!r}")

    return find_class


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
