"""The command line: files in, files out, exit codes, one message and nothing half-written."""

import json
import os
import signal
import subprocess
import sys
import time

import numpy as np
import pandas as pd
import pytest

from manikin.cli import main
from manikin.evaluation.card.policy import read_policy
from manikin.evaluation.selftest import detection_power

RUN = [sys.executable, "-m", "manikin"]


def _frame(n: int = 160) -> pd.DataFrame:
    rng = np.random.default_rng(0)
    sick = rng.integers(0, 2, n)
    age = (50 + 10 * sick + rng.normal(0, 8, n)).round().astype(int)
    sbp = (110 + 0.4 * age + rng.normal(0, 6, n)).round().astype(int)
    dbp = sbp - rng.integers(20, 60, n)
    return pd.DataFrame(
        {
            "id": range(1, n + 1),
            "sex": rng.choice(["F", "M"], n),
            "age": age,
            "sbp": sbp,
            "dbp": dbp,
            "sick": sick,
        }
    )


@pytest.fixture
def table(tmp_path):
    path = tmp_path / "real.csv"
    _frame().to_csv(path, index=False)
    return path


def _code(*arguments: object) -> int:
    sys.argv = ["manikin", *map(str, arguments)]
    with pytest.raises(SystemExit) as ended:
        main()
    return int(ended.value.code or 0)


@pytest.fixture(autouse=True)
def _arguments(monkeypatch):
    monkeypatch.setattr(sys, "argv", ["manikin"])


def test_the_main_job_leaves_all_files(table, tmp_path, capsys):
    out = tmp_path / "out"
    assert _code("synthesize", table, "-o", out, "--label", "sick", "--json", "-n", 120) == 0
    told = json.loads(capsys.readouterr().out)
    expected = {
        "model",
        "provenance.json",
        "schema.toml",
        "scorecard.html",
        "scorecard.json",
        "synthetic.csv",
    }
    assert {p.name for p in out.iterdir()} == expected == set(told["files"])
    drawn = pd.read_csv(out / "synthetic.csv")
    assert list(drawn) == list(_frame())
    assert len(drawn) == 120
    record = json.loads((out / "provenance.json").read_text())
    assert record["synthetic"] is True
    assert record["inputs"]["input"]["sha256"]
    assert set(told["verdicts"]) == set(record["verdicts"])
    assert "<script src" not in (out / "scorecard.html").read_text()
    assert [p.name for p in tmp_path.iterdir() if "part" in p.name] == []


def test_fit_sample_evaluate_compare(table, tmp_path, capsys):
    model, drawn, holdout = tmp_path / "model", tmp_path / "drawn.csv", tmp_path / "holdout.csv"
    _frame(400).tail(120).to_csv(holdout, index=False)
    assert _code("fit", table, "-o", model, "-q") == 0
    assert _code("sample", model, "-o", drawn, "-n", 90, "--where", "sick=1", "--where", "sex=F", "-q") == 0
    assert set(pd.read_csv(drawn)["sick"]) == {1}
    assert set(pd.read_csv(drawn)["sex"]) == {"F"}
    card = tmp_path / "card"
    assert (
        _code("evaluate", drawn, "--train", table, "--holdout", holdout, "-o", card, "-q", "--tier", "open")
        == 1
    )
    assert _code("compare", card / "scorecard.json", card / "scorecard.json", "--json") == 0
    outcomes = {change["outcome"] for change in json.loads(capsys.readouterr().out)["changes"]}
    assert not outcomes & {"better", "worse"}


WARD = """[use.ward]
title = "Ward"
kind = "tier"
text = "on the ward"
holdout = 20

[[limit]]
score = "shadow_auc"
at_most = { ward = 1 }
"""


def test_a_saved_model_is_attacked_and_judged_by_ones_own_policy(table, tmp_path, capsys, monkeypatch):
    monkeypatch.setitem(detection_power.add_self_test.__kwdefaults__, "trials", 3)
    model, drawn, holdout = tmp_path / "model", tmp_path / "drawn.csv", tmp_path / "holdout.csv"
    policy = tmp_path / "ward.toml"
    policy.write_text(WARD)
    _frame(400).tail(120).to_csv(holdout, index=False)
    assert _code("fit", table, "-o", model, "-q") == 0
    assert _code("sample", model, "-o", drawn, "-n", 160, "-q") == 0
    judged = (
        "evaluate",
        drawn,
        "--train",
        table,
        "--holdout",
        holdout,
        "--policy",
        policy,
        "--tier",
        "ward",
    )
    assert _code(*judged, "-q", "-o", tmp_path / "bare") == 1
    capsys.readouterr()
    assert (
        _code(*judged, "--model", model, "--refits", 8, "--self-test", "--json", "-o", tmp_path / "card")
        == 0
    )
    told = json.loads(capsys.readouterr().out)["gate"]
    assert told == {"tier": "ward", "policy": "ward", "released": True, "reasons": []}
    assert "on the ward" in (tmp_path / "card" / "scorecard.html").read_text()
    card = json.loads((tmp_path / "card" / "scorecard.json").read_text())
    scores = card["scores"]
    assert {row["trials"] for row in card["tables"]["power"]} == {3}
    (found,) = [score for score in scores if score["name"] == "shadow_auc"]
    assert found["axis"] == "privacy"
    assert 0.4 < found["value"] <= 1
    card = tmp_path / "card" / "scorecard.json"
    assert (
        _code("release", drawn, "--card", card, "--policy", policy, "--tier", "ward", "-o", tmp_path / "r")
        == 0
    )
    assert _code("release", drawn, "--card", card, "--policy", policy, "-o", tmp_path / "s") == 2
    assert "there are ward" in capsys.readouterr().err


