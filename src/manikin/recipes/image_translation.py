"""Bridge: translation without pairs, by a flow that has learned both sides (Su et al., ICLR 2023).

One model learns the records of both sides, told apart by a condition: T1 and T2 slices of different
patients, scanners of two makers, healthy and ill. A record is led back along the flow of its own side to
the noise that it comes from, and from there along the flow of the other. Back again gives
the record itself, so the translation is consistent in cycles without having been trained to be. Nothing
forces anatomy to stay where it is, as pairs would: where there are pairs, give the one picture
as a condition of the other.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pyarrow as pa

from manikin.core.seeds import Key
from manikin.errors import Unsupported
from manikin.families.diffusion import Diffusion
from manikin.training.neural_learner import NeuralLearner

if TYPE_CHECKING:
    from collections.abc import Mapping

    from manikin.cohort.cohort import Cohort
    from manikin.synthesis.conditions import Conditions
    from manikin.synthesis.fitted import FittedModel
    from manikin.synthesis.synthesizer import Synthesizer


def translate_unpaired(model: Synthesizer, records: Cohort, where: Mapping[str, Any]) -> Cohort:
    """The same records as they would be, were their condition another.

    With pictures of one patient and another diagnosis it shows what the model takes the diagnosis to change
    (a counterfactual of the model, not of the patient).

    Args:
        model: A fitted `diffusion` with a condition, and a target of values that are never missing.
        records: With all fields of condition and target.
        where: The fields of the condition that change, and their new values.

    Returns:
        The target with its new condition, one record for each given one.

    Raises:
        NotFitted: Nothing was learned yet.
        Unsupported: Another family, or a target with levels, missing values or learned codes.
        UsageError: A field of the condition is not given, or none changes.

    Example:
        >>> import numpy as np
        >>> import manikin as mk
        >>> x = np.random.default_rng(0).normal(size=(64, 1, 8, 8)).astype(np.float32)
        >>> sides = np.array(["T1", "T2"] * 32, dtype=object)
        >>> schema = {"scan": mk.Image(), "side": mk.Category(levels=("T1", "T2"))}
        >>> slices = mk.Cohort.from_arrays({"scan": x, "side": sides}, schema)
        >>> model = mk.Synthesizer("scan", "side", "diffusion", training=mk.Training(steps=5))
        >>> model = model.fit(slices, quiet=True)
        >>> translate_unpaired(model, slices.take([0, 2]), {"side": "T2"})["scan"].shape
        (2, 1, 8, 8)
    """
    known = model.fitted_model
    learner = known.learner
    if not isinstance(learner, NeuralLearner) or not isinstance(learner.family, Diffusion):
        raise Unsupported(f"{type(known.plan.family).__name__} has no flow to follow back; use 'diffusion'")
    before = _build_conditions(known, records, {})
    after = _build_conditions(known, records, where)
    x = known.codec.encode(records.select(*known.plan.target), Key(0).child("bridge"))
    carried = learner.translate(x, known.encode_condition(before), known.encode_condition(after))
    columns = dict(known.codec.decode(carried, Key(0).child("bridge")))
    columns |= {name: after.columns[name] for name in known.plan.condition}
    return known.finalize_table(pa.table(columns))


def _build_conditions(known: FittedModel, records: Cohort, where: Mapping[str, Any]) -> Conditions:
    kept = records.select(*(name for name in known.plan.condition if name not in where))
    return known.read_conditions(None, kept.columns, where)
