"""Losses: how badly a model foretells single records, which tells whom it has learned by heart."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from manikin.contracts.family import Batch
from manikin.errors import Unsupported
from manikin.training.learner import NeuralLearner

if TYPE_CHECKING:
    from manikin.cohort.cohort import Cohort
    from manikin.core.seeds import Key
    from manikin.synthesis.fitted import FittedModel


def compute_record_losses(known: FittedModel, records: Cohort, draws: int, key: Key) -> np.ndarray:
    """The loss of training of each record alone, the mean over draws of its noise, shape (n,).

    Every record meets the same noise, so that differences between records are not noise.

    Raises:
        Unsupported: The family has no loss, or one that only compares sides.
    """
    learner = known.learner
    if not isinstance(learner, NeuralLearner) or len(learner.family.turns) > 1:
        raise Unsupported(
            f"{type(learner.family).__name__} has no loss of a single record; judge what it writes instead"  # pyright: ignore[reportAttributeAccessIssue]
        )
    import torch

    from manikin.nn.conditioning import ConditionBatch
    from manikin.training.engine import Engine

    engine = Engine.select(learner.spec)
    nets = engine.place(learner.nets)
    records = known.recoding.recode(records)
    x = torch.from_numpy(known.codec.encode(records))
    parts = {name: codec.encode(records) for name, codec in known.condition_codecs.items()}
    found = np.zeros((len(records), draws))
    for i in range(len(records)):
        arrays = learner._select_condition(parts, slice(i, i + 1))  # noqa: SLF001 - of one package
        given = ConditionBatch.from_arrays(arrays).to(engine.device)
        for draw in range(draws):
            with torch.no_grad(), engine.seed_generators(key.child(draw)) as rng:
                one = x[i : i + 1].to(engine.device)
                loss = learner.family.compute_loss(nets, Batch(one, given, rng))
            found[i, draw] = float(loss)
    return found.mean(axis=1)
