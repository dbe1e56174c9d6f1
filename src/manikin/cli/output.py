"""Show: what commands print, for people on a terminal or as JSON."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import typer

from manikin.cli.messages import to_command_line
from manikin.cli.options import EXIT_REFUSED
from manikin.core.progress_display import report_on

if TYPE_CHECKING:
    from collections.abc import Callable

    from rich.console import Console

    from manikin.cli.policy_options import PolicyChoice
    from manikin.cohort.cohort import Cohort
    from manikin.evaluation.scorecard import Scorecard
    from manikin.publication.pipeline import SynthesisResult


def create_console(*, quiet: bool, stderr: bool = True) -> Console:
    """Where commands print; nowhere if `quiet`."""
    from rich.console import Console

    return Console(stderr=stderr, quiet=quiet, soft_wrap=True)


def start_console(context: typer.Context, *, quiet: bool) -> Console:
    """Where a command prints, and shows what takes long until it ends; nowhere if `quiet`."""
    console = create_console(quiet=quiet)
    context.with_resource(report_on(None if quiet else console))
    return console


def build_printer(console: Console) -> Callable[[str], None]:
    """Who prints sentences as they are, with remedies of the command line."""
    return lambda text: console.print(to_command_line(text), markup=False, highlight=False)


def print_field_table(console: Console, cohort: Cohort, rows: list[Any]) -> None:
    """One line per field, then what was noticed."""
    from rich.table import Table

    table = Table(title=f"{len(cohort):,} records, {len(rows)} fields", title_justify="left")
    for heading in ("field", "kind", "detail", "missing", "role"):
        table.add_column(heading, overflow="fold", justify="right" if heading == "missing" else "left")
    for row in rows:
        gaps = f"{row.missing:.1%}" if row.missing else ""
        table.add_row(row.field, row.kind, row.detail, gaps, row.role)
    console.print(table)
    more = [f"{row.field}: {note}" for row in rows for note in row.notes]
    for note in dict.fromkeys([*cohort.notes, *more]):
        console.print(f"  note {note}", markup=False, highlight=False)


def print_summary(done: SynthesisResult, asked: PolicyChoice, *, as_json: bool, quiet: bool) -> None:
    """What was found, and what the main job left."""
    print_card(done.card, asked, as_json=as_json, quiet=quiet, files=done)
    if not (quiet or as_json):
        console = create_console(quiet=False, stderr=False)
        console.print(f"\nwritten in {done.seconds:.1f} s: {', '.join(done.files)}", highlight=False)
        console.print(f"the scorecard: {done.folder / 'scorecard.html'}", highlight=False)
    exit_if_refused(done.card, asked)


def print_card(
    card: Scorecard,
    asked: PolicyChoice,
    *,
    as_json: bool,
    quiet: bool,
    files: SynthesisResult | None = None,
) -> None:
    """The card for people, or as JSON with the gate's decision."""
    if as_json:
        from manikin.evaluation.card import gate as judged

        found: dict[str, Any] = {"verdicts": card.verdicts}
        if files:
            found |= {"folder": str(files.folder), "files": list(files.files), "seconds": files.seconds}
        if asked.tier:
            decision = judged.decide_use(card, asked.tier, asked.policy)
            found["gate"] = {
                "tier": asked.tier,
                "policy": asked.policy.name,
                "released": decision.is_released,
                "reasons": decision.reasons,
            }
        print(json.dumps(found, indent=1))  # noqa: T201
    elif not quiet:
        from manikin.evaluation.report.terminal import render_rich, render_text

        console = create_console(quiet=False, stderr=False)
        if console.is_terminal:
            console.print(render_rich(card, asked.policy, to_command_line))
        else:
            console.print(to_command_line(render_text(card, asked.policy)), markup=False, highlight=False)


def exit_if_refused(card: Scorecard, asked: PolicyChoice) -> None:
    """Exit with 1 if the tier refuses the card."""
    if asked.tier is None:
        return
    from manikin.evaluation.card import gate as judged

    decision = judged.decide_use(card, asked.tier, asked.policy)
    if not decision.is_released:
        raise typer.Exit(EXIT_REFUSED)
