"""Clean: deidentify."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from manikin.cli import options as o
from manikin.cli.app import app
from manikin.cli.show import terminal
from manikin.errors import UsageError


@app.command()
def deidentify(
    file: o.File,
    out: Annotated[Path, typer.Option("--out", "-o", help="The file or folder to write.")],
    field: Annotated[
        list[str] | None,
        typer.Option("--field", help="A field of text (repeatable); default: all that hold prose."),
    ] = None,
    seed: Annotated[int, typer.Option(help="Of the surrogates: with it dates can be moved back.")] = 0,
    schema: o.SchemaFile = None,
    quiet: o.Quiet = False,
) -> None:
    """Replace identifiers in notes by surrogates, and move the dates of each patient by as many weeks.

    A patient keeps the same surrogates in all notes and fields. Rules cannot find every identifier: a
    person has to look at the notes before they are given away.

    Example: `manikin deidentify notes.csv -o clean.csv --seed 4711`
    """
    from manikin.data.deid import deidentify as cleaned
    from manikin.data.deid import proses
    from manikin.data.files import read, write
    from manikin.data.schema import Schema

    if out.exists():
        raise UsageError(f"{out}: exists already and is never overwritten; name another with -o")
    cohort = read(file, Schema.read(schema) if schema else None)
    if not field and not proses(cohort):
        raise UsageError(f"{file}: no field holds prose; name one with --field")
    clean = cleaned(cohort, field or None, seed=seed)
    write(clean, out)
    console = terminal(quiet=quiet)
    for note in clean.notes[: len(clean.notes) - len(cohort.notes)]:
        console.print(note, markup=False, highlight=False)
    console.print(f"wrote {len(clean):,} records to {out}; no rule finds everything: have a person look")
