"""Suspects: which synthetic records look like copies, each beside the patient it may be a copy of.

For internal use only: unlike the scorecard it shows real patients. It names the records that the scorecard
counts, no others: which to look at and to leave out.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, final

import numpy as np

from manikin.cohort.scalar_matrix import spelling
from manikin.contracts.metric import Question
from manikin.core.seeds import Key
from manikin.evaluation.evaluate import asked, capped, looked
from manikin.evaluation.inputs import admitted
from manikin.evaluation.measuring.views import gridded
from manikin.evaluation.measuring.views import views as viewed
from manikin.evaluation.report import html_page
from manikin.evaluation.report.image_examples import coloured, side_by_side
from manikin.evaluation.report.signal_charts import courses
from manikin.imaging.analysis.intensity import limits
from manikin.metrics.privacy.copies import exact_copies, near_match_excess, pairs
from manikin.metrics.privacy.transformed_copies import copied, disguised_copies, too_few, visible
from manikin.schema.kinds import Image, Signal

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    import pandas as pd

    from manikin.cohort.cohort import Cohort
    from manikin.contracts.metric import Metric
    from manikin.evaluation.measuring.evaluation_data import Sides

SHOWN = 100  # pairs on the page
VALUES = 60  # values of a record on the page


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
        text = html_page.template("suspects.html").render(
            suspects=self, pairs=list(self._pairs()), shown=SHOWN
        )
        Path(path).write_text(text, encoding="utf-8")

    def _pairs(self) -> Iterator[dict[str, Any]]:
        for suspect in self.found[:SHOWN]:
            one, other = self.synthetic.take([suspect.record]), self.train.take([suspect.patient])
            yield {"suspect": suspect, **_beside(one, other, suspect.field, self.train)}


def suspects(synthetic: Cohort, train: Cohort, holdout: Cohort, *, seed: int = 0) -> Suspects:
    """The synthetic records that the scorecard counts as copies or near matches, each with its patient.

    They are those of `exact_copies`, `near_match_excess` and `disguised_copies`, on every view of the
    records (but for encoders of yours): where these scores count none, nobody is suspected. With the seed
    of the card they are the very records that it counts. Notes are not looked at.

    Args:
        synthetic: The records in question, whoever made them.
        train: The real records that the generator may have learned from.
        holdout: Real records of other subjects, which it has not seen; they say what is usual.
        seed: That of the card.

    Raises:
        SchemaError: The fields of the three differ.
        UsageError: Too few records, or shared subjects.
    """
    given, key = admitted(synthetic, train, holdout), Key(seed).child("evaluate")
    rows = looked(given, key)
    views = viewed(capped(given, key), Question())
    found: dict[tuple[int, int], Suspect] = {}
    for name, sides in views.items():
        for one in _found(sides, key.child(name).child("whole"), asked(name, views)):
            record, patient = int(rows[2][one.record]), int(rows[0][one.patient])
            found.setdefault((record, patient), one._replace(record=record, patient=patient))
    return Suspects(tuple(sorted(found.values(), key=lambda one: one.ratio)), given[2], given[0])


def _found(sides: Sides, key: Key, metrics: Sequence[Metric]) -> Iterator[Suspect]:
    """What is counted in one view, pictures and signals themselves first."""
    split = replace(sides.whole, key=key)
    if disguised_copies in metrics and not too_few(split):
        for field in copied(split):
            for i in np.flatnonzero(field.matches.hits):
                ratio = round(float(field.near.ratio[i]), 4)
                yield Suspect(int(field.rows[i]), int(field.near.place[i]), field.name, ratio)
    if near_match_excess in metrics:
        shown = visible(split.train.whole.schema)[0] if gridded(sides) else ""
        for record, patient, ratio in pairs(split, equal=exact_copies in metrics):
            yield Suspect(record, patient, shown, round(ratio, 4))


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
