"""Options: what several commands take, said once."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from manikin.cli.policy_options import print_shipped_policy
from manikin.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence

EXIT_REFUSED = 1
EXIT_BAD_INPUT = 2
EXIT_INTERRUPTED = 130

File = Annotated[
    Path,
    typer.Argument(
        help="A table (csv, tsv, parquet, feather, arff, also with .gz), arrays (npz), histories (FHIR, "
        "MEDS), a folder of pictures, DICOM files, NIfTI volumes, recordings (WFDB, EDF) or histories "
        "(FHIR, MIMIC, OMOP), or any of these as .zip."
    ),
]
Size = Annotated[
    int | None, typer.Option(help="Bring all pictures to so many places along each axis, undistorted.")
]
SkipBad = Annotated[
    bool,
    typer.Option(
        "--skip-bad", help="Leave out pictures, recordings and events that cannot be read, and name them."
    ),
]
Out = Annotated[Path, typer.Option("--out", "-o", help="The folder to write; it must not exist yet.")]
SchemaFile = Annotated[
    Path | None, typer.Option("--schema", help="A schema.toml that overrides what is inferred.")
]
Family = Annotated[
    str | None,
    typer.Option(
        "--family",
        "-f",
        help="How to learn: see `manikin matrix`, or lora:FOLDER with a language model. Default: the best.",
    ),
]
Seed = Annotated[int, typer.Option(help="The same seed gives the same records.")]
Condition = Annotated[
    list[str] | None,
    typer.Option("--condition", "-c", help="A field that is given, not modelled (repeatable)."),
]
Note = Annotated[
    list[str] | None,
    typer.Option("--note", help="A field of free text that is to be modelled as notes (repeatable)."),
]
Where = Annotated[
    list[str] | None, typer.Option("--where", help="FIELD=VALUE for every synthetic record (repeatable).")
]
SamplingOption = Annotated[
    list[str] | None,
    typer.Option(
        "--using",
        help="OPTION=VALUE for the drawing alone: of notes temperature=0.7, shortest=20, longest=60 tokens "
        "(repeatable).",
    ),
]
Rules = Annotated[
    Path | None,
    typer.Option(
        help="A rules.toml of clinical rules that records must meet; default: the one beside the data."
    ),
]
Label = Annotated[str | None, typer.Option(help="The field that a downstream model is to predict.")]
Subgroup = Annotated[
    list[str] | None, typer.Option(help="A field by whose levels records are compared apart (repeatable).")
]
Tier = Annotated[
    str | None,
    typer.Option(
        help="Judge against this tier (internal, controlled, open) or purpose: exit code 1 if refused."
    ),
]
PolicyFile = Annotated[
    Path | None,
    typer.Option(
        "--policy",
        help="A policy.toml with limits of your own; `manikin evaluate --print-policy` prints a start.",
    ),
]
PrintPolicy = Annotated[
    bool,
    typer.Option(
        "--print-policy",
        help="Print the shipped policy, a start for one of your own, and end.",
        is_eager=True,
        callback=print_shipped_policy,
    ),
]
Refits = Annotated[
    int,
    typer.Option(
        help="Attack the model by so many fits on halves of the training records; 16 are usual, 0: none."
    ),
]
SelfTest = Annotated[
    bool,
    typer.Option(
        "--self-test",
        help="Plant known defects into real records and say on the card which of them this judge notices.",
    ),
]
Encoder = Annotated[
    list[Path] | None,
    typer.Option(
        "--encoder",
        help="A network that turns pictures into vectors (.pt of TorchScript, .pt2, .onnx), or the folder "
        "of a language model that reads notes: one more view.",
    ),
]
Anonymous = Annotated[
    int,
    typer.Option(
        min=1,
        help="Patients who must share a level of a category; rarer ones are replaced. 1 keeps all.",
    ),
]
Minutes = Annotated[
    float | None,
    typer.Option(
        help="Minutes of learning for each model with networks (pictures, signals, histories and notes "
        "have one each; trees and copula take no budget). Reading, sampling and judging come on top."
    ),
]
Steps = Annotated[
    int | None, typer.Option(help="The same in steps: the result is the same on any machine.")
]
Epochs = Annotated[float | None, typer.Option(help="The same in passes over the records.")]
Checkpoint = Annotated[
    Path | None,
    typer.Option(
        help="Keep the state of training here, pictures drawn meanwhile beside it, and go on from it."
    ),
]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="Say nothing but errors.")]
Json = Annotated[bool, typer.Option("--json", help="Print the result as JSON.")]
Number = Annotated[
    int | None,
    typer.Option("-n", help="How many synthetic records, or patients with all rows; default: as many."),
]
Rows = Annotated[
    bool, typer.Option("--rows", help="-n counts rows, also where patients have several: about so many.")
]


def find_sidecar_folder(data: Path) -> Path:
    """The folder where schema.toml and rules.toml of a file, or of a folder of records, lie."""
    return data if data.is_dir() else data.parent


def parse_sampling_options(said: Sequence[str]) -> dict[str, float]:
    """Options of sampling from NAME=VALUE, whole numbers as such.

    Raises:
        UsageError: No name, or no number.

    Example:
        >>> parse_sampling_options(["temperature=0.7", "longest=60"])
        {'temperature': 0.7, 'longest': 60}
    """
    found = {}
    for one in said:
        name, _, value = one.partition("=")
        try:
            found[name.strip()] = int(value) if value.strip().isdigit() else float(value)
        except ValueError as error:
            raise UsageError(f"--using {one}: write OPTION=NUMBER, such as temperature=0.7") from error
    return found
