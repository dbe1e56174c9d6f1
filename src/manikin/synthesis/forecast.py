"""Futures: what a model of histories expects of given patients, as probabilities."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from manikin.cohort.histories import list_history_fields
from manikin.core.seeds import Key
from manikin.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Callable

    from manikin.cohort.cohort import Cohort
    from manikin.synthesis.synthesizer import Synthesizer

    Question = Callable[[np.ndarray, np.ndarray], bool | None]


def estimate_event_probabilities(
    model: Synthesizer,
    begun: Cohort,
    happens: Question,
    *,
    draws: int = 20,
    seed: int = 0,
    pooled: bool = False,
) -> np.ndarray:
    """How probable an event is in the future of each patient, by the share of drawn futures that have it.

    A probability of the model, not a forecast for a person: it is as good as its calibration on
    held-out patients, which has to be measured for each question.

    Args:
        model: Learned a field of histories with that field among its conditions.
        begun: Patients with what is known of their histories, and the model's other conditions.
        happens: Asked with what is known (events: time, visit, code, value) and with the whole drawn
            history, which begins with it; None: the question does not arise.
        draws: Futures of each patient.
        seed: The same seed gives the same futures.
        pooled: Whether what few draws say of a patient is weighed against what they say of all
            (`shrink_to_prior`):
            closer to the model's own probability, but dependent on who else is asked about.

    Returns:
        Probabilities (n,), NaN where the question never arises.

    Raises:
        UsageError: The cohort has no history, or fewer than one future is asked for.

    Example:
        >>> def again(known, whole):  # is there another visit?
        ...     return len(whole) > len(known)
    """
    names = list_history_fields(begun.schema)
    if not names or draws < 1:
        raise UsageError(
            f"draws={draws}: at least one future" if names else "the patients have no field of histories"
        )
    known, key = begun[names[0]], Key(seed).child("futures")
    hits, asked = np.zeros(len(begun)), np.zeros(len(begun))
    for i in range(draws):
        future = model.sample(condition=begun, seed=key.child(i).integer())[names[0]]
        said = [happens(before, whole) for before, whole in zip(known, future, strict=True)]
        asked += [answer is not None for answer in said]
        hits += [bool(answer) for answer in said]
    share = np.divide(hits, asked, out=np.full(len(begun), np.nan), where=asked > 0)
    return shrink_to_prior(share, asked) if pooled else share


def shrink_to_prior(share: np.ndarray, draws: np.ndarray) -> np.ndarray:
    """Chances behind the shares of few draws: posterior means under a beta law fitted to all patients.

    The law has the mean of the shares and their variance less that of drawing (method of moments for the
    beta-binomial; Kleinman, 1973, JASA 68). Shares that vary no more than by chance all become their mean.

    Args:
        share: Of each patient's draws, NaN where there is none, (n,).
        draws: How many each has, (n,).

    Returns:
        Probabilities (n,), NaN as in `share`; the shares themselves where nobody has two draws.

    Example:
        >>> # they vary as much as they can
        >>> shrink_to_prior(np.array([0.0, 1.0]), np.array([2, 2])).tolist()
        [0.0, 1.0]
        >>> # as much as chance has it
        >>> shrink_to_prior(np.array([0.25, 0.75]), np.array([4, 4])).tolist()
        [0.5, 0.5]
    """
    known = draws > 0
    size = float(draws[known].mean()) if known.any() else 0.0
    if size <= 1:
        return share
    mean = float(share[known].mean())
    spread = mean * (1 - mean)
    between = (size * float(share[known].var()) - spread) / (size - 1)
    if between <= 0:
        return np.where(known, mean, np.nan)
    weight = spread / between - 1
    return (draws * share + weight * mean) / (draws + weight)
