"""Make: demo, synthesize, fit, sample."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from manikin.cli import options as o
from manikin.cli.app import app
from manikin.cli.output import build_printer, print_summary, start_console
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
    from manikin.cli.policy_options import read_policy
    from manikin.datasets.demo import load_demo as cohort
    from manikin.publication.pipeline import synthesize
    from manikin.publication.request import SynthesisRequest

    silent = quiet or as_json
    console = start_console(context, quiet=silent)
    source = cohort()
    console.print(
        f"read: {len(source):,} tumours, {len(source.schema)} fields (scikit-learn's breast cancer)"
    )
    request = SynthesisRequest(label="diagnosis", seed=seed)
    done = synthesize(source, out, request, family=family, say=None if silent else build_printer(console))
    print_summary(done, read_policy(None, None), as_json=as_json, quiet=quiet)


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
    rows: o.Rows = False,
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
    from manikin.cli.field_values import parse_where as values
    from manikin.cli.policy_options import read_policy
    from manikin.evaluation.attacks.shadow_models import check_refit_count
    from manikin.publication.pipeline import assign_note_roles, read_cohort
    from manikin.publication.pipeline import synthesize as run_synthesis
    from manikin.publication.request import JudgingOptions, SynthesisRequest

    limits = read_policy(policy, tier)
    if refits:
        check_refit_count(refits)
    console = start_console(context, quiet=quiet or as_json)
    source = assign_note_roles(read_cohort(file, schema, size, skip_bad=skip_bad), note or (), family)
    for remark in source.notes:
        console.print(remark, markup=False, highlight=False)
    modelled = {
        *source.schema.modelled_fields,
        *(n for n, kind in source.schema.items() if kind.role == "unclear"),
    }
    hidden = [name for name in source.schema if name not in modelled]
    console.print(f"read: {len(source):,} records, {len(source.schema)} fields", highlight=False)
    if hidden:
        console.print(
            f"not modelled, replaced by surrogates: {', '.join(hidden)}", markup=False, highlight=False
        )
    beside = o.find_sidecar_folder(file) / "rules.toml"
    if rules is None and beside.exists():
        console.print(
            f"rules: {beside} binds no record, because it was not asked for; to have every record "
            f"meet it, add --rules {beside}",
            highlight=False,
        )
    request = SynthesisRequest(
        label,
        subgroup or (),
        condition or (),
        values(source.schema, where or ()),
        rules,
        n,
        rows,
        holdout,
        seed,
    )
    done = run_synthesis(
        source,
        out,
        request,
        path=file,
        family=family,
        training=build_training(minutes, steps, epochs),
        checkpoint=checkpoint,
        anonymous=anonymous,
        judging=JudgingOptions(limits.policy, refits, self_test),
        say=None if quiet or as_json else build_printer(console),
    )
    print_summary(done, limits, as_json=as_json, quiet=quiet)


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
    from manikin.publication.model_summary import describe_learning, describe_model, is_interrupted
    from manikin.publication.pipeline import assign_note_roles, read_cohort
    from manikin.synthesis.pooled_levels import report_pools
    from manikin.synthesis.synthesizer import Synthesizer

    console = start_console(context, quiet=quiet)
    training = build_training(minutes, steps, epochs)
    model = Synthesizer(None, condition or (), family, seed, training, anonymous=anonymous)
    source = assign_note_roles(read_cohort(file, schema, size, skip_bad=skip_bad), note or (), family)
    model.fit(source, checkpoint=checkpoint, quiet=quiet)
    model.save(out)
    links = [describe_model(fitted) for fitted in model.models]
    for sentence in [*describe_learning(links), *report_pools(model, ())]:
        console.print(sentence, markup=False, highlight=False)
    ended = is_interrupted(model)
    remark = " (interrupted: the best so far)" if ended else ""
    console.print(f"saved the model to {out}{remark}")
    if ended:
        raise typer.Exit(o.EXIT_INTERRUPTED)


@app.command()
def sample(
    context: typer.Context,
    model: Annotated[Path, typer.Argument(help="A folder that `fit` or `synthesize` wrote.")],
    out: Annotated[Path, typer.Option("--out", "-o", help="The file to write.")],
    n: Annotated[int | None, typer.Option("-n", help="How many records, or patients with rows.")] = None,
    rows: o.Rows = False,
    condition: Annotated[
        Path | None, typer.Option("--condition", "-c", help="A table of given fields.")
    ] = None,
    where: o.Where = None,
    rules: o.Rules = None,
    using: o.SamplingOption = None,
    seed: o.Seed = 0,
    quiet: o.Quiet = False,
) -> None:
    """Draw records from a saved model. With `--condition` missing cells of its table are filled in."""
    from manikin.cli.field_values import parse_where as values
    from manikin.io import read
    from manikin.io.write import write
    from manikin.rules.rule import read_rules
    from manikin.synthesis.synthesizer import load

    if out.exists():
        raise UsageError(f"{out}: exists already and is never overwritten; name another with -o")
    console = start_console(context, quiet=quiet)
    loaded = load(model).replace_sampling_options(**o.parse_sampling_options(using or ()))
    schema = loaded.models[0].schema
    given = read(condition) if condition else None
    obeyed = read_rules(rules) if rules else ()
    if rows and n:
        n = loaded.count_for_rows(n)
    records = loaded.sample(n, condition=given, where=values(schema, where or ()), rules=obeyed, seed=seed)
    write(records, out)
    console.print(f"wrote {len(records):,} synthetic records to {out}")


def build_training(minutes: float | None, steps: int | None, epochs: float | None) -> Training | None:
    """The budget of training, if one is given."""
    if minutes is steps is epochs is None:
        return None
    from manikin.training.budget import Training

    return Training(minutes=minutes, steps=steps, epochs=epochs)
