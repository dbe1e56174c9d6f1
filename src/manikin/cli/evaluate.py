"""Judge: evaluate, compare, release."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from manikin.cli import options as o
from manikin.cli.app import app
from manikin.cli.attack_options import build_attack
from manikin.cli.messages import to_command_line
from manikin.cli.output import create_console, exit_if_refused, print_card, start_console
from manikin.errors import FormatError


@app.command()
def evaluate(
    context: typer.Context,
    synthetic: Annotated[Path, typer.Argument(help="The synthetic records, whoever made them.")],
    train: Annotated[Path, typer.Option(help="The real records that the generator has learned from.")],
    holdout: Annotated[Path, typer.Option(help="Real records of other subjects, never seen by it.")],
    out: Annotated[
        Path | None, typer.Option("--out", "-o", help="Folder for scorecard.html and .json.")
    ] = None,
    label: o.Label = None,
    subgroup: o.Subgroup = None,
    rules: o.Rules = None,
    schema: o.SchemaFile = None,
    tier: o.Tier = None,
    policy: o.PolicyFile = None,
    model: Annotated[
        Path | None,
        typer.Option(help="The folder of the model that made them, to be fitted again and attacked."),
    ] = None,
    refits: Annotated[
        int | None, typer.Option(help="How many fits the attack on --model takes; default: 16.")
    ] = None,
    self_test: o.SelfTest = False,
    encoder: o.Encoder = None,
    suspected_copies: Annotated[
        Path | None,
        typer.Option(
            "--suspected-copies",
            "--suspects",  # of before
            help="A page of suspected copies beside their patients, for internal use only.",
        ),
    ] = None,
    seed: o.Seed = 0,
    quiet: o.Quiet = False,
    as_json: o.Json = False,
    print_policy: o.PrintPolicy = False,  # noqa: ARG001 - acts when it is read
) -> None:
    """Judge any synthetic file against real records. No generator is needed or known.

    With `--model` a model that manikin saved is attacked as well: it is fitted again and again with
    and without each training patient, which shows what its records give away.

    Example: `manikin evaluate synthetic.csv --train train.csv --holdout holdout.csv -o card --tier open`
    """
    from manikin.cli.policy_options import read_policy
    from manikin.core.atomic import open_atomic_folder
    from manikin.evaluation.card.provenance_score import score_provenance
    from manikin.evaluation.evaluate import evaluate as judge
    from manikin.evaluation.selftest.detection_power import add_self_test, check_testable
    from manikin.publication.evaluation_files import read_for_evaluation
    from manikin.publication.pipeline import read_cohort
    from manikin.rules.rule import read_rules
    from manikin.training.weights import read_json

    limits = read_policy(policy, tier)
    start_console(context, quiet=quiet or as_json)
    attack = build_attack(model, refits)
    real = read_cohort(train, schema)
    if self_test:
        check_testable(real)
    others = [read_for_evaluation(path, real.schema) for path in (synthetic, holdout)]
    judged = {"label": label, "subgroups": subgroup or (), "rules": read_rules(rules) if rules else ()}
    card = judge(others[0], real, others[1], **judged, seed=seed, encoders=encoder or ())
    record = synthetic.with_name("provenance.json")
    if record.exists():
        card = card.with_scores(score_provenance(card.about, read_json(record)))
    if self_test:
        card = add_self_test(card, real, others[1], seed=seed)
    if attack:
        card = attack(card, real, seed)
    if out:
        with open_atomic_folder(out) as part:
            card.to_json(part / "scorecard.json")
            card.to_html(part / "scorecard.html", limits.policy)
    if suspected_copies:
        from manikin.evaluation.suspected_copies import find_suspected_copies

        pairs = find_suspected_copies(others[0], real, others[1], seed=seed)
        pairs.to_html(suspected_copies)
    print_card(card, limits, as_json=as_json, quiet=quiet)
    if out and not (quiet or as_json):
        create_console(quiet=False, stderr=False).print(
            f"the scorecard: {out / 'scorecard.html'}", highlight=False
        )
    exit_if_refused(card, limits)


@app.command()
def compare(
    before: Annotated[Path, typer.Argument(help="A scorecard.json.")],
    after: Annotated[Path, typer.Argument(help="Another, to be read as the change.")],
    as_json: o.Json = False,
) -> None:
    """What got better and what worse from one scorecard to another."""
    from manikin.evaluation.card.compare import compare as compared
    from manikin.evaluation.scorecard import Scorecard

    found = compared(*(Scorecard.from_json(_find_card(path)) for path in (before, after)))
    if as_json:
        print(json.dumps(found.to_dict(), indent=1))  # noqa: T201
    else:
        create_console(quiet=False, stderr=False).print(found)


@app.command()
def release(
    synthetic: Annotated[Path, typer.Argument(help="The synthetic records.")],
    card: Annotated[Path, typer.Option(help="The scorecard.json of these very records.")],
    out: o.Out,
    tier: Annotated[
        str, typer.Option(help="internal, controlled or open, or a tier of --policy.")
    ] = "controlled",
    policy: o.PolicyFile = None,
    accept: Annotated[
        str | None,
        typer.Option(help="Why to release although the gate refuses; it is printed on the card."),
    ] = None,
    schema: o.SchemaFile = None,
) -> None:
    """Write records, card and provenance to a folder, if the gate lets them pass."""
    from manikin.cli.policy_options import read_policy
    from manikin.errors import PrivacyError
    from manikin.evaluation.scorecard import Scorecard
    from manikin.publication.pipeline import read_cohort
    from manikin.publication.release import release as released

    limits = read_policy(policy, tier)
    records, judged = read_cohort(synthetic, schema), Scorecard.from_json(_find_card(card))
    try:
        decision = released(records, judged, out, accept, tier=tier, policy=limits.policy)
    except PrivacyError as error:
        message = f"refused: {to_command_line(str(error))}"
        create_console(quiet=False).print(message, style="red", markup=False, highlight=False)
        raise typer.Exit(o.EXIT_REFUSED) from error
    create_console(quiet=False).print(
        f"{decision.tier}: {decision.verdict}; written to {out}", highlight=False
    )


def _find_card(path: Path) -> Path:
    """The scorecard.json that a path means: the file itself, or the one in the folder that `-o` wrote."""
    card = path / "scorecard.json" if path.is_dir() else path
    if not card.is_file():
        where = f"{path} holds no scorecard.json" if path.is_dir() else f"{path}: no such file"
        message = f"{where}; write one: manikin evaluate SYNTHETIC --train FILE --holdout FILE -o FOLDER"
        raise FormatError(message)
    return card
