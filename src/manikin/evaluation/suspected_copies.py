"""Suspected copies: which synthetic records look like copies, each beside the patient it may be a copy of.

For internal use only: unlike the scorecard it shows real patients. It names the records that the scorecard
counts, no others: which to look at and to leave out.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, final

import numpy as np

from manikin.cohort.scalar_matrix import normalize_level
from manikin.contracts.metric import SuspectedCopy
from manikin.contracts.split import EvaluationOptions
from manikin.core.seeds import Key
from manikin.evaluation.inputs import validate_inputs
from manikin.evaluation.measuring.catalogue import select_metrics
from manikin.evaluation.measuring.evaluation_data import cap_records, choose_rows
from manikin.evaluation.measuring.views import build_views, is_array_view
from manikin.evaluation.report import html_page
from manikin.evaluation.report.image_examples import to_data_uri, to_rgb
from manikin.evaluation.report.signal_charts import draw_channels
from manikin.imaging.analysis.intensity import find_intensity_range
from manikin.schema.array_fields import list_array_fields, list_measured_fields
from manikin.schema.kinds import Image, Signal

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    import pandas as pd

    from manikin.cohort.cohort import Cohort
    from manikin.contracts.metric import Metric
    from manikin.evaluation.measuring.evaluation_data import EvaluationData

MAX_SHOWN_PAIRS = 100  # pairs on the page
MAX_SHOWN_VALUES = 60  # values of a record on the page


@final
@dataclass(frozen=True)
class SuspectedCopies:
    """What was found, the most suspicious first.

    Args:
        pairs: The pairs.
        synthetic: The synthetic records.
        train: The training records.
    """

    pairs: tuple[SuspectedCopy, ...]
    synthetic: Cohort
    train: Cohort

    def __len__(self) -> int:
        """How many pairs there are."""
        return len(self.pairs)

    @property
    def records(self) -> np.ndarray:
        """The positions of the suspicious synthetic records, ascending, each once."""
        return np.unique([suspect.record for suspect in self.pairs]).astype(int)

    def to_pandas(self) -> pd.DataFrame:
        """One row for each pair."""
        import pandas as pd  # takes a third of a second to import

        return pd.DataFrame(self.pairs, columns=pd.Index(SuspectedCopy._fields))

    def to_html(self, path: str | Path) -> None:
        """Write a page that shows the pairs beside each other. It holds real patients: keep it inside."""
        text = html_page.load_template("suspects.html").render(
            suspects=self, pairs=list(self._list_page_pairs()), shown=MAX_SHOWN_PAIRS
        )
        Path(path).write_text(text, encoding="utf-8")

    def _list_page_pairs(self) -> Iterator[dict[str, Any]]:
        for suspect in self.pairs[:MAX_SHOWN_PAIRS]:
            one, other = self.synthetic.take([suspect.record]), self.train.take([suspect.patient])
            yield {"suspect": suspect, **_render_pair(one, other, suspect.field, self.train)}


def find_suspected_copies(
    synthetic: Cohort, train: Cohort, holdout: Cohort, *, seed: int = 0
) -> SuspectedCopies:
    """The synthetic records that the scorecard counts as copies or near matches, each with its patient.

    They are those of `exact_copies`, `near_match_excess`, `disguised_copies` and of any other metric that
    names its `suspected_copies`, on every view of the records (but for encoders of yours): where these
    scores count none, nobody is suspected. With the seed of the card they are the very records that it
    counts. Notes are not looked at.

    Args:
        synthetic: The records in question, whoever made them.
        train: The real records that the generator may have learned from.
        holdout: Real records of other subjects, which it has not seen; they say what is usual.
        seed: That of the card.

    Raises:
        SchemaError: The fields of the three differ.
        UsageError: Too few records, or shared subjects.
    """
    given, key = validate_inputs(synthetic, train, holdout), Key(seed).child("evaluate")
    rows = choose_rows(given, key)
    views = build_views(cap_records(given, key), EvaluationOptions())
    found: dict[tuple[int, int], SuspectedCopy] = {}
    for name, sides in views.items():
        for one in _find_in_view(sides, key.child(name).child("whole"), select_metrics(name, views)):
            record, patient = int(rows[2][one.record]), int(rows[0][one.patient])
            found.setdefault((record, patient), one._replace(record=record, patient=patient))
    return SuspectedCopies(tuple(sorted(found.values(), key=lambda one: one.ratio)), given[2], given[0])


def _find_in_view(sides: EvaluationData, key: Key, metrics: Sequence[Metric]) -> Iterator[SuspectedCopy]:
    """What metrics count in one view, pictures and signals themselves first; then each record once."""
    split = replace(sides.full_split, key=key)
    schema = split.train.source_cohort.schema
    shown = (list_measured_fields(schema) or list_array_fields(schema))[0] if is_array_view(sides) else ""
    seen: set[int] = set()
    for metric in sorted(metrics, key=lambda metric: metric.feature != "arrays"):
        found = metric.suspected_copies(split) if metric.suspected_copies else ()
        for one in found:
            if one.field:
                yield one
            elif one.record not in seen:
                yield one._replace(field=shown)
        seen.update(one.record for one in found if not one.field)


def _render_pair(one: Cohort, other: Cohort, field: str, train: Cohort) -> dict[str, Any]:
    """What the page shows of a pair: pictures, traces or values."""
    kind = train.schema[field] if field else None
    if isinstance(kind, Image):
        ends = find_intensity_range(train[field][:MAX_SHOWN_PAIRS])
        both = [to_rgb(cohort[field], *ends) for cohort in (one, other)]
        return {"png": to_data_uri(np.concatenate(both))}
    if isinstance(kind, Signal):
        label = f"{len(one[field][0])} channels"
        return {"traces": [draw_channels(cohort[field][0], label) for cohort in (one, other)]}
    names = [name for name in train.schema.scalar_fields if name in train.schema.modelled_fields][
        :MAX_SHOWN_VALUES
    ]
    return {"rows": [(n, *(normalize_level(c.columns[n][0].as_py()) for c in (one, other))) for n in names]}
