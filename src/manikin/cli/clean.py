"""Clean: deidentify."""

from __future__ import annotations

import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from manikin.cli import options as o
from manikin.cli.app import app
from manikin.cli.show import terminal
from manikin.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from rich.console import Console


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
    """Replace identifiers in notes and beside them by surrogates, and move the dates of each patient.

    Columns of names, numbers, addresses, telephone numbers and dates of birth are treated too, and what
    stands in them is looked for in the notes. A patient keeps the same surrogates in all notes and columns;
    all dates move by as many weeks. Rules cannot find every identifier: a person has to look at the notes
    before they are given away.

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
    console = terminal(quiet=quiet)
    with _show_progress(console) as progress:
        clean = cleaned(cohort, field or None, seed=seed, progress=progress)
    write(clean, out)
    for note in clean.notes[: len(clean.notes) - len(cohort.notes)]:
        console.print(note, markup=False, highlight=False)
    console.print(f"wrote {len(clean):,} records to {out}; no rule finds everything: have a person look")


@contextmanager
def _show_progress(console: Console) -> Iterator[Callable[[int, int], None]]:
    """A bar of the notes that are read and replaced, from the second second on, erased when done."""
    from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn

    begun = time.monotonic()
    columns = (TextColumn("{task.description}"), BarColumn(), TaskProgressColumn())
    with Progress(*columns, console=console, transient=True) as bar:
        task = bar.add_task("looking for identifiers", visible=False)

        def progress(done: int, whole: int) -> None:
            if time.monotonic() - begun > 1:
                bar.update(task, completed=done, total=whole, visible=True)

        yield progress
