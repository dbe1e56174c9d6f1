"""What the name of a field says: codes, quantities, units, persons, record numbers, survival."""

from __future__ import annotations

import re
import unicodedata

from manikin.schema import column_vocabulary

_CODE = """
id code type class group grp grade stage status category cat kind sex gender race ethnicity region site
center centre department ward insurance marital smoking smoker target label outcome y diagnosis diag dx
cluster arm flag treatment trt level quartile quintile tertile decile cp thal slope restecg disposition
source nyha asa killip ecog birads drg icd zip postcode hospital specialty cause reason
"""
CODE = frozenset(_CODE.split())
"""Last words of names that hold codes."""

_QUANTITY = """
age num number n nr no count score day days year years yr yrs month months week weeks hour hours minutes
time weight height bmi dose rate pressure nodes size length los points visits total sum mean max min percent
pct parity gravida duration volume area index
"""
QUANTITY = frozenset(_QUANTITY.split())
"""Words of names that hold quantities."""

ORDERED = frozenset(
    {"grade", "stage", "level", "class", "nyha", "asa", "killip", "ecog", "birads", "decile"}
)
"""Last words of names whose codes have an order."""

_JOINING = frozenset({"in", "of", "to", "at", "from", "since", "until", "per", "by", "after", "before"})

_UNITS = {
    "years": "years", "yrs": "years", "months": "months", "weeks": "weeks", "days": "days",
    "hours": "hours", "minutes": "min", "mins": "min", "seconds": "s", "kg": "kg", "cm": "cm", "mm": "mm",
    "mg": "mg", "ml": "ml", "mmhg": "mmHg", "bpm": "1/min", "percent": "%", "pct": "%", "mg dl": "mg/dl",
    "g dl": "g/dl", "mmol l": "mmol/l", "umol l": "umol/l", "g l": "g/l", "kg m2": "kg/m2",
    "ng ml": "ng/ml", "u l": "U/l", "pack years": "pack-years",
}  # fmt: skip

_PERSON = re.compile(
    r"(^|_)(e_?mail|phone|telephone|tel|mobile|fax|address|addr|street|ssn|social_security(_number)?|passport"
    r"|nhs_number|bsn|iban|licen[cs]e_plate|url|ip)(_|$)"
    r"|^(name|initials|physician|doctor|nurse)(_name)?$"
)
_TIME = re.compile(
    r"^([a-z]|fu|os|pfs|dfs|rfs|efs|dss|pfi|surv|survival|event|follow_?up|death|obs|observed|censor(ing)?)?_?time$"
    r"|^(futime|survtime|followup|follow_up|duration|lenfol|time_?2_?event|t_?event)$"
    r"|^(time|days|months|years)_to_[a-z_]+$"
    r"|^(os|pfs|dfs|rfs|efs|survival|follow_?up|fu)_(time|days|months|years|weeks)$"
)
_EVENT = re.compile(
    r"^([a-z]_)?(event|status|cens|death|dead|died|deceased|recur|recurrence|relapse|fail|failure)$"
    r"|^(fstat|vital_status|mort(ality|stat)?|mortality_status|death_event|event_observed|observed)$"
    r"|^(os|pfs|dfs|rfs|efs|dss|pfi)$|^(os|pfs|dfs|rfs|efs|dss|pfi|fu|death|survival)_(event|status|cens)$"
)


_SUFFIX = re.compile("(id|no|nr|num|code)$")
_LETTERS = str.maketrans(
    {"ß": "ss", "ø": "o", "Ø": "O", "æ": "ae", "Æ": "AE", "ł": "l", "Ł": "L", "ı": "i"}
)
"""Letters that have no plain letter within them."""


def tokens(name: str) -> tuple[str, ...]:
    """The words of a field's name, in lower case and without accents.

    Example:
        >>> tokens("d.time"), tokens("PatientID"), tokens("admission_type_id"), tokens("Número")
        (('d', 'time'), ('patient', 'id'), ('admission', 'type', 'id'), ('numero',))
    """
    folded = unicodedata.normalize("NFKD", name.translate(_LETTERS))
    bare = "".join(letter for letter in folded if not unicodedata.combining(letter))
    split = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", bare)
    return tuple(word.lower() for word in re.split(r"[^0-9A-Za-z]+", split) if word)


def says(name: str) -> str | None:
    """Whether whole numbers under this name are a "code" or a "quantity"; None: it does not say.

    The last word decides, up to a joining word: a number of sites is a quantity.

    Example:
        >>> says("admission_type_id"), says("number_of_sites"), says("age_group"), says("glucose")
        ('code', 'quantity', 'code', None)
    """
    words = tokens(name)
    joint = next((i for i, word in enumerate(words) if i and word in _JOINING), len(words))
    for word in reversed(words[:joint]):
        if word in CODE:
            return "code"
        if word in QUANTITY and words != ("num",):
            return "quantity"
    return None


def ordered(name: str) -> bool:
    """Whether codes under this name have an order, as a grade or a stage has."""
    return any(word in ORDERED for word in tokens(name)[-1:])


