"""The codes of histories: which are shared by enough patients, and what stands for those that are not."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from manikin.cohort.histories import DEATH_CODE, HIDDEN_CODE, is_repeated_event
from manikin.ehr import icd
from manikin.ehr.assemble import ANSWER_PREFIX, CODE_SEPARATOR

if TYPE_CHECKING:
    from manikin.cohort.histories import Histories

MIN_PARENT_LENGTH = 3
"""Characters of a code that its parents have at least: a category of ICD or ATC."""

HIERARCHY_PATTERN = re.compile(r"\b(icd|atc)", re.IGNORECASE)


def list_ancestors(code: str) -> list[str]:
    """A code and its parents: what it answers; shorter codes, where its system is a hierarchy of such.

    Example:
        >>> list_ancestors("ICD9//25013"), list_ancestors("LOINC//5778-6//=TEXT//clear")
        (['ICD9//25013', 'ICD9//2501', 'ICD9//250'], ['LOINC//5778-6//=TEXT//clear', 'LOINC//5778-6'])
    """
    asked, answer, _ = code.partition(CODE_SEPARATOR + ANSWER_PREFIX)
    if answer:
        return [code, *list_ancestors(asked)]
    system, _, tail = code.rpartition("//")
    if not HIERARCHY_PATTERN.search(system):
        return [code]
    return [code[: len(code) - cut].rstrip(".") for cut in range(max(len(tail) - MIN_PARENT_LENGTH, 0) + 1)]


def group_codes(codes: tuple[str, ...]) -> tuple[int, ...]:
    """A number for each code, that of its relatives: a chapter of ICD, else what a name begins with.

    Parts of names are parted by "//"; the longest beginning that another code has, too, counts.

    Example:
        >>> drugs = "DRUG//insulin//Up", "DRUG//insulin//No"
        >>> group_codes(("ICD9//428", "ICD9//414", "ICD9//250", *drugs, "A1C"))
        (0, 0, 1, 2, 2, 3)
    """
    above = [_list_groups(code) for code in codes]
    shared = Counter(name for names in above for name in names)
    chosen = [next((name for name in names if shared[name] > 1), names[-1]) for names in above]
    number = {name: i for i, name in enumerate(dict.fromkeys(chosen))}
    return tuple(number[name] for name in chosen)


def _list_groups(code: str) -> list[str]:
    """What a code belongs to, the nearest first; "" holds all."""
    parts = code.split("//")
    names = ["//".join(parts[:i]) for i in range(len(parts) - 1, -1, -1)]
    found = icd.find_chapter(code)
    return [f"{names[0]}//{found}", *names] if found else names


def build_vocabulary(
    found: Histories, subject: np.ndarray, least: int
) -> tuple[tuple[str, ...], dict[str, Any]]:
    """The codes that enough patients share, parents of rarer ones among them; and what became of these."""
    names: list[str] = found.codes.tolist()
    _, owner = np.unique(subject, return_inverse=True)
    pairs = np.unique(np.stack([found.code, owner[found.patient]]), axis=1)
    patients: dict[str, set[int]] = defaultdict(set)
    for code, person in pairs.T.tolist():
        patients[names[code]].add(person)
    used = [names[i] for i in np.unique(found.code)]
    levels = {code: list_ancestors(code) for code in used}
    kept = {code for code in used if len(patients[code]) >= least}
    rare = [code for code in used if code not in kept]
    for depth in range(1, max(map(len, levels.values()), default=1)):
        pooled: dict[str, set[int]] = defaultdict(set)
        for code in rare:
            if depth < len(levels[code]) and not kept & set(levels[code][:depth]):
                pooled[levels[code][depth]] |= patients[code]
        kept |= {
            code for code, people in pooled.items() if len(people | patients.get(code, set())) >= least
        }
    stands = {code: next((c for c in levels[code] if c in kept), None) for code in used}
    events = dict(
        zip(found.codes.tolist(), np.bincount(found.code, minlength=len(found.codes)), strict=True)
    )
    order = sorted(
        kept, key=lambda code: (code == DEATH_CODE, code.rpartition("//")[0], -len(patients[code]), code)
    )
    facts = {
        "codes": len(order),
        "codes_by_parent": sum(stands[code] not in (None, code) for code in used),
        "codes_left_out": sum(stands[code] is None for code in used),
        "events_by_parent": int(sum(events[code] for code in used if stands[code] not in (None, code))),
        "events_left_out": int(sum(events[code] for code in used if stands[code] is None)),
    }
    return tuple(order), facts


def map_to_vocabulary(found: Histories, codes: tuple[str, ...]) -> Histories:
    """The events by a vocabulary: each code, or the first of its parents that it has; else left out.

    A hidden code is numbered after all others.
    """
    codes = (*codes, HIDDEN_CODE) if HIDDEN_CODE in found.codes else codes
    place = {code: i for i, code in enumerate(codes)}
    index = np.array(
        [next((place[c] for c in list_ancestors(name) if c in place), -1) for name in found.codes]
    )
    named = replace(found, code=index[found.code] if len(index) else found.code)
    return replace(named, codes=np.array(codes, dtype=object)).select_events(named.code >= 0)


def find_recurring_codes(found: Histories, subject: np.ndarray, least: int) -> list[int]:
    """The codes that come again within a visit in so many patients."""
    twice = is_repeated_event(found, None)
    pairs = np.unique(np.stack([found.code[twice], subject[found.patient[twice]]]), axis=1)
    return np.flatnonzero(np.bincount(pairs[0], minlength=len(found.codes)) >= least).tolist()


def is_after_end(found: Histories, last: list[int]) -> np.ndarray:
    """Which events stand after one that ends its history: certificates and bills follow a death, (m,)."""
    ends = np.isin(found.code, last).astype(int)
    before = np.cumsum(ends) - ends
    return before > np.append(before, 0)[found.start[:-1]][found.patient]
