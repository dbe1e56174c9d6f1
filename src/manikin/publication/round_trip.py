"""Reread: the fingerprint of synthetic records as their file gives them back, for the card."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from manikin.cohort.fingerprint import compute_fingerprint
from manikin.core.progress_display import report_on
from manikin.errors import ManikinError
from manikin.io import read

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path
    from typing import Any

    from manikin.evaluation.scorecard import Scorecard

FILE_HASH_KEY = "synthetic_file"
"""What the fingerprint of the records as read from their file is called among those of a card."""


def add_file_hash(card: Scorecard, folder: Path, say: Callable[[str], None]) -> Scorecard:
    """The card with the fingerprint of the records as `read` gives them back from their file.

    Some formats do not return what was written to the last digit: subjects are numbered anew when DICOM
    is read, and its values are whole steps of a slope. Without this fingerprint the card would be taken for
    that of other records. Where the file cannot be read again, that is said, and the card stays as it is.

    Args:
        card: What was said of the records.
        folder: Where the records lie as `synthetic`, with any suffix, and `schema.toml` beside them.
        say: Told in a sentence that the file cannot be read again.
    """
    path = next(entry for entry in sorted(folder.iterdir()) if entry.name.partition(".")[0] == "synthetic")
    try:
        with report_on(None):
            found = compute_fingerprint(read(path))
    except ManikinError as error:
        say(f"the file of synthetic records cannot be read again, so that no release is possible: {error}")
        return card
    return replace(card, about={**card.about, "hashes": {**card.about["hashes"], FILE_HASH_KEY: found}})


def is_about(card: Scorecard, records: str) -> bool:
    """Whether a card was made for records of this fingerprint, or bears none.

    Example:
        >>> from manikin.evaluation.scorecard import Scorecard
        >>> card = Scorecard([], {"hashes": {"synthetic": "ab", "synthetic_file": "cd"}})
        >>> is_about(card, "ab"), is_about(card, "cd"), is_about(card, "ef")
        (True, True, False)
    """
    hashes: Mapping[str, Any] = card.about.get("hashes") or {}
    return "synthetic" not in hashes or records in (hashes["synthetic"], hashes.get(FILE_HASH_KEY))
