"""Whose a file is by its own name: `Smith_John_2.png` and `P0003_1.npy` lie in no folder of a patient."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING

from manikin.schema.inference.folder_meaning import FolderMeaning, HiddenNames
from manikin.schema.inference.folder_names import classify_folder_name
from manikin.schema.inference.folder_roles import classify_level

if TYPE_CHECKING:
    from collections.abc import Sequence

_SEPARATOR_PATTERN = re.compile(r"(?<=[^_\-. ^,])[_\-. ^,]+(?=[^_\-. ^,])")
_MIN_STRENGTH, _MIN_NAMED_SHARE = 2, 0.5
"""How plainly, of 3, the beginnings of names have to be those of persons."""


def find_owners(stems: Sequence[str]) -> list[str]:
    """The beginning of each name that says whose the file is; [] where names say no such thing.

    Names are cut at each mark between two words, and the shortest beginnings that are called as persons,
    patients or record numbers are, and that several files share, count. Persons are cut after their second
    name. Where no two files share a beginning there is nothing to keep together.

    Args:
        stems: Names of n files without suffix.

    Example:
        >>> find_owners(["Smith_John_0", "Smith_John_1", "Doe_Jane_0"])
        ['Smith_John', 'Smith_John', 'Doe_Jane']
        >>> find_owners(["benign_1", "benign_2", "malignant_1"]), find_owners(["scan_01", "scan_02"])
        ([], [])
    """
    cuts = [[match.start() for match in _SEPARATOR_PATTERN.finditer(stem)] for stem in stems]
    most = max(map(len, cuts), default=0)
    found = [
        [stem[: [*cut, *[len(stem)] * most][level]] for stem, cut in zip(stems, cuts, strict=True)]
        for level in range(most)
    ]
    for level, owners in enumerate(found):
        if not _are_persons(owners):
            continue
        longer = found[level + 1] if level + 1 < most else []
        return longer if _are_named(longer) else owners
    return []


def add_owners(meaning: FolderMeaning, stems: Sequence[str]) -> FolderMeaning:
    """What folders say, and where they do not say whose files are, what the names of these say.

    Args:
        meaning: What the folders of n files mean.
        stems: The names of these files without suffix.
    """
    if meaning.subjects or meaning.unclear_reason or not (owners := find_owners(stems)):
        return meaning
    numbers = {name: i for i, name in enumerate(dict.fromkeys(owners), 1)}
    low, high = min(sizes := Counter(owners).values()), max(sizes)
    note = (
        f"names of files: {len(numbers)} beginnings, of {low} to {high} files each, are subjects; to say "
        "otherwise, list the files in a csv table with a column of subjects"
    )
    hidden = HiddenNames(
        {**meaning.hidden, **{name: f"[subject {number}]" for name, number in numbers.items()}}
    )
    subjects = tuple(numbers[name] for name in owners)
    return replace(meaning, subjects=subjects, notes=(*meaning.notes, note), hidden=hidden)


def _are_persons(owners: Sequence[str]) -> bool:
    """Whether beginnings of names are of persons, several of whom, or one, have several files."""
    if len(set(owners)) == len(owners):
        return False
    role, strength = classify_level([(name,) for name in owners], 0)
    return role == "subject" and strength >= _MIN_STRENGTH


def _are_named(owners: Sequence[str]) -> bool:
    """Whether beginnings are given and family names, so that no two of one family are taken for one."""
    return (
        sum(classify_folder_name(name) == "person" for name in owners) > _MIN_NAMED_SHARE * len(owners) > 0
    )
