"""Schema files: which `schema.toml` beside the data belongs to a file, and where a new one goes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import tomli_w

from manikin.core.toml import read_toml
from manikin.core.toml_tables import build_json_schema
from manikin.errors import SchemaError
from manikin.schema.kinds import KINDS, SOURCE_FILE_KEY, Schema
from manikin.schema.toml_keys import FOLDER_ROLES

if TYPE_CHECKING:
    from pathlib import Path

SCHEMA_FILE_NAME = "schema.toml"


def find_schema(path: Path) -> Path | None:
    """The schema file beside some data: `heart.schema.toml` for `heart.csv`, else `schema.toml`.

    In a folder of records it lies inside the folder. None: there is neither.
    """
    places = (
        [path / SCHEMA_FILE_NAME]
        if path.is_dir()
        else [_build_own_path(path), path.with_name(SCHEMA_FILE_NAME)]
    )
    return next((place for place in places if place.is_file()), None)


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
    shared = folder / SCHEMA_FILE_NAME
    return folder / _build_own_path(data).name if is_foreign(shared, data) else shared


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
        table = build_json_schema(kind)
        keys = {"kind": {"const": kind.name, "description": table["description"]}, **table["properties"]}
        kinds.append({**table, "properties": keys, "required": ["kind", *table.get("required", [])]})
    levels = {"type": "array", "items": {"enum": list(FOLDER_ROLES)}}
    return {
        "title": "Schema of a cohort, one table for each field",
        "type": "object",
        "properties": {
            SOURCE_FILE_KEY: {"anyOf": [{"type": "string"}, *kinds]},
            "folders": {"anyOf": [levels, *kinds]},
        },
        "additionalProperties": {"anyOf": kinds},
    }


def _build_own_path(path: Path) -> Path:
    """`heart.schema.toml` beside `heart.csv` or `heart.csv.gz`."""
    stem = path.name.removesuffix(path.suffix) if path.suffix.lower() == ".gz" else path.name
    return path.with_name(f"{stem.rpartition('.')[0] or stem}.{SCHEMA_FILE_NAME}")
