"""Learning: what a fitted model is, and what a user must know of how it learned."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from manikin.evaluation.card.card_facts import cuts, training
from manikin.synthesis.plan import family_to_dict
from manikin.synthesis.recoding import sentences

if TYPE_CHECKING:
    from collections.abc import Sequence

    from manikin.synthesis.fitted import Fitted
    from manikin.synthesis.synthesizer import Synthesizer


def described(fitted: Fitted) -> dict[str, Any]:
    """What a model is: its fields, its family with options, and what its training told."""
    plan = fitted.plan
    given = {"condition": list(plan.condition)} if plan.condition else {}
    return {
        "target": list(plan.target),
        **given,
        "family": family_to_dict(plan.family),
        **fitted.learner.facts,
    }


def interrupted(model: Synthesizer) -> bool:
    """Whether Ctrl-C ended its learning."""
    return any(fitted.learner.facts.get("ended") == "interrupted" for fitted in model.models)


def describe_learning(links: Sequence[dict[str, Any]]) -> list[str]:
    """What was computed or recoded, what was not learned, and which model learned too little, in sentences.

    Args:
        links: What each model is (`described`).
    """
    about = {"generator": {"chain": list(links)}}
    return [*(sentence for link in links for sentence in sentences(link)), *training(about), *cuts(about)]
