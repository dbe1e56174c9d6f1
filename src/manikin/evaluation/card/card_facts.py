"""Facts: what the first screen of a card says in plain sentences, beside verdicts and answers.

Any part of manikin that finds something of which whoever reads the card must know puts a sentence on
`card.about["facts"]` (`mk.Scorecard.add_facts`). What follows from other entries of `about` is said here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from manikin.core.short_lists import list_names
from manikin.schema.kinds import Text

if TYPE_CHECKING:
    from collections.abc import Collection

    from manikin.evaluation.card.results import EvaluationResults
    from manikin.schema.kinds import Schema

MIN_STEPS_SHARE = 0.5  # share of the usual steps from which on a training is not called too short
SINGLE_ROW_RATIO = 1.05  # rows per patient up to which patients have one row each


def list_facts(card: EvaluationResults) -> list[str]:
    """The sentences of the first screen, what limits the use of the records first.

    Example:
        >>> from manikin.evaluation.scorecard import Scorecard
        >>> list_facts(Scorecard([], {"facts": ["2 levels were pooled."]}))[0]
        '2 levels were pooled.'
    """
    about = card.about
    found = [
        *list_short_trainings(about),
        *about.get("facts", []),
        *list_cuts(about),
        describe_rows(about),
        describe_columns(about),
        describe_guarantee(about),
    ]
    return [sentence for sentence in found if sentence]


def list_roles(schema: Schema, notes: Collection[str] = ()) -> dict[str, list[str]]:
    """Which columns were taken for what: the subject, identifiers, and those otherwise not modelled.

    Args:
        schema: What the training records say.
        notes: Texts that are judged as notes; they are none of these.

    Example:
        >>> from manikin.schema.kinds import Number, Schema, Text
        >>> list_roles(Schema(mrn=Text(role="identifier"), comment=Text(), age=Number()))
        {'subject': [], 'identifier': ['mrn'], 'left out': ['comment']}
    """
    found = {
        role: [n for n, kind in schema.items() if kind.role == role] for role in ("subject", "identifier")
    }
    found = {role: [name for name in named if name not in notes] for role, named in found.items()}
    known = {*found["subject"], *found["identifier"], *schema.modelled_fields, *notes}
    out = [name for name, kind in schema.items() if isinstance(kind, Text) and name not in known]
    return {**found, "left out": out}


def describe_columns(about: dict[str, Any]) -> str:
    """Which columns were taken as subject and identifiers, and which were left out; "" if not on record."""
    known = about.get("roles")
    if known is None:
        return ""
    subject, hidden, out = (known.get(role, []) for role in ("subject", "identifier", "left out"))
    several = (about.get("subjects") or {}).get("train") != (about.get("records") or {}).get("train")
    alone = (
        "no column, the records themselves say" if several else "no column, each row counts as one patient"
    )
    made = ", replaced by surrogates" if about.get("generator") else ""  # of others' records nobody knows
    parts = [
        f"Subject: {list_names(subject)}" if subject else f"Subject: {alone}",
        f"identifiers{made}: {list_names(hidden)}" if hidden else "identifiers: none",
        f"left out of the model: {list_names(out)}" if out else "",
    ]
    return "; ".join(filter(None, parts)) + "."


def describe_rows(about: dict[str, Any]) -> str:
    """How many rows a patient has on either side; "" where every patient has one."""
    records, subjects = about.get("records") or {}, about.get("subjects") or {}
    sides = {}
    for side in ("train", "synthetic"):
        if not records.get(side) or not subjects.get(side):
            return ""
        sides[side] = records[side] / subjects[side]
    if max(sides.values()) <= SINGLE_ROW_RATIO:
        return ""
    return f"Rows per patient: {sides['train']:.1f} real, {sides['synthetic']:.1f} synthetic."


def describe_guarantee(about: dict[str, Any]) -> str:
    """Whether there is a guarantee of differential privacy."""
    budget = about.get("privacy") or {}
    if budget.get("epsilon") is None:
        return "No differential privacy, so no guarantee: attacks can show a leak, never its absence."
    audited = "audited" if budget.get("audited") else "declared, not audited"
    unit = budget.get("unit", "record")
    return f"Differential privacy: epsilon {budget['epsilon']:g} per {unit}, {audited}."


def list_cuts(about: dict[str, Any]) -> list[str]:
    """What of histories was not learned: codes that few patients have, and the ends of long ones."""
    known = [link.get("codec") or {} for link in list_models(about)]
    return [
        sentence
        for codec in known
        for sentence in (describe_rare_codes(codec), describe_cut_events(codec))
        if sentence
    ]


def describe_rare_codes(codec: dict[str, Any]) -> str:
    """How many events of rare codes were left out; "" where none were."""
    codes, events = codec.get("codes_left_out", 0), codec.get("events_left_out", 0)
    if not events:
        return ""
    return f"Not learned: {events:,} events of {codes:,} codes that too few patients have."


def describe_cut_events(codec: dict[str, Any]) -> str:
    """How many events of long histories were cut; "" where none were.

    Example:
        >>> cut = {"cut_histories": 1, "cut_events": 90}
        >>> describe_cut_events({"longest": 64, "histories": 30, "events": 300, **cut})
        'Not learned: 90 of 300 events, the last ones of 1 of 30 histories, beyond 64 tokens.'
    """
    if not codec.get("cut_events"):
        return ""
    return (
        f"Not learned: {codec['cut_events']:,} of {codec['events']:,} events, the last ones of "
        f"{codec['cut_histories']:,} of {codec['histories']:,} histories, beyond {codec['longest']:,} "
        "tokens."
    )


def list_models(about: dict[str, Any]) -> list[dict[str, Any]]:
    """What the models of a generator say of themselves, one by one."""
    maker = about.get("generator")
    return maker.get("chain", [maker]) if isinstance(maker, dict) else []


def list_short_trainings(about: dict[str, Any]) -> list[str]:
    """How far learning got, for each model that was stopped well before the usual number of steps."""
    links = list_models(about)
    return [
        sentence for link in links if (sentence := describe_short_training(link, alone=len(links) == 1))
    ]


def describe_short_training(link: dict[str, Any], *, alone: bool = True) -> str:
    """What is said of a model that learned too little; "" where it had its time, or stopped by itself.

    Args:
        link: What a model says of itself: steps, usual (steps), ended, falling.
        alone: Whether it is the only model, so that its fields need not be named.

    Example:
        >>> describe_short_training({"steps": 51, "usual": 1500, "ended": "budget", "falling": True})[:66]
        'Learned too little: 51 of about 1,500 steps, the loss still fallin'
    """
    steps, usual = link.get("steps"), link.get("usual")
    if not steps or not usual or link.get("ended") == "patience" or steps >= MIN_STEPS_SHARE * usual:
        return ""
    whom = "" if alone else f" ({list_names(link.get('target', []), 3)})"
    state = {True: ", the loss still falling", None: ", too few to see the loss level off"}
    falls = state.get(link.get("falling"), "")
    done = f"Learned too little{whom}: {steps:,} of about {usual:,} steps{falls}"
    again = f"--steps {usual} (in Python: Training(steps={usual}))"
    return f"{done}; learn again with {again}, or with more --minutes."
