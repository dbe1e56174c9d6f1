"""Attack: a fitted model is fitted anew, with and without patients, and with canaries in its notes.

The judge knows no generator and the generator no judge: they meet here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from manikin.core.progress_display import show_step
from manikin.evaluation.attacks import canaries, shadow_models
from manikin.schema.kinds import Text
from manikin.synthesis.user_warnings import silence_warnings

if TYPE_CHECKING:
    from collections.abc import Callable

    from manikin.cohort.cohort import Cohort
    from manikin.evaluation.scorecard import Scorecard
    from manikin.synthesis.chain import Chain
    from manikin.synthesis.synthesizer import Synthesizer


def attack_model(
    card: Scorecard,
    model: Synthesizer | Chain,
    train: Cohort,
    *,
    refits: int = 16,
    seed: int = 0,
    told: Callable[[], object] = lambda: None,
) -> Scorecard:
    """The card with the scores of the shadow attack, and of canaries where the model writes notes.

    Args:
        card: What was measured.
        model: The model that made the judged records.
        train: The records that it learned from.
        refits: How many fits the shadow attack takes; canaries take one more.
        seed: The same seed attacks alike.
        told: Called before each fit.
    """
    name = find_note_field(model)
    with show_step("attacking the model", refits + (name is not None)) as step:

        def refit(records: Cohort, seed: int) -> Cohort:
            told()
            with silence_warnings():
                drawn = model.refit(records, seed)
            step.advance()
            return drawn

        scores = shadow_models.compute_shadow_scores(refit, train, refits=refits, seed=seed)
        if name is not None:
            scores.append(canaries.compute_canary_score(refit, train, name, seed=seed))
        return card.with_scores(*scores)


def find_note_field(model: Synthesizer | Chain) -> str | None:
    """The field of notes that a model writes; None: it writes none."""
    known = ((part, name) for part in model.models for name in part.plan.target)
    return next((name for part, name in known if isinstance(part.schema[name], Text)), None)
