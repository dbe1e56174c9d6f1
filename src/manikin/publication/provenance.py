"""Provenance: from what, with what, by whom configured, at what cost, and for what use.

The entries answer the questions of W3C PROV-DM (2013: entity, activity, agent) and of
Croissant-RAI 1.0 in plain JSON: what was used (hashes of the inputs and the schema), what ran
(configuration, seed, versions, cost), what came out and what it may be used for.
"""

from __future__ import annotations

import hashlib
import json
import platform
import sys
import time
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from manikin.cohort.cohort import Cohort
from manikin.cohort.fingerprint import compute_fingerprint
from manikin.core.json_values import to_json_value
from manikin.errors import FormatError
from manikin.schema.redaction import redact_schema

if TYPE_CHECKING:
    from collections.abc import Mapping

    from manikin.schema.kinds import Schema

NOTICE = "Synthetic records drawn from a statistical model. No record describes a person."
INTENDED_USES = (
    "Only the uses that the scorecard beside the records allows, on the evidence that it shows.",
)
PROHIBITED_USES = (
    "Attempts to find out who the real patients were, or anything about one of them.",
    "Decisions about the care of a patient.",
    "Passing the records on without this provenance and the label synthetic.",
    "Presenting the records, or results from them, as observations of real patients.",
)
RECORDED_LIBRARIES = {
    "numpy": "numpy",
    "scipy": "scipy",
    "pandas": "pandas",
    "pyarrow": "pyarrow",
    "sklearn": "scikit-learn",
    "lightgbm": "lightgbm",
    "torch": "torch",
}


class Cost:
    """What a block of work cost: `with Cost() as cost: ...`; within the block, what it has cost so far.

    Memory is the most that the process has held so far (as the operating system counts it), so
    it cannot tell the block from what came before it; None where the system does not say.

    Example:
        >>> with Cost() as cost:
        ...     total = sum(range(1000))
        >>> cost.seconds >= 0, sorted(cost.to_dict())
        (True, ['cpu_seconds', 'peak_memory_mb', 'seconds'])
    """

    def __init__(self) -> None:
        self._start = self._read_clocks()
        self._end: tuple[float, float] | None = None

    def __enter__(self) -> Self:
        self._start = self._read_clocks()
        return self

    def __exit__(self, *_: object) -> None:
        self._end = self._read_clocks()

    @property
    def seconds(self) -> float:
        """Seconds on the clock."""
        return (self._end or self._read_clocks())[0] - self._start[0]

    @property
    def cpu_seconds(self) -> float:
        """Seconds of all processors together."""
        return (self._end or self._read_clocks())[1] - self._start[1]

    def to_dict(self) -> dict[str, float | None]:
        """Seconds on the clock, seconds of all processors together, and memory in MB."""
        return {
            "seconds": round(self.seconds, 2),
            "cpu_seconds": round(self.cpu_seconds, 2),
            "peak_memory_mb": _measure_peak_memory(),
        }

    @staticmethod
    def _read_clocks() -> tuple[float, float]:
        return time.perf_counter(), time.process_time()


def build_provenance(
    inputs: Mapping[str, Cohort | str | Path],
    *,
    outputs: Mapping[str, Cohort | str | Path] | None = None,
    schema: Schema | None = None,
    configuration: Mapping[str, Any] | None = None,
    seed: int | None = None,
    cost: Cost | None = None,
) -> dict[str, Any]:
    """What is needed to repeat a piece of work and to tell its result from real records.

    It proves nothing by itself: a hash shows that a file changed, not who changed it.

    Args:
        inputs: What was used, by name: cohorts, files or folders. Only hashes and sizes are kept.
        outputs: What came out, in the same way.
        schema: What the fields are; levels and ranges stand in it, values of patients do not.
        configuration: The model and its options, as plain values.
        seed: The seed from which all random numbers came.
        cost: Time and memory.

    Example:
        >>> import numpy as np
        >>> from manikin.schema.kinds import Number
        >>> cohort = Cohort.from_arrays({"age": np.array([61.0])}, {"age": Number()})
        >>> record = build_provenance({"train": cohort}, configuration={"family": "trees"}, seed=0)
        >>> record["synthetic"], record["inputs"]["train"]["records"]
        (True, 1)
    """
    record = {
        "synthetic": True,
        "notice": NOTICE,
        "created": datetime.now(UTC).isoformat(timespec="seconds"),
        "inputs": {name: hash_entity(source) for name, source in inputs.items()},
        "outputs": {name: hash_entity(source) for name, source in (outputs or {}).items()},
        "schema": redact_schema(schema).to_dict() if schema else None,
        "configuration": dict(configuration or {}),
        "seed": seed,
        "versions": collect_versions(),
        "cost": cost.to_dict() if cost else None,
        "intended_use": list(INTENDED_USES),
        "prohibited_use": list(PROHIBITED_USES),
    }
    return to_json_value(record)


def write_provenance(record: Mapping[str, Any], path: str | Path) -> None:
    """Write the record as JSON."""
    text = json.dumps(to_json_value(dict(record)), indent=2, allow_nan=False, ensure_ascii=False)
    Path(path).write_text(text + "\n", encoding="utf-8")


def hash_entity(source: Cohort | str | Path) -> dict[str, Any]:
    """The hash and size of a cohort, a file, or a folder with all files in it.

    Raises:
        FormatError: The path does not exist.
    """
    if isinstance(source, Cohort):
        return {"sha256": compute_fingerprint(source), "records": len(source), "fields": len(source.schema)}
    path = Path(source)
    if path.is_dir():
        files = sorted(entry for entry in path.rglob("*") if entry.is_file())
        lines = [f"{_hash_file(entry)}  {entry.relative_to(path).as_posix()}\n" for entry in files]
        total = hashlib.sha256("".join(lines).encode()).hexdigest()
        return {"sha256": total, "name": path.name, "files": len(files)}
    if not path.is_file():
        message = f"{path}: no such file or folder, so it cannot be hashed; give the file that was read"
        raise FormatError(message)
    return {"sha256": _hash_file(path), "name": path.name, "bytes": path.stat().st_size}


def collect_versions() -> dict[str, str]:
    """manikin, Python, the system, and those numerical libraries that are loaded."""
    loaded = {name: version(name) for module, name in RECORDED_LIBRARIES.items() if module in sys.modules}
    system = {"python": platform.python_version(), "platform": platform.platform()}
    return {"manikin": version("manikin"), **system, **loaded}


def _hash_file(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _measure_peak_memory() -> float | None:
    try:
        import resource
    except ModuleNotFoundError:  # Windows has no such counter
        return None
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return round(most / (2**20 if sys.platform == "darwin" else 2**10), 1)
