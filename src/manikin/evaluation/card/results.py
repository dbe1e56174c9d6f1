"""Results of an evaluation: what synthetic records are worth, axis by axis, and how sure the judge is.

There is no overall mark: a card that fails on privacy is not redeemed by its fidelity, so
axes never compensate each other. The seven axes follow the "7 C" scorecard for synthetic
medical data (Commun. Eng. 2025, 4:130) with privacy, which that card leaves out.

What results hold beside their scores, all of it optional and all of it plain JSON:

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
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from manikin.contracts.metric import AXES
from manikin.core.json_values import to_json_value
from manikin.errors import FormatError, UsageError
from manikin.evaluation.score import Score

if TYPE_CHECKING:
    from collections.abc import Iterable

FORMAT = "manikin-scorecard/1"


@dataclass(frozen=True, repr=False)
class EvaluationResults:
    """The scores of one synthetic cohort and what is needed to read and to repeat them.

    `manikin.Scorecard` is these results with the pages on which people read them.

    Args:
        scores: One per metric, assessed or not; none is dropped.
        about: Sizes, seed, versions, what was subsampled, hashes of the data, label; once
            released, the decision and the reason given for accepting what failed.
        plots: Plain numbers to draw, by the name of the plot.
        tables: Lists of records by name: the worst columns, the worst synthetic records.

    Example:
        >>> leak = Score("exact_copies", "privacy", .1, .08, .12, None, 0., None, "low", "fail", "")
        >>> card = EvaluationResults([leak])
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

    def add_facts(self, *sentences: str) -> Self:
        """The card with more sentences for its first screen and for the console; none stands twice.

        Example:
            >>> results = EvaluationResults([])
            >>> results.add_facts("3 levels of fewer than five patients were pooled.").about["facts"]
            ['3 levels of fewer than five patients were pooled.']
        """
        said = dict.fromkeys([*self.about.get("facts", []), *sentences])
        return replace(self, about={**self.about, "facts": list(said)})

    def with_scores(self, *scores: Score) -> Self:
        """The card with these scores, each in place of any of its name that the card bears.

        Example:
            >>> pending = Score.not_assessed("shadow_auc", "privacy", "low", "the attack was not asked for")
            >>> [score.name for score in EvaluationResults([pending]).with_scores(pending).scores]
            ['shadow_auc']
        """
        added = {score.name for score in scores}
        others = [score for score in self.scores if score.name not in added]
        return replace(self, scores=[*others, *scores])

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
        return f"{type(self).__name__}({len(self.scores)} scores; {verdicts})"

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
        scores = [Score.from_dict(table, number) for number, table in enumerate(card.get("scores", []))]
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


PASS_REQUIREMENTS = {
    "fidelity": ("correlation_distance", "c2st_auc"),
    "diversity": ("coverage", "recall"),
    "utility": ("tstr_auroc", "trts_auroc", "tstr_r2", "trts_r2"),
    "privacy": ("membership_auc", "shadow_auc"),
}
"""What a pass of an axis rests on: where these were measured, one of them must have been assessed.

Of privacy also where they could not be measured: too few patients prove nothing.
"""


def _find_worst(verdicts: Iterable[str]) -> str:
    order = ("fail", "warn", "pass")
    found = set(verdicts)
    return next((verdict for verdict in order if verdict in found), "not assessed")
