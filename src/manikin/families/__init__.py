"""Generative models by name: one file each.

`families.Diffusion` is `families/diffusion.py`'s class, imported when first asked for; `__init__.pyi` lists
them for type checkers.
"""

from manikin.core.registry import forward_plugins

__getattr__ = forward_plugins("families")
