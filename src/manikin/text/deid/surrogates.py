"""Surrogates for identifiers in prose: of the same shape, and the same wherever a patient's stand."""

from __future__ import annotations

import itertools
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, final

from manikin.schema.name_lists import read_names
from manikin.text.deid import date_shift
from manikin.text.deid.detect import detect_identifiers
from manikin.text.deid.markup import unescape_markup
from manikin.text.deid.name_rules import INSTITUTION_KINDS
from manikin.text.deid.stopwords import NAME_PARTICLES
from manikin.text.deid.street_rules import STREET_KIND_PATTERN
from manikin.text.deid.truecase import fold_case

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    import numpy as np

    from manikin.core.seeds import Key
    from manikin.text.deid.detect import Finder, Span

MAX_SHIFT_WEEKS = 52
"""Dates move by up to so many weeks, and keep the day of the week."""

OLD_AGE_SURROGATE = "90"
"""What stands for any age above 89 (45 CFR 164.514(b)(2)(i)(C))."""

_NAME_LISTS = {name: read_names(name) for name in ("women", "men", "families")}
_TOWNS = read_names("surrogate_towns")
_LISTED_NAMES = {name: {fold_case(word) for word in names} for name, names in _NAME_LISTS.items()}
_LETTERS = "ABCDEFGHJKLMNPQRSTUVWXYZ"
_POSTCODE = re.compile(r"[A-Z]{1,2}\d[A-Z\d]?\s?\d[A-Z]{2}$|[A-Z]{1,2}\d\w?$", re.IGNORECASE)
_KEPT_WORDS = frozenset(
    [
        "dr",
        "mr",
        "mrs",
        "ms",
        "miss",
        "mx",
        "prof",
        "herr",
        "frau",
        "mme",
        "sra",
        "md",
        "do",
        "rn",
        "np",
        "pa",
        "pa-c",
        "phd",
        "mbbs",
        "frcp",
        "mrcp",
        "jr",
        "sr",
        "ii",
        "iii",
        "iv",
    ]
)


@final
@dataclass(frozen=True)
class SurrogateGenerator:
    """The surrogates of one patient.

    Args:
        key: Of this patient: the same key gives the same surrogates.
        name_lists: From words of the patient's names, folded, to the list of their surrogates: "women",
            "men", "families"; other words go by the list in which they stand.
        fixed_surrogates: Surrogates that are settled, by the folded original: of numbers that columns hold
            too.
        day_first: Whether digits that could be either are the day before the month.
        drawn_names: Surrogates of names so far, so that two names never share one; in the order of the
            text.
    """

    key: Key
    name_lists: Mapping[str, str] = field(default_factory=dict)
    fixed_surrogates: Mapping[str, str] = field(default_factory=dict)
    day_first: bool = False
    drawn_names: dict[str, str] = field(default_factory=dict, compare=False)

    @property
    def shift_days(self) -> int:
        """By how many days all dates of this patient move: whole weeks, never none."""
        weeks = int(self.key.child("shift").numpy().integers(1, MAX_SHIFT_WEEKS + 1))
        return 7 * (weeks if self.key.child("sign").numpy().random() < 0.5 else -weeks)  # noqa: PLR2004 - a coin

    def replace_identifiers(
        self, text: str, known: Iterable[str] = (), also: Iterable[Finder] = ()
    ) -> tuple[str, list[Span]]:
        """A text with surrogates for its identifiers, and where these stood."""
        return self.replace_spans(text, detect_identifiers(text, known, also))

    def replace_spans(self, text: str, found: list[Span]) -> tuple[str, list[Span]]:
        """A text with surrogates for what was found, and where that stood."""
        parts, end = [], 0
        for span in found:
            parts += [
                text[end : span.start],
                self.generate(unescape_markup(text[span.start : span.end]), span.kind),
            ]
            end = span.end
        return "".join((*parts, text[end:])), found

    def generate(self, original: str, kind: str) -> str:
        """The surrogate of one identifier; never the identifier itself."""
        if (settled := self.fixed_surrogates.get(fold_case(original))) is not None:
            return settled.lower() if original.islower() else settled
        said = original
        for turn in range(9):
            rng = self.key.child(kind, original.casefold(), *([turn] if turn else [])).numpy()
            said = self._generate_kind(original, kind, rng)
            if said.casefold() != original.casefold() or kind == "age":
                break
        return said

    def _generate_kind(self, original: str, kind: str, rng: np.random.Generator) -> str:  # noqa: PLR0911 - a kind each
        match kind:
            case "name":
                return self._replace_name(original)
            case "place":
                return _replace_place(original, rng)
            case "address":
                return _replace_address(original, rng)
            case "date":
                return date_shift.shift_date(
                    original, self.shift_days, day_first=self.day_first
                ) or _replace_characters(original, rng)
            case "age":
                return (
                    f"{OLD_AGE_SURROGATE}th"
                    if re.search(r"\dth|\d(?:st|nd|rd)|(?:st|nd|rd|th)$", original)
                    else OLD_AGE_SURROGATE
                )
            case "email":
                return f"person{rng.integers(1000, 9999)}@example.org"
            case "url":
                return f"https://example.org/{rng.integers(1000, 9999)}"
            case "id":
                return _replace_characters(original, rng)
            case _:
                return re.sub(r"\d", lambda _: _draw_digit(rng), original)

    def _replace_name(self, original: str) -> str:
        """Words of a name one by one; particles, degrees and signs stay."""

        def word(found: re.Match[str]) -> str:
            plain = found[0].lower().rstrip(".")
            if plain in NAME_PARTICLES or plain in _KEPT_WORDS:
                return found[0]
            return self.replace_initial(found[0]) if len(found[0]) == 1 else self.replace_word(found[0])

        return re.sub(r"[^\W\d_]+(?:['’](?!s\b|S\b)[^\W\d_]+)*", word, original)

    def replace_word(self, word: str) -> str:
        """Each word of a name has its own surrogate, of the same list where it stands in one."""
        plain = fold_case(word)
        listed = next((name for name, names in _LISTED_NAMES.items() if plain in names), "families")
        if plain in self.drawn_names:
            return _match_case(word, self.drawn_names[plain])
        pool = _NAME_LISTS[self.name_lists.get(plain) or listed]
        rng = self.key.child("name", plain).numpy()
        taken = {plain, *self.name_lists, *map(fold_case, self.drawn_names.values())}
        order = [pool[i] for i in rng.permutation(len(pool))]
        free = (one for one in order if fold_case(one) not in taken)
        pairs = (f"{a}{b.lower()}" for a, b in itertools.permutations(order, 2))  # more names than the list
        chosen = next(free, None) or next(pair for pair in pairs if fold_case(pair) not in taken)
        self.drawn_names[plain] = chosen
        return _match_case(word, chosen)

    def replace_initial(self, letter: str) -> str:
        """The first letter of the surrogate of the name that it stands for, where that is known."""
        whole = next((word for word in sorted(self.name_lists) if word[:1] == letter.lower()), None)
        if whole is not None:
            return _match_case(letter, self.replace_word(whole)[0].upper())
        others = _LETTERS.replace(letter.upper(), "")
        return _match_case(
            letter, others[self.key.child("initial", letter.lower()).numpy().integers(len(others))]
        )


