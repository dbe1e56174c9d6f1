"""Prolong: signals longer than the window that a model has learned, each piece going on from the last.

A model whose signal stands in target and condition fills in what is missing of it. The end of what is
there is given as the beginning of a window, the rest of the window is drawn, and so forth: each piece is
drawn given the one before (as Rasul et al., ICML 2021, forecast step by step). What reaches farther back
than a window is known only by what stands in the condition, such as the heart rate.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from manikin.cohort.edit import replace_columns
from manikin.core import arrow
from manikin.core.seeds import Key
from manikin.errors import Unsupported, UsageError
from manikin.schema.kinds import Signal

if TYPE_CHECKING:
    from manikin.cohort.cohort import Cohort
    from manikin.synthesis.fitted import FittedModel
    from manikin.synthesis.synthesizer import Synthesizer


def continue_signal(
    model: Synthesizer, records: Cohort, seconds: float, *, overlap: float = 0.5, seed: int = 0
) -> Cohort:
    """The same signals, gone on with until they last so long.

    Args:
        model: Fitted, with one signal in target and condition.
        records: Signals of the length that the model knows, drawn by it or real, with all other fields
            of its condition, which stay as they are.
        seconds: How long the signals become.
        overlap: Share of each window that is given by the one before.
        seed: The same seed gives the same records.

    Returns:
        The records, their signal (channels, seconds x rate).

    Raises:
        NotFitted: Nothing was learned yet.
        Unsupported: No signal stands in target and condition, or it has no rate or has gaps.
        UsageError: `overlap` leaves nothing to give or to draw.

    Example:
        >>> import manikin as mk
        >>> t = np.arange(64) / 16 + np.random.default_rng(0).random((40, 1, 1))
        >>> waves = mk.Cohort.from_arrays({"wave": np.sin(6 * t)}, {"wave": mk.Signal(rate=16)})
        >>> training = mk.Training(steps=5)
        >>> model = mk.Synthesizer("wave", "wave", "diffusion", training=training).fit(waves, quiet=True)
        >>> continue_signal(model, waves.take([0, 1]), seconds=10)["wave"].shape
        (2, 1, 160)
    """
    known = model.fitted_model
    name, rate = _find_signal(known)
    x = records[name].astype(np.float64)
    if np.isnan(x).any():
        raise Unsupported(f"field {name!r} has gaps; only signals without any can be prolonged")
    length, wanted = x.shape[2], round(seconds * rate)
    given = round(overlap * length)
    if not 0 < given < length:
        raise UsageError(
            f"overlap is {overlap}; it must leave a part of {length} places to give and to draw"
        )
    read, step = known.input_fields, 0
    while x.shape[2] < wanted:
        torn = np.full((len(x), x.shape[1], length), np.nan)
        torn[..., :given] = x[..., -given:]
        asked = replace_columns(records, {name: arrow.to_column(torn)}).select(*read)
        drawn = model.sample(condition=asked, seed=Key(seed).child("prolong").child(step).integer())
        x, step = np.concatenate([x, drawn[name][..., given:]], axis=2), step + 1
    whole = x[..., :wanted].astype(records[name].dtype)
    return replace_columns(records, {name: arrow.to_column(whole)})


def _find_signal(known: FittedModel) -> tuple[str, float]:
    """The signal that the model goes on with, and its rate in Hz."""
    for name in known.plan.observed:
        kind = known.schema[name]
        if isinstance(kind, Signal) and kind.rate:
            return name, kind.rate
    raise Unsupported("no signal with a rate stands in target and condition: name it in both")
