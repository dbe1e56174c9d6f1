"""From real records to synthetic records with their scorecard, model and provenance, in one folder."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from manikin.cohort.summary import describe_sample
from manikin.cohort.unclear_fields import raise_if_unclear
from manikin.core.atomic import open_atomic_folder
from manikin.core.progress_display import report_on
from manikin.core.short_lists import list_names
from manikin.errors import UsageError
from manikin.evaluation.card.provenance_score import score_provenance
from manikin.evaluation.evaluate import evaluate
from manikin.evaluation.inputs import MIN_SUBJECTS, check_cohort_size
from manikin.evaluation.selftest.detection_power import add_self_test, check_testable
from manikin.imaging.files.resize_cohort import resize_images
from manikin.io import read
from manikin.io.write import write
from manikin.publication.attack import attack_model
from manikin.publication.model_summary import describe_learning, describe_model, is_interrupted
from manikin.publication.provenance import (
    Cost,
    build_provenance,
    hash_entity,
    write_provenance,
)
from manikin.publication.request import JudgingOptions, SynthesisRequest
from manikin.publication.request_sampling import sample_requested
from manikin.publication.round_trip import add_file_hash
from manikin.rules.rule import Rule, read_rules
from manikin.schema.inference.textual import is_free_text
from manikin.schema.kinds import Category, Number, Schema, Text
from manikin.schema.redaction import redact_schema
from manikin.schema.remark import drop_remarks
from manikin.stats.subject_counts import MIN_CELL_SIZE
from manikin.synthesis.pooled_levels import report_pools
from manikin.synthesis.synthesizer import Synthesizer
from manikin.text.deid.deidentify import list_note_fields

if TYPE_CHECKING:
    from manikin.cohort.cohort import Cohort
    from manikin.evaluation.scorecard import Scorecard
    from manikin.training.budget import Training

NOTE_FAMILIES = ("templates", "lora", "fewshot")
"""Families that write notes and nothing else: who names one asks for the notes of the file."""

MessageCallback = Callable[[str], None]


@dataclass(frozen=True)
class SynthesisResult:
    """The scorecard, and where the files are."""

    card: Scorecard
    folder: Path
    files: tuple[str, ...]
    seconds: float


def synthesize(  # noqa: PLR0913 - each a choice of the user's
    source: Cohort,
    folder: str | Path,
    request: SynthesisRequest | None = None,
    *,
    path: Path | None = None,
    family: Any = None,  # noqa: ANN401 - a name or a family
    training: Training | None = None,
    checkpoint: Path | None = None,
    judging: JudgingOptions | None = None,
    anonymous: int = MIN_CELL_SIZE,
    say: MessageCallback | None = None,
) -> SynthesisResult:
    """Split, learn, sample, judge and write.

    The folder appears whole or not at all. It holds the synthetic records in the format that came
    in, `scorecard.html` and `.json`, `model/`, `schema.toml` and `provenance.json`.

    Args:
        source: Real records.
        folder: Where to; it must not exist, or be empty.
        request: Label, conditions, sizes, seed.
        path: The file that the records came from, for its hash.
        family: The family of the generator; None: the best default.
        training: Its budget.
        checkpoint: A file in which the state of training is kept and from which it resumes.
        judging: By which limits, and whether the model is attacked.
        anonymous: Patients who must share a level of a category; others are replaced by these. 1: all stay.
        say: Called with a sentence at each step; None: no sentence and no progress are shown.

    Raises:
        UsageError: The folder holds something, or a field does not exist.
        KeyboardInterrupt: The learning was interrupted; nothing is written.
    """
    request, judging = request or SynthesisRequest(), judging or JudgingOptions()
    quiet, say = say is None, say or (lambda _: None)
    rules = read_rules(request.rules) if request.rules else ()
    _check_request(source, request, rules)
    _refuse_unwritable(source, Path(folder))
    if judging.self_test:
        check_testable(source)
    progress = report_on(None) if quiet else nullcontext()
    with progress, Cost() as cost, open_atomic_folder(Path(folder)) as part:
        train, holdout = source.split(request.holdout, request.seed)
        check_cohort_size("train", train)  # before anything is learned that could not be judged
        check_cohort_size("holdout", holdout)
        say(f"split: {len(train):,} records to learn from, {len(holdout):,} held out for the judge")
        model = Synthesizer(None, request.condition, family, request.seed, training, anonymous=anonymous)
        model.fit(train, checkpoint=checkpoint, quiet=quiet)
        if is_interrupted(model):
            raise KeyboardInterrupt
        links = [describe_model(fitted) for fitted in model.models]
        _report_learning(model, links, request, say)
        synthetic = sample_requested(model, train, request, rules)
        say(f"sampled {describe_sample(train, synthetic)}; judging them")
        judged = {
            "label": request.label,
            "subgroups": request.subgroups,
            "rules": rules,
            "seed": request.seed,
        }
        card = evaluate(synthetic, train, holdout, **judged)
        generator = links[0] if len(links) == 1 else {"chain": links}
        title = path.name.partition(".")[0] if path else "Synthetic records"
        card = replace(card, about={"title": title, **card.about, "generator": generator})
        card = _add_costly_tests(card, model, train, holdout, judging, request.seed, say)
        released = Schema({name: synthetic.schema.get(name, kind) for name, kind in source.schema.items()})
        record = build_provenance(
            {"input": path or source, "train": train, "holdout": holdout},
            outputs={"synthetic": synthetic},
            schema=released,
            configuration={"generator": generator, "wish": request.to_dict()},
            seed=request.seed,
            cost=cost,
        )
        card = card.with_scores(score_provenance(card.about, record))
        write(synthetic, part / "synthetic")
        redact_schema(released).write(part / "schema.toml")
        card = add_file_hash(card, part, say)
        model.save(part / "model")
        card.to_json(part / "scorecard.json")
        card.to_html(part / "scorecard.html", judging.policy)
        files = {entry.name: hash_entity(entry) for entry in sorted(part.iterdir())}
        write_provenance({**record, "files": files, "verdicts": card.verdicts}, part / "provenance.json")
        names = tuple(sorted(entry.name for entry in part.iterdir()))
    return SynthesisResult(card, Path(folder), names, cost.seconds)


def _report_learning(
    model: Synthesizer, links: Sequence[dict[str, Any]], request: SynthesisRequest, say: MessageCallback
) -> None:
    """Say which family learned which fields, what it left out, and which levels were pooled."""
    for link in links:
        say(f"learned {list_names(link['target'], 8)} with {link['family']['name']!r}")
    for sentence in model.chain.describe():
        say(sentence)
    pooled = report_pools(model, [*filter(None, [request.label]), *request.subgroups])
    for sentence in [*describe_learning(links), *pooled]:
        say(sentence)


def _add_costly_tests(
    card: Scorecard,
    model: Synthesizer,
    train: Cohort,
    holdout: Cohort,
    judging: JudgingOptions,
    seed: int,
    say: MessageCallback,
) -> Scorecard:
    """The card with the judge's self-test and with attacks on refitted models, if asked for."""
    if judging.self_test:
        say("planting defects into real records, to see which of them the judge notices")
        card = add_self_test(card, train, holdout, seed=seed)
    if judging.refits:
        say(f"attacking the model: {judging.refits} fits on halves of the training records")
        card = attack_model(card, model, train, refits=judging.refits, seed=seed)
    return card


