"""Notes of patients: are theirs copied, are they named, and does a note speak of the patient beside it?"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import pyarrow as pa
from scipy.stats import betabinom

from manikin.cohort.cohort import objects
from manikin.cohort.scalar_matrix import spelling
from manikin.contracts.metric import Exact, Sample, Split, each, metric, once
from manikin.errors import Unsupported
from manikin.schema.kinds import SCALARS
from manikin.stats.nearest_neighbors import CERTAIN
from manikin.stats.permutation import fisher, share
from manikin.text import shared_spans
from manikin.text.identifier_patterns import FORMAL, marks
from manikin.text.note_fields import running, texts
from manikin.text.tokenize import words

if TYPE_CHECKING:
    from manikin.cohort.cohort import Cohort
    from manikin.text.tokenize import Running

FEWEST = 20  # notes that say anything
LENGTHS = (8, 16, 32)  # words of a span
LEVELS = (0.05, 0.02, 0.01)  # shares of real notes that have so much in common with one training patient
QUERIES, SEARCHED = 2_000, 4_000  # real and synthetic notes that are compared as wholes
MENTIONED = 0.05  # share of training notes that name their own value rather than another's, to be asked for
LOOKED = 1_000  # training records in which is looked
NONE = np.zeros(8)  # never-seen notes have nothing beyond chance, by design
SPANS = (
    "Carlini et al. 2023, Quantifying memorization, definition 3.1; holdout as control: Giomi et al. 2023"
)
RARE = "shingles: Broder 1997; rarity: Spärck Jones 1972; holdout as control: Giomi et al. 2023"
HARBOUR = "HIPAA 45 CFR 164.514(b)(2); holdout as control: Giomi et al. 2023"


class Counted(NamedTuple):
    """Hits among synthetic and among real notes, and how probable so many are."""

    hits: int
    made: int
    real: int
    known: int

    @property
    def chance(self) -> float:
        """By Fisher's exact test."""
        return fisher(self.hits, self.made, self.real, self.known)

    @property
    def excess(self) -> int:
        """How many are more than 99 in 100 sets of never-seen notes would have."""
        law = betabinom(self.made, self.real + 1, self.known - self.real + 1)
        return max(self.hits - int(law.ppf(CERTAIN)), 0)


@metric("privacy", better="low", source=SPANS, feature="text", floor="copies", reference="whole")
def copied_spans(split: Split) -> Exact:
    """Share of synthetic notes with a run of words of one training patient alone, beyond the real rate.

    0 to 1; 0 is best. Runs of 8, 16 or 32 words, whichever shows most, that stand in the notes of one
    training patient and of no held-out one. Real notes have such runs too, of phrases that few use: how
    many, held-out notes and training notes among each other say. It cannot see a copy in other words.
    """
    return _most([_spans(split, k) for k in LENGTHS])


@metric("privacy", better="low", source=RARE, feature="text", floor="copies", reference="whole")
def near_notes(split: Split) -> Exact:
    """Share of synthetic notes that have more in common with one training patient than real notes do.

    0 to 1; 0 is best. What two have in common are runs of four words, each weighed with how rare it is
    among real patients; what they have in common with the next patient as well is taken off. Counted are
    notes above the level that 5, 2 or 1 in 100 real notes reach, whichever shows most, beyond chance. It
    cannot see a copy in other words, nor that of a note which many patients might have.
    """
    train, holdout, synthetic = split.train, split.holdout, split.synthetic
    if len(np.unique(train.subject)) < 3 or len(train) + len(holdout) < FEWEST:  # noqa: PLR2004
        raise Unsupported(f"needs {FEWEST} real notes to know how much strangers have in common")
    known = shared_spans.Known.of(
        each(train, running), train.subject, each(holdout, running), holdout.subject
    )
    rng = split.key.child("near notes").numpy()
    some, held = (rng.permutation(len(side))[:QUERIES] for side in (train, holdout))
    own, _ = known.shared(each(train, running)[some], known.place(train.subject[some]))
    other, _ = known.shared(each(holdout, running)[held], np.full(len(held), -1))
    new = rng.permutation(len(synthetic))[:SEARCHED]
    made = _different(each(synthetic, running)[np.sort(new)])
    found, whose = known.shared(made, None)
    real = np.concatenate([own, other])
    return _most([_above(found, whose, real, level) for level in LEVELS])


