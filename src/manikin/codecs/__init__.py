"""Records to arrays and back: one file per kind of data.

`codecs.Latent` is `codecs/latent.py`'s class, imported when first asked for; `__init__.pyi` lists them for
type checkers.
"""

from manikin.core.registry import forward_plugins

__getattr__ = forward_plugins("codecs")
