"""Recipes: published methods that combine parts, one file each; nothing imports them."""

from manikin.core.deprecation import forward_names
from manikin.recipes.ecg_rhythm_fields import add_ecg_rhythm
from manikin.recipes.image_translation import translate_unpaired
from manikin.recipes.signal_continuation import continue_signal

__all__ = ["add_ecg_rhythm", "continue_signal", "translate_unpaired"]

__getattr__ = forward_names(
    __name__,
    {"bridged": "translate_unpaired", "measured": "add_ecg_rhythm", "prolonged": "continue_signal"},
)
