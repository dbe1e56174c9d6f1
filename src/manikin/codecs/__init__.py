"""Records to arrays and back: one file per kind of data.

`codecs.Latent` is `codecs/latent.py`'s class, imported when first asked for.
"""

from __future__ import annotations

from typing import Any

from manikin.core import registry


def __getattr__(name: str) -> Any:  # noqa: ANN401 - any codec
    if name.lower() in registry.list_plugins("codecs") and name != name.lower():
        return registry.find("codecs", name.lower())
    message = f"module 'manikin.codecs' has no attribute {name!r}"
    raise AttributeError(message)
