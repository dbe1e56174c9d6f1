"""Store: a fitted synthesizer in a folder of TOML, JSON and safetensors."""

from __future__ import annotations

import json
import os
import shutil
import tomllib
from base64 import b64decode, b64encode
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.ipc
import tomli_w

from manikin.codecs.table import arrow
from manikin.cohort.cohort import Origin
from manikin.contracts.codec import Learned
from manikin.contracts.family import Family, Statistical
from manikin.core import registry
from manikin.errors import FormatError, UsageError
from manikin.schema.kinds import Schema
from manikin.stats.subject_counts import ENOUGH
from manikin.synthesis.chain import Chain
from manikin.synthesis.fitted import Fitted
from manikin.synthesis.plan import Plan, family_from_dict, family_to_dict
from manikin.synthesis.recoding import Recoding
from manikin.synthesis.training_support import Support
from manikin.training.budget import Training
from manikin.training.learner import Neural, Tabular
from manikin.training.weights import read_json, read_weights, write_weights

if TYPE_CHECKING:
    from collections.abc import Iterator

    from manikin.contracts.codec import Codec
    from manikin.synthesis.synthesizer import Synthesizer

VERSION = 2
CODES = "codec.safetensors"


def save(model: Synthesizer, fitted: Fitted, folder: str | Path) -> None:
    """Write a model's files; the folder is whole or absent."""
    with _unfinished(Path(folder)) as part:
        _fill(part, model, fitted)


def save_chain(chain: Chain, folder: str | Path) -> None:
    """Write the models of a chain, each in a folder of its own; the whole folder or none."""
    with _unfinished(Path(folder)) as part:
        for place, (link, fitted) in enumerate(zip(chain.links, chain.models, strict=True)):
            (part / f"link-{place}").mkdir()
            _fill(part / f"link-{place}", link, fitted)
        table = {"version": VERSION, "links": len(chain.links)}
        (part / "model.toml").write_text(tomli_w.dumps(table), encoding="utf-8")


@contextmanager
def _unfinished(folder: Path) -> Iterator[Path]:
    """A folder of another name, which takes the place of `folder` once it is whole."""
    if folder.exists() and not (folder / "model.toml").exists() and any(folder.iterdir()):
        message = f"{folder}: holds something that is no model; name another folder"
        raise UsageError(message)
    part = folder.with_name(f".{os.getpid()}-part-{folder.name}")
    part.mkdir(parents=True)
    try:
        yield part
        if folder.exists():
            shutil.rmtree(folder)
        part.replace(folder)
    except OSError as error:
        raise FormatError(f"{folder}: cannot be written ({error.strerror})") from error
    finally:
        shutil.rmtree(part, ignore_errors=True)


def load(folder: str | Path) -> Synthesizer | Chain:
    """A synthesizer or a chain as it was saved; it samples the same records for the same seed.

    Raises:
        FormatError: The folder is not a saved model, or one of a later version.
    """
    folder = Path(folder)
    table = _toml(folder / "model.toml")
    if table.get("version") != VERSION:
        message = (
            f"{folder}: a model of version {table.get('version')}; this manikin reads version {VERSION}"
        )
        raise FormatError(message)
    try:
        if "links" in table:
            return Chain([_loaded(folder / f"link-{place}") for place in range(table["links"])])
        return _loaded(folder)
    except (KeyError, IndexError, TypeError, ValueError, AttributeError, pa.ArrowException) as error:
        message = (
            f"{folder}: damaged, or changed by hand ({type(error).__name__}); copy the folder that `save` "
            "wrote again"
        )
        raise FormatError(message) from error


def _loaded(folder: Path) -> Synthesizer:
    from manikin.synthesis.synthesizer import Synthesizer

    table, stored = _toml(folder / "model.toml"), read_json(folder / "codec.json")
    plan = Plan(
        tuple(table["target"]),
        tuple(table["condition"]),
        tuple(table["observed"]),
        family_from_dict(table["family"]),
    )
    codec = _placed(_codec(stored["target"]), folder)
    givens = {name: _codec(state) for name, state in stored["given"].items()}
    recoding = Recoding.from_dict(stored.get("recoding", {}))
    learner = _learner(folder, recoding.plan(plan), codec, givens, table.get("facts", {}))
    types = {name: _type(text) for name, text in stored["types"].items()}
    origin = Origin(stored["origin"]["format"], stored["origin"]["options"])
    schema, starts = Schema.read(folder / "schema.toml"), stored["starts"]
    fitted = Fitted(plan, schema, types, origin, codec, givens, learner, starts, recoding)
    budget = Training(**table["training"]) if "training" in table else None
    condition = (*plan.condition, *plan.observed)
    # `fit` of a fitted codec fits it anew, so a refit has its options.
    named = codec if isinstance(codec, Learned) else None
    scan = table.get("scan", True)
    anonymous, support = table.get("anonymous", ENOUGH), Support.from_dict(stored.get("support", {}))
    options = (table["seed"], budget, named, scan, fitted, None, anonymous, support)
    return Synthesizer(plan.target, condition, plan.family, *options)


