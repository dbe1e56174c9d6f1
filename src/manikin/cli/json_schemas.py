"""JSON schemas for editors."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from manikin.cli import options as o
from manikin.cli.app import app
from manikin.cli.output import start_console
from manikin.core.atomic import write_atomically


@app.command("json-schemas")
def write_json_schemas(
    context: typer.Context,
    folder: Annotated[Path, typer.Argument(help="Where they go; made where it does not exist.")],
    quiet: o.Quiet = False,
) -> None:
    """Write JSON schemas of schema.toml, rules.toml and policy.toml: editors complete and check with them.

    Example: `manikin json-schemas .schemas`, and `#:schema .schemas/schema.json` as the first line of a
    `schema.toml`
    """
    from manikin.evaluation.card import policy
    from manikin.rules import rule
    from manikin.schema import schema_files

    folder.mkdir(parents=True, exist_ok=True)
    for name, module in (("schema", schema_files), ("rules", rule), ("policy", policy)):
        schema = {"$schema": "https://json-schema.org/draft/2020-12/schema", **module.build_file_schema()}
        with write_atomically(folder / f"{name}.json") as part:
            part.write_text(json.dumps(schema, indent=1), encoding="utf-8")
    start_console(context, quiet=quiet).print(f"wrote schema.json, rules.json and policy.json to {folder}")
