"""The command line application, to which each module adds its commands."""

from __future__ import annotations

import typer

app = typer.Typer(
    name="manikin",
    help="Synthetic patients, and the proof of what they are worth.\n\n"
    "Start with `manikin demo`, then `manikin inspect FILE` and "
    "`manikin synthesize FILE -o OUT --label FIELD`.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode="markdown",
)
