"""Make: demo, synthesize, fit, sample."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from manikin.cli import options as o
from manikin.cli.app import app
from manikin.cli.output import report, say_on, speak
from manikin.errors import UsageError

if TYPE_CHECKING:
    from manikin.training.budget import Training


@app.command()
def demo(
    context: typer.Context,
    out: o.Out = Path("demo"),
    family: o.Family = None,
    seed: o.Seed = 0,
    quiet: o.Quiet = False,
    as_json: o.Json = False,
) -> None:
    """The main job on a real medical table that comes along (569 breast tumours, 30 measurements)."""
    from manikin.cli.policy_options import asked
    from manikin.datasets.demo import demo as cohort
    from manikin.publication.pipeline import Wish, synthesize

    silent = quiet or as_json
    console = speak(context, quiet=silent)
    source = cohort()
    console.print(
        f"read: {len(source):,} tumours, {len(source.schema)} fields (scikit-learn's breast cancer)"
    )
    wish = Wish(label="diagnosis", seed=seed)
    done = synthesize(source, out, wish, family=family, say=None if silent else say_on(console))
    report(done, asked(None, None), as_json=as_json, quiet=quiet)


@app.command()
def synthesize(
    context: typer.Context,
    file: o.File,
    out: o.Out,
    label: o.Label = None,
    family: o.Family = None,
    condition: o.Condition = None,
    note: o.Note = None,
    where: o.Where = None,
    rules: o.Rules = None,
    n: o.Number = None,
    seed: o.Seed = 0,
    anonymous: o.Anonymous = 5,
    holdout: Annotated[float, typer.Option(help="Share of subjects held out for the judge.")] = 0.2,
    schema: o.SchemaFile = None,
    size: o.Size = None,
    skip_bad: o.SkipBad = False,
    subgroup: o.Subgroup = None,
    tier: o.Tier = None,
    policy: o.PolicyFile = None,
    refits: o.Refits = 0,
    self_test: o.SelfTest = False,
    minutes: o.Minutes = None,
    steps: o.Steps = None,
    epochs: o.Epochs = None,
    checkpoint: o.Checkpoint = None,
    quiet: o.Quiet = False,
    as_json: o.Json = False,
) -> None:
    """The main job: read, split, learn, sample, judge, write.

    Leaves in OUT: the synthetic records in the format that came in, scorecard.html, scorecard.json,
    model/, schema.toml and provenance.json.

    Example: `manikin synthesize heart.csv -o out --label HeartDisease`
    """
    from manikin.cli.field_values import where as values
    from manikin.cli.policy_options import asked
    from manikin.evaluation.attacks.shadow_models import enough
    from manikin.publication.pipeline import Judging, Wish, loaded, noted
    from manikin.publication.pipeline import synthesize as job

    limits = asked(policy, tier)
    if refits:
        enough(refits)
    console = speak(context, quiet=quiet or as_json)
    source = noted(loaded(file, schema, size, skip_bad=skip_bad), note or (), family)
    for remark in source.notes:
        console.print(remark, markup=False, highlight=False)
    modelled = {
        *source.schema.modelled,
        *(n for n, kind in source.schema.items() if kind.role == "unclear"),
    }
    hidden = [name for name in source.schema if name not in modelled]
    console.print(f"read: {len(source):,} records, {len(source.schema)} fields", highlight=False)
    if hidden:
        console.print(
            f"not modelled, replaced by surrogates: {', '.join(hidden)}", markup=False, highlight=False
        )
    beside = o.beside(file) / "rules.toml"
    if rules is None and beside.exists():
        console.print(
            f"rules: {beside} binds no record, because it was not asked for; to have every record "
            f"meet it, add --rules {beside}",
            highlight=False,
        )
    wish = Wish(
        label, subgroup or (), condition or (), values(source.schema, where or ()), rules, n, holdout, seed
    )
    done = job(
        source,
        out,
        wish,
        path=file,
        family=family,
        training=budget(minutes, steps, epochs),
        checkpoint=checkpoint,
        anonymous=anonymous,
        judging=Judging(limits.policy, refits, self_test),
        say=None if quiet or as_json else say_on(console),
    )
    report(done, limits, as_json=as_json, quiet=quiet)


@app.command()
def fit(
    context: typer.Context,
    file: o.File,
    out: Annotated[Path, typer.Option("--out", "-o", help="The folder of the model.")],
    family: o.Family = None,
    condition: o.Condition = None,
    note: o.Note = None,
    seed: o.Seed = 0,
    anonymous: o.Anonymous = 5,
    schema: o.SchemaFile = None,
    size: o.Size = None,
    skip_bad: o.SkipBad = False,
    minutes: o.Minutes = None,
    steps: o.Steps = None,
    epochs: o.Epochs = None,
    checkpoint: o.Checkpoint = None,
    quiet: o.Quiet = False,
) -> None:
    """Learn from all records of a file and save the model. Ctrl-C keeps the best weights so far."""
    from manikin.publication.model_summary import describe_learning, described, interrupted
    from manikin.publication.pipeline import loaded, noted
    from manikin.synthesis.synthesizer import Synthesizer
    from manikin.synthesis.user_warnings import tell_pooled

    console = speak(context, quiet=quiet)
    training = budget(minutes, steps, epochs)
    model = Synthesizer(None, condition or (), family, seed, training, anonymous=anonymous)
    source = noted(loaded(file, schema, size, skip_bad=skip_bad), note or (), family)
    model.fit(source, checkpoint=checkpoint, quiet=quiet)
    model.save(out)
    links = [described(fitted) for fitted in model.models]
    for sentence in [*describe_learning(links), *tell_pooled(model, ())]:
        console.print(sentence, markup=False, highlight=False)
    ended = interrupted(model)
    console.print(f"saved the model to {out}" + " (interrupted: the best so far)" * ended)
    if ended:
        raise typer.Exit(o.INTERRUPTED)


@app.command()
def sample(
    context: typer.Context,
    model: Annotated[Path, typer.Argument(help="A folder that `fit` or `synthesize` wrote.")],
    out: Annotated[Path, typer.Option("--out", "-o", help="The file to write.")],
    n: Annotated[int | None, typer.Option("-n", help="How many records.")] = None,
    condition: Annotated[
        Path | None, typer.Option("--condition", "-c", help="A table of given fields.")
    ] = None,
    where: o.Where = None,
    rules: o.Rules = None,
    using: o.Using = None,
    seed: o.Seed = 0,
    quiet: o.Quiet = False,
) -> None:
    """Draw records from a saved model. With `--condition` missing cells of its table are filled in."""
    from manikin.cli.field_values import where as values
    from manikin.io.read_write import read, write
    from manikin.rules.rule import read_rules
    from manikin.synthesis.persistence import load

    if out.exists():
        raise UsageError(f"{out}: exists already and is never overwritten; name another with -o")
    console = speak(context, quiet=quiet)
    loaded = load(model).using(**o.settings(using or ()))
    schema = loaded.models[0].schema
    given = read(condition) if condition else None
    obeyed = read_rules(rules) if rules else ()
    records = loaded.sample(n, condition=given, where=values(schema, where or ()), rules=obeyed, seed=seed)
    write(records, out)
    console.print(f"wrote {len(records):,} synthetic records to {out}")


def budget(minutes: float | None, steps: int | None, epochs: float | None) -> Training | None:
    """The budget of training, if one is given."""
    if minutes is steps is epochs is None:
        return None
    from manikin.training.budget import Training

    return Training(minutes=minutes, steps=steps, epochs=epochs)
