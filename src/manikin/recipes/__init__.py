"""Recipes: published methods that combine parts, one file each; nothing imports them."""

import lazy_loader

from manikin.core.deprecation import forward_names

# Each is imported when first asked for, since some need PyTorch; `__init__.pyi` lists them.
_import_name, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
__getattr__ = forward_names(
    __name__,
    {"bridged": "translate_unpaired", "measured": "add_ecg_rhythm", "prolonged": "continue_signal"},
    _import_name,
)
