"""What the subfolders above a file say: whose it is, and of which class.

Many folders with few files, numbered, dated, or called as persons or patients are, are subjects; few
folders with many files and called as classes are, are labels. Where neither is plain, a person has to say
it in `schema.toml`: `folders = ["subject"]`, one word for each level from the top.
"""

from __future__ import annotations

import re
from collections import Counter
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, final

from manikin.errors import FormatError, ManikinError, SchemaError
from manikin.schema.inference.folder_names import (
    classify_folder_name,
    is_lower,
    is_scan,
    mask_numbers,
    split_name,
)
from manikin.schema.remark import rewrite_notes
from manikin.schema.toml_keys import FOLDER_ROLES

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

_MANY_FOLDERS, _FEW_FOLDERS, _MANY_FILES, _CROWD_FILES = (
    10,
    5,
    20,
    200,
)  # many and few folders; many files in each, or a store
_THIRD, _HALF, _MOSTLY = 1 / 3, 1 / 2, 0.7


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
    roles = tuple(declared) or _guess_roles(above, depth)
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
        names = [_get_level_name(parts, at["subject"]) for parts in above]
        numbers = {name: i for i, name in enumerate(dict.fromkeys(filter(None, names)), 1)}
        subjects = tuple(numbers.get(name) for name in names)
        hidden = HiddenNames({name: f"[subject {number}]" for name, number in numbers.items()})
    if "label" in at:
        labels = tuple(_get_level_name(parts, at["label"]) for parts in above)
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
        found = Counter(_get_level_name(parts, level) for parts in above)
        found.pop("", None)
        low, high = min(found.values()), max(found.values())
        size = f"{low}" if low == high else f"{low} to {high}"
        parts.append(f"level {level + 1}: {len(found)} names of {size} files each are {what[role]}")
    line = ", ".join(f'"{role}"' for role in roles)
    way = "as schema.toml says" if asked else f"schema.toml can say otherwise, folders = [{line}]"
    return f"subfolders: {'; '.join(parts)} ({way})"


def _get_level_name(parts: Sequence[str], level: int) -> str:
    return parts[level] if level < len(parts) else ""


def _guess_roles(above: Sequence[tuple[str, ...]], depth: int) -> tuple[str, ...]:
    """What each level is: the subject first, then the class, then what lies between."""
    found = [
        classify_level([parts for parts in above if len(parts) > level], level) for level in range(depth)
    ]
    strength = [strong if role == "subject" else 0 for role, strong in found]
    roles = [role for role, _ in found]
    if not any(strength) and depth > 1:
        below = next((level for level in range(1, depth) if _are_numbers(above, level)), None)
        if "label" in roles[:below] and below is not None:  # numbers below a class are whose, not what
            strength[below] = 1
    if any(strength):
        whose = strength.index(max(strength))
        return tuple(_choose_role(role, level, whose, roles) for level, role in enumerate(roles))
    named = [role for role in roles if role not in ("none", "visit")]
    if named in ([], ["label"]):
        return _resolve_visits(above, roles)
    raise FormatError(_describe_ambiguity(above, depth))


def _resolve_visits(above: Sequence[tuple[str, ...]], roles: list[str]) -> tuple[str, ...]:
    """Levels without subjects; many folders of numbered images or scans are one subject each."""
    for level, role in enumerate(roles):
        names = {_get_level_name(parts, level) for parts in above} - {""}
        if (
            role == "visit"
            and len(names) > _FEW_FOLDERS
            and sum(map(is_scan, names)) > _MOSTLY * len(names)
        ):
            return (*roles[:level], "subject", *roles[level + 1 :])
    return tuple(roles)


def _choose_role(role: str, level: int, whose: int, roles: Sequence[str]) -> str:
    """What a level is, beside that of the subjects."""
    if level == whose:
        return "subject"
    if role == "label" and roles.index("label") == level:
        return "label"
    return "visit" if role in ("visit", "subject") and level > whose else "none"


def _are_numbers(above: Sequence[tuple[str, ...]], level: int) -> bool:
    """Whether the names of a level are numbers."""
    names = {_get_level_name(parts, level) for parts in above} - {""}
    return bool(names) and sum(
        classify_folder_name(name) in ("digits", "numbered") for name in names
    ) > _HALF * len(names)


