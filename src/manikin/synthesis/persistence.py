"""Fitted models in a folder of TOML, JSON and safetensors."""

from __future__ import annotations

import json
from base64 import b64decode, b64encode
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.ipc
import tomli_w

from manikin.codecs.table import parse_arrow_type
from manikin.cohort.source_format import SourceFormat
from manikin.contracts.codec import TrainableCodec
from manikin.contracts.family import Family, StatisticalFamily
from manikin.core import registry
from manikin.core.atomic import write_atomically
from manikin.core.toml import read_toml
from manikin.errors import FormatError, UsageError
from manikin.schema.kinds import Schema
from manikin.stats.subject_counts import MIN_CELL_SIZE
from manikin.synthesis.fitted import FittedModel
from manikin.synthesis.link import Link
from manikin.synthesis.plan import Plan, dump_family, parse_family
from manikin.synthesis.recoding import Recoding
from manikin.synthesis.training_support import TrainingSupport
from manikin.training.budget import Training
from manikin.training.statistical_learner import StatisticalLearner
from manikin.training.weights import read_json, read_weights, write_weights

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from manikin.contracts.codec import Codec
    from manikin.training.neural_learner import NeuralLearner

FORMAT_VERSION = 2
CODEC_WEIGHTS_FILE = "codec.safetensors"
PANEL_FILE = "panel.json"


def save_links(links: Sequence[Link], folder: str | Path, panel: Mapping[str, Any] | None = None) -> None:
    """Write fitted models, several each into a folder of its own; the whole folder or none.

    Args:
        links: The models.
        folder: Where to.
        panel: Of repeated measures, how rows follow one another, in plain JSON values.

    Raises:
        NotFitted: One has learned nothing yet.
        UsageError: The folder holds something that is no model.
        FormatError: It cannot be written.
    """
    with _open_model_folder(Path(folder)) as part:
        if len(links) == 1:
            _write_link(part, links[0])
            return
        for place, link in enumerate(links):
            (part / f"link-{place}").mkdir()
            _write_link(part / f"link-{place}", link)
        table = {"version": FORMAT_VERSION, "links": len(links)}
        (part / "model.toml").write_text(tomli_w.dumps(table), encoding="utf-8")
        if panel is not None:
            (part / PANEL_FILE).write_text(json.dumps(panel), encoding="utf-8")


@contextmanager
def _open_model_folder(folder: Path) -> Iterator[Path]:
    """A folder of another name, which takes the place of `folder` once it is whole."""
    if folder.exists() and not (folder / "model.toml").exists() and any(folder.iterdir()):
        message = f"{folder}: holds something that is no model; name another folder"
        raise UsageError(message)
    with write_atomically(folder, replaces_folder=True) as part:
        part.mkdir(parents=True)
        yield part


def load_links(folder: str | Path) -> tuple[list[Link], dict[str, Any] | None]:
    """The models that were saved in a folder, and of repeated measures how rows follow one another.

    Raises:
        FormatError: The folder is not a saved model, or one of a later version.
    """
    folder = Path(folder)
    table = _read_model_file(folder / "model.toml")
    if table.get("version") != FORMAT_VERSION:
        message = (
            f"{folder}: a model of version {table.get('version')}; "
            f"this manikin reads version {FORMAT_VERSION}"
        )
        raise FormatError(message)
    try:
        if "links" in table:
            links = [_load_link(folder / f"link-{place}") for place in range(table["links"])]
            return links, read_json(folder / PANEL_FILE) if (folder / PANEL_FILE).exists() else None
        return [_load_link(folder)], None
    except (KeyError, IndexError, TypeError, ValueError, AttributeError, pa.ArrowException) as error:
        message = (
            f"{folder}: damaged, or changed by hand ({type(error).__name__}); copy the folder that `save` "
            "wrote again"
        )
        raise FormatError(message) from error


def _load_link(folder: Path) -> Link:
    table, stored = _read_model_file(folder / "model.toml"), read_json(folder / "codec.json")
    plan = Plan(
        tuple(table["target"]),
        tuple(table["condition"]),
        tuple(table["observed"]),
        parse_family(table["family"]),
    )
    codec = _load_codec_weights(_load_codec(stored["target"]), folder)
    givens = {name: _load_codec(state) for name, state in stored["given"].items()}
    recoding = Recoding.from_dict(stored.get("recoding", {}))
    learner = _load_learner(folder, recoding.recode_plan(plan), codec, givens, table.get("facts", {}))
    types = {name: _parse_type(text) for name, text in stored["types"].items()}
    origin = SourceFormat(stored["origin"]["format"], stored["origin"]["options"])
    schema, starts = Schema.read(folder / "schema.toml"), stored["starts"]
    support = TrainingSupport.from_dict(stored.get("support", {}))
    model = FittedModel(plan, schema, types, origin, codec, givens, learner, starts, recoding, support)
    return Link(
        plan.target,
        (*plan.condition, *plan.observed),
        plan.family,
        table["seed"],
        Training(**table["training"]) if "training" in table else None,
        codec if isinstance(codec, TrainableCodec) else None,  # fitted anew, it keeps its options
        table.get("scan", True),
        table.get("anonymous", MIN_CELL_SIZE),
        model,
    )


