"""Sampling: the synthetic records that the main job asks of its model."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from manikin.core.seeds import Key
from manikin.synthesis.pooled_levels import find_common_rows
from manikin.synthesis.user_warnings import forget_unsupported, silence_warnings

if TYPE_CHECKING:
    from collections.abc import Sequence

    from manikin.cohort.cohort import Cohort
    from manikin.publication.request import SynthesisRequest
    from manikin.rules.rule import Rule
    from manikin.synthesis.synthesizer import Synthesizer


def sample_requested(
    model: Synthesizer, train: Cohort, request: SynthesisRequest, rules: Sequence[Rule]
) -> Cohort:
    """As many records as asked for; conditions are those of training records drawn at random.

    Conditions of real patients are released as they are, so none of a patient with a rare level is taken.
    """
    n = request.n or model.count_drawn(train)
    if request.n and request.counts_rows:
        n = model.count_for_rows(request.n)
    if not request.condition:
        return model.sample(n, where=request.where, rules=rules, seed=request.seed)
    shared = find_common_rows(model, train)
    if model.count_drawn(train) < len(train):  # patients are drawn, each by one of their rows
        shared = shared[np.unique(train.subject[shared], return_index=True)[1]]
    rows = shared[Key(request.seed).child("conditions").numpy().integers(len(shared), size=n)]
    given = train.take(rows).select(*[name for name in request.condition if name not in request.where])
    if request.where:
        return model.sample(condition=given, where=request.where, rules=rules, seed=request.seed)
    with silence_warnings():
        return forget_unsupported(model.sample(condition=given, rules=rules, seed=request.seed))
