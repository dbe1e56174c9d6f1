"""The command line: the same verbs as the library."""

from __future__ import annotations

import sys

import click

from manikin.cli import judge, look, make
from manikin.cli.app import app
from manikin.cli.options import BAD, INTERRUPTED
from manikin.cli.show import terminal
from manikin.errors import ManikinError

__all__ = ["app", "judge", "look", "main", "make"]


def main() -> None:
    """Run a command; every expected failure is one message and an exit code, never a traceback."""
    try:
        code = app(standalone_mode=False)
    except click.ClickException as error:
        error.show()
        code = error.exit_code
    except ManikinError as error:
        terminal(quiet=False).print(f"error: {error}", style="red", markup=False, highlight=False)
        code = BAD
    except OSError as error:
        where = f"{error.filename}: " if error.filename else ""
        terminal(quiet=False).print(f"error: {where}{error.strerror or error}", markup=False)
        code = BAD
    except (KeyboardInterrupt, click.Abort):
        terminal(quiet=False).print("interrupted: nothing was written")
        code = INTERRUPTED
    sys.exit(code if isinstance(code, int) else 0)
