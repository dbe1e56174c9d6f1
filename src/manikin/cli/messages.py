"""Remedies: what a message tells to do, in the words of the command line."""

from __future__ import annotations

import re

PYTHON_REMARK = re.compile(r",? \(in Python: (?:[^()]|\([^()]*\))*\)")
OPTION_PATTERNS = (
    (re.compile(r"\b(with|or|,) skip_bad\b"), r"\1 --skip-bad"),
    (re.compile(r"\(skip_bad\)"), "(--skip-bad)"),
    (
        re.compile(r"\bname (?:fields|one|them) in condition=|\b(?:in )?condition=(?=[ .,;)]|$)"),
        "--condition FIELD",
    ),
    (re.compile(r"\bname one with label="), "name one with --label"),
    (re.compile(r"\bwhere=(?=[ .,;)]|$)"), "--where FIELD=VALUE"),
)


def to_command_line(text: str) -> str:
    """The same message without what only Python can do, options as they are written in a shell.

    Messages that serve both say "... --accept WHY (in Python: accept=...)".

    Example:
        >>> to_command_line("copy it again, or leave it out with skip_bad")
        'copy it again, or leave it out with --skip-bad'
        >>> to_command_line('give a reason: --accept "WHY" (in Python: accept="WHY")')
        'give a reason: --accept "WHY"'
    """
    text = PYTHON_REMARK.sub("", text)
    for pattern, option in OPTION_PATTERNS:
        text = pattern.sub(option, text)
    return text
