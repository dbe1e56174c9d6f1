"""Scorecard: the results of an evaluation with the pages on which people read them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from manikin.core.deprecation import forward_method
from manikin.evaluation.card.results import EvaluationResults
from manikin.evaluation.report.html_page import render_page, render_summary
from manikin.evaluation.report.terminal import render_rich, render_text

if TYPE_CHECKING:
    from rich.table import Table

    from manikin.evaluation.card.policy import Policy


class Scorecard(EvaluationResults):
    """What synthetic records are worth, axis by axis, and how sure the judge is.

    Its fields and its file are those of `EvaluationResults`.

    Example:
        >>> from manikin.evaluation.score import Score
        >>> leak = Score("exact_copies", "privacy", .1, .08, .12, None, 0., None, "low", "fail", "")
        >>> Scorecard([leak])["exact_copies"].verdict
        'fail'
    """

    with_facts = forward_method("Scorecard.with_facts", "add_facts")
    parts = forward_method("Scorecard.parts", "find_parts")
    summary = forward_method("Scorecard.summary", "to_text")

    def _repr_html_(self) -> str:
        return render_summary(self)

    def __rich__(self) -> Table:
        return render_rich(self)

    def to_text(self, policy: Policy | None = None) -> str:
        """What the records may be used for and what was found on each axis, in a few plain lines."""
        return render_text(self, policy)

    def to_html(self, path: str | Path, policy: Policy | None = None) -> None:
        """Write the page that people read: one file that needs no network.

        Args:
            path: Where to.
            policy: The limits of its uses; None: those shipped with manikin.
        """
        Path(path).write_text(render_page(self, policy), encoding="utf-8")
