"""What each level of subfolders is, by the names and numbers of its folders and of the files in them.

Many folders with few files, numbered, dated, or called as persons or patients are, are subjects; few
folders with many files and called as classes are, are labels. Where neither is plain, a person has to say
it in `schema.toml`: `folders = ["subject"]`, one word for each level from the top.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from manikin.errors import FormatError
from manikin.schema.inference.folder_names import (
    classify_folder_name,
    is_lower,
    is_scan,
    mask_numbers,
    split_name,
)
from manikin.schema.toml_keys import FOLDER_ROLES

if TYPE_CHECKING:
    from collections.abc import Sequence

_MANY_FOLDERS, _FEW_FOLDERS = 10, 5
_MANY_FILES, _CROWD_FILES = 20, 200  # in each folder: many, and more than of one subject
_THIRD, _HALF, _MOSTLY = 1 / 3, 1 / 2, 0.7


def get_level_name(parts: Sequence[str], level: int) -> str:
    """The folder of a file at a level from the top; "" where the file lies above it."""
    return parts[level] if level < len(parts) else ""


def guess_roles(above: Sequence[tuple[str, ...]], depth: int) -> tuple[str, ...]:
    """What each level is: the subject first, then the class, then what lies between.

    Args:
        above: For each file the names of its folders from the top.
        depth: How many levels there are.

    Raises:
        FormatError: It is not plain which level is whose; the message has the line for `schema.toml`.
    """
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
        names = {get_level_name(parts, level) for parts in above} - {""}
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
    names = {get_level_name(parts, level) for parts in above} - {""}
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
    counts = [len({get_level_name(parts, level) for parts in above} - {""}) for level in range(depth)]
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
