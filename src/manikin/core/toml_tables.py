"""Tables of TOML files as dataclasses: checked by pydantic, refused in words, described for editors.

The annotations of a dataclass say what a file may hold: types, bounds (`annotated_types`), and `Described`
where neither says it well. Messages and JSON schemas are both made from them.
"""

from __future__ import annotations

import json
import re
import reprlib
from dataclasses import dataclass
from difflib import get_close_matches
from functools import cache
from inspect import cleandoc
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping
    from types import ModuleType

    from pydantic import TypeAdapter

    from manikin.errors import ManikinError

T = TypeVar("T")
MIN_SIMILARITY = 0.65
"""Of a key that was probably meant: the share of its letters that stand in order in the other."""

_WORDS = {
    "string": "text in quotes",
    "number": "a number",
    "integer": "a whole number",
    "boolean": "true or false",
    "object": "a table",
}
_PLURALS = {
    "string": "texts",
    "number": "numbers",
    "integer": "whole numbers",
    "boolean": "truth values",
    "object": "tables",
}


@dataclass(frozen=True)
class Described:
    """What a key holds, in words: an annotation for `Annotated`, read by pydantic."""

    words: str

    def __get_pydantic_json_schema__(self, core_schema: Any, handler: Any) -> dict[str, Any]:  # noqa: ANN401 - of pydantic
        """The JSON schema of the annotated type, with the words."""
        return {**handler(core_schema), "description": self.words}


def parse_table(
    cls: type[T],
    table: Any,  # noqa: ANN401 - TOML holds anything
    where: str,
    error_type: type[ManikinError],
    *,
    known: Mapping[str, Any] = MappingProxyType({}),
    types: ModuleType | None = None,
) -> T:
    """A table of a TOML file as the dataclass that says what it may hold.

    Args:
        cls: The dataclass.
        table: As it was read.
        where: What the message calls the table, as in "schema, field 'age'".
        error_type: What is raised where the table does not fit.
        known: Fields of the dataclass that the table does not hold, such as its own name.
        types: The module of names in its annotations that its own module imports for type checkers alone.
    """
    from pydantic import ValidationError  # slow to import, and most reads of data need no TOML

    if not isinstance(table, dict):
        keys = _list_keys(_build_plain_schema(cls, types)["properties"], known)
        raise error_type(f"{where}: is a table with the keys {keys}, not {reprlib.repr(table)}")
    # JSON knows neither tuples nor dates: lists become the first, and the second stay what is no text.
    text = json.dumps([{**table, **known}], default=lambda moment: {"moment": str(moment)})
    wrong = [key for key in known if key in table]
    try:
        (parsed,) = _build_adapter(cls, types).validate_json(text, strict=True)
        if not wrong:
            return parsed
    except ValidationError as error:
        wrong += [str(found["loc"][1]) for found in error.errors()]
    expected = _build_plain_schema(cls, types)["properties"]
    explained = [_explain(expected, table, key, known) for key in dict.fromkeys(wrong)]
    raise error_type(f"{where}: {'; '.join(explained)}")


def build_json_schema(
    cls: type, *, known: Collection[str] = (), types: ModuleType | None = None
) -> dict[str, Any]:
    """The JSON schema of a table, for editors; what keys mean is taken from the "Args" of the dataclass."""
    schema = _build_plain_schema(cls, types)
    documented = re.findall(r"^ {4}(\w+): (.+(?:\n {8}.+)*)", cleandoc(cls.__doc__ or ""), re.MULTILINE)
    meanings = {key: " ".join(text.split()) for key, text in documented}
    properties = {
        key: {**({"description": meanings[key]} if key in meanings else {}), **value}
        for key, value in schema["properties"].items()
        if key not in known
    }
    needed = [key for key in schema.get("required", []) if key not in known]
    return {
        **schema,
        "description": cleandoc(cls.__doc__ or "").splitlines()[0],
        "properties": properties,
        "required": needed,
    }


@cache
def _build_adapter(cls: type, types: ModuleType | None) -> TypeAdapter[Any]:
    from pydantic import ConfigDict, TypeAdapter

    # Within a tuple, because a dataclass by itself takes no configuration from outside.
    wrapped: Any = tuple[cls]  # type: ignore[valid-type] - built for the class
    adapter = TypeAdapter(wrapped, config=ConfigDict(extra="forbid", defer_build=True))
    adapter.rebuild(force=True, _types_namespace={} if types is None else vars(types))
    return adapter


@cache
def _build_plain_schema(cls: type, types: ModuleType | None) -> dict[str, Any]:
    return _build_adapter(cls, types).json_schema()["$defs"][cls.__name__]


def _list_keys(expected: Mapping[str, Any], known: Collection[str]) -> str:
    return ", ".join(key for key in expected if key not in known)


def _explain(expected: Mapping[str, Any], table: dict[str, Any], key: str, known: Collection[str]) -> str:
    """What is wrong with a key of a table, and what would be right."""
    if key not in expected or key in known:
        near = get_close_matches(key, expected, 1, MIN_SIMILARITY)
        meant = f" (did you mean {near[0]}?)" if near else ""
        return f"has no {key}; it knows {_list_keys(expected, known)}{meant}"
    if key not in table:
        return f"needs {key}, {_describe(expected[key])}"
    return f"{key} is {_describe(expected[key])}, not {reprlib.repr(table[key])}"


def _describe(schema: dict[str, Any], words: dict[str, str] = _WORDS) -> str:
    """What a JSON schema asks for, in words.

    Example:
        >>> _describe({"anyOf": [{"type": "integer"}, {"type": "number"}, {"type": "null"}]})
        'a number'
        >>> _describe({"type": "array", "items": {"type": "string"}})
        'a list of texts'
    """
    if words_of_its_own := schema.get("description"):
        return words_of_its_own
    if "enum" in schema or "const" in schema:
        return f"one of {', '.join(schema.get('enum') or [schema['const']])}"
    if parts := schema.get("anyOf"):
        implied = ("null", "integer") if "number" in [part.get("type") for part in parts] else ("null",)
        *most, last = (_describe(part, words) for part in parts if part.get("type") not in implied)
        return f"{', '.join(most)} or {last}" if most else last
    if "items" in schema:
        return f"a list of {_describe(schema['items'], _PLURALS)}"
    above = f" above {schema['exclusiveMinimum']}" if "exclusiveMinimum" in schema else ""
    least = f", {schema['minimum']} or more" if "minimum" in schema else ""
    return f"{words[schema['type']]}{above}{least}"
