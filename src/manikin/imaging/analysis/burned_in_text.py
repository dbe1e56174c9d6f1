"""Text burned into pictures: what headers, a cheap look at the pixels and a person say of it.

Nobody is named by a header that is never written, but a name in the pixels is learned and drawn again.
What was found travels in the origin of a cohort, from training records to the card.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Self, final

import numpy as np

from manikin.cohort.source_format import SourceOptions
from manikin.imaging.analysis.text_rows import MIN_SHARED_ROW, MIN_TEXT_ROW, scan_images
from manikin.schema.kinds import Image
from manikin.schema.remark import Remark

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from manikin.cohort.cohort import Cohort

_MAX_IMAGES, _MIN_IMAGES, _MAX_PIXELS = 300, 12, 12_000_000
"""So many pictures of a field are looked at, spread evenly; fewer of large ones, to take seconds only."""
_CHANCE_SHARE = 0.04
"""Fewer than this share of pictures may show short rows of marks by chance; a long row never does."""
_RISK_REASONS = {
    "yes": "say so in their header",
    "likely": "are of a kind that often bears text (ultrasound, endoscopy, angiography, secondary capture)",
}


@final
@dataclass(frozen=True)
class BurnedInText:
    """What is known of text in the pictures of a field.

    Args:
        state: "flagged" (text is burned in, or likely), "none" (a person looked, or all headers say so) or
            "unknown".
        records: How many pictures it is about.
        of: How many there are.
        why: What shows it, in words.
    """

    state: str
    records: int
    of: int
    why: Sequence[str] = ()


@final
@dataclass(frozen=True)
class BurnedInOptions(SourceOptions):
    """What is known of text in the pictures of each field; None: nobody looked."""

    burned_in: Mapping[str, BurnedInText] | None = None

    @classmethod
    def from_options(cls, options: Mapping[str, Any]) -> Self:
        """The states among these options."""
        told: Mapping[str, Any] | None = options.get("burned_in")
        return cls(None if told is None else {name: BurnedInText(**one) for name, one in told.items()})

    def to_options(self) -> dict[str, Any]:
        """The states, each as a table of names."""
        return {} if self.burned_in is None else asdict(self)


def detect_burned_in_text(
    arrays: Mapping[str, np.ndarray], kinds: Mapping[str, Any], risks: Mapping[str, Sequence[str]]
) -> tuple[dict[str, BurnedInText], list[Remark]]:
    """What is known of text in the pictures of each field, and notes that count it.

    Args:
        arrays: The pictures of each field, (n, channels, *grid).
        kinds: What the fields are.
        risks: What the headers of each field say of each record: "yes", "likely", "no" or "unknown".

    Returns:
        For each field of pictures what is known, and a note for each that is flagged.
    """
    found, notes = {}, []
    for name, x in arrays.items():
        kind = kinds[name]
        if isinstance(kind, Image) and not kind.levels and len(x):
            found[name] = _assess_field(x, kind, risks.get(name, ()))
            if found[name].state == "flagged":
                notes.append(Remark(_describe_state(found[name]), name))
    return found, notes


def _assess_field(x: np.ndarray, kind: Image, risks: Sequence[str]) -> BurnedInText:
    if kind.burned_in is not None:
        looked = {"none": "none", "present": "flagged"}[kind.burned_in]
        return BurnedInText(looked, len(x), len(x), ["schema.toml says so"])
    why, count = [], 0
    for risk, words in _RISK_REASONS.items():
        if n := sum(each == risk for each in risks):
            why.append(f"{n} {words}")
            count += n
    seen, asked = _count_lettered_images(x)
    if seen:
        why.append(f"{seen} of {asked} looked at seem to bear letters")
    if why:
        return BurnedInText("flagged", max(count, seen), len(x), why)
    clean = bool(len(risks)) and all(risk == "no" for risk in risks)
    return BurnedInText("none" if clean else "unknown", 0, len(x), [])


def _count_lettered_images(x: np.ndarray) -> tuple[int, int]:
    """In how many pictures letters seem to stand, beyond chance, and how many were looked at."""
    flat = x if x.ndim == 4 else np.moveaxis(x, 2, 1).reshape(-1, x.shape[1], *x.shape[3:])  # noqa: PLR2004
    most = int(np.clip(_MAX_PIXELS // int(np.prod(flat.shape[2:])), _MIN_IMAGES, _MAX_IMAGES))
    chosen = flat[np.unique(np.linspace(0, len(flat) - 1, min(len(flat), most)).astype(int))]
    rows, same = scan_images(chosen)
    if same:
        return len(chosen), len(chosen)
    some = int((rows >= MIN_SHARED_ROW).sum())
    return (some if some > max(1, _CHANCE_SHARE * len(chosen)) or (rows >= MIN_TEXT_ROW).any() else 0), len(
        chosen
    )


def _describe_state(found: BurnedInText) -> str:
    return (
        f"text may be burned into {found.records:,} of {found.of:,} pictures "
        f"({'; '.join(found.why)}): look at them, for what names a patient would be learned; manikin "
        'deidentify blanks text; burned_in = "none" under the field in schema.toml says that a person '
        "looked and found none"
    )


def find_flagged_fields(cohort: Cohort) -> dict[str, BurnedInText]:
    """The fields into whose pictures text may be burned, with how many and why.

    Pictures that came as arrays are looked at now; those of files were when they were read.
    """
    known = cohort.origin.find_options(BurnedInOptions).burned_in
    if known is None:
        pictures = {name: cohort[name] for name, kind in cohort.schema.items() if isinstance(kind, Image)}
        known, _ = detect_burned_in_text(pictures, cohort.schema, {})
    return {
        name: found
        for name, found in known.items()
        if name in cohort.schema and _resolve_state(cohort, name, found.state) == "flagged"
    }


def get_burned_in_state(cohort: Cohort, name: str) -> str:
    """What is known of text in the pictures of a field: "none", "flagged" or "unknown".

    Synthetic pictures have the state of those that were learned.
    """
    found = (cohort.origin.find_options(BurnedInOptions).burned_in or {}).get(name)
    return _resolve_state(cohort, name, found.state if found else "unknown")


def _resolve_state(cohort: Cohort, name: str, state: str) -> str:
    """The state of a field; what the schema says counts more."""
    kind = cohort.schema[name]
    declared = kind.burned_in if isinstance(kind, Image) else None
    return {"none": "none", "present": "flagged"}.get(declared or "", state)
