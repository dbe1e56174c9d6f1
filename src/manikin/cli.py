"""The command line: the same verbs as the library."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import click
import typer

from manikin.errors import ManikinError, UsageError

if TYPE_CHECKING:
    from rich.console import Console

    from manikin.data.cohort import Cohort
    from manikin.evaluation.scorecard import Scorecard
    from manikin.release.job import Done
    from manikin.synthesis.budget import Training

INTERRUPTED = 130
BAD = 2
REFUSED = 1

app = typer.Typer(
    name="manikin",
    help="Synthetic patients, and the proof of what they are worth.\n\n"
    "Start with `manikin demo`, then `manikin inspect FILE` and "
    "`manikin synthesize FILE -o OUT --label FIELD`.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode="markdown",
)

File = Annotated[Path, typer.Argument(help="A table: csv, tsv, parquet, feather or arff, also with .gz.")]
Out = Annotated[Path, typer.Option("--out", "-o", help="The folder to write; it must not exist yet.")]
SchemaFile = Annotated[
    Path | None, typer.Option("--schema", help="A schema.toml that overrides what is inferred.")
]
Family = Annotated[
    str | None,
    typer.Option("--family", "-f", help="How to learn: see `manikin matrix`. Default: the best for the kind."),
]
Seed = Annotated[int, typer.Option(help="The same seed gives the same records.")]
Condition = Annotated[
    list[str] | None, typer.Option("--condition", "-c", help="A field that is given, not modelled (repeatable).")
]
Where = Annotated[
    list[str] | None, typer.Option("--where", help="FIELD=VALUE for every synthetic record (repeatable).")
]
Rules = Annotated[Path | None, typer.Option(help="A rules.toml of clinical rules that records must meet.")]
Label = Annotated[str | None, typer.Option(help="The field that a downstream model is to predict.")]
Subgroup = Annotated[
    list[str] | None, typer.Option(help="A field by whose levels records are compared apart (repeatable).")
]
Tier = Annotated[
    str | None, typer.Option(help="Judge against this tier (internal, controlled, open): exit code 1 if refused.")
]
Minutes = Annotated[float | None, typer.Option(help="Budget of training for families with networks.")]
Steps = Annotated[int | None, typer.Option(help="The same in steps.")]
Epochs = Annotated[float | None, typer.Option(help="The same in passes over the records.")]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="Say nothing but errors.")]
Json = Annotated[bool, typer.Option("--json", help="Print the result as JSON.")]
Number = Annotated[int | None, typer.Option("-n", help="How many synthetic records; default: as the training.")]


def main() -> None:
    """Run a command; every expected failure is one message and an exit code, never a traceback."""
    try:
        code = app(standalone_mode=False)
    except click.ClickException as error:
        error.show()
        code = error.exit_code
    except ManikinError as error:
        _console(quiet=False).print(f"error: {error}", style="red", markup=False, highlight=False)
        code = BAD
    except OSError as error:
        where = f"{error.filename}: " if error.filename else ""
        _console(quiet=False).print(f"error: {where}{error.strerror or error}", markup=False)
        code = BAD
    except (KeyboardInterrupt, click.Abort):
        _console(quiet=False).print("interrupted: nothing was written")
        code = INTERRUPTED
    sys.exit(code if isinstance(code, int) else 0)


@app.command()
def demo(
    out: Out = Path("demo"),
    family: Family = None,
    seed: Seed = 0,
    quiet: Quiet = False,
    as_json: Json = False,
) -> None:
    """The main job on a real medical table that comes along (569 breast tumours, 30 measurements)."""
    from manikin.data.demo import demo as cohort
    from manikin.release.job import Wish, synthesize

    console = _console(quiet=quiet or as_json)
    source = cohort()
    console.print(f"read: {len(source):,} tumours, {len(source.schema)} fields (scikit-learn's breast cancer)")
    wish = Wish(label="diagnosis", seed=seed)
    done = synthesize(source, out, wish, family=family, say=console.print, quiet=quiet or as_json)
    _report(done, None, as_json=as_json, quiet=quiet)


@app.command()
def inspect(
    file: File,
    schema: SchemaFile = None,
    out: Annotated[Path | None, typer.Option("--out", "-o", help="Write schema.toml and rules.toml here.")] = None,
    as_json: Json = False,
) -> None:
    """What is in a file: kinds, ranges, gaps, roles, identifiers, and rules that hold in all records.

    Writes an editable `schema.toml` beside the file (or in `--out`), which later commands pick up, and
    a `rules.toml` with the proposed rules. Existing ones are kept.
    """
    from manikin.data.describe import describe
    from manikin.data.propose import propose
    from manikin.data.rules import write_rules
    from manikin.release.job import loaded

    cohort = loaded(file, schema)
    rules = propose(cohort)
    rows = describe(cohort)
    if as_json:
        table = {row.field: {k: v for k, v in vars(row).items() if k != "field"} for row in rows}
        rule_table = [{"name": r.name, "rule": str(r), "support": r.support} for r in rules]
        print(json.dumps({"records": len(cohort), "fields": table, "rules": rule_table}, indent=1))  # noqa: T201
        return
    console = _console(quiet=False, stderr=False)
    _describe(console, cohort, rows)
    for rule in rules:
        console.print(f"  rule {rule.name}: {rule}  ({rule.support:,} records)", markup=False, highlight=False)
    folder = out or file.parent
    _keep(console, folder / "schema.toml", lambda path: cohort.schema.write(path))
    if rules:
        _keep(console, folder / "rules.toml", lambda path: write_rules(rules, path))


@app.command()
def synthesize(
    file: File,
    out: Out,
    label: Label = None,
    family: Family = None,
    condition: Condition = None,
    where: Where = None,
    rules: Rules = None,
    n: Number = None,
    seed: Seed = 0,
    holdout: Annotated[float, typer.Option(help="Share of subjects held out for the judge.")] = 0.2,
    schema: SchemaFile = None,
    subgroup: Subgroup = None,
    tier: Tier = None,
    minutes: Minutes = None,
    steps: Steps = None,
    epochs: Epochs = None,
    quiet: Quiet = False,
    as_json: Json = False,
) -> None:
    """The main job: read, split, learn, sample, judge, write.

    Leaves in OUT: the synthetic records in the format that came in, scorecard.html, scorecard.json,
    model/, schema.toml and provenance.json.

    Example: `manikin synthesize heart.csv -o out --label HeartDisease`
    """
    from manikin.release.job import Wish, loaded
    from manikin.release.job import synthesize as job
    from manikin.release.job import where as values

    console = _console(quiet=quiet or as_json)
    source = loaded(file, schema)
    hidden = [name for name in source.schema if name not in source.schema.modelled]
    console.print(f"read: {len(source):,} records, {len(source.schema)} fields", highlight=False)
    if hidden:
        console.print(f"not modelled, replaced by surrogates: {', '.join(hidden)}", markup=False, highlight=False)
    wish = Wish(
        label, subgroup or (), condition or (), values(source.schema, where or ()), rules, n, holdout, seed
    )
    done = job(
        source,
        out,
        wish,
        path=file,
        family=family,
        training=_training(minutes, steps, epochs),
        say=lambda text: console.print(text, markup=False, highlight=False),
        quiet=quiet or as_json,
    )
    _report(done, tier, as_json=as_json, quiet=quiet)


@app.command()
def fit(
    file: File,
    out: Annotated[Path, typer.Option("--out", "-o", help="The folder of the model.")],
    family: Family = None,
    condition: Condition = None,
    seed: Seed = 0,
    schema: SchemaFile = None,
    minutes: Minutes = None,
    steps: Steps = None,
    epochs: Epochs = None,
    checkpoint: Annotated[
        Path | None, typer.Option(help="Keep the state of training here, and go on from it.")
    ] = None,
    quiet: Quiet = False,
) -> None:
    """Learn from all records of a file and save the model. Ctrl-C keeps the best weights so far."""
    from manikin.release.job import loaded
    from manikin.synthesis.synthesizer import Synthesizer

    console = _console(quiet=quiet)
    training = _training(minutes, steps, epochs)
    model = Synthesizer(None, condition or (), family, seed, training)
    model.fit(loaded(file, schema), checkpoint=checkpoint, quiet=quiet)
    model.save(out)
    ended = model._fitted.learner.facts.get("ended")  # noqa: SLF001 - told to the user
    console.print(f"saved the model to {out}" + (" (interrupted: the best so far)" * (ended == "interrupted")))
    if ended == "interrupted":
        raise typer.Exit(INTERRUPTED)


@app.command()
def sample(
    model: Annotated[Path, typer.Argument(help="A folder that `fit` or `synthesize` wrote.")],
    out: Annotated[Path, typer.Option("--out", "-o", help="The file to write.")],
    n: Annotated[int | None, typer.Option("-n", help="How many records.")] = None,
    condition: Annotated[Path | None, typer.Option("--condition", "-c", help="A table of given fields.")] = None,
    where: Where = None,
    rules: Rules = None,
    seed: Seed = 0,
    quiet: Quiet = False,
) -> None:
    """Draw records from a saved model. With `--condition` missing cells of its table are filled in."""
    from manikin.data.files import read, write
    from manikin.data.rules import read_rules
    from manikin.release.job import where as values
    from manikin.synthesis.store import load

    if out.exists():
        raise UsageError(f"{out}: exists already and is never overwritten; name another with -o")
    loaded = load(model)
    schema = loaded._fitted.schema  # noqa: SLF001 - the types of --where
    given = read(condition) if condition else None
    obeyed = read_rules(rules) if rules else ()
    records = loaded.sample(n, condition=given, where=values(schema, where or ()), rules=obeyed, seed=seed)
    write(records, out)
    _console(quiet=quiet).print(f"wrote {len(records):,} synthetic records to {out}")


@app.command()
def evaluate(
    synthetic: Annotated[Path, typer.Argument(help="The synthetic records, whoever made them.")],
    train: Annotated[Path, typer.Option(help="The real records that the generator has learned from.")],
    holdout: Annotated[Path, typer.Option(help="Real records of other subjects, never seen by it.")],
    out: Annotated[Path | None, typer.Option("--out", "-o", help="Folder for scorecard.html and .json.")] = None,
    label: Label = None,
    subgroup: Subgroup = None,
    rules: Rules = None,
    schema: SchemaFile = None,
    tier: Tier = None,
    seed: Seed = 0,
    quiet: Quiet = False,
    as_json: Json = False,
) -> None:
    """Judge any synthetic file against real records. No generator is needed or known.

    Example: `manikin evaluate synthetic.csv --train train.csv --holdout holdout.csv -o card --tier open`
    """
    from manikin.data.files import read
    from manikin.data.rules import read_rules
    from manikin.evaluation.evaluate import evaluate as judge
    from manikin.release.job import loaded, unfinished

    real = loaded(train, schema)
    others = [read(path, real.schema) for path in (synthetic, holdout)]
    judged = {"label": label, "subgroups": subgroup or (), "rules": read_rules(rules) if rules else ()}
    card = judge(others[0], real, others[1], **judged, seed=seed)
    if out:
        with unfinished(out) as part:
            card.to_json(part / "scorecard.json")
            card.to_html(part / "scorecard.html")
    _print_card(card, tier, as_json=as_json, quiet=quiet)
    if out and not (quiet or as_json):
        _console(quiet=False, stderr=False).print(f"the scorecard: {out / 'scorecard.html'}", highlight=False)
    _gate(card, tier)


@app.command()
def compare(
    before: Annotated[Path, typer.Argument(help="A scorecard.json.")],
    after: Annotated[Path, typer.Argument(help="Another, to be read as the change.")],
    as_json: Json = False,
) -> None:
    """What got better and what worse from one scorecard to another."""
    from manikin.evaluation.compare import compare as compared
    from manikin.evaluation.scorecard import Scorecard

    found = compared(Scorecard.from_json(before), Scorecard.from_json(after))
    if as_json:
        print(json.dumps(found.to_dict(), indent=1))  # noqa: T201
    else:
        _console(quiet=False, stderr=False).print(found)


@app.command()
def matrix() -> None:
    """Which family models which kind of data, and what to use instead where it does not."""
    from rich.table import Table

    from manikin.testing import matrix as cells

    rows = cells()
    table = Table(title="family x kind of data", title_justify="left")
    for name in rows[0]:
        table.add_column(str(name))
    for row in rows:
        table.add_row(*map(str, row.values()))
    _console(quiet=False, stderr=False).print(table)


@app.command()
def release(
    synthetic: Annotated[Path, typer.Argument(help="The synthetic records.")],
    card: Annotated[Path, typer.Option(help="The scorecard.json of these very records.")],
    out: Out,
    tier: Annotated[str, typer.Option(help="internal, controlled or open.")] = "controlled",
    accept: Annotated[
        str | None, typer.Option(help="Why to release although the gate refuses; it is printed on the card.")
    ] = None,
    schema: SchemaFile = None,
) -> None:
    """Write records, card and provenance to a folder, if the gate lets them pass."""
    from manikin.errors import PrivacyError
    from manikin.evaluation.scorecard import Scorecard
    from manikin.release.job import loaded
    from manikin.release.release import release as released

    try:
        decision = released(loaded(synthetic, schema), Scorecard.from_json(card), out, accept, tier=tier)
    except PrivacyError as error:
        _console(quiet=False).print(f"refused: {error}", style="red", markup=False, highlight=False)
        raise typer.Exit(REFUSED) from error
    _console(quiet=False).print(f"{decision.tier}: {decision.verdict}; written to {out}", highlight=False)


def _training(minutes: float | None, steps: int | None, epochs: float | None) -> Training | None:
    if minutes is steps is epochs is None:
        return None
    from manikin.synthesis.budget import Training

    return Training(minutes=minutes, steps=steps, epochs=epochs)


def _console(*, quiet: bool, stderr: bool = True) -> Console:
    from rich.console import Console

    return Console(stderr=stderr, quiet=quiet, soft_wrap=True)


def _keep(console: Console, path: Path, write: Any) -> None:  # noqa: ANN401 - a writer
    if path.exists():
        console.print(f"kept {path}, which exists already", highlight=False)
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    write(path)
    console.print(f"wrote {path}: correct it where it is wrong, and run again", highlight=False)


def _describe(console: Console, cohort: Cohort, rows: list[Any]) -> None:
    from rich.table import Table

    table = Table(title=f"{len(cohort):,} records, {len(rows)} fields", title_justify="left")
    for heading in ("field", "kind", "values", "missing", "role"):
        table.add_column(heading, overflow="fold", justify="right" if heading == "missing" else "left")
    for row in rows:
        gaps = f"{row.missing:.1%}" if row.missing else ""
        table.add_row(row.field, row.kind, row.values, gaps, row.role)
    console.print(table)
    for note in cohort.notes:
        console.print(f"  note {note}", markup=False, highlight=False)


def _report(done: Done, tier: str | None, *, as_json: bool, quiet: bool) -> None:
    _print_card(done.card, tier, as_json=as_json, quiet=quiet, files=done)
    if not (quiet or as_json):
        console = _console(quiet=False, stderr=False)
        console.print(f"\nwritten in {done.seconds:.1f} s: {', '.join(done.files)}", highlight=False)
        console.print(f"the scorecard: {done.folder / 'scorecard.html'}", highlight=False)
        console.print(done.card.summary().splitlines()[0], style="bold", highlight=False)
    _gate(done.card, tier)


def _print_card(
    card: Scorecard, tier: str | None, *, as_json: bool, quiet: bool, files: Done | None = None
) -> None:
    if as_json:
        from manikin.evaluation.gate import gate

        found: dict[str, Any] = {"verdicts": card.verdicts}
        if files:
            found |= {"folder": str(files.folder), "files": list(files.files), "seconds": files.seconds}
        if tier:
            decision = gate(card, tier)
            found["gate"] = {"tier": tier, "released": decision.released, "reasons": decision.reasons}
        print(json.dumps(found, indent=1))  # noqa: T201
    elif not quiet:
        _console(quiet=False, stderr=False).print(card)


def _gate(card: Scorecard, tier: str | None) -> None:
    if tier is None:
        return
    from manikin.evaluation.gate import gate

    decision = gate(card, tier)
    if not decision.released:
        raise typer.Exit(REFUSED)


if __name__ == "__main__":
    main()
