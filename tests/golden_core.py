"""How golden results are collected, stored and compared.

A case is a function that gets a `Found` and tells it what came out, in an empty working folder. Each
result stands on one of three levels:

- `same`: equal on every machine;
- `near`: a number within a tolerance everywhere, equal on the machine where it was frozen;
- `exact`: compared only there, when MANIKIN_GOLDEN=exact is set.
"""

import datetime as dt
import hashlib
import json
import math
import os
import re
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

HERE = Path(__file__).parent
FILE = HERE / "golden.json"
EXACT = os.environ.get("MANIKIN_GOLDEN") == "exact"
FRESH = ("seconds", "evaluated", "created", "versions", "cost", "memory", "date", "sha256", "bytes")
"""What is new in each run by design, or hashes of files that hold it."""


@dataclass(frozen=True)
class Case:
    """Something to do, and what it needs: whether it is slow, and packages that may be absent."""

    work: Callable
    slow: bool = False
    needs: tuple[str, ...] = ()


CASES: dict[str, Case] = {}


def case(name=None, *, slow=False, needs=()):
    """Register a function under its name, or another."""

    def registered(work):
        known = name or work.__name__.replace("_", "-")
        assert known not in CASES, f"two cases are called {known}"
        CASES[known] = Case(work, slow, needs)
        return work

    return registered


def sha(content) -> str:
    """The first 16 digits of the SHA-256 of bytes, of a text, or of what JSON can hold."""
    if not isinstance(content, bytes | str):
        content = json.dumps(content, sort_keys=True, default=str)
    return hashlib.sha256(content.encode() if isinstance(content, str) else content).hexdigest()[:16]


def timeless(value):
    """The same without what is new in each run."""
    if isinstance(value, dict):
        return {key: timeless(entry) for key, entry in value.items() if key not in FRESH}
    return [timeless(entry) for entry in value] if isinstance(value, list | tuple) else value


def dateless(text: str) -> str:
    """A text without the day and moments of the run, seconds that it took, and versions of libraries."""
    now = dt.datetime.now(dt.UTC)
    for day in (now, now - dt.timedelta(days=1)):
        for form in ("%Y-%m-%d", "%Y%m%d"):
            text = text.replace(day.strftime(form), "DAY")
    text = re.sub(r"DAYT\d\d:\d\d:\d\d[+:0-9Z.]*", "MOMENT", text)
    text = re.sub(r"\b\d+(\.\d+)? (s|seconds)\b", "N s", text)
    text = re.sub(r"\bseconds([\"']?[ =:]+)[\d.]+", r"seconds\1N", text)
    libraries = "python|numpy|scipy|pandas|pyarrow|scikit-learn|lightgbm|torch|manikin"
    return re.sub(
        rf"\b({libraries})([\"':]*[ =]+[\"']?)\d+\.\d+[\w.+]*,?\s*", "", text, flags=re.IGNORECASE
    )


def values(cohort, name):
    """A field as plain values, in the type of its column."""
    return cohort.columns[name].to_pylist()