def _replace_place(original: str, rng: np.random.Generator) -> str:
    """Another town and other digits; what kind of house it is and the state stay."""
    if _POSTCODE.match(original):
        return _replace_characters(original, rng)
    if code := re.match(r"(?:[A-Z]{1,2}-)?\d[\d\s-]*(?:[A-Z]{2}\b\s*)?", original):
        rest = original[code.end() :]
        return _replace_characters(code[0], rng) + (_replace_place(rest, rng) if rest else "")
    town = _match_case(original, _TOWNS[rng.integers(len(_TOWNS))])
    if house := re.search(rf"\s(?:{INSTITUTION_KINDS})$", original, re.IGNORECASE):
        return town + house[0]
    named = re.match(r"[^,\d]*?(?=\s+[A-Z]{2},?\s+\d|[,\d]|$)", original)
    behind = original[named.end() :] if named else ""
    code = re.search(r"[A-Z]{1,2}\d[A-Z\d]?\s?\d[A-Z]{2}$", behind)
    return town + (
        _replace_characters(behind, rng) if code else re.sub(r"\d", lambda _: _draw_digit(rng), behind)
    )


def _replace_address(original: str, rng: np.random.Generator) -> str:
    """Other digits and another name for the street and each further part; what kind of way it is stays."""
    if "," in original:
        return ", ".join(
            _replace_address(part.strip(), rng) for part in original.split(",") if part.strip()
        )
    town, used = _TOWNS[rng.integers(len(_TOWNS))], []

    def word(found: re.Match[str]) -> str:
        way = STREET_KIND_PATTERN.search(found[0])
        if way and way.start() == 0:
            return found[0]
        stem = "" if used else _match_case(found[0][: way.start()] if way else found[0], town)
        used.append(stem)
        return stem + (way[0] if way else "")

    named = re.sub(r"[^\W\d_][^\W\d_'’-]*(?:['’-][^\W\d_]+)*\.?", word, original)
    return re.sub(r" {2,}", " ", re.sub(r"\d", lambda _: _draw_digit(rng), named)).strip()


def _match_case(original: str, word: str) -> str:
    """A word in the case of another."""
    return word.upper() if original.isupper() else word.lower() if original.islower() else word


def _draw_digit(rng: np.random.Generator) -> str:
    return str(rng.integers(10))


def _replace_characters(original: str, rng: np.random.Generator) -> str:
    """Other digits and letters; the suffix of a file stays."""
    name, dot, suffix = original.rpartition(".")
    if not (dot and suffix.isalpha()):
        name, dot, suffix = original, "", ""

    def other(found: re.Match[str]) -> str:
        letter = _LETTERS[rng.integers(len(_LETTERS))]
        return _draw_digit(rng) if found[0].isdigit() else letter if found[0].isupper() else letter.lower()

    return re.sub(r"[^\W_]", other, name) + dot + suffix
