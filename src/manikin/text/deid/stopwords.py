"""Usual words: what a capital letter makes no name, and what a name may stand before or behind.

A capital tells a name from a word only in text of both cases; elsewhere these lists and endings must.
"""

# ruff: noqa: E501

from __future__ import annotations

from manikin.core.word_lists import read_word_list


def _read_words(which: str) -> tuple[str, ...]:
    return read_word_list("manikin.text.deid", f"words/{which}.txt")


COMMON_CAPITALIZED = frozenset(_read_words("capitalized"))
COMMON_WORDS = frozenset((*_read_words("common"), *(word.lower() for word in COMMON_CAPITALIZED)))
WORD_ENDINGS = _read_words("endings")
NAME_PARTICLES = frozenset(_read_words("particles"))
EPONYMS = frozenset(_read_words("eponyms"))
NON_PERSON_PAIRS = frozenset(_read_words("non_person_pairs"))

EPONYM_SUFFIX = (
    r"(?:['’]s?)?[\s-]+(?:apple\b|\w{2,}(?:ectomy|plasty|ostomy|otomy|pexy|desis|rrhaphy|orraphy|scopy|ectomies)\b)|(?:['’]s?)?[\s-]+(?:(?:postnatal|clinic|knee|hip|sleep|depression|anxiety|severity|liver|symptom|pain|disability|functional|mobility)\s+){0,3}(?:disease|syndrome|sign|test|maneuver|manoeuvre|score|scale|criteria|catheter|drain"
    r"|tube|line|palsy|phenomenon|esophagus|cyst|contracture|sarcoma|lymphoma|tumou?r|thyroiditis|ulcer"
    r"|nodes?|fracture|procedure|operation|incision|class|classification|grade|stage|dystrophy|chorea"
    r"|ataxia|reflex|triad|law|point|position|needle|clamp|retractor|monitor|stain|virus|tremor|dementia"
    r"|gait|bod(?:y|ies)|cells?|rule|method|scan|dissection|angle|hernia|diverticulum|anomaly|malformation"
    r"|disorder|pouch|shunt|valve|stent|pump|splint|frame|study|trial|level|index|coma|block|wave|respirations?"
    r"|macule|nevus|esophagitis|brace|chart|definition|questionnaire|heart|coma|stool|system|flu|repair|forceps|consensus|patch|protocol|crisis|ophthalmopathy|encephalopathy|formula|operation|nodule|capsule|gland|anastomosis|solution|lactate|boot|boots|view|pack|prosthesis|forceps|speculum|speech|aphasia|area|muscle|fascia|loop|islets?|plexus|membrane|tubules?|disc|spot|rings?|teeth|nails|facies|breathing|jerk|manoeuver|maneuver|node|aneurysm|duct|ligament|tendon|canal|foramen|space|drip|stitch|suture)s?\b"
)
"""What follows a name after which something is called ("Wilson disease")."""
_EPONYM_PARTS = (
    r"pouch|circle|foramen|triangle|ligament|ampulla|sphincter|bundle|islets?|canal|angle|point|line|fascia|node|nodes|loop|crypts?"
    r"|valves?|tunnel|organ|tendon|zonule|duct|septum|folds?|space|plane|area|ring|artery|vein|sign|test|disease|tetralogy|pentalogy"
    r"|triad|syndrome|law|method|classification|bodies|cells?|glands?|cartilage|tubercle|tract|nucleus|cave|membrane|isthmus|hiatus"
)
EPONYM_PREFIX = rf"\b(?:(?:{_EPONYM_PARTS})\s+of|(?:segno|test|prova|manovra|malattia|sindrome|legge|morbo|signe|maladie|manoeuvre|signo|prueba|maniobra|teken|proef|ziekte|zeichen|tecken|sjukdom)\s+(?:d[ei]l?|van|nach|von)|morbus|maladie\s+de|enfermedad\s+de|morbo\s+di|ziekte\s+van|m\.|syndrome?\s+de|sindrome\s+d[ei])\s*$"
"""What stands before such a name in other languages."""


def is_common_word(word: str, *, cased: bool = False) -> bool:
    """Whether a word in lower case is one of prose rather than a name.

    Args:
        word: In lower case.
        cased: Whether it began with a capital where others do not, so that its ending tells nothing.

    Example:
        >>> is_common_word("complains"), is_common_word("donnelly"), is_common_word("donnelly", cased=True)
        (True, True, False)
    """
    if word.startswith("mc") and len(word) > 5:  # noqa: PLR2004 - "McGarrity", and no "mcg"
        return False
    if len(word) < 3 or word in COMMON_WORDS:  # noqa: PLR2004 - no name
        return True
    if cased or word.endswith("vic"):
        return False
    return word.endswith(WORD_ENDINGS) or (word.endswith("s") and word[:-1] in COMMON_WORDS)