def left(split: Split) -> str:
    """How many notes point to a person, and how many real ones do."""
    found, *_, shared = once(split, _marks)
    real = f"(real {found.real / found.known:.1%})"
    named = f"{found.hits / found.made:.1%} of the notes point to a person {real}"
    return f"{named}; {shared.hits} as one training patient's do" if found.hits else ""


@metric(
    "privacy", better="low", source=HARBOUR, feature="text", floor="copies", reference="whole", note=left
)
def note_identifiers(split: Split) -> Exact:
    """Share of synthetic notes that point to a person, beyond the rate of real notes.

    0 to 1; 0 is best. Addresses, telephone and record numbers, full dates, names after a title, by their
    form, all or numbers and addresses alone; or the same as in the notes of one training patient alone. It
    cannot see a name without a title, and lets pass what real notes have as often: clean those first.
    """
    return _most(once(split, _marks), floor=1.0)


def other_rows(split: Split) -> Cohort:
    """The floor: real notes beside the values of other patients."""
    cohort = split.synthetic.cohort
    order = pa.array(split.key.child("other rows").numpy().permutation(len(cohort)))
    columns = {
        name: column.take(order) if isinstance(cohort.schema[name], SCALARS) else column
        for name, column in zip(cohort.schema, cohort.columns.columns, strict=True)
    }
    return replace(cohort, columns=pa.table(columns))


@metric("fidelity", better="high", source="by definition", feature="text", floor=other_rows)
def note_facts(split: Split) -> float:
    """How much oftener notes spell out the values of their own record than those of another.

    -1 to 1: the mean over the fields of which real notes do so; the ceiling says how often. It sees notes
    that are beside the wrong patient; it cannot see a fact that is said in other words, or denied.
    """
    fields = once(split.train, _mentioned)
    if len(split.synthetic) < FEWEST:
        raise Unsupported(f"fewer than {FEWEST} notes")
    return float(np.mean(_lifts(split.synthetic, fields)))


def _spans(split: Split, k: int) -> Counted:
    """Notes with a run of k words that one other training patient has, and nobody else among real ones.

    Counted are the patients whose words they are, where these are fewer than the notes: templates that hit
    one patient by chance are no further evidence each time they are filled in.
    """
    train, holdout = (each(side, running) for side in (split.train, split.holdout))
    mine, counts, owner = shared_spans.owners(train, split.train.subject, k)
    theirs, others, _ = shared_spans.owners(holdout, split.holdout.subject, k)
    elsewhere, once_held = np.isin(mine, theirs), np.isin(mine, theirs[others == 1])
    made = _different(each(split.synthetic, running))
    single, held = (counts == 1) & ~elsewhere, (counts == 1) & once_held
    hits, whose = shared_spans.having(made, k, mine[single])
    other, _ = shared_spans.having(holdout, k, mine[held])
    own, _ = shared_spans.having(train, k, mine[(counts == 2) & ~elsewhere])  # noqa: PLR2004 - and itself
    real = _people(split.holdout, other) + _people(split.train, own)
    known = _people(split.holdout) + _people(split.train)
    return Counted(min(len(hits), len(np.unique(owner[single][whose]))), made.count, real, known)


def _above(found: np.ndarray, whose: np.ndarray, real: np.ndarray, level: float) -> Counted:
    """How many reach what this share of real notes reach, or the patients they are near, if fewer."""
    least = np.quantile(real, 1 - level)
    hit = found > least
    hits = min(int(hit.sum()), len(np.unique(whose[hit])))
    return Counted(hits, len(found), int((real > least).sum()), len(real))


def _people(side: Sample, notes: np.ndarray | None = None) -> int:
    return len(np.unique(side.subject if notes is None else side.subject[notes]))


