"""Schema files: whether a `schema.toml` was made from some data, and where a new one goes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import tomli_w

from manikin.core import record_files
from manikin.core.toml import read_toml
from manikin.core.toml_tables import build_json_schema
from manikin.errors import SchemaError
from manikin.schema import toml_keys
from manikin.schema.kinds import KINDS, SOURCE_FILE_KEY, Schema

if TYPE_CHECKING:
    from pathlib import Path


def is_foreign(schema: Path, data: Path) -> bool:
    """Whether a schema file says that it was made from another file than these data."""
    if data.is_dir() or not schema.is_file():
        return False
    try:
        made_from = read_toml(schema, SchemaError).get(SOURCE_FILE_KEY)
    except SchemaError:
        return False  # reading it says what is wrong
    return isinstance(made_from, str) and made_from != data.name


def choose_schema_path(folder: Path, data: Path) -> Path:
    """Where a schema made from some data goes: `schema.toml`, or a name of its own where that is taken."""
    shared = folder / record_files.SCHEMA_FILE_NAME
    return folder / record_files.name_schema_file(data) if is_foreign(shared, data) else shared


def write_schema(schema: Schema, path: Path, data: Path) -> None:
    """Write an editable schema file that says which file it was made from."""
    made_from = {} if data.is_dir() else {SOURCE_FILE_KEY: data.name}
    path.write_text(
        tomli_w.dumps({**made_from, **schema.build_header(), **schema.to_dict()}), encoding="utf-8"
    )


def build_file_schema() -> dict[str, Any]:
    """The JSON schema of `schema.toml`, for editors."""
    kinds = []
    for kind in KINDS.values():
        table = build_json_schema(kind, types=toml_keys)
        keys = {"kind": {"const": kind.name, "description": table["description"]}, **table["properties"]}
        kinds.append({**table, "properties": keys, "required": ["kind", *table.get("required", [])]})
    levels = {"type": "array", "items": {"enum": list(toml_keys.FOLDER_ROLES)}}
    return {
        "title": "Schema of a cohort, one table for each field",
        "type": "object",
        "properties": {
            SOURCE_FILE_KEY: {"anyOf": [{"type": "string"}, *kinds]},
            "folders": {"anyOf": [levels, *kinds]},
        },
        "additionalProperties": {"anyOf": kinds},
    }
