"""Limb leads: two of an ECG's six are modelled, the others follow from them by Einthoven's law."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Self, final

import numpy as np

from manikin.codecs.arrays.standardize import StandardScaler
from manikin.errors import SchemaError
from manikin.signals.analysis.lead_names import LIMB_LEAD_WEIGHTS, find_limb_leads

if TYPE_CHECKING:
    from manikin.core.seeds import Key
    from manikin.encoding.spec import Block

MAX_LAW_ERROR = 0.1
"""Share of its deviation by which a lead may miss the law, so that it counts as held."""


@final
@dataclass(frozen=True)
class LimbLeadScaler:
    """The scale of an ECG without the leads that follow from I and II.

    Args:
        shape: Of one record, channels first.
        kept: The channels that are modelled, I and II among them.
        told: The other channels, each with its share of I and of II.
        pair: The places of I and II among all channels.
        values: The scale of the channels that are modelled.
    """

    shape: tuple[int, ...]
    kept: list[int]
    told: dict[int, tuple[float, float]]
    pair: tuple[int, int]
    values: StandardScaler

    @classmethod
    def from_records(cls, x: np.ndarray, channels: tuple[str, ...]) -> Self | None:
        """Learn from records (n, channels, time); None where no lead follows from others by the law."""
        names = find_limb_leads(channels)
        if len(channels) != x.shape[1] or any(names.count(lead) != 1 for lead in ("I", "II")):
            return None
        pair = (names.index("I"), names.index("II"))
        told = {
            j: LIMB_LEAD_WEIGHTS[name]
            for j, name in enumerate(names)
            if name
            and j not in pair
            and names.count(name) == 1
            and _is_law_kept(x, j, pair, LIMB_LEAD_WEIGHTS[name])
        }
        kept = [j for j in range(len(channels)) if j not in told]
        return (
            cls(tuple(x.shape[1:]), kept, told, pair, StandardScaler.from_records(x[:, kept]))
            if told
            else None
        )

    @property
    def block(self) -> Block:
        """One quantity per channel that is modelled, and place."""
        return self.values.block

    @property
    def spectrum(self) -> list[list[float]]:
        """Of the channels that are modelled."""
        return self.values.spectrum

    def encode(self, x: np.ndarray, key: Key | None) -> np.ndarray:
        """(n, kept channels, time) standardised; where I or II is missing, by a lead that tells it.

        Raises:
            SchemaError: A lead is given without I and II, of which it tells but one relation.
        """
        one, two = (x[:, j].astype(np.float64) for j in self.pair)
        for j, (a, b) in self.told.items():
            one, two = (
                np.where(np.isnan(one), (x[:, j] - b * two) / a, one),
                np.where(np.isnan(two), (x[:, j] - a * one) / b, two),
            )
        for j in self.told:
            if (np.isfinite(x[:, j]) & np.isnan(one) & np.isnan(two)).any():
                raise SchemaError(
                    f"channel {j}: a limb lead, given without I and II; give one of these beside it"
                )
        whole = x.astype(np.float64)
        whole[:, self.pair[0]], whole[:, self.pair[1]] = one, two
        return self.values.encode(whole[:, self.kept], key)

    def decode(self, z: np.ndarray) -> np.ndarray:
        """The inverse, all leads."""
        found = self.values.decode(z)
        x = np.empty((len(z), *self.shape), dtype=found.dtype)
        x[:, self.kept] = found
        one, two = (x[:, j].astype(np.float64) for j in self.pair)
        for j, (a, b) in self.told.items():
            lead = a * one + b * two
            x[:, j] = np.round(lead) if self.values.is_integer else lead
        return x

    def to_dict(self) -> dict[str, Any]:
        """What was learned, in plain values."""
        return asdict(self) | {"told": [[j, *shares] for j, shares in self.told.items()]}

    @classmethod
    def from_dict(cls, state: dict[str, Any]) -> Self:
        """The inverse of `to_dict`."""
        told = {int(j): (a, b) for j, a, b in state["told"]}
        one, two = state["pair"]
        values = StandardScaler.from_dict(state["values"])
        return cls(tuple(state["shape"]), state["kept"], told, (one, two), values)


def _is_law_kept(x: np.ndarray, j: int, pair: tuple[int, int], shares: tuple[float, float]) -> bool:
    """Whether the training records keep the law for one lead."""
    one, two, lead = (x[:, place].astype(np.float64) for place in (*pair, j))
    off = lead - shares[0] * one - shares[1] * two
    return bool(np.nanmean(off**2) <= MAX_LAW_ERROR**2 * np.nanvar(lead))
