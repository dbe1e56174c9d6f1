"""Suspects: which synthetic records look like copies, each beside the patient it may be a copy of.

For internal use only: unlike the scorecard it shows real patients. It says which records to look at and to
leave out; whether there are more of them than chance explains, the scorecard says.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, final

import numpy as np

from manikin import registry
from manikin.data.scalars import spelling
from manikin.data.schema import Image, Signal
from manikin.evaluation import page
from manikin.evaluation.door import admitted
from manikin.evaluation.samples import coloured, side_by_side
from manikin.evaluation.strips import courses
from manikin.metrics.disguises import matcher, visible
from manikin.nearest import LEVELS, Near, neighbours, reach
from manikin.pixels.grids import limits
from manikin.rng import Key

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    import pandas as pd

    from manikin.data.cohort import Cohort

QUERIES = 2_000  # real records of a side that show what is usual
SHOWN = 100  # pairs on the page
VALUES = 60  # values of a record on the page
VECTORS = ("table", "events")  # features whose records are compared as vectors


class Suspect(NamedTuple):
    """One synthetic record and the patient whom it resembles.

    Args:
        record: Its position among the synthetic records, from 0.
        patient: The position of the training record.
        field: What is alike: a picture, a signal, or the values of the record ("").
        ratio: How far the record lies from this patient, as a share of how far from any other: 0 is a copy.
    """

    record: int
    patient: int
    field: str
    ratio: float


@final
@dataclass(frozen=True)
class Suspects:
    """What was found, the most suspicious first.

    Args:
        found: The pairs.
        synthetic: The synthetic records.
        train: The training records.
    """

    found: tuple[Suspect, ...]
    synthetic: Cohort
    train: Cohort

    def __len__(self) -> int:
        """How many pairs there are."""
        return len(self.found)

    @property
    def records(self) -> np.ndarray:
        """The positions of the suspicious synthetic records, ascending, each once."""
        return np.unique([suspect.record for suspect in self.found]).astype(int)

    def to_pandas(self) -> pd.DataFrame:
        """One row for each pair."""
        import pandas as pd

        return pd.DataFrame(self.found, columns=pd.Index(Suspect._fields))

    def to_html(self, path: str | Path) -> None:
        """Write a page that shows the pairs beside each other. It holds real patients: keep it inside."""
        text = page.template("suspects.html").render(suspects=self, pairs=list(self._pairs()), shown=SHOWN)
        Path(path).write_text(text, encoding="utf-8")

    def _pairs(self) -> Iterator[dict[str, Any]]:
        for suspect in self.found[:SHOWN]:
            one, other = self.synthetic.take([suspect.record]), self.train.take([suspect.patient])
            yield {"suspect": suspect, **_beside(one, other, suspect.field, self.train)}


def suspects(synthetic: Cohort, train: Cohort, holdout: Cohort, *, seed: int = 0) -> Suspects:
    """The synthetic records that are as near to one training patient as hardly a stranger is.

    As near, against the nearest other patient, as one in a thousand never-seen real records: so about
    one in a thousand honest records is suspected as well. Values and histories are compared as the
    judge sees them; pictures however mirrored, turned, cropped, shifted or recoloured; signals however
    shifted, scaled or turned over. Notes are not looked at.

    Args:
        synthetic: The records in question, whoever made them.
        train: The real records that the generator may have learned from.
        holdout: Real records of other subjects, which it has not seen; they say what is usual.
        seed: Which real records are asked, where there are many.

    Raises:
        SchemaError: The fields of the three differ.
        UsageError: Too few records, or shared subjects.
    """
    train, holdout, synthetic = admitted(synthetic, train, holdout)
    rng = Key(seed).child("suspects").numpy()
    some, held = (rng.permutation(len(side))[:QUERIES] for side in (train, holdout))
    owner, found = np.unique(train.subject, return_inverse=True)[1], []
    for field, prepare, search in _spaces(train):
        known = prepare(train)
        usual = (
            search(known[some], known, owner, apart=owner[some]),
            search(prepare(holdout.take(held)), known, owner),
        )
        near = search(prepare(synthetic), known, owner)
        far = reach(np.concatenate([real.ratio for real in usual]), LEVELS[1])
        found += [
            Suspect(int(i), int(near.place[i]), field, round(float(near.ratio[i]), 4))
            for i in np.flatnonzero(near.ratio <= far)
        ]
    return Suspects(tuple(sorted(found, key=lambda suspect: suspect.ratio)), synthetic, train)


def _spaces(
    train: Cohort,
) -> Iterator[tuple[str, Callable[[Cohort], np.ndarray], Callable[..., Near]]]:
    """In what records are compared: its name, how records are prepared, how the nearest are found."""
    kinds = {type(train.schema[name]) for name in train.schema.modelled}
    for name in VECTORS:
        feature = registry.find("features", name)
        if kinds & set(feature.kinds):
            yield "", feature().fit(train), neighbours
    for name in visible(train.schema):
        prepare, search = matcher(train, name)
        yield name, partial(_prepared, prepare, name), search


def _prepared(prepare: Callable[[np.ndarray], np.ndarray], name: str, cohort: Cohort) -> np.ndarray:
    return prepare(cohort[name])


def _beside(one: Cohort, other: Cohort, field: str, train: Cohort) -> dict[str, Any]:
    """What the page shows of a pair: pictures, traces or values."""
    kind = train.schema[field] if field else None
    if isinstance(kind, Image):
        ends = limits(train[field][:SHOWN])
        both = [coloured(cohort[field], *ends) for cohort in (one, other)]
        return {"png": side_by_side(np.concatenate(both))}
    if isinstance(kind, Signal):
        label = f"{len(one[field][0])} channels"
        return {"traces": [courses(cohort[field][0], label) for cohort in (one, other)]}
    names = [name for name in train.schema.scalars if name in train.schema.modelled][:VALUES]
    return {"rows": [(n, *(spelling(c.columns[n][0].as_py()) for c in (one, other))) for n in names]}
