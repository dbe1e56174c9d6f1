"""Names of before, kept for those who use them, with a warning that says the name of now."""

from __future__ import annotations

import sys
import warnings
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping


def forward_names(
    module: str, names: Mapping[str, str], find_name: Callable[[str], Any] | None = None
) -> Callable[[str], Any]:
    """A module's `__getattr__` that answers to old names.

    Args:
        module: `__name__` of the module.
        names: The name of now for each old one.
        find_name: The `__getattr__` for all other names, if there are any.

    Raises:
        AttributeError: By what is returned, for a name that never was.
    """

    def find_attribute(name: str) -> Any:  # noqa: ANN401 - any public name
        if name not in names:
            if find_name is not None:
                return find_name(name)
            message = f"module {module!r} has no attribute {name!r}"
            raise AttributeError(message)
        warn_of_name(f"{module}.{name}", f"{module}.{names[name]}")
        return getattr(sys.modules[module], names[name])

    return find_attribute


def forward_method(old: str, new: str) -> Callable[..., Any]:
    """A method of before: it warns and calls the method of now."""

    def call(self: Any, *args: Any, **options: Any) -> Any:  # noqa: ANN401 - of any class
        warn_of_name(old, new)
        return getattr(self, new)(*args, **options)

    call.__name__, call.__doc__ = old, f"Deprecated: use `{new}`."
    return call


def warn_of_name(old: str, new: str) -> None:
    """Say that a name is deprecated, where the caller of the caller uses it."""
    warnings.warn(f"{old} is deprecated; use {new}", DeprecationWarning, stacklevel=3)
