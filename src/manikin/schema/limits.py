"""The largest values that a field can hold."""

MAX_EXACT_INTEGER = 2**53
"""Whole numbers above this are not exact as floating-point numbers."""

MAX_ABS_VALUE = 1e15
"""No instrument measures more, and squares of more soon leave the 32 bits in which values are kept."""
