"""Golden results of judging, releasing and the whole job."""

import json
from functools import partial
from pathlib import Path

import golden_inputs as made
import pandas as pd
from golden_core import case, command, dateless, sha, timeless

import manikin as mk


def judged(found, cohorts, **options):
    """Everything that a card holds."""
    card = mk.evaluate(*cohorts, **options)
    for score in card.scores:
        known = score.name
        found.same(f"{known}: axis", [score.axis, score.better])
        bounds = [score.value, score.low, score.high, score.floor, score.ceiling, score.calibrated]
        found.exact(f"{known}: numbers", [None if x is None else float(f"{x:.6g}") for x in bounds])
        found.exact(f"{known}: words", [score.verdict, score.note])
        if score.value is not None and 0 <= score.value <= 1:
            found.near(f"{known}: value", score.value, 0.2)
    found.exact("verdicts", card.verdicts)
    found.exact("summary", card.summary())
    found.exact("about", timeless(card.about))
    found.exact("plots", {name: sha(timeless(plot)) for name, plot in card.to_dict()["plots"].items()})
    found.exact("tables", {name: sha(timeless(rows)) for name, rows in card.to_dict()["tables"].items()})
    card.to_json("card.json")
    card.to_html("card.html")
    found.exact("json", sha(timeless(json.loads(Path("card.json").read_text()))))
    found.exact("page", sha(dateless(Path("card.html").read_text())))
    found.same("read again", mk.Scorecard.from_json("card.json").scores == card.scores)
    return card


@case()
def judge_table(found):
    train, holdout, fresh = made.table(150, 1), made.table(90, 2), made.table(120, 3)
    rule = mk.Rule("pressure", "dbp < sbp", "physiology")
    card = judged(found, (fresh, train, holdout), subgroups=("sex",), rules=[rule])
    for tier in ("internal", "controlled", "open"):
        decision = mk.release(fresh, card, f"out-{tier}", accept="a test", tier=tier)
        found.exact(
            tier, [decision.is_released, [[f.score, f.outcome, f.detail] for f in decision.findings]]
        )
        found.files(f"released {tier}", f"out-{tier}")
        found.exact(
            f"provenance {tier}", timeless(json.loads(Path(f"out-{tier}/provenance.json").read_text()))
        )


@case()
def judge_bad_table(found):
    train, holdout = made.table(150, 1), made.table(90, 2)
    judged(found, (train, train, holdout), label="sick", seed=1)
    close = mk.suspects(train.take(range(40)), train, holdout, seed=1)
    found.exact("suspects", sha(close.to_pandas().to_csv()))
    found.same("suspected", len(close))


@case()
def planted(found):
    for name, cohort in (("table", made.table()), ("ecg", made.waves()), ("scan", made.pictures())):
        train, fresh = cohort.split(0.5, seed=1)
        for defect in ("exact_copies", "collapse", "noise"):
            made_worse = mk.plant(fresh, defect, seed=1, train=train)
            found.cohort(f"{name} {defect}", made_worse, loose=0.5)


def judge(make, found, **options):
    judged(found, (make(60, 3), make(80, 1), make(60, 2)), **options)


def _history(n, seed):
    Path(f"{seed}.csv").write_text(made.long(n, seed).replace("\n", f"\n{seed}"))
    Path(f"{seed}.csv").write_text(Path(f"{seed}.csv").read_text()[: -len(str(seed))])
    return mk.read(f"{seed}.csv")


def _scan(n, seed):
    return made.pictures(n, seed).select("size", "scan")


case("judge-history")(partial(judge, _history))
case("judge-signal", slow=True)(partial(judge, made.waves))
case("judge-picture", slow=True)(partial(judge, _scan))
case("judge-mask", slow=True)(partial(judge, made.pictures))
case("judge-volume", slow=True)(partial(judge, made.volumes))
case("judge-note")(partial(judge, made.told))


@case(slow=True)
def recurrent(found):
    x, y = made.waves(48, 1), made.waves(48, 2)
    found.exact("discriminative", mk.discriminative_score(x, y, seed=1))
    found.exact("predictive", mk.predictive_score(x, y, seed=1))


@case()
def command_line(found):
    made.frame(160).to_csv("real.csv", index=False)
    options = ("--label", "sick", "--family", "trees", "--seed", "3", "--subgroup", "sex")
    found.exact("synthesize", command("synthesize", "real.csv", "-o", "out", *options))
    found.files("synthesized", "out")
    found.exact("provenance", timeless(json.loads(Path("out/provenance.json").read_text())))
    where = ("--where", "sick=yes", "--where", "sex=F", "--seed", "4")
    found.exact("sample", command("sample", "out/model", "-o", "more.csv", "-n", "30", *where))
    found.files("sampled", "more.csv")
    found.same("columns", list(pd.read_csv("more.csv")))


@case(slow=True)
def command_line_judges(found):
    for seed, name in enumerate(("train", "holdout", "any")):
        made.frame(120, seed).to_csv(f"{name}.csv", index=False)
    found.exact("fit", command("fit", "train.csv", "-o", "model", "-f", "vae", "--steps", "5"))
    sides = ("--train", "train.csv", "--holdout", "holdout.csv", "-o", "card", "--label", "sick")
    found.exact("evaluate", command("evaluate", "any.csv", *sides))
    found.files("judged", "card")
    found.exact("compare", command("compare", "card/scorecard.json", "card/scorecard.json"))
    accepted = ("--tier", "internal", "--accept", "a test")
    found.exact(
        "release", command("release", "any.csv", "--card", "card/scorecard.json", "-o", "r", *accepted)
    )
    found.files("released", "r")
    found.exact("matrix", command("matrix"))
    found.exact("help", command("--help"))
    for verb in ("inspect", "synthesize", "fit", "sample", "evaluate", "compare", "release", "deidentify"):
        found.exact(f"help of {verb}", command(verb, "--help"))
