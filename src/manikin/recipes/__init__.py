"""Recipes: published methods that combine parts, one file each; nothing imports them."""

from manikin.recipes.bridge import bridged
from manikin.recipes.prolong import prolonged
from manikin.recipes.rhythm import measured

__all__ = ["bridged", "measured", "prolonged"]
