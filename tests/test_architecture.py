"""The rules of the house: short files, fast import, no pickle, layers (checked by import-linter)."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

SOURCE = Path(__file__).parents[1] / "src" / "manikin"
FILES = sorted(SOURCE.rglob("*.py"))


@pytest.mark.parametrize("path", FILES, ids=lambda p: str(p.relative_to(SOURCE)))
def test_files_are_short(path):
    assert len(path.read_text(encoding="utf-8").splitlines()) <= 340


def test_nothing_is_pickled_or_swallowed():
    banned = re.compile(
        r"\bimport pickle\b|\bexcept Exception\b|\bexcept:|torch\.manual_seed\(|np\.random\.seed\("
    )
    found = {path.name for path in FILES if banned.search(path.read_text(encoding="utf-8"))}
    assert found <= {"engine.py"}  # there the state is forked first and restored after


def test_import_is_fast_and_light():
    code = (
        "import time; t = time.process_time(); import manikin; t = time.process_time() - t\n"
        "import sys; heavy = {'torch', 'sklearn', 'pandas', 'matplotlib', 'lightgbm'} & set(sys.modules)\n"
        "print(t, sorted(heavy))"
    )
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout  # noqa: S603
    seconds, heavy = out.split(" ", 1)
    assert float(seconds) < 0.1
    assert heavy.strip() == "[]"


def test_a_first_read_loads_what_a_table_needs(tmp_path):
    path = tmp_path / "three.csv"
    rows = [f"{i % 50 + 30},{'FM'[i % 2]},{1 + i % 7 / 10}" for i in range(40)]
    path.write_text("\n".join(["age,sex,creatinine", *rows]), encoding="utf-8")
    code = (
        "import sys, manikin as mk; mk.read(sys.argv[1])\n"
        "print(*(name for name in sys.modules if name.split('.')[0] == 'manikin'))"
    )
    command = [sys.executable, "-c", code, str(path)]
    loaded = subprocess.run(command, capture_output=True, text=True, check=True).stdout.split()  # noqa: S603
    assert len(loaded) <= 30, sorted(loaded)
    rooms = {name.split(".")[1] for name in loaded if "." in name}
    assert rooms == {"core", "errors", "schema", "cohort", "tables", "io"}


def test_judging_and_trees_need_no_torch():
    code = (
        "import sys, manikin as mk; from manikin.datasets.demo import load_demo\n"
        "train, holdout = load_demo().split(0.3); model = mk.Synthesizer().fit(train, quiet=True)\n"
        "model.sample(50); import manikin.evaluation.evaluate; print('torch' in sys.modules)"
    )
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout  # noqa: S603
    assert out.strip() == "False"


def test_public_names_stay_what_they_are_when_all_is_imported():
    code = (
        "import manikin as mk, pkgutil, importlib, types\n"
        "before = {name: getattr(mk, name) for name in mk.__all__}\n"
        "found = [module.name for module in pkgutil.walk_packages(mk.__path__, 'manikin.')]\n"
        "for name in found: '__main__' in name or importlib.import_module(name)\n"
        "print([name for name in mk.__all__ if getattr(mk, name) is not before[name]])"
    )
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout  # noqa: S603
    assert out.strip() == "[]"
