"""Recipes: published methods that combine parts, one file each; nothing imports them."""

from manikin.recipes.bridge import bridged

__all__ = ["bridged"]
