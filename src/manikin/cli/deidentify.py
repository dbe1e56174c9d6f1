"""Clean: deidentify."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from manikin.cli import options as o
from manikin.cli.app import app
from manikin.cli.output import start_console
from manikin.core.progress_display import show_step
from manikin.errors import UsageError


@app.command()
def deidentify(
    context: typer.Context,
    file: o.File,
    out: Annotated[Path, typer.Option("--out", "-o", help="The file or folder to write.")],
    field: Annotated[
        list[str] | None,
        typer.Option("--field", help="A field of text or pictures (repeatable); default: all."),
    ] = None,
    seed: Annotated[int, typer.Option(help="Of the surrogates: with it dates can be moved back.")] = 0,
    schema: o.SchemaFile = None,
    quiet: o.Quiet = False,
) -> None:
    """Replace identifiers in notes and beside them by surrogates, move dates, and blank text in pictures.

    Columns of names, numbers, addresses, telephone numbers and dates of birth are treated too, and what
    stands in them is looked for in the notes. A patient keeps the same surrogates in all notes and columns;
    all dates move by as many weeks. Rules cannot find every identifier: a person has to look at the notes
    before they are given away.

    Text that is burned into pictures is read by a small network (`pip install 'manikin[ocr]'`) and blanked.

    Example: `manikin deidentify notes.csv -o clean.csv --seed 4711`
    """
    from manikin.imaging.analysis.text_blanking import blank_text, can_bear_text
    from manikin.io import read
    from manikin.io.write import write
    from manikin.schema.kinds import Schema
    from manikin.text.deid.deidentify import deidentify as cleaned
    from manikin.text.deid.deidentify import list_note_fields
    from manikin.text.deid.identifying_columns import find_identifying_columns

    if out.exists():
        raise UsageError(f"{out}: exists already and is never overwritten; name another with -o")
    console = start_console(context, quiet=quiet)
    cohort = read(file, Schema.read(schema) if schema else None)
    pictures = [name for name in field or cohort.schema if can_bear_text(cohort, name)]
    words = [name for name in field or list_note_fields(cohort) if name not in pictures]
    columns = not field and find_identifying_columns(cohort)
    if not (words or pictures or columns):
        raise UsageError(f"{file}: no field holds prose, a picture or identifiers; name one with --field")
    if pictures and cohort.origin.format == "dicom" and not out.suffix:
        raise UsageError(
            f"{out}: DICOM is written for synthetic pictures only; name a file, such as {out}.npz"
        )
    clean = cohort
    if words or columns:
        with show_step("looking for identifiers") as step:
            clean = cleaned(
                cohort, words if field else None, seed=seed, progress=step.set_progress_and_total
            )
    if pictures:
        with show_step("reading text in pictures") as step:
            clean = blank_text(clean, pictures, step.set_progress_and_total)
    write(clean, out)
    for note in clean.notes[: len(clean.notes) - len(cohort.notes)]:
        console.print(note, markup=False, highlight=False)
    console.print(f"wrote {len(clean):,} records to {out}; no rule finds everything: have a person look")
