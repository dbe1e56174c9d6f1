"""What the subfolders above files say: whose each file is, and of which class."""

from __future__ import annotations

import re
from collections import Counter
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, final

from manikin.errors import FormatError, ManikinError, SchemaError
from manikin.schema.inference.folder_roles import get_level_name, guess_roles
from manikin.schema.remark import rewrite_notes
from manikin.schema.toml_keys import FOLDER_ROLES

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence


@final
class HiddenNames(dict[str, str]):
    """Names of folders that are patients, each with the words that stand for it in messages."""

    def mask_names(self, message: str) -> str:
        """A message without these names."""
        for name in sorted(self, key=len, reverse=True):
            whole = re.escape(name) if len(name) > 3 else rf"(?<=[/\\]){re.escape(name)}(?=[/\\])"  # noqa: PLR2004
            message = re.sub(whole, self[name], message)
        return message

    def mask_notes(self, notes: Iterable[str]) -> tuple[str, ...]:
        """What was noticed, without these names; remarks stay with their fields."""
        return rewrite_notes(notes, self.mask_names)

    @contextmanager
    def mask_errors(self) -> Iterator[None]:
        """Errors raised within say no such name, nor do the errors behind them."""
        try:
            yield
        except ManikinError as error:
            if self.mask_names(str(error)) == str(error):
                raise
            raise error.reword(self.mask_names) from None


@final
@dataclass(frozen=True)
class FolderMeaning:
    """What the folders above n files mean.

    Args:
        roles: Of each level from the top: "subject", "label", "visit" or "none"; empty: no subfolders.
        subjects: A running number for each file, None where no folder says it; empty: no level does.
        labels: The class of each file; empty: no level is one.
        notes: How the levels were understood, in counts.
        hidden: The names of patients.
        unclear_reason: Why nobody can tell patients from classes, and the line that settles it; "": it is
            plain.
        folder_numbers: Where it is unclear, a running number for the folder of each file.
    """

    roles: tuple[str, ...] = ()
    subjects: tuple[int | None, ...] = ()
    labels: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    hidden: HiddenNames = field(default_factory=HiddenNames)
    unclear_reason: str = ""
    folder_numbers: tuple[int, ...] = ()

    def take(self, rows: Sequence[int]) -> FolderMeaning:
        """What the folders say of some of the files."""
        subjects = tuple(self.subjects[row] for row in rows) if self.subjects else ()
        labels = tuple(self.labels[row] for row in rows) if self.labels else ()
        numbers = tuple(self.folder_numbers[row] for row in rows) if self.folder_numbers else ()
        return replace(self, subjects=subjects, labels=labels, folder_numbers=numbers)


NO_FOLDER_MEANING = FolderMeaning()  # no subfolders, or none that say anything


def interpret_folders(above: Sequence[tuple[str, ...]], declared: Sequence[str] = ()) -> FolderMeaning:
    """What the subfolders of n files are.

    Args:
        above: For each file the names of its folders from the top, without those that say what kind of
            file lies there (`images`, `masks`, `train`).
        declared: What a person says of each level; empty: nothing.

    Raises:
        FormatError: It is not plain which level is whose; the message has the line for `schema.toml`.
        SchemaError: The declaration does not fit the folders.

    Example:
        >>> found = interpret_folders([(f"sub-{i // 3:02d}",) for i in range(30)])
        >>> found.roles, found.subjects[:4], found.labels
        (('subject',), (1, 1, 1, 2), ())
        >>> interpret_folders([("benign",)] * 4 + [("malignant",)] * 4).labels[3:5]
        ('benign', 'malignant')
    """
    depth = max(map(len, above), default=0)
    if not depth:
        return FolderMeaning()
    roles = tuple(declared) or guess_roles(above, depth)
    if len(roles) != depth:
        declares = f"{len(roles)} levels are declared, but files lie in up to {depth} subfolders"
        raise SchemaError(f"folders: {declares}; name {depth} of {', '.join(FOLDER_ROLES)}")
    return _build_meaning(above, roles, asked=bool(declared))


def interpret_or_number_folders(
    above: Sequence[tuple[str, ...]], declared: Sequence[str] = ()
) -> FolderMeaning:
    """As `interpret_folders`, but folders of which nothing is plain are numbered.

    Raises:
        SchemaError: The declaration does not fit the folders.
    """
    try:
        return interpret_folders(above, declared)
    except FormatError as error:
        places = {parts: i for i, parts in enumerate(dict.fromkeys(above), 1)}
        names = dict.fromkeys(name for parts in above for name in parts)
        hidden = HiddenNames({name: f"[folder {i}]" for i, name in enumerate(names, 1)})
        numbers = tuple(places[parts] for parts in above)
        return FolderMeaning(hidden=hidden, unclear_reason=str(error), folder_numbers=numbers)


def interpret_plain_folders(
    above: Sequence[tuple[str, ...]], declared: Sequence[str] = ()
) -> FolderMeaning:
    """As `interpret_folders`, but nothing where it is not plain: headers or tables say more of the files.

    Raises:
        SchemaError: The declaration does not fit the folders.
    """
    try:
        return interpret_folders(above, declared)
    except FormatError:
        return NO_FOLDER_MEANING


def _build_meaning(
    above: Sequence[tuple[str, ...]], roles: tuple[str, ...], *, asked: bool
) -> FolderMeaning:
    at = {role: roles.index(role) for role in ("subject", "label") if role in roles}
    notes, subjects, labels, hidden = [], (), (), HiddenNames()
    if "subject" in at:
        names = [get_level_name(parts, at["subject"]) for parts in above]
        numbers = {name: i for i, name in enumerate(dict.fromkeys(filter(None, names)), 1)}
        subjects = tuple(numbers.get(name) for name in names)
        hidden = HiddenNames({name: f"[subject {number}]" for name, number in numbers.items()})
    if "label" in at:
        labels = tuple(get_level_name(parts, at["label"]) for parts in above)
        if not all(labels):
            notes.append("some files lie in subfolders and some do not, so subfolders are no classes")
            labels = ()
    if roles != ("label",):
        notes.insert(0, _describe_levels(above, roles, asked=asked))
    return FolderMeaning(roles, subjects, labels, tuple(notes), hidden)


def _describe_levels(above: Sequence[tuple[str, ...]], roles: tuple[str, ...], *, asked: bool) -> str:
    """How the levels were understood, in counts and without a name."""
    what = {"subject": "subjects", "label": "classes", "visit": "visits, not kept", "none": "not kept"}
    parts = []
    for level, role in enumerate(roles):
        found = Counter(get_level_name(parts, level) for parts in above)
        found.pop("", None)
        low, high = min(found.values()), max(found.values())
        size = f"{low}" if low == high else f"{low} to {high}"
        parts.append(f"level {level + 1}: {len(found)} names of {size} files each are {what[role]}")
    line = ", ".join(f'"{role}"' for role in roles)
    way = "as schema.toml says" if asked else f"schema.toml can say otherwise, folders = [{line}]"
    return f"subfolders: {'; '.join(parts)} ({way})"
