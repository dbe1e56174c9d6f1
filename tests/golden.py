"""Golden results: write them anew, or compare with them what comes out now.

    python tests/golden.py                       compare every case, byte for byte
    python tests/golden.py --write               write all results to golden.json
    python tests/golden.py --write table-trees   write those of one case
    python tests/golden.py --write-models        fit and save the models in golden_models/ anew

Results are written only where a change of what users get is meant; models never only because the format
of files changed: they stand for those that users have saved before. After new models, write
`saved-...` too.
"""

import contextlib
import json
import sys
import tempfile

import golden_arrays
import golden_extra
import golden_judging
import golden_learning
import golden_more
import golden_reading
import golden_saved
from golden_core import CASES, FILE, differences, run

PARTS = (
    golden_reading,
    golden_arrays,
    golden_learning,
    golden_more,
    golden_extra,
    golden_judging,
    golden_saved,
)
"""Modules that register cases."""


def results() -> dict:
    """The golden results by case."""
    return json.loads(FILE.read_text(encoding="utf-8")) if FILE.exists() else {}


def fresh(name: str) -> dict:
    """The results of a case now, in a folder of its own."""
    with tempfile.TemporaryDirectory() as folder, contextlib.chdir(folder):
        return run(name)


def main(words: list[str]) -> int:
    """Write or compare; how many cases differ."""
    if "--write-models" in words:
        with tempfile.TemporaryDirectory() as folder, contextlib.chdir(folder):
            golden_saved.save_all()
        return 0
    names = [word for word in words if not word.startswith("--")] or list(CASES)
    known, failed = results(), 0
    for name in names:
        got = fresh(name)
        lines = differences(got, known[name], exact=True) if name in known else ["new"]
        sys.stdout.write("\n  ".join([f"{name}: {len(lines)} differences", *lines]) + "\n")
        failed += bool(lines)
        known[name] = got
    if "--write" in words:
        kept = {name: known[name] for name in sorted(known) if name in CASES}
        FILE.write_text(json.dumps(kept, indent=0, ensure_ascii=False) + "\n", encoding="utf-8")
        return 0
    return failed


if __name__ == "__main__":
    sys.exit(bool(main(sys.argv[1:])))
