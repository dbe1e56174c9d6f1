"""The command line: the same verbs as the library."""

from __future__ import annotations

import sys
import warnings

from manikin.cli import deidentify, evaluate, inspect_data, json_schemas, synthesize
from manikin.cli.app import app
from manikin.cli.messages import to_command_line
from manikin.cli.options import EXIT_BAD_INPUT, EXIT_INTERRUPTED
from manikin.cli.output import create_console
from manikin.errors import ManikinError, ManikinWarning

_python_showwarning = warnings.showwarning

__all__ = ["app", "deidentify", "evaluate", "inspect_data", "json_schemas", "main", "synthesize"]


def main() -> None:
    """Run a command; every expected failure is one message and an exit code, never a traceback."""
    code: int | str | None = 0
    warnings.simplefilter("always", ManikinWarning)
    warnings.showwarning = _warn
    try:
        app()
    except ManikinError as error:
        message = f"error: {to_command_line(str(error))}"
        create_console(quiet=False).print(message, style="red", markup=False, highlight=False)
        code = EXIT_BAD_INPUT
    except OSError as error:
        where = f"{error.filename}: " if error.filename else ""
        create_console(quiet=False).print(
            f"error: {where}{error.strerror or error}", style="red", markup=False
        )
        code = EXIT_BAD_INPUT
    except SystemExit as ended:
        code = ended.code
    except KeyboardInterrupt:  # where the command does not hear of it
        code = EXIT_INTERRUPTED
    if code == EXIT_INTERRUPTED:
        create_console(quiet=False).print("interrupted: what was not finished is not written")
    sys.exit(code)


def _warn(message: Warning | str, category: type[Warning], *where: object) -> None:
    """Print what a user must know in a line of its own; other warnings as Python does."""
    if issubclass(category, ManikinWarning):
        create_console(quiet=False).print(
            f"warning: {message}", style="yellow", markup=False, highlight=False
        )
    else:
        _python_showwarning(message, category, *where)  # type: ignore[arg-type]
