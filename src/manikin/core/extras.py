"""Optional dependencies: import them, or say what to install."""

from __future__ import annotations

from importlib import import_module
from shlex import quote
from typing import TYPE_CHECKING

from manikin.errors import MissingExtra

if TYPE_CHECKING:
    from types import ModuleType

CPU_BUILD = (
    "on a machine without a GPU first: pip install torch --index-url https://download.pytorch.org/whl/cpu"
)
"""The default build for Linux brings CUDA libraries, which are larger than all else together."""


def require(*modules: str, what: str, extra: str | None = None, cure: str = "") -> ModuleType:
    """Import modules that an optional dependency brings.

    Args:
        modules: Their names; all must be there.
        what: What needs them, as in "EDF files need the package pyedflib".
        extra: The extra of manikin that brings them; None: the first is installed under its own name.
        cure: What else is to be done, or can be done instead.

    Returns:
        The first of the modules.

    Raises:
        MissingExtra: One is not installed; the message ends with what to install, and the cure.

    Example:
        >>> require("json", what="tables need json").loads("[1]")
        [1]
        >>> require("no_such_module", what="waves need it", extra="signals")
        Traceback (most recent call last):
        manikin.errors.MissingExtra: waves need it: pip install 'manikin[signals]'
    """
    try:
        first, *_ = [import_module(module) for module in modules]
    except ImportError as error:
        package = quote(f"manikin[{extra}]" if extra else modules[0])
        raise MissingExtra(f"{what}: pip install {package}{cure and f', {cure}'}") from error
    return first


def require_torch(what: str) -> ModuleType:
    """Import PyTorch.

    Args:
        what: What needs it, as in "family 'vae' needs PyTorch".

    Raises:
        MissingExtra: It is not installed; the message says how to install it.
    """
    return require("torch", what=what, extra="nn", cure=CPU_BUILD)
