"""Generative models by name: one file each.

`families.Diffusion` is `families/diffusion.py`'s class, imported when first asked for.
"""

from __future__ import annotations

from typing import Any

from manikin.core import registry


def __getattr__(name: str) -> Any:  # noqa: ANN401 - any family
    for module in registry.list_plugins("families"):
        if module.replace("_", "") == name.lower():
            return registry.find("families", module)
    message = f"module 'manikin.families' has no attribute {name!r}"
    raise AttributeError(message)
