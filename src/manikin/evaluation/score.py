"""Scores: one measured quantity with its verdict, and the limits by which verdicts are decided."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any, Literal, Self, get_args

from manikin.contracts.metric import AXES
from manikin.errors import FormatError

Verdict = Literal["pass", "warn", "fail", "not assessed"]
VERDICTS: tuple[str, ...] = get_args(Verdict)
FAMILYWISE_ERROR = 0.05  # family-wise, over the whole card
PASS_MARGIN = 0.5  # the calibrated score that the interval of a pass must exclude
UNDECIDED_NOTE = "too few records to decide whether they are as good as fresh real ones"

ZERO_TOLERANCE_SCORES = (
    "exact_copies",
    "held_out_copies",
    "near_match_excess",
    "disguised_copies",
    "identifiers_left",
)
"""Scores that count what must not be there: what chance may explain of it is still to be looked at."""

UNUSUAL_PERCENTILE = 0.975  # of fresh real records do better: found, if no proof

REQUIRED_SEARCHES = ("disguised_copies",)
"""Those of them that are asked only where there is something to look at, and so must have been answered."""


@dataclass(frozen=True)
class Score:
    """One measured quantity, where it stands between bad and as good as real, and how surely.

    Args:
        name: The metric, such as "c2st_auc".
        axis: One of `manikin.contracts.metric.AXES`.
        value: The measured quantity, in the metric's own unit; None when not assessed.
        low: The lower end of the 95 % interval of `value`.
        high: The upper end.
        floor: What a bad generator gets on the same number of records.
        ceiling: What never-seen real records get (the mean of the null distribution).
        calibrated: (floor - value) / (floor - ceiling): 0 as bad as the floor, 1 as real data.
        better: Whether a "low" or a "high" value is the good one.
        verdict: "pass", "warn", "fail" or "not assessed".
        note: One sentence: what was found, or why it was not assessed.
        percentile: The share (0 to 1) of the null distribution that is better than the value.

    Example:
        >>> Score("c2st_auc", "fidelity", .71, .66, .75, 1.0, .5, .58, "low", "warn", "").calibrated
        0.58
    """

    name: str
    axis: str
    value: float | None
    low: float | None
    high: float | None
    floor: float | None
    ceiling: float | None
    calibrated: float | None
    better: Literal["low", "high"]
    verdict: Verdict
    note: str
    percentile: float | None = None

    @classmethod
    def not_assessed(cls, name: str, axis: str, better: Literal["low", "high"], note: str) -> Self:
        """A score without a value.

        Args:
            name: The metric.
            axis: What it speaks about.
            better: Whether a "low" or a "high" value is the good one.
            note: Why it was not assessed.

        Example:
            >>> Score.not_assessed("tstr_auroc", "utility", "high", "no label").verdict
            'not assessed'
        """
        return cls(name, axis, None, None, None, None, None, None, better, "not assessed", note)

    @classmethod
    def from_dict(cls, table: Any, number: int = 0) -> Self:  # noqa: ANN401 - JSON holds anything
        """The inverse of `dataclasses.asdict`.

        Args:
            table: A score as a JSON object.
            number: Its place on the card, for messages.

        Raises:
            FormatError: An entry is absent, unknown, or none of the words that it may be.
        """
        known = {entry.name for entry in fields(cls)}
        required = known - {"percentile"}
        if not isinstance(table, dict) or not required <= set(table) <= known:
            message = f"score {number}: needs exactly {', '.join(sorted(required))} (and percentile)"
            raise FormatError(message)
        if (
            table["axis"] not in AXES
            or table["verdict"] not in VERDICTS
            or table["better"] not in ("low", "high")
        ):
            message = (
                f"score {table['name']!r}: axis is one of {', '.join(AXES)}; "
                f"verdict one of {', '.join(VERDICTS)}; better is low or high"
            )
            raise FormatError(message)
        return cls(**table)

    @property
    def is_assessed(self) -> bool:
        """Whether there is a verdict on it."""
        return self.verdict != "not assessed"

    @property
    def is_pending(self) -> bool:
        """Whether something was found that has no verdict, or a search for copies had no power.

        Neither is a pass of the axis, nor may records be released on it.
        """
        doubtful = self.axis == "privacy" and (self.percentile or 0.0) >= UNUSUAL_PERCENTILE
        found = doubtful or (self.name.partition("[")[0] in ZERO_TOLERANCE_SCORES and bool(self.value))
        return not self.is_assessed and (found or self.name in REQUIRED_SEARCHES)

    @property
    def unfavourable_end(self) -> float | None:
        """The end of the interval that speaks against the data; the value where there is none."""
        end = self.high if self.better == "low" else self.low
        return self.value if end is None else end


@dataclass(frozen=True)
class Thresholds:
    """From which calibrated score a difference that is certain passes, and below which it fails."""

    pass_threshold: float
    fail_threshold: float


THRESHOLDS = {
    # axes
    "fidelity": Thresholds(0.8, 0.6),
    "diversity": Thresholds(0.8, 0.6),
    "utility": Thresholds(0.8, 0.6),
    "fairness": Thresholds(0.8, 0.6),
    "privacy": Thresholds(0.995, 0.99),  # a leak of 1 % is 1 % of the way to copies
    "clinical validity": Thresholds(0.99, 0.98),
    "provenance": Thresholds(1.0, 1.0),
    # scores that are stricter or more lenient than their axis
    "duplicate_share": Thresholds(0.99, 0.98),
    "near_duplicate_share": Thresholds(0.95, 0.9),
    "exact_copies": Thresholds(
        1.0, 1.0
    ),  # what chance explains is taken off already: one patient is one too many
    "held_out_copies": Thresholds(1.0, 1.0),
    "single_values": Thresholds(1.0, 1.0),
    "near_match_excess": Thresholds(1.0, 1.0),
    "disguised_copies": Thresholds(1.0, 1.0),
    "identifiers_left": Thresholds(1.0, 1.0),
    "survival_distance": Thresholds(0.8, 0.6),
    "trts_auroc": Thresholds(0.9, 0.85),  # one label in ten flipped leaves at most .8 of the way
}


def decide_verdict(calibrated: float, worst: float, chance: float, limit: Thresholds) -> Verdict:
    """What a calibrated score says.

    Args:
        calibrated: 0 as bad as the floor, 1 as good as fresh real records.
        worst: The same at the unfavourable end of its interval.
        chance: The probability, adjusted for the whole card, that fresh records lose as much.
        limit: What is asked of it.

    Example:
        >>> limit = Thresholds(0.8, 0.6)
        >>> decide_verdict(0.5, 0.4, 0.001, limit), decide_verdict(0.9, 0.2, 0.4, limit)
        ('fail', 'not assessed')
        >>> # of copies one is too many, be it by chance
        >>> decide_verdict(0.98, 0.9, 0.4, Thresholds(1.0, 1.0))
        'not assessed'
    """
    if chance > FAMILYWISE_ERROR:
        explained = limit.pass_threshold >= 1 and calibrated < 1  # one is too many, and there is one
        return "pass" if worst >= PASS_MARGIN and not explained else "not assessed"
    if calibrated >= limit.pass_threshold:
        return "pass"
    return "fail" if calibrated < limit.fail_threshold else "warn"