@dataclass
class Found:
    """What a case found, by level and name."""

    same_: dict = field(default_factory=dict)
    near_: dict = field(default_factory=dict)
    exact_: dict = field(default_factory=dict)

    def same(self, name, value):
        """A result that is equal everywhere."""
        self.same_[name] = json.loads(json.dumps(value, default=str))

    def near(self, name, value, tolerance):
        """A number that may differ a little between machines."""
        value = None if value is None or not math.isfinite(value) else float(f"{float(value):.9g}")
        self.near_[name] = [value, float(f"{tolerance:.2g}")]

    def exact(self, name, value):
        """A result that is equal on one machine."""
        self.exact_[name] = json.loads(json.dumps(value, default=str))

    def cohort(self, name, cohort, *, everywhere=False, loose=0.3):
        """Schema and notes; columns by type and hash; means within a share of their deviation."""
        told = self.same if everywhere else self.exact
        self.same(f"{name}: fields", {key: type(kind).__name__ for key, kind in cohort.schema.items()})
        self.same(f"{name}: records", len(cohort))
        told(f"{name}: schema", cohort.schema.to_dict())
        told(f"{name}: notes", list(cohort.notes))
        for key in cohort.schema:
            self.same(f"{name}: type of {key}", str(cohort.columns[key].type)[:60])
            plain = values(cohort, key)
            told(f"{name}: {key}", sha(repr(plain)))
            self.exact(f"{name}: first of {key}", repr(plain[:2])[:90])
            x = cohort[key]
            if not everywhere and x.dtype.kind in "fiu":
                self.same(f"{name}: shape of {key}", list(x.shape))
                x = x[np.isfinite(x)].astype(float)
                if x.size:
                    self.near(f"{name}: mean of {key}", x.mean(), loose * x.std() + 1e-4)
        told(f"{name}: subjects", sha(repr(cohort.subject.tolist())))

    def files(self, name, path, *, everywhere=False):
        """Names of the files in a folder, or one file, with hashes of their bytes without times."""
        path = Path(path)
        listed = sorted(p for p in path.rglob("*") if p.is_file()) if path.is_dir() else [path]
        names = [p.relative_to(path.parent).as_posix() for p in listed]
        self.same(f"{name}: files", names)
        hashes = {known: sha(_content(p)) for known, p in zip(names, listed, strict=True)}
        (self.same if everywhere else self.exact)(f"{name}: bytes", hashes)


def _content(path):
    content = path.read_bytes()
    if path.suffix == ".json" and content.lstrip()[:1] == b"{":
        return timeless(json.loads(content))
    try:
        return dateless(content.decode()) if path.suffix != ".safetensors" else content
    except UnicodeDecodeError:
        return content


def command(*words, code=0) -> str:
    """What `manikin ...` prints, in this folder."""
    plain = {"COLUMNS": "160", "NO_COLOR": "1", "TERM": "dumb", "OMP_NUM_THREADS": "1"}
    run = [sys.executable, "-m", "manikin", *map(str, words)]
    done = subprocess.run(run, env={**os.environ, **plain}, capture_output=True, text=True, check=False)  # noqa: S603
    assert done.returncode == code, done.stdout + done.stderr
    return dateless(done.stdout)


def run(name: str) -> dict:
    """The results of a case, by level; the working folder must be an empty one."""
    import torch

    before, found = torch.get_num_threads(), Found()
    torch.set_num_threads(1)
    try:
        CASES[name].work(found)
    finally:
        torch.set_num_threads(before)
    return {"same": found.same_, "near": found.near_, "exact": found.exact_}


def differences(got: dict, wanted: dict, *, exact: bool) -> list[str]:
    """What differs, a line each."""
    lines = []
    for level in ("same", "exact") if exact else ("same",):
        names = dict.fromkeys([*wanted[level], *got[level]])
        for name in names:
            new, old = got[level].get(name, "absent"), wanted[level].get(name, "absent")
            if new != old:
                lines.append(f"{name}: {_shown(old, new)}")
    for name in dict.fromkeys([*wanted["near"], *got["near"]]):
        (new, _), (old, tolerance) = got["near"].get(name, (None, 0)), wanted["near"].get(name, (None, 0))
        if new != old and (exact or None in (new, old) or abs(new - old) > tolerance):
            lines.append(f"{name}: {old!r} became {new!r} (may differ by {0 if exact else tolerance})")
    return lines


def _shown(old, new):
    if isinstance(old, dict) and isinstance(new, dict):
        keys = [key for key in dict.fromkeys([*old, *new]) if old.get(key) != new.get(key)]
        return "; ".join(f"{key}: {old.get(key)!r} became {new.get(key)!r}" for key in keys)
    if isinstance(old, str) and isinstance(new, str) and "\n" in old:
        pairs = zip(old.splitlines(), new.splitlines(), strict=False)
        return next((f"{a!r} became {b!r}" for a, b in pairs if a != b), "other length")
    return f"{old!r} became {new!r}"
