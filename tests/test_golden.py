"""The same inputs and seeds give what they gave when it was frozen in `golden.json`.

With MANIKIN_GOLDEN=exact everything is compared byte for byte, which holds on the machine where the results
were written; otherwise what may differ between machines is compared within tolerances or not at all.
How to write them anew: `golden.py`.
"""

import pytest
from golden import results
from golden_core import CASES, EXACT, differences, run

GOLDEN = results()


def _marked(name):
    return pytest.param(name, marks=[pytest.mark.slow] if CASES[name].slow else [])


@pytest.mark.parametrize("name", [_marked(name) for name in CASES])
def test_results_are_those_frozen(name, tmp_path, monkeypatch):
    for package in CASES[name].needs:
        pytest.importorskip(package, reason=f"needs {package}, which comes with an extra")
    monkeypatch.chdir(tmp_path)
    lines = differences(run(name), GOLDEN[name], exact=EXACT)
    assert not lines, "\n".join(["", *lines])


def test_every_frozen_result_has_a_case():
    assert set(GOLDEN) == set(CASES)
