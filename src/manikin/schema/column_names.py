"""What the name of a field says: codes, quantities, units, persons, record numbers, survival."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

from manikin.schema import vocabulary

_CODE_WORD_LIST = """
id code type class group grp grade stage status category cat kind sex gender race ethnicity region site
center centre department ward insurance marital smoking smoker target label outcome y diagnosis diag dx
cluster arm flag treatment trt level quartile quintile tertile decile cp thal slope restecg disposition
source nyha asa killip ecog birads drg icd zip postcode hospital specialty cause reason
"""
CODE_WORDS = frozenset(_CODE_WORD_LIST.split())
"""Last words of names that hold codes."""

_QUANTITY_WORD_LIST = """
age num number n nr no count score day days year years yr yrs month months week weeks hour hours minutes
time weight height bmi dose rate pressure nodes size length los points visits total sum mean max min percent
pct parity gravida duration volume area index
"""
QUANTITY_WORDS = frozenset(_QUANTITY_WORD_LIST.split())
"""Words of names that hold quantities."""

ORDERED_CODE_WORDS = frozenset(
    {"grade", "stage", "level", "class", "nyha", "asa", "killip", "ecog", "birads", "decile"}
)
"""Last words of names whose codes have an order."""

_JOINING_WORDS = frozenset(
    {"in", "of", "to", "at", "from", "since", "until", "per", "by", "after", "before"}
)

_UNITS_BY_WORD = {
    "years": "years", "yrs": "years", "months": "months", "weeks": "weeks", "days": "days",
    "hours": "hours", "minutes": "min", "mins": "min", "seconds": "s", "kg": "kg", "cm": "cm", "mm": "mm",
    "mg": "mg", "ml": "ml", "mmhg": "mmHg", "bpm": "1/min", "percent": "%", "pct": "%", "mg dl": "mg/dl",
    "g dl": "g/dl", "mmol l": "mmol/l", "umol l": "umol/l", "g l": "g/l", "kg m2": "kg/m2",
    "ng ml": "ng/ml", "u l": "U/l", "pack years": "pack-years",
}  # fmt: skip

_IDENTITY_PATTERN = re.compile(
    r"(^|_)(e_?mail|phone|telephone|tel|mobile|fax|address|addr|street|ssn|social_security(_number)?|passport"
    r"|nhs_number|bsn|iban|licen[cs]e_plate|url|ip)(_|$)"
    r"|^(name|initials|physician|doctor|nurse)(_name)?$"
)
_SURVIVAL_TIME_PATTERN = re.compile(
    r"^([a-z]|fu|os|pfs|dfs|rfs|efs|dss|pfi|surv|survival|event|follow_?up|death|obs|observed|censor(ing)?)?_?time$"
    r"|^(futime|survtime|followup|follow_up|duration|lenfol|time_?2_?event|t_?event)$"
    r"|^(time|days|months|years)_to_[a-z_]+$"
    r"|^(os|pfs|dfs|rfs|efs|survival|follow_?up|fu)_(time|days|months|years|weeks)$"
)
_SURVIVAL_EVENT_PATTERN = re.compile(
    r"^([a-z]_)?(event|status|cens|death|dead|died|deceased|recur|recurrence|relapse|fail|failure)$"
    r"|^(fstat|vital_status|mort(ality|stat)?|mortality_status|death_event|event_observed|observed)$"
    r"|^(os|pfs|dfs|rfs|efs|dss|pfi)$|^(os|pfs|dfs|rfs|efs|dss|pfi|fu|death|survival)_(event|status|cens)$"
)


_NUMBER_SUFFIX_PATTERN = re.compile("(id|no|nr|num|code)$")
_PLAIN_LETTERS = str.maketrans(
    {"ß": "ss", "ø": "o", "Ø": "O", "æ": "ae", "Æ": "AE", "ł": "l", "Ł": "L", "ı": "i"}
)
"""Letters that have no plain letter within them."""


@lru_cache(maxsize=1024)  # several detectors ask for the words of each column
def split_name(name: str) -> tuple[str, ...]:
    """The words of a field's name, in lower case and without accents.

    Example:
        >>> split_name("d.time"), split_name("PatientID")
        (('d', 'time'), ('patient', 'id'))
        >>> split_name("admission_type_id"), split_name("Número")
        (('admission', 'type', 'id'), ('numero',))
    """
    folded = unicodedata.normalize("NFKD", name.translate(_PLAIN_LETTERS))
    bare = "".join(letter for letter in folded if not unicodedata.combining(letter))
    split = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", bare)
    return tuple(word.lower() for word in re.split(r"[^0-9A-Za-z]+", split) if word)


def classify_number_name(name: str) -> str | None:
    """Whether whole numbers under this name are a "code" or a "quantity"; None: it does not say.

    The last word decides, up to a joining word: a number of sites is a quantity.

    Example:
        >>> names = "admission_type_id", "number_of_sites", "age_group", "glucose"
        >>> [classify_number_name(name) for name in names]
        ['code', 'quantity', 'code', None]
    """
    words = split_name(name)
    joint = next((i for i, word in enumerate(words) if i and word in _JOINING_WORDS), len(words))
    for word in reversed(words[:joint]):
        if word in CODE_WORDS:
            return "code"
        if word in QUANTITY_WORDS and words != ("num",):
            return "quantity"
    return None


def is_ordered(name: str) -> bool:
    """Whether codes under this name have an order, as a grade or a stage has."""
    return any(word in ORDERED_CODE_WORDS for word in split_name(name)[-1:])


def find_unit(name: str) -> str | None:
    """The unit that a name states.

    Example:
        >>> names = "sepal length (cm)", "glucose_mg_dl", "survival_months", "age"
        >>> [find_unit(name) for name in names]
        ['cm', 'mg/dl', 'months', None]
    """
    if bracket := re.search(r"[(\[]([^)\]]{1,15})[)\]]\s*$", name):
        return bracket[1].strip()
    words = split_name(name)
    if len(words) < 2:  # noqa: PLR2004 - a lone word is the quantity, not its unit
        return None
    return _UNITS_BY_WORD.get(" ".join(words[-2:])) or _UNITS_BY_WORD.get(words[-1])


def normalize_name(name: str) -> str:
    """The words of a name, joined.

    Example:
        >>> normalize_name("Patienten-Nr."), normalize_name("ID_PAT")
        ('patienten_nr', 'id_pat')
    """
    return "_".join(split_name(name))


def is_direct_identifier(name: str) -> bool:
    """Whether a name announces who somebody is: names, addresses, telephone and national numbers.

    Example:
        >>> names = "last_name", "E-mail", "drug_name", "NHS number", "Dirección"
        >>> [is_direct_identifier(name) for name in names]
        [True, True, False, True, True]
    """
    bare = normalize_name(name)
    patterns = (_IDENTITY_PATTERN, vocabulary.NATIONAL_ID_PATTERN, vocabulary.CONTACT_PATTERN)
    return is_person_name(name) or any(pattern.search(bare) for pattern in patterns)


def is_person_name(name: str) -> bool:
    """Whether a name announces names of persons and nothing else, in a dozen languages.

    Example:
        >>> names = "last_name", "Nachname", "Prénom", "姓名", "name", "drug_name"
        >>> [is_person_name(name) for name in names]
        [True, True, True, True, False, False]
    """
    spelled = "".join(unicodedata.normalize("NFKC", name).casefold().split())
    if any(word in spelled for word in vocabulary.NON_LATIN_NAME_WORDS):
        return True
    return bool(vocabulary.PERSON_NAME_PATTERN.search(normalize_name(name)))


def may_name_person(name: str) -> bool:
    """Whether a column of text beside notes may hold names: of patients, relatives or staff.

    Example:
        >>> [may_name_person(name) for name in ("attending", "ptName", "drug_name", "name")]
        [True, True, False, True]
    """
    bare = normalize_name(name)
    return bool(vocabulary.NAME_COLUMN_PATTERN.search(bare)) or (
        is_direct_identifier(name) and bare.endswith("name")
    )


def find_identifier_kind(name: str) -> str | None:
    """What a column of text beside notes holds that may identify, by a word of its name.

    Example:
        >>> [find_identifier_kind(name) for name in ("home_phone", "ZIP code", "glucose")]
        ['phone', 'place', None]
    """
    kinds = vocabulary.KIND_BY_IDENTIFIER_WORD
    return next((kinds[word] for word in split_name(name) if word in kinds), None)


def is_birth_date(name: str) -> bool:
    """Whether a name announces a date of birth."""
    return bool({"dob", "birth", "birthdate", "birthday"} & set(split_name(name)))


def is_lasting(name: str) -> bool:
    """Whether a name announces what stays the same with a person: sex, birth, race.

    Example:
        >>> is_lasting("SEX"), is_lasting("Geburtsdatum"), is_lasting("weight")
        (True, True, False)
    """
    return bool(vocabulary.LASTING_WORDS & set(split_name(name)))


def is_record_id(name: str) -> bool:
    """Whether a name announces the number of a row or a record, such as an encounter."""
    return bool(vocabulary.RECORD_ID_PATTERN.match(normalize_name(name)))


def is_row_counter(name: str) -> bool:
    """Whether a name announces the number of a row, or of a visit among those of a person."""
    return bool(vocabulary.ROW_COUNTER_PATTERN.match(normalize_name(name)))


def is_subject_id(name: str) -> bool:
    """Whether a name announces the number of a patient.

    Example:
        >>> names = "USUBJID", "nhs_number", "Patientennummer", "eid", "ID_PAT", "PT"
        >>> [is_subject_id(name) for name in names]
        [True, True, True, True, True, False]
    """
    bare = normalize_name(name)
    return bool(vocabulary.SUBJECT_ID_PATTERN.match(bare) or vocabulary.NATIONAL_ID_PATTERN.search(bare))


def is_id(name: str) -> bool:
    """Whether a name announces some kind of number given to things, such as `doctor_id`."""
    return bool(vocabulary.ID_PATTERN.search(normalize_name(name)))


def is_possible_id(name: str) -> bool:
    """Whether a name may be that of a number of persons, which says nothing by itself.

    Example:
        >>> [is_possible_id(name) for name in ("ID1", "PT", "caseno", "glucose")]
        [True, True, True, False]
    """
    return bool(vocabulary.POSSIBLE_ID_PATTERN.search(normalize_name(name)))


def is_non_key(name: str) -> bool:
    """Whether a name announces a place, a member of staff, a code or a quantity: no key of patients.

    Example:
        >>> [is_non_key(name) for name in ("site_number", "SITEID", "age", "hospital_number", "record_id")]
        [True, True, True, False, False]
    """
    if is_subject_id(name) or is_record_id(name):
        return False
    words = set(split_name(name))
    words |= {_NUMBER_SUFFIX_PATTERN.sub("", word) for word in words}  # siteid
    amount = vocabulary.QUANTITY_WORDS & words or vocabulary.AMOUNT_PATTERN.search(normalize_name(name))
    return bool(
        amount
        or is_survival_time(name)
        or (vocabulary.NON_KEY_WORDS | CODE_WORDS - vocabulary.AMBIGUOUS_WORDS) & words
    )


def is_survival_time(name: str) -> bool:
    """Whether a name announces the time to an event or to the end of follow-up.

    Example:
        >>> [is_survival_time(name) for name in ("futime", "d.time", "rtime", "time", "timeliness")]
        [True, True, True, True, False]
    """
    return bool(_SURVIVAL_TIME_PATTERN.match(normalize_name(name)))


def is_survival_event(name: str) -> bool:
    """Whether a name announces if the event of a survival pair was seen.

    "censored" is left out: its 1 means that the event was not seen.

    Example:
        >>> [is_survival_event(name) for name in ("cens", "death", "recur", "DEATH_EVENT", "hospdead")]
        [True, True, True, True, False]
    """
    return bool(_SURVIVAL_EVENT_PATTERN.match(normalize_name(name)))


def has_role_in_name(name: str) -> bool:
    """Whether a name announces who somebody is, which record it is, or an event of a survival pair.

    Example:
        >>> [has_role_in_name(name) for name in ("patient_id", "ID1", "futime", "e-mail", "age")]
        [True, True, True, True, False]
    """
    tests = (is_subject_id, is_record_id, is_id, is_possible_id, is_direct_identifier)
    return any(test(name) for test in (*tests, is_survival_time, is_survival_event))