def unit(name: str) -> str | None:
    """The unit that a name states.

    Example:
        >>> unit("sepal length (cm)"), unit("glucose_mg_dl"), unit("survival_months"), unit("age")
        ('cm', 'mg/dl', 'months', None)
    """
    if bracket := re.search(r"[(\[]([^)\]]{1,15})[)\]]\s*$", name):
        return bracket[1].strip()
    words = tokens(name)
    if len(words) < 2:  # noqa: PLR2004 - a lone word is the quantity, not its unit
        return None
    return _UNITS.get(" ".join(words[-2:])) or _UNITS.get(words[-1])


def plain(name: str) -> str:
    """The words of a name, joined.

    Example:
        >>> plain("Patienten-Nr."), plain("ID_PAT")
        ('patienten_nr', 'id_pat')
    """
    return "_".join(tokens(name))


def person(name: str) -> bool:
    """Whether a name announces who somebody is: names, addresses, telephone and national numbers.

    Example:
        >>> [person(name) for name in ("last_name", "E-mail", "drug_name", "NHS number", "Dirección")]
        [True, True, False, True, True]
    """
    bare = plain(name)
    patterns = (_PERSON, column_vocabulary.NATIONAL, column_vocabulary.CONTACT)
    return naming(name) or any(pattern.search(bare) for pattern in patterns)


def naming(name: str) -> bool:
    """Whether a name announces names of persons and nothing else, in a dozen languages.

    Example:
        >>> [naming(name) for name in ("last_name", "Nachname", "Prénom", "姓名", "name", "drug_name")]
        [True, True, True, True, False, False]
    """
    spelled = "".join(unicodedata.normalize("NFKC", name).casefold().split())
    if any(word in spelled for word in column_vocabulary.OTHER_SCRIPTS):
        return True
    return bool(column_vocabulary.NAMING.search(plain(name)))


def birth(name: str) -> bool:
    """Whether a name announces a date of birth."""
    return bool({"dob", "birth", "birthdate", "birthday"} & set(tokens(name)))


def is_lasting(name: str) -> bool:
    """Whether a name announces what stays the same with a person: sex, birth, race.

    Example:
        >>> is_lasting("SEX"), is_lasting("Geburtsdatum"), is_lasting("weight")
        (True, True, False)
    """
    return bool(column_vocabulary.LASTING & set(tokens(name)))


def record(name: str) -> bool:
    """Whether a name announces the number of a row or a record, such as an encounter."""
    return bool(column_vocabulary.RECORD.match(plain(name)))


def is_counting(name: str) -> bool:
    """Whether a name announces the number of a row, or of a visit among those of a person."""
    return bool(column_vocabulary.COUNTING.match(plain(name)))


def subject(name: str) -> bool:
    """Whether a name announces the number of a patient.

    Example:
        >>> [subject(name) for name in ("USUBJID", "nhs_number", "Patientennummer", "eid", "ID_PAT", "PT")]
        [True, True, True, True, True, False]
    """
    bare = plain(name)
    return bool(column_vocabulary.PERSON.match(bare) or column_vocabulary.NATIONAL.search(bare))


def numbered(name: str) -> bool:
    """Whether a name announces some kind of number given to things, such as `doctor_id`."""
    return bool(column_vocabulary.NUMBERED.search(plain(name)))


def is_marked(name: str) -> bool:
    """Whether a name may be that of a number of persons, which says nothing by itself.

    Example:
        >>> [is_marked(name) for name in ("ID1", "PT", "caseno", "glucose")]
        [True, True, True, False]
    """
    return bool(column_vocabulary.MARKED.search(plain(name)))


def is_thing(name: str) -> bool:
    """Whether a name announces a place, a member of staff, a code or a quantity: no key of patients.

    Example:
        >>> [is_thing(name) for name in ("site_number", "SITEID", "age", "hospital_number", "record_id")]
        [True, True, True, False, False]
    """
    if subject(name) or record(name):
        return False
    words = set(tokens(name))
    words |= {_SUFFIX.sub("", word) for word in words}  # siteid
    amount = column_vocabulary.QUANTITIES & words or column_vocabulary.AMOUNT.search(plain(name))
    return bool(
        amount or survival_time(name) or (column_vocabulary.THINGS | CODE - column_vocabulary.OPEN) & words
    )


def survival_time(name: str) -> bool:
    """Whether a name announces the time to an event or to the end of follow-up.

    Example:
        >>> [survival_time(name) for name in ("futime", "d.time", "rtime", "time", "timeliness")]
        [True, True, True, True, False]
    """
    return bool(_TIME.match(plain(name)))


def event(name: str) -> bool:
    """Whether a name announces if the event of a survival pair was seen.

    "censored" is left out: its 1 means that the event was not seen.

    Example:
        >>> [event(name) for name in ("cens", "death", "recur", "DEATH_EVENT", "hospdead")]
        [True, True, True, True, False]
    """
    return bool(_EVENT.match(plain(name)))
