"""Lists of names and words that lie as text files in the package, one entry a line."""

from __future__ import annotations

from functools import cache
from importlib.resources import files


@cache
def read_word_list(package: str, path: str) -> tuple[str, ...]:
    """The entries of a list in the order of the file, without blank lines and comments (#).

    Args:
        package: In which the file lies, such as "manikin.schema".
        path: Of the file in the package.
    """
    lines = files(package).joinpath(path).read_text("utf-8").splitlines()
    return tuple(line for line in lines if line and not line.startswith("#"))
