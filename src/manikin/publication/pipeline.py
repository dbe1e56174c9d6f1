"""The main job: a file of real records in; synthetic records, their card and their papers out."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from manikin.cohort.summary import describe_sample
from manikin.cohort.unclear_fields import raise_if_unclear
from manikin.core.atomic import open_atomic_folder
from manikin.core.progress_display import report_on
from manikin.core.short_lists import list_names
from manikin.errors import UsageError
from manikin.evaluation.card.provenance_score import add_provenance_score
from manikin.evaluation.evaluate import evaluate
from manikin.evaluation.inputs import MIN_SUBJECTS, check_cohort_size
from manikin.evaluation.selftest.detection_power import add_self_test, check_testable
from manikin.imaging.files.resize_cohort import resize_images
from manikin.io.read_write import read, write
from manikin.publication.attack import attack_model
from manikin.publication.model_summary import describe_learning, describe_model, is_interrupted
from manikin.publication.provenance import (
    Cost,
    build_provenance,
    hash_entity,
    redact_schema,
    write_provenance,
)
from manikin.publication.request_sampling import sample_requested
from manikin.publication.round_trip import add_file_hash
from manikin.rules.rule import Rule, read_rules
from manikin.schema.inference.textual import is_free_text
from manikin.schema.kinds import Category, Number, Schema, Text
from manikin.stats.subject_counts import MIN_CELL_SIZE
from manikin.synthesis.synthesizer import Synthesizer
from manikin.synthesis.user_warnings import report_pools
from manikin.text.deid.deidentify import list_note_fields

if TYPE_CHECKING:
    from manikin.cohort.cohort import Cohort
    from manikin.evaluation.card.policy import Policy
    from manikin.evaluation.card.scorecard import Scorecard
    from manikin.training.budget import Training

NOTE_FAMILIES = ("templates", "lora", "fewshot")
"""Families that write notes and nothing else: who names one asks for the notes of the file."""

MessageCallback = Callable[[str], None]


@dataclass(frozen=True)
class SynthesisRequest:
    """What is asked of the job besides the file.

    Args:
        label: The field that a downstream model is to predict.
        subgroups: Fields by whose levels the records are compared apart.
        condition: Fields that are given instead of modelled; the synthetic records take them from
            training records drawn at random.
        where: Fields with the same value in all synthetic records.
        rules: A file of clinical rules; None: none.
        n: How many synthetic records; None: as many as training records.
        holdout: The share of subjects that the generator never sees and the judge needs.
        seed: The same seed gives the same files.
    """

    label: str | None = None
    subgroups: Sequence[str] = ()
    condition: Sequence[str] = ()
    where: dict[str, Any] = field(default_factory=dict)
    rules: Path | None = None
    n: int | None = None
    holdout: float = 0.2
    seed: int = 0


@dataclass(frozen=True)
class JudgingOptions:
    """How the records are judged, beside what the wish says.

    Args:
        policy: The limits on the page; None: those shipped with manikin.
        refits: How many times the model is fitted anew to be attacked (`evaluation.shadow`); 0: none.
        self_test: Whether the card says which planted defects the judge notices (`evaluation.power`).
    """

    policy: Policy | None = None
    refits: int = 0
    self_test: bool = False


@dataclass(frozen=True)
class SynthesisResult:
    """What the job leaves: the card, and where the files are."""

    card: Scorecard
    folder: Path
    files: tuple[str, ...]
    seconds: float


def synthesize(  # noqa: PLR0913 - each a choice of the user's
    source: Cohort,
    folder: str | Path,
    wish: SynthesisRequest | None = None,
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
        wish: Label, conditions, sizes, seed.
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
    wish, judging, quiet, say = (
        wish or SynthesisRequest(),
        judging or JudgingOptions(),
        say is None,
        say or (lambda _: None),
    )
    rules = read_rules(wish.rules) if wish.rules else ()
    _check_request(source, wish, rules)
    _refuse_unwritable(source, Path(folder))
    if judging.self_test:
        check_testable(source)
    heard = report_on(None) if quiet else nullcontext()
    with heard, Cost() as cost, open_atomic_folder(Path(folder)) as part:
        train, holdout = source.split(wish.holdout, wish.seed)
        check_cohort_size("train", train)  # before anything is learned that could not be judged
        check_cohort_size("holdout", holdout)
        say(f"split: {len(train):,} records to learn from, {len(holdout):,} held out for the judge")
        model = Synthesizer(None, wish.condition, family, wish.seed, training, anonymous=anonymous)
        model.fit(train, checkpoint=checkpoint, quiet=quiet)
        if is_interrupted(model):
            raise KeyboardInterrupt
        links = [describe_model(fitted) for fitted in model.models]
        for link in links:
            say(f"learned {list_names(link['target'], 8)} with {link['family']['name']!r}")
        pooled = report_pools(model, [*filter(None, [wish.label]), *wish.subgroups])
        for sentence in [*describe_learning(links), *pooled]:
            say(sentence)
        synthetic = sample_requested(model, train, wish, rules)
        say(f"sampled {describe_sample(train, synthetic)}; judging them")
        judged = {"label": wish.label, "subgroups": wish.subgroups, "rules": rules, "seed": wish.seed}
        card = evaluate(synthetic, train, holdout, **judged)
        generator = links[0] if len(links) == 1 else {"chain": links}
        title = path.name.partition(".")[0] if path else "Synthetic records"
        card = replace(card, about={"title": title, **card.about, "generator": generator})
        if judging.self_test:
            say("planting defects into real records, to see which of them the judge notices")
            card = add_self_test(card, train, holdout, seed=wish.seed)
        if judging.refits:
            say(f"attacking the model: {judging.refits} fits on halves of the training records")
            card = attack_model(card, model, train, refits=judging.refits, seed=wish.seed)
        inputs = {"input": path} if path else {"input": source}
        released = Schema({name: synthetic.schema.get(name, kind) for name, kind in source.schema.items()})
        record = build_provenance(
            {**inputs, "train": train, "holdout": holdout},
            outputs={"synthetic": synthetic},
            schema=released,
            configuration={"generator": generator, "wish": _to_plain(wish)},
            seed=wish.seed,
            cost=cost,
        )
        card = add_provenance_score(card, record)
        write(synthetic, part / "synthetic")
        Schema.from_dict(redact_schema(released)).write(part / "schema.toml")
        card = add_file_hash(card, part, say)
        model.save(part / "model")
        card.to_json(part / "scorecard.json")
        card.to_html(part / "scorecard.html", judging.policy)
        files = {entry.name: hash_entity(entry) for entry in sorted(part.iterdir())}
        write_provenance({**record, "files": files, "verdicts": card.verdicts}, part / "provenance.json")
        names = tuple(sorted(entry.name for entry in part.iterdir()))
    return SynthesisResult(card, Path(folder), names, cost.seconds)


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
    remarks = tuple(text for text in cohort.notes if text.partition(":")[0] not in notes)
    return replace(cohort, schema=Schema(kinds), notes=remarks)


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


def _check_request(source: Cohort, wish: SynthesisRequest, rules: Sequence[Rule]) -> None:
    raise_if_unclear(source)
    named = {
        "label": [wish.label] if wish.label else [],
        "subgroup": wish.subgroups,
        "condition": wish.condition,
    }
    for option, fields in named.items():
        if absent := [name for name in fields if name not in source.schema.modelled_fields]:
            message = (
                f"--{option} {', '.join(map(str, absent))}: no modelled field; there are "
                f"{', '.join(source.schema.modelled_fields)}"
            )
            raise UsageError(message)
    if wish.n is not None and wish.n < MIN_SUBJECTS:
        raise UsageError(f"-n {wish.n}: at least {MIN_SUBJECTS} synthetic records are needed to judge them")
    for rule in rules:
        rule.holds(source)  # an absent field or a type error shows before anything is learned


def _to_plain(wish: SynthesisRequest) -> dict[str, Any]:
    """The wish in plain values; file names do not tell where they lie."""
    found = {key: value for key, value in vars(wish).items() if key != "rules"}
    return {**found, "rules": wish.rules.name if wish.rules else None}
