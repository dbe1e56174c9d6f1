"""Scorecard: what synthetic records are worth, axis by axis, and how sure the judge is.

There is no overall mark: a card that fails on privacy is not redeemed by its fidelity, so
axes never compensate each other. The seven axes follow the "7 C" scorecard for synthetic
medical data (Commun. Eng. 2025, 4:130) with privacy, which that card leaves out.

What a card holds beside its scores, all of it optional and all of it plain JSON:

    about       title, label, seed, records and subjects {train, holdout, synthetic: count},
                fields: count, subgroups [name], hashes {part: sha256}, versions {name: version},
                subsampled [sentence], generator, privacy {epsilon, delta, unit, audited},
                evaluated (ISO time), seconds, memory (MB), release {tier, released, accepted, reasons},
                roles {subject, identifier, left out: [column]},
                facts [sentence]: what whoever reads the card must know beside the scores, gravest
                first, each a whole plain sentence that holds on its own; no value of a patient.
                The first screen and the console show them; `with_facts` adds some
    plots       marginals {field: {kind, edges or levels, real, synthetic, unit}} (shares)
                correlation {fields, real, synthetic} (square matrices)
                embedding {density (rows of y, from low to high), extent [x0, x1, y0, y1],
                    synthetic [[x, y]], explained [share, share]}
                neighbours {edges, real, synthetic} (shares)
                survival {time, real, synthetic, unit}, or that for each {group: ...}
                nulls {score: [low, high]}: the middle 95 % of the null distribution
    tables      columns, records (synthetic ones only), subgroups, rules: each a list of flat rows
                {heading: value}, worst first; power: the self-test, {defect, axis, noticed, trials,
                low, high}
"""

from __future__ import annotations

import json
import math
from dataclasses import asdict, dataclass, field, fields, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, Self, get_args

from manikin.contracts.metric import AXES
from manikin.core.deprecation import forward_method
from manikin.errors import FormatError, UsageError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from rich.table import Table

    from manikin.evaluation.card.policy import Policy

Verdict = Literal["pass", "warn", "fail", "not assessed"]
VERDICTS: tuple[str, ...] = get_args(Verdict)
FORMAT = "manikin-scorecard/1"


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


