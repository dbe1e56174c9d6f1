"""Using: a fitted model with other options of its family, where these concern sampling alone."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from manikin.errors import Unsupported, UsageError
from manikin.training.learner import NeuralLearner, StatisticalLearner

if TYPE_CHECKING:
    from collections.abc import Mapping

    from manikin.synthesis.fitted import FittedModel


def replace_sampling_options(known: FittedModel, options: Mapping[str, Any]) -> FittedModel:
    """The same with these options of sampling.

    Raises:
        UsageError: The family has no such option for sampling, or the value has no meaning.
        Unsupported: The option says nothing about such data.
    """
    family, learner = known.plan.family, known.learner
    if strange := sorted(set(options) - family.sampling):
        listed = ", ".join(sorted(family.sampling)) or "there are none"
        raise UsageError(
            f"{', '.join(strange)}: no option by which {type(family).__name__} samples ({listed}); others "
            "need another fit: name them in family="
        )
    try:
        changed = replace(family, **options)  # type: ignore[type-var] - all families are dataclasses
        reason = changed.refusal(known.codec.spec)
    except TypeError as error:
        told = ", ".join(f"{name}={value!r}" for name, value in options.items())
        raise UsageError(f"{told}: a value of another type is wanted ({error})") from error
    if reason:
        raise Unsupported(reason)
    if not isinstance(learner, NeuralLearner | StatisticalLearner):
        raise UsageError("this model has no options of sampling")
    return replace(
        known, plan=replace(known.plan, family=changed), learner=replace(learner, family=changed)
    )
