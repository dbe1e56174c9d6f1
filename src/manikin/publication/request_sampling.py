"""Sampling: the synthetic records that the main job asks of its model."""

from __future__ import annotations

from typing import TYPE_CHECKING

from manikin.core.seeds import Key
from manikin.synthesis.user_warnings import add_evidence, find_common_rows, silence_warnings

if TYPE_CHECKING:
    from collections.abc import Sequence

    from manikin.cohort.cohort import Cohort
    from manikin.publication.pipeline import SynthesisRequest
    from manikin.rules.rule import Rule
    from manikin.synthesis.synthesizer import Synthesizer


def sample_requested(
    model: Synthesizer, train: Cohort, wish: SynthesisRequest, rules: Sequence[Rule]
) -> Cohort:
    """As many records as wished for; conditions are those of training records drawn at random.

    Conditions of real patients are released as they are, so none of a patient with a rare level is taken.
    """
    n = wish.n or len(train)
    if not wish.condition:
        return model.sample(n, where=wish.where, rules=rules, seed=wish.seed)
    shared = find_common_rows(model, train)
    rows = shared[Key(wish.seed).child("conditions").numpy().integers(len(shared), size=n)]
    given = train.take(rows).select(*[name for name in wish.condition if name not in wish.where])
    if wish.where:
        return model.sample(condition=given, where=wish.where, rules=rules, seed=wish.seed)
    with silence_warnings():
        return add_evidence(model.sample(condition=given, rules=rules, seed=wish.seed), {}, (), None)