def classify_level(above: Sequence[tuple[str, ...]], level: int) -> tuple[str, int]:
    """What one level is by itself, and how plainly its names are those of persons (1 to 3)."""
    sizes = Counter(parts[: level + 1] for parts in above)
    names = sorted({parts[level] for parts in sizes})
    size = sorted(sizes.values())[len(sizes) // 2]
    forms = Counter(classify_folder_name(name) for name in names)
    share = {what: count / len(names) for what, count in forms.items()}
    of = lambda *what: sum(share.get(each, 0.0) for each in what)  # noqa: E731 - read in the next lines
    if of("person", "patient") >= _HALF or (
        of("person", "surname") >= _THIRD
        and of("person", "surname", "pair", "word") > _MOSTLY > of("class") * 2
    ):
        return "subject", 3
    if of("unique") >= _HALF:
        return "subject", 2
    if of("date") >= _HALF:
        return "subject", 1
    for what, role in (("visit", "visit"), ("part", "none"), ("class", "label")):
        if of(what) >= (_THIRD if what == "class" else _HALF) and len(names) <= 6 * _MANY_FOLDERS:
            return ("unclear" if role == "label" and of("person", "patient", "unique") else role), 0
    if of("digits", "numbered", "patient", "unique", "date") > _MOSTLY:
        return _classify_numbers(names, size)
    return _classify_words(names, forms, size)


def _classify_numbers(names: Sequence[str], size: int) -> tuple[str, int]:
    """What numbers are: of persons where many, long or padded; of classes where few count from 0."""
    if len(names) == 1:
        return "none", 0
    if size >= _CROWD_FILES:
        return "unclear", 0
    if not all(name.isdigit() for name in names):
        alike = Counter(map(mask_numbers, names)).most_common(1)[0][1] > _MOSTLY * len(names)
        long = (
            max(len(number) for name in names for number in [*filter(str.isdigit, split_name(name)), ""])
            > 2  # noqa: PLR2004
        )
        return ("subject", 2) if alike and (long or len(names) > _MANY_FOLDERS) else ("unclear", 0)
    values = sorted(map(int, names))
    padded = any(name != str(int(name)) for name in names)
    running = values in (list(range(len(values))), list(range(1, len(values) + 1)))
    if len(names) <= _FEW_FOLDERS + 2 * (values[0] == 0) and running and not padded:
        return "label", 0
    if (
        max(map(len, names)) >= 3  # noqa: PLR2004
        or len(names) > 2 * _MANY_FOLDERS
        or (len(names) > _FEW_FOLDERS and size < _MANY_FOLDERS)
    ):
        return "subject", 2
    return ("subject", 1) if padded and len(names) > _FEW_FOLDERS else ("unclear", 0)


def _classify_words(names: Sequence[str], forms: Counter[str], size: int) -> tuple[str, int]:
    """What names are that say nothing by themselves: only counts can tell."""
    if len(names) == 1:
        return "none", 0
    if len(names) <= 2 and not forms.keys() & {"person", "pair", "surname", "code", "unique", "numbered"}:  # noqa: PLR2004
        return "label", 0
    if len(names) <= _FEW_FOLDERS and (forms["class"] or max(map(len, names)) == 1):  # letters name nobody
        return "label", 0
    if (
        all(map(is_lower, names))
        and set(forms) <= {"word", "class"}
        and len(names) <= _MANY_FOLDERS
        and size >= _MANY_FILES
    ):
        return "label", 0
    if len(names) > 4 * _MANY_FOLDERS and size < _MANY_FOLDERS:
        return "subject", 1
    return "unclear", 0


def _describe_ambiguity(above: Sequence[tuple[str, ...]], depth: int) -> str:
    counts = [len({_get_level_name(parts, level) for parts in above} - {""}) for level in range(depth)]
    files = len(above)
    if depth == 1:
        return (
            f"{files} files lie in {counts[0]} subfolders: nothing tells whether these are patients "
            'or classes. Write one line at the top of schema.toml: folders = ["subject"], or folders = '
            '["label"]'
        )
    levels = " and ".join(f"{count} at level {level}" for level, count in enumerate(counts, 1))
    example = ", ".join(['"label"', '"subject"', *['"none"'] * (depth - 2)])
    return (
        f"{files} files lie in subfolders of a subfolder ({levels} names): nothing tells which are "
        f"patients and which are classes. Write one line at the top of schema.toml: folders = "
        f"[{example}], one of {', '.join(FOLDER_ROLES)} for each level; or list the files in a csv table"
    )