def _different(found: Running) -> Running:
    """Each note once, however often it is repeated: repeats are no further evidence."""
    keys = [found.mark[a:b].tobytes() for a, b in _edges(found)]
    first = {key: i for i, key in reversed(list(enumerate(keys)))}
    return found[np.array(sorted(first.values()), dtype=int)]


def _edges(found: Running) -> list[tuple[int, int]]:
    end = np.cumsum(found.sizes)
    return list(zip((end - found.sizes).tolist(), end.tolist(), strict=True))


def _most(found: list[Counted], floor: float | None = None) -> Exact:
    """The look that shows most; its chance is that of the best of so many."""
    best = min(found, key=lambda one: (one.chance, -one.hits / one.made))
    return Exact(
        best.excess / best.made,
        *share(best.excess, best.made),
        NONE,
        min(1.0, best.chance * len(found)),
        floor,
    )


def _pointing(cohort: Cohort) -> np.ndarray:
    return objects([frozenset(marks(text)) for text in texts(cohort)])


def _marks(split: Split) -> list[Counted]:
    """Notes that point to a person: at all, by number or address, and as those of one training patient."""
    train, holdout, made = (each(side, _pointing) for side in (split.train, split.holdout, split.synthetic))
    real = np.concatenate([train, holdout])
    kinds = [
        Counted(_having(made, kind), len(made), _having(real, kind), len(real)) for kind in (None, FORMAL)
    ]
    mine, theirs = _bearers(train, split.train.subject), _bearers(holdout, split.holdout.subject)
    single = {mark for mark, people in mine.items() if len(people) == 1}
    hits = sum(bool((one & single) - theirs.keys()) for one in made)
    control = sum(any(len(theirs[mark]) == 1 for mark in one & single) for one in holdout)
    return [*kinds, Counted(hits, len(made), control, len(holdout))]


def _having(found: np.ndarray, kind: str | None) -> int:
    """How many notes have a mark of this kind; None: of any."""
    return sum(any(kind in (None, what) for what, _ in one) for one in found)


def _bearers(found: np.ndarray, subject: np.ndarray) -> dict[tuple[str, str], set[int]]:
    out: dict[tuple[str, str], set[int]] = {}
    for one, person in zip(found, subject.tolist(), strict=True):
        for mark in one:
            out.setdefault(mark, set()).add(person)
    return out


def _said(cohort: Cohort) -> np.ndarray:
    return objects([frozenset(words(text)) for text in texts(cohort)])


def _mentioned(train: Sample) -> list[int]:
    """The fields whose own values training notes spell out more often than those of others."""
    few = train.take(np.arange(len(train))[:: max(1, len(train) // LOOKED)])
    names = train.fields.names
    fields = [j for j in range(len(names)) if names[j] in train.whole.schema]
    lifts = _lifts(few, fields)
    found = [j for j, lift in zip(fields, lifts, strict=True) if lift >= MENTIONED]
    if not found:
        raise Unsupported("the notes name no value of their records")
    return found


def _lifts(sample: Sample, fields: list[int]) -> list[float]:
    said = each(sample, _said)
    return [_lift(said, _spelled(sample, j)) for j in fields]


def _lift(said: np.ndarray, values: list[list[str]]) -> float:
    """How much more often notes have the words of their own value than of the next record's."""
    known = [i for i, value in enumerate(values) if value]
    if len(known) < FEWEST:
        return 0.0
    own = np.mean([said[i].issuperset(values[i]) for i in known])
    other = np.mean([said[i].issuperset(values[j]) for i, j in zip(known, np.roll(known, 1), strict=True)])
    return float(own - other)


def _spelled(sample: Sample, j: int) -> list[list[str]]:
    """The words that spell the value of each record; none where it is missing."""
    levels: Any = sample.fields.levels[j]
    values = sample.table[:, j]
    if levels is None:
        return [[] if np.isnan(v) else [spelling(float(v))] for v in values]
    known = [words(level) for level in levels] + [[]]
    return [[] if np.isnan(v) else known[min(int(v), len(levels))] for v in values]


__plugin__ = (copied_spans, near_notes, note_identifiers, note_facts)