def test_the_main_job_attacks_its_model_if_asked(table, tmp_path, capsys):
    out, policy = tmp_path / "out", tmp_path / "ward.toml"
    policy.write_text(WARD)
    asked = ("--policy", policy, "--tier", "ward", "--refits", 8)
    assert _code("synthesize", table, "-o", out, "--family", "independent", *asked, "--json") == 0
    assert json.loads(capsys.readouterr().out)["gate"]["policy"] == "ward"
    names = {score["name"] for score in json.loads((out / "scorecard.json").read_text())["scores"]}
    assert names >= {"shadow_auc", "shadow_tpr_1", "shadow_tpr_10"}


def test_what_the_judge_is_asked_is_checked_before_it_judges(table, tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(
        "manikin.publication.pipeline.read_cohort", lambda *_: pytest.fail("the records were read")
    )
    (tmp_path / "bad.toml").write_text("[use.a]\nkind = 3")
    common = (table, "--train", table, "--holdout", table)
    for wrong, says in (
        (("--tier", "public"), "no tier or purpose 'public'"),
        (("--policy", tmp_path / "bad.toml"), "[use.a]"),
        (("--policy", tmp_path / "absent.toml"), "absent.toml"),
        (("--model", tmp_path), "not a saved model"),
        (("--model", tmp_path, "--refits", 7), "give an even number"),
        (("--refits", 16), "--model"),
    ):
        assert _code("evaluate", *common, *wrong) == 2
        assert says in capsys.readouterr().err
    assert _code("synthesize", table, "-o", tmp_path / "out", "--refits", 3) == 2
    assert _code("synthesize", table, "-o", tmp_path / "out", "--tier", "public") == 2


def test_the_shipped_policy_is_printed_and_can_be_used(tmp_path, capsys):
    assert _code("evaluate", "--print-policy") == 0
    (tmp_path / "policy.toml").write_text(capsys.readouterr().out)
    assert read_policy(tmp_path / "policy.toml") == read_policy()


def test_filling_in_missing_cells(table, tmp_path):
    gaps = _frame().head(20).drop(columns="id").astype({"age": float})
    gaps.loc[:9, "age"] = None
    gaps.to_csv(tmp_path / "gaps.csv", index=False)
    assert _code("fit", table, "-o", tmp_path / "model", "-q") == 0
    assert (
        _code("sample", tmp_path / "model", "-o", tmp_path / "full.csv", "-c", tmp_path / "gaps.csv", "-q")
        == 0
    )
    full = pd.read_csv(tmp_path / "full.csv")
    assert full["age"].notna().all()
    assert (full["sbp"] == gaps["sbp"]).all()


def test_inspect_writes_an_editable_schema_once(table, tmp_path, capsys):
    assert _code("inspect", table) == 0
    assert "identifier" in capsys.readouterr().out
    text = (tmp_path / "schema.toml").read_text()
    (tmp_path / "schema.toml").write_text(
        text.replace('kind = "number"', 'kind = "number"', 1) + "\n# mine\n"
    )
    assert _code("inspect", table) == 0
    assert "# mine" in (tmp_path / "schema.toml").read_text()
    assert _code("inspect", table, "--json") == 0


def test_a_folder_that_may_not_be_written_to_is_inspected(table, tmp_path, capsys):
    (tmp_path / "schema.toml").symlink_to(tmp_path / "absent" / "schema.toml")  # leads nowhere
    assert _code("inspect", table) == 0
    said = " ".join(capsys.readouterr().out.split())
    assert "identifier" in said
    assert "schema.toml is not written" in said
    assert "--out" in said
    (tmp_path / "file").write_text("")
    assert _code("inspect", table, "--out", tmp_path / "file") == 2
    assert _code("inspect", table, "--out", tmp_path / "asked") == 0
    assert (tmp_path / "asked" / "schema.toml").is_file()


def test_rules_beside_the_data_bind_only_when_asked_for(table, tmp_path, capsys):
    beside = table.parent / "rules.toml"
    beside.write_text('[never]\nexpression = "sbp > 1000"\nsource = "made up"\n')
    try:
        assert _code("synthesize", table, "-o", tmp_path / "free") == 0
    finally:
        beside.unlink()
    assert "binds no record" in capsys.readouterr().err


def test_rules_are_met_and_counted(table, tmp_path):
    (tmp_path / "rules.toml").write_text('[pulse]\nexpression = "sbp - dbp > 30"\nsource = "made up"\n')
    out = tmp_path / "out"
    assert _code("synthesize", table, "-o", out, "--rules", tmp_path / "rules.toml", "-q") == 0
    drawn = pd.read_csv(out / "synthetic.csv")
    assert (drawn["sbp"] - drawn["dbp"] > 30).all()


def _bad(tmp_path, table):
    def write(name, text):
        (tmp_path / name).write_text(text)
        return tmp_path / name

    full = tmp_path / "full"
    full.mkdir()
    (full / "file").write_text("x")
    out = tmp_path / "out"
    return {
        "empty": ("synthesize", write("empty.csv", ""), "-o", out),
        "header only": ("synthesize", write("head.csv", "a,b\n"), "-o", out),
        "one row": ("synthesize", write("one.csv", "a,b\n1,2\n"), "-o", out),
        "twice": ("synthesize", write("twice.csv", "a,a\n1,2\n3,4\n"), "-o", out),
        "absent": ("synthesize", tmp_path / "absent.csv", "-o", out),
        "binary": ("synthesize", _binary(tmp_path), "-o", out),
        "folder exists": ("synthesize", table, "-o", full),
        "no label": ("synthesize", table, "-o", out, "--label", "heart"),
        "n 0": ("synthesize", table, "-o", out, "-n", 0),
        "where unknown": ("synthesize", table, "-o", out, "--where", "sex=X"),
        "where odd": ("synthesize", table, "-o", out, "--where", "sex"),
        "family": ("synthesize", table, "-o", out, "--family", "magic"),
        "schema": ("synthesize", table, "-o", out, "--schema", write("s.toml", '[age]\nkind = "colour"\n')),
        "schema field": (
            "synthesize",
            table,
            "-o",
            out,
            "--schema",
            write("f.toml", '[x]\nkind = "number"\n'),
        ),
        "rules": (
            "synthesize",
            table,
            "-o",
            out,
            "--rules",
            write("r.toml", '[x]\nexpression = "nope > 1"\n'),
        ),
        "holdout": ("synthesize", table, "-o", out, "--holdout", 1.5),
        "option": ("synthesize", table, "-o", out, "--colour", "red"),
        "no model": ("sample", tmp_path / "full", "-o", tmp_path / "x.csv", "-n", 3),
        "no folder": ("synthesize", table, "-o", table / "inside"),
    }


def _binary(tmp_path):
    (tmp_path / "binary.csv").write_bytes(bytes(range(256)) * 20)
    return tmp_path / "binary.csv"


def test_bad_input_is_one_message_and_nothing_written(table, tmp_path, capsys):
    for name, arguments in _bad(tmp_path, table).items():
        before = sorted(p.name for p in tmp_path.iterdir())
        assert _code(*arguments) == 2, name
        said = capsys.readouterr()
        message = said.err + said.out
        assert 10 < len(message) < 3000, name
        assert "Traceback" not in message, name
        assert sorted(p.name for p in tmp_path.iterdir()) == before, name


def test_interrupt_leaves_nothing_and_says_so(tmp_path):
    rng = np.random.default_rng(0)
    pd.DataFrame(rng.normal(size=(3000, 12))).rename(columns="x{}".format).to_csv(
        tmp_path / "big.csv", index=False
    )
    command = [
        *RUN,
        "synthesize",
        str(tmp_path / "big.csv"),
        "-o",
        str(tmp_path / "out"),
        "--family",
        "diffusion",
    ]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True, start_new_session=True) as process:  # noqa: S603
        assert process.stderr is not None
        for line in process.stderr:
            if "held out for the judge" in line:
                break
        time.sleep(4)
        os.killpg(process.pid, signal.SIGINT)
        said = process.stderr.read()
        assert process.wait(timeout=60) == 130
    assert "interrupted" in said
    assert "Traceback" not in said
    assert [p.name for p in tmp_path.iterdir()] == ["big.csv"]


def test_help_teaches(capsys):
    assert _code("--help") == 0
    assert "synthesize" in capsys.readouterr().out
    assert _code("synthesize", "--help") == 0
    assert "scorecard.html" in capsys.readouterr().out


def test_matrix_prints_every_family(capsys):
    assert _code("matrix") == 0
    said = capsys.readouterr().out
    assert "trees" in said
    assert "use 'diffusion'" in said


def test_interrupt_outside_of_a_command_says_so_too(monkeypatch, capsys):
    def pressed():
        raise KeyboardInterrupt

    monkeypatch.setattr("manikin.cli.app", pressed)
    with pytest.raises(SystemExit) as ended:
        main()
    assert ended.value.code == 130
    assert "interrupted" in capsys.readouterr().err