@dataclass(frozen=True, repr=False)
class Scorecard:
    """The scores of one synthetic cohort and what is needed to read and to repeat them.

    Args:
        scores: One per metric, assessed or not; none is dropped.
        about: Sizes, seed, versions, what was subsampled, hashes of the data, label; once
            released, the decision and the reason given for accepting what failed.
        plots: Plain numbers to draw, by the name of the plot.
        tables: Lists of records by name: the worst columns, the worst synthetic records.

    Example:
        >>> leak = Score("exact_copies", "privacy", .1, .08, .12, None, 0., None, "low", "fail", "")
        >>> card = Scorecard([leak])
        >>> card["exact_copies"].value, card.verdicts["privacy"], card.verdicts["utility"]
        (0.1, 'fail', 'not assessed')
    """

    scores: list[Score]
    about: dict[str, Any] = field(default_factory=dict)
    plots: dict[str, Any] = field(default_factory=dict)
    tables: dict[str, Any] = field(default_factory=dict)

    @property
    def verdicts(self) -> dict[str, str]:
        """The worst assessed verdict of each axis; no pass where what it rests on could not be told."""
        return {axis: self._decide_verdict(axis) for axis in AXES}

    def _decide_verdict(self, axis: str) -> str:
        worst = _find_worst(score.verdict for score in self.scores if score.axis == axis)
        rests = [score for name in PASS_REQUIREMENTS.get(axis, ()) for score in self.find_parts(name)]
        asked = [score for score in rests if score.value is not None or axis == "privacy"]
        untold = bool(asked) and not any(score.is_assessed for score in asked)
        unexplained = any(score.is_pending for score in self.scores if score.axis == axis)
        return "not assessed" if worst == "pass" and (untold or unexplained) else worst

    with_facts = forward_method("Scorecard.with_facts", "add_facts")
    parts = forward_method("Scorecard.parts", "find_parts")
    summary = forward_method("Scorecard.summary", "to_text")

    def add_facts(self, *sentences: str) -> Scorecard:
        """The card with more sentences for its first screen and for the console; none stands twice.

        Example:
            >>> Scorecard([]).add_facts("3 levels of fewer than five patients were pooled.").about["facts"]
            ['3 levels of fewer than five patients were pooled.']
        """
        said = dict.fromkeys([*self.about.get("facts", []), *sentences])
        return replace(self, about={**self.about, "facts": list(said)})

    def find(self, name: str) -> Score | None:
        """The score called `name`, or None if the card has none."""
        return next((score for score in self.scores if score.name == name), None)

    def find_parts(self, metric: str) -> list[Score]:
        """All scores of a metric: the one called so, and those of its parts, `metric[part]`."""
        return [s for s in self.scores if s.name == metric or s.name.startswith(f"{metric}[")]

    def __contains__(self, name: object) -> bool:
        return any(score.name == name for score in self.scores)

    def __getitem__(self, name: str) -> Score:
        score = self.find(name)
        if score is None:
            message = f"no score {name!r} on this card; there are {', '.join(s.name for s in self.scores)}"
            raise UsageError(message)
        return score

    def __repr__(self) -> str:
        verdicts = ", ".join(f"{axis}: {verdict}" for axis, verdict in self.verdicts.items())
        return f"Scorecard({len(self.scores)} scores; {verdicts})"

    def _repr_html_(self) -> str:
        from manikin.evaluation.report.html_page import render_summary

        return render_summary(self)

    def __rich__(self) -> Table:
        from manikin.evaluation.report.terminal import render_rich

        return render_rich(self)

    def to_text(self, policy: Policy | None = None) -> str:
        """What the records may be used for and what was found on each axis, in a few plain lines."""
        from manikin.evaluation.report.terminal import render_text

        return render_text(self, policy)

    def to_html(self, path: str | Path, policy: Policy | None = None) -> None:
        """Write the page that people read: one file that needs no network.

        Args:
            path: Where to.
            policy: The limits of its uses; None: those shipped with manikin.
        """
        from manikin.evaluation.report.html_page import render_page

        Path(path).write_text(render_page(self, policy), encoding="utf-8")

    def to_dict(self) -> dict[str, Any]:
        """Plain lists, tables and numbers; what is not finite becomes None."""
        card = {"format": FORMAT, "verdicts": self.verdicts, **asdict(self)}
        return to_json_value(card)

    @classmethod
    def from_dict(cls, card: Any) -> Self:  # noqa: ANN401 - JSON holds anything
        """The inverse of `to_dict`.

        Raises:
            FormatError: It is not a scorecard, or one of a format this version does not know.
        """
        if not isinstance(card, dict) or card.get("format") != FORMAT:
            message = f'not a scorecard: needs "format": "{FORMAT}"; write one with Scorecard.to_json'
            raise FormatError(message)
        scores = [_parse_score(number, table) for number, table in enumerate(card.get("scores", []))]
        return cls(scores, *(card.get(part, {}) for part in ("about", "plots", "tables")))

    def to_json(self, path: str | Path) -> None:
        """Write the card as JSON, as `scorecard.schema.json` in this folder describes it."""
        text = json.dumps(self.to_dict(), indent=1, allow_nan=False, ensure_ascii=False)
        Path(path).write_text(text + "\n", encoding="utf-8")

    @classmethod
    def from_json(cls, path: str | Path) -> Self:
        """Read a card written by `to_json`.

        Raises:
            FormatError: The file is absent, is not JSON, or is not a scorecard.
        """
        try:
            return cls.from_dict(json.loads(Path(path).read_text(encoding="utf-8")))
        except (OSError, ValueError, FormatError) as error:
            message = f"{path}: {error}"
            raise FormatError(message) from error


def to_json_value(value: Any) -> Any:  # noqa: ANN401 - JSON holds anything
    """The same with NumPy values and tuples as plain ones, and None for what is not finite.

    Example:
        >>> to_json_value({"a": (1, float("nan"))})
        {'a': [1, None]}
    """
    if isinstance(value, dict):
        return {str(key): to_json_value(entry) for key, entry in value.items()}
    if hasattr(value, "tolist"):  # a NumPy array or scalar
        return to_json_value(value.tolist())
    if isinstance(value, list | tuple):
        return [to_json_value(entry) for entry in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value


PASS_REQUIREMENTS = {
    "fidelity": ("correlation_distance", "c2st_auc"),
    "diversity": ("coverage", "recall"),
    "utility": ("tstr_auroc", "trts_auroc", "tstr_r2", "trts_r2"),
    "privacy": ("membership_auc", "shadow_auc"),
}
"""What a pass of an axis rests on: where these were measured, one of them must have been assessed.

Of privacy also where they could not be measured: too few patients prove nothing.
"""

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


def _find_worst(verdicts: Iterable[str]) -> str:
    order = ("fail", "warn", "pass")
    found = set(verdicts)
    return next((verdict for verdict in order if verdict in found), "not assessed")


def _parse_score(number: int, table: Any) -> Score:  # noqa: ANN401 - JSON holds anything
    known = {entry.name for entry in fields(Score)}
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
    return Score(**table)
