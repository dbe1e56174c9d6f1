"""Learning: what a fitted model is, and what a user must know of how it learned."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from manikin.evaluation.card.card_facts import list_cuts, list_short_trainings
from manikin.synthesis.plan import dump_family
from manikin.synthesis.recoding import describe_recoding

if TYPE_CHECKING:
    from collections.abc import Sequence

    from manikin.synthesis.fitted import FittedModel
    from manikin.synthesis.synthesizer import Synthesizer


def describe_model(fitted: FittedModel) -> dict[str, Any]:
    """What a model is: its fields, its family with options, and what its training told."""
    plan = fitted.plan
    given = {"condition": list(plan.condition)} if plan.condition else {}
    return {
        "target": list(plan.target),
        **given,
        "family": dump_family(plan.family),
        **fitted.learner.facts,
    }


def is_interrupted(model: Synthesizer) -> bool:
    """Whether Ctrl-C ended its learning."""
    return any(fitted.learner.facts.get("ended") == "interrupted" for fitted in model.models)


def describe_learning(links: Sequence[dict[str, Any]]) -> list[str]:
    """What was computed or recoded, what was not learned, and which model learned too little, in sentences.

    Args:
        links: What each model is (`describe_model`).
    """
    about = {"generator": {"chain": list(links)}}
    return [
        *(sentence for link in links for sentence in describe_recoding(link)),
        *list_short_trainings(about),
        *list_cuts(about),
    ]