def _fill(part: Path, model: Synthesizer, fitted: Fitted) -> None:
    plan = fitted.plan
    table = {
        "version": VERSION,
        "seed": model.seed,
        "target": list(plan.target),
        "condition": list(plan.condition),
        "observed": list(plan.observed),
        "family": family_to_dict(plan.family),
        "facts": fitted.learner.facts,
        "scan": model.scan,
        "anonymous": model.anonymous,
    }
    if model.training is not None:
        table["training"] = {
            key: value for key, value in asdict(model.training).items() if value is not None
        }
    (part / "model.toml").write_text(tomli_w.dumps(table), encoding="utf-8")
    fitted.schema.write(part / "schema.toml")
    stored = {
        "target": _stored(fitted.codec),
        "given": {name: _stored(codec) for name, codec in fitted.givens.items()},
        "starts": fitted.starts,
        "recoding": fitted.recoding.to_dict(),
        "support": model.support.to_dict(),
        "types": {name: _typed(dtype) for name, dtype in fitted.types.items()},
        "origin": {"format": fitted.origin.format, "options": dict(fitted.origin.options)},
    }
    (part / "codec.json").write_text(json.dumps(stored), encoding="utf-8")
    fitted.learner.save(part)
    if isinstance(fitted.codec, Learned):
        write_weights(part / CODES, fitted.codec.nets)


def _learner(
    folder: Path, plan: Plan, codec: Codec, givens: dict[str, Codec], facts: dict[str, Any]
) -> Tabular | Neural:
    match plan.family:
        case Statistical():
            return Tabular.load(folder, plan.family, codec.spec, len(plan.condition), facts)
        case Family():
            specs = {name: given.spec for name, given in givens.items()}
            return Neural.load(folder, plan.family, codec.spec, (specs, bool(plan.observed)), facts)


def _stored(codec: Codec) -> dict[str, Any]:
    name = next(n for n in registry.names("codecs") if registry.find("codecs", n) is type(codec))
    return {"codec": name, "state": codec.to_dict()}


def _codec(stored: dict[str, Any]) -> Codec:
    return registry.find("codecs", stored["codec"]).from_dict(stored["state"])


def _placed(codec: Codec, folder: Path) -> Codec:
    """The codec; its networks, if it has any, with their weights and where they are to run."""
    if isinstance(codec, Learned):
        from manikin.training.engine import Engine

        read_weights(folder / CODES, codec.nets)
        Engine.auto(codec.source.spec).place(codec.nets)
    return codec


def _typed(dtype: pa.DataType) -> Any:  # noqa: ANN401 - JSON
    if isinstance(dtype, pa.FixedShapeTensorType):
        return {"tensor": str(dtype.value_type), "shape": list(dtype.shape)}
    if dtype.num_fields or _parametric(dtype):
        return {"arrow": b64encode(pa.schema([("", dtype)]).serialize()).decode()}
    return str(dtype)


def _parametric(dtype: pa.DataType) -> bool:
    """Whether the type has parameters that Arrow writes out but does not read."""
    tests = (pa.types.is_dictionary, pa.types.is_decimal, pa.types.is_fixed_size_binary)
    return any(test(dtype) for test in tests)


def _type(stored: Any) -> pa.DataType:  # noqa: ANN401 - JSON
    match stored:
        case {"tensor": value, "shape": shape}:
            return pa.fixed_shape_tensor(pa.type_for_alias(value), shape)
        case {"arrow": text}:
            return pa.ipc.read_schema(pa.BufferReader(b64decode(text))).field(0).type
        case _:
            return arrow(stored)


def _toml(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, tomllib.TOMLDecodeError) as error:
        why = (error.strerror or "unreadable") if isinstance(error, OSError) else error
        message = f"{path}: not a saved model ({why}); name the folder that `save` wrote"
        raise FormatError(message) from error
