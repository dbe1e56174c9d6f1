"""What the name of a field says: codes, quantities, units, persons, record numbers, survival."""

from __future__ import annotations

import re

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
    r"|(^|_)(first|last|full|given|family|middle|maiden|patient|person|subject)_?names?$"
    r"|^(name|surname|forename|initials|physician|doctor|nurse)(_name)?$"
)
_RECORD = re.compile(
    r"^(unnamed(_\d+)?|index|idx|row(s|id|name|names|number|nr|no)?|row_(id|nr|no|num|number|names?)"
    r"|s_?no|sr_?no|sl_?no|serial(_(no|number))?|uid|guid|uuid|key|accession(_(no|number))?"
    r"|(encounter|visit|hadm|stay|icustay|admission|episode|case|record|sample|specimen|accession|study|scan"
    r"|image|exam|order|claim|row|note|csn)_?(id|nr|nbr|no|num|number|key|uid))$"
)
_SUBJECT = re.compile(
    r"^(patient|subject|person|participant|pat|subj|member|beneficiary|case_?patient|unique_?patient)"
    r"(_?(id|nr|nbr|no|num|number|key|uid|code|identifier|sk))?s?$|^pt_?(id|nr|no|num)$|^(pid|mrn|medical_record_number|rid|sid)$"
)
_NUMBERED = re.compile(r"(^|_)(id|ids|nbr|uid|uuid|guid|mrn|ssn|identifier)$")
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


def tokens(name: str) -> tuple[str, ...]:
    """The words of a field's name, in lower case.

    Example:
        >>> tokens("d.time"), tokens("PatientID"), tokens("admission_type_id")
        (('d', 'time'), ('patient', 'id'), ('admission', 'type', 'id'))
    """
    split = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", name)
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


def _plain(name: str) -> str:
    return "_".join(tokens(name))


def person(name: str) -> bool:
    """Whether a name announces who somebody is: names, addresses, telephone numbers.

    Example:
        >>> person("last_name"), person("E-mail"), person("drug_name")
        (True, True, False)
    """
    return bool(_PERSON.search(_plain(name)))


def birth(name: str) -> bool:
    """Whether a name announces a date of birth."""
    return bool({"dob", "birth", "birthdate", "birthday"} & set(tokens(name)))


def record(name: str) -> bool:
    """Whether a name announces the number of a row or a record, such as an encounter."""
    return bool(_RECORD.match(_plain(name)))


def subject(name: str) -> bool:
    """Whether a name announces the number of a patient."""
    return bool(_SUBJECT.match(_plain(name)))


def numbered(name: str) -> bool:
    """Whether a name announces some kind of number given to things, such as `doctor_id`."""
    return bool(_NUMBERED.search(_plain(name)))


def survival_time(name: str) -> bool:
    """Whether a name announces the time to an event or to the end of follow-up.

    Example:
        >>> [survival_time(name) for name in ("futime", "d.time", "rtime", "time", "timeliness")]
        [True, True, True, True, False]
    """
    return bool(_TIME.match(_plain(name)))


def event(name: str) -> bool:
    """Whether a name announces if the event of a survival pair was seen.

    "censored" is left out: its 1 means that the event was not seen.

    Example:
        >>> [event(name) for name in ("cens", "death", "recur", "DEATH_EVENT", "hospdead")]
        [True, True, True, True, False]
    """
    return bool(_EVENT.match(_plain(name)))