def _write_link(part: Path, link: Link) -> None:
    model = link.model
    plan = model.plan
    table = {
        "version": FORMAT_VERSION,
        "seed": link.seed,
        "target": list(plan.target),
        "condition": list(plan.condition),
        "observed": list(plan.observed),
        "family": dump_family(plan.family),
        "facts": model.learner.facts,
        "scan": link.scan,
        "anonymous": link.anonymous,
    }
    if link.training is not None:
        table["training"] = {
            key: value for key, value in asdict(link.training).items() if value is not None
        }
    (part / "model.toml").write_text(tomli_w.dumps(table), encoding="utf-8")
    model.schema.write(part / "schema.toml")
    stored = {
        "target": _dump_codec(model.codec),
        "given": {name: _dump_codec(codec) for name, codec in model.condition_codecs.items()},
        "starts": model.surrogate_starts,
        "recoding": model.recoding.to_dict(),
        "support": model.support.to_dict(),
        "types": {name: _dump_type(dtype) for name, dtype in model.arrow_types.items()},
        "origin": {"format": model.origin.format, "options": dict(model.origin.options)},
    }
    (part / "codec.json").write_text(json.dumps(stored), encoding="utf-8")
    model.learner.save(part)
    if isinstance(model.codec, TrainableCodec):
        write_weights(part / CODEC_WEIGHTS_FILE, {"model": model.codec.trained_network})


def _load_learner(
    folder: Path, plan: Plan, codec: Codec, givens: dict[str, Codec], facts: dict[str, Any]
) -> StatisticalLearner | NeuralLearner:
    match plan.family:
        case StatisticalFamily():
            return StatisticalLearner.load(folder, plan.family, codec.spec, len(plan.condition), facts)
        case Family():
            # Networks need PyTorch, which an installation for tables does without.
            from manikin.training.neural_learner import NeuralLearner

            specs = {name: given.spec for name, given in givens.items()}
            return NeuralLearner.load(folder, plan.family, codec.spec, (specs, bool(plan.observed)), facts)


def _dump_codec(codec: Codec) -> dict[str, Any]:
    return {"codec": registry.find_name("codecs", type(codec)), "state": codec.to_dict()}


def _load_codec(stored: dict[str, Any]) -> Codec:
    return registry.find("codecs", stored["codec"]).from_dict(stored["state"])


def _load_codec_weights(codec: Codec, folder: Path) -> Codec:
    """The codec; its networks, if it has any, with their weights and where they are to run."""
    if isinstance(codec, TrainableCodec):
        from manikin.training.engine import Engine  # as above

        network = codec.trained_network
        read_weights(folder / CODEC_WEIGHTS_FILE, {"model": network})
        network.to(Engine.select(codec.source.spec).device)
    return codec


def _dump_type(dtype: pa.DataType) -> Any:  # noqa: ANN401 - JSON
    if isinstance(dtype, pa.FixedShapeTensorType):
        return {"tensor": str(dtype.value_type), "shape": list(dtype.shape)}
    if dtype.num_fields or _is_parametric(dtype):
        return {"arrow": b64encode(pa.schema([("", dtype)]).serialize()).decode()}
    return str(dtype)


def _is_parametric(dtype: pa.DataType) -> bool:
    """Whether the type has parameters that Arrow writes out but does not read."""
    tests = (pa.types.is_dictionary, pa.types.is_decimal, pa.types.is_fixed_size_binary)
    return any(test(dtype) for test in tests)


def _parse_type(stored: Any) -> pa.DataType:  # noqa: ANN401 - JSON
    match stored:
        case {"tensor": value, "shape": shape}:
            return pa.fixed_shape_tensor(pa.type_for_alias(value), shape)
        case {"arrow": text}:
            return pa.ipc.read_schema(pa.BufferReader(b64decode(text))).field(0).type
        case _:
            return parse_arrow_type(stored)


def _read_model_file(path: Path) -> dict[str, Any]:
    refusal = "not a saved model ({reason}); name the folder that `save` wrote"
    return read_toml(path, FormatError, refusal)
