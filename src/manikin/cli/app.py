"""The command line application, to which each module adds its commands."""

from __future__ import annotations

from typing import Annotated

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


def _print_version(asked: bool) -> None:
    if asked:
        from manikin.core.version import __version__

        typer.echo(f"manikin {__version__}")
        raise typer.Exit


@app.callback()
def set_up(
    version: Annotated[
        bool, typer.Option("--version", is_eager=True, callback=_print_version, help="Print the version.")
    ] = False,
) -> None:
    """Options of the program itself."""
