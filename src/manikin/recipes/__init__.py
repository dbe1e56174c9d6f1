"""Recipes: published methods that combine parts, one file each; nothing imports them."""

from manikin.recipes.ecg_rhythm_fields import measured
from manikin.recipes.image_translation import bridged
from manikin.recipes.signal_continuation import prolonged

__all__ = ["bridged", "measured", "prolonged"]