def read_cohort(
    path: Path, schema: Path | None = None, size: int | None = None, *, skip_bad: bool = False
) -> Cohort:
    """The records of a file or folder, the schema's file taken into account, pictures brought to a size."""
    cohort = read(path, Schema.read(schema) if schema else None, skip_bad=skip_bad)
    return resize_images(cohort, size) if size else cohort


def assign_note_roles(cohort: Cohort, notes: Sequence[str] = (), family: str | None = None) -> Cohort:
    """The cohort with these fields of text as notes; with none and a family of notes, all that hold prose.

    Raises:
        UsageError: A field that does not exist or holds no text.
    """
    words = [name for name in cohort.schema if is_free_text(name, cohort.columns[name])]
    there = list_note_fields(cohort) or tuple(words)  # few notes, of which many are equal, look like levels
    if not notes and family and family.partition(":")[0] in NOTE_FAMILIES:
        notes = () if any(kind.role == "note" for kind in cohort.schema.values()) else there
    for name in notes:
        if name not in cohort.schema or not pa.types.is_string(cohort.columns[name].type):
            message = f"--note {name}: no field of text; there are {', '.join(there) or 'none'}"
            raise UsageError(message)
    kinds = {**cohort.schema, **dict.fromkeys(notes, Text(role="note"))}
    return replace(cohort, schema=Schema(kinds), notes=drop_remarks(cohort.notes, notes))


def relax_schema(schema: Schema) -> Schema:
    """The same kinds without levels, ranges and grids, so that records that break them can be judged.

    Example:
        >>> relax_schema(Schema(sex=Category(levels=("F", "M"), role="label")))
        {'sex': Category(levels=(), ordered=False, role='label', missing=())}
    """
    return Schema(
        {
            name: replace(kind, levels=())
            if isinstance(kind, Category)
            else replace(kind, low=None, high=None, step=None)
            if isinstance(kind, Number)
            else kind
            for name, kind in schema.items()
        }
    )


def _refuse_unwritable(source: Cohort, folder: Path) -> None:
    """Refuse before learning what could not be written after it."""
    if source.origin.format == "dicom":
        from manikin.imaging.dicom.write import refuse_uneven

        for name in source.schema:
            refuse_uneven(source, name, folder)


def _check_request(source: Cohort, request: SynthesisRequest, rules: Sequence[Rule]) -> None:
    raise_if_unclear(source)
    named = {
        "label": [request.label] if request.label else [],
        "subgroup": request.subgroups,
        "condition": request.condition,
    }
    for option, fields in named.items():
        if absent := [name for name in fields if name not in source.schema.modelled_fields]:
            message = (
                f"--{option} {', '.join(map(str, absent))}: no modelled field; there are "
                f"{', '.join(source.schema.modelled_fields)}"
            )
            raise UsageError(message)
    if request.n is not None and request.n < MIN_SUBJECTS:
        raise UsageError(
            f"-n {request.n}: at least {MIN_SUBJECTS} synthetic records are needed to judge them"
        )
    for rule in rules:
        rule.holds(source)  # an absent field or a type error shows before anything is learned
