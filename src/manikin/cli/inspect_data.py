"""Look: inspect, matrix."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from manikin.cli import options as o
from manikin.cli.app import app
from manikin.cli.output import create_console, print_field_table, start_console
from manikin.core.progress_display import show_step
from manikin.errors import UnreadableFields

if TYPE_CHECKING:
    from rich.console import Console

    from manikin.cohort.cohort import Cohort


@app.command()
def inspect(
    context: typer.Context,
    file: o.File,
    schema: o.SchemaFile = None,
    skip_bad: o.SkipBad = False,
    out: Annotated[
        Path | None, typer.Option("--out", "-o", help="Write schema.toml and rules.toml here.")
    ] = None,
    as_json: o.Json = False,
) -> None:
    """What is in a file: kinds, ranges, gaps, roles, identifiers, and rules that hold in all records.

    Writes an editable `schema.toml` beside the file or into the folder (or into `--out`), which later
    commands pick up, and, where rules are proposed, a `rules.toml`, which binds only with `--rules`.
    Existing ones are kept, and a folder that may not be written to is left as it is.
    """
    from manikin.cohort.summary import summarize_fields
    from manikin.panels.description import describe_panel
    from manikin.publication.pipeline import read_cohort
    from manikin.rules.mining.propose import propose_rules
    from manikin.rules.rule import write_rules
    from manikin.schema import schema_files

    start_console(context, quiet=as_json)
    console = create_console(quiet=as_json, stderr=False)
    try:
        cohort = read_cohort(file, schema, skip_bad=skip_bad)
    except UnreadableFields as error:
        cohort = _read_with_declarations(console, error, file, schema, skip_bad=skip_bad)
    with show_step("looking for rules"):
        rules = propose_rules(cohort)
    rows = summarize_fields(cohort)
    if as_json:
        table = {row.field: {k: v for k, v in vars(row).items() if k != "field"} for row in rows}
        rule_table = [{"name": r.name, "rule": str(r), "support": r.support} for r in rules]
        print(json.dumps({"records": len(cohort), "fields": table, "rules": rule_table}, indent=1))  # noqa: T201
        return
    print_field_table(console, cohort, rows)
    for sentence in describe_panel(cohort):
        console.print(sentence, markup=False, highlight=False)
    for rule in rules:
        console.print(
            f"  rule {rule.name}: {rule}  ({rule.support:,} records)", markup=False, highlight=False
        )
    console.print(_describe_proposals(len(rules)), highlight=False)
    folder = out or o.find_sidecar_folder(file)
    place = schema_files.choose_schema_path(folder, file)
    write_if_absent(
        console,
        place,
        lambda path: schema_files.write_schema(cohort.schema, path, file),
        asked=out is not None,
    )
    if rules:
        write_if_absent(
            console, folder / "rules.toml", lambda path: write_rules(rules, path), asked=out is not None
        )


def _read_with_declarations(
    console: Console, error: UnreadableFields, file: Path, schema: Path | None, *, skip_bad: bool
) -> Cohort:
    """The records with declarations for the fields that cannot be read as they are, which are named.

    Raises:
        UnreadableFields: No declaration would do.
    """
    from manikin.core import record_files
    from manikin.io import read
    from manikin.schema.kinds import Schema

    if not error.cures:
        raise error
    known = schema or record_files.find_schema_file(file)
    kinds = {name: kind for name, (kind, _) in error.cures.items()}
    cohort = read(file, Schema({**(Schema.read(known) if known else {}), **kinds}), skip_bad=skip_bad)
    console.print(f"problem {error}", markup=False, highlight=False)
    for _, meaning in error.cures.values():
        console.print(f"  declared {meaning}", markup=False, highlight=False)
    console.print("The schema.toml says so: correct it there, or correct the file", highlight=False)
    return cohort.add_notes(*(meaning for _, meaning in error.cures.values()))


def _describe_proposals(count: int) -> str:
    """What was found of rules, in a sentence."""
    if not count:
        return "rules: none holds in all records beyond chance, so no rules.toml is written"
    return (
        f"rules: {count} proposed from the data. They bind no record until you ask for them with "
        "--rules: read them first"
    )


@app.command()
def matrix() -> None:
    """Which family models which kind of data, and what to use instead where it does not."""
    from rich.table import Table

    from manikin.testing import build_matrix as cells

    found = cells()
    kinds = list(dict.fromkeys(cell.kind for cell in found))
    table = Table(title="family x kind of data", title_justify="left")
    for heading in ("family", *kinds):
        table.add_column(heading)
    reasons: dict[str, int] = {}
    for family in dict.fromkeys(cell.family for cell in found):
        row = {cell.kind: cell.refusal for cell in found if cell.family == family}
        for reason in filter(None, row.values()):
            reasons.setdefault(reason, len(reasons) + 1)
        marks = ["trains" if row[kind] is None else f"- ({reasons[str(row[kind])]})" for kind in kinds]
        table.add_row(family, *marks)
    console = create_console(quiet=False, stderr=False)
    console.print(table)
    for reason, number in reasons.items():
        console.print(f"({number}) {reason}", highlight=False, markup=False)


def write_if_absent(console: Console, path: Path, write: Any, *, asked: bool) -> None:  # noqa: ANN401 - a writer
    """Write a file unless it is there already, and say so.

    Raises:
        OSError: It cannot be written, though its folder was asked for; beside the data that is no failure.
    """
    if path.exists():
        console.print(f"kept {path}, which exists already", highlight=False)
        return
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        write(path)
    except OSError as error:
        if asked:
            raise
        console.print(
            f"{path.name} is not written: {path.parent} may not be written to "
            f"({error.strerror or error}); name a folder with --out",
            markup=False,
            highlight=False,
        )
        return
    console.print(f"wrote {path}: correct it where it is wrong, and run again", highlight=False)
