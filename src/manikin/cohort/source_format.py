"""The format a cohort came in, and what has to be remembered of it to write the same again."""

from __future__ import annotations

from dataclasses import dataclass, field, fields, replace
from typing import TYPE_CHECKING, Any, Self, TypeVar

if TYPE_CHECKING:
    from collections.abc import Mapping

Options = TypeVar("Options", bound="SourceOptions")


@dataclass(frozen=True)
class SourceOptions:
    """What one family of formats remembers; every field is one option, under the name of the field.

    Derive a frozen dataclass beside the reader and the writer that agree on it. None is the default of
    every field: it was not said. Values are what JSON can hold, since they are part of saved models;
    a field that is more overrides `from_options` and `to_options`.
    """

    @classmethod
    def from_options(cls, options: Mapping[str, Any]) -> Self:
        """Those of these options that the family knows."""
        return cls(**{one.name: options[one.name] for one in fields(cls) if one.name in options})

    def to_options(self) -> dict[str, Any]:
        """What was said, by name."""
        said = {one.name: getattr(self, one.name) for one in fields(self)}
        return {name: value for name, value in said.items() if value is not None}


@dataclass(frozen=True)
class SourceFormat:
    """Where a cohort came from, so that it can be written back the same way.

    Args:
        format: The module of `io/formats` that reads and writes it.
        options: What formats remember. Those of this package are read and written by their
            `SourceOptions`, which name them.

    Example:
        >>> from manikin.tables.delimited import DelimitedOptions
        >>> source = SourceFormat("csv").add_options(DelimitedOptions(delimiter=";"))
        >>> source.options, source.find_options(DelimitedOptions).delimiter
        ({'delimiter': ';'}, ';')
    """

    format: str = "csv"
    options: Mapping[str, Any] = field(default_factory=dict)

    def find_options(self, family: type[Options]) -> Options:
        """What a family of formats remembers; its fields are None where nothing was said."""
        return family.from_options(self.options)

    def add_options(self, *more: SourceOptions) -> SourceFormat:
        """The same format with these options, which replace others of their names."""
        options = dict(self.options)
        for one in more:
            options |= one.to_options()
        return replace(self, options=options)

    def replace_options(self, family: SourceOptions) -> SourceFormat:
        """The same format with these options of a family and no others of it."""
        names = {one.name for one in fields(family)}
        others = {name: value for name, value in self.options.items() if name not in names}
        return replace(self, options=others).add_options(family)
