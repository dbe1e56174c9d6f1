"""Attack: the model that made the records is fitted anew, again and again, and its records attacked."""

from __future__ import annotations

from typing import TYPE_CHECKING

from manikin.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from manikin.cohort.cohort import Cohort
    from manikin.evaluation.scorecard import Scorecard


def build_attack(
    model: Path | None, refits: int | None
) -> Callable[[Scorecard, Cohort, int], Scorecard] | None:
    """The attack on a saved model; model and number are checked before anything is computed.

    Returns:
        `(card, train, seed) -> card` with the scores of the attack; None: no model was given.

    Raises:
        FormatError: The folder is no saved model.
        UsageError: An odd number of fits, too few, or fits of no model.
    """
    from manikin.evaluation.attacks.shadow_models import check_refit_count
    from manikin.publication.attack import attack_model
    from manikin.synthesis.synthesizer import load

    if model is None:
        if refits is not None:
            raise UsageError("--refits: name the folder of the model to attack with --model")
        return None
    refits = 16 if refits is None else refits
    check_refit_count(refits)
    fitted = load(model)

    def attack(card: Scorecard, train: Cohort, seed: int) -> Scorecard:
        return attack_model(card, fitted, train, refits=refits, seed=seed)

    return attack
