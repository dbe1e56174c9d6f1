"""Golden results of learning and sampling: tables, histories, signals, pictures, volumes, notes."""

import tempfile
from functools import partial
from pathlib import Path

import golden_inputs as made
import numpy as np
from golden_core import case, sha, timeless

import manikin as mk

FEW = mk.Training(steps=8, batch=16)
COUNTED = ("independent", "copula", "trees")
LEARNED = ("gan", "vae", "diffusion", "autoregressive", "masked")
FAMILIES = mk.families


def facts(model):
    """What the models say of their fit, without times."""
    return [timeless(one.learner.facts) for one in model.models]


def learned(found, cohort, n=20, **options):
    """Fit, sample twice, save, load and sample again."""
    model = mk.Synthesizer(seed=1, training=FEW, **options).fit(cohort, quiet=True)
    return drawn(found, model, n, given=cohort)


def drawn(found, model, n=20, given=None):
    """What a fitted model draws, before and after it was saved."""
    names = [] if isinstance(model, mk.Chain) or model.condition == () else [model.condition]
    names = [name for each in names for name in ([each] if isinstance(each, str) else each)]
    asked = {"condition": given.take(np.arange(n)).select(*names)} if names else {"n": n}
    sample = model.sample(**asked, seed=2)
    counted = getattr(model, "family", None) == "independent"  # no sum whose order matters
    found.cohort("sample", sample, everywhere=counted, loose=1.0)
    found.exact("facts", sha(facts(model)))
    with tempfile.TemporaryDirectory() as folder:
        model.save(Path(folder, "model"))
        found.files("saved", Path(folder, "model"))
        again = mk.load(Path(folder, "model")).sample(**asked, seed=2)
    found.same("the same when loaded", again.columns.equals(sample.columns))
    return model


def table(family, found):
    model = learned(found, made.table(), family=family)
    if family not in ("gan", "vae", "diffusion"):
        found.cohort("women", model.sample(6, where={"sex": "F"}, seed=3), loose=1.0)
        some = made.table(6, 5).select("age", "sex", "stage")
        found.cohort("given", model.sample(condition=some, seed=5), loose=1.0)
    rule = mk.Rule("young", "age < 60", "a wish")
    obedient = model.sample(6, rules=[rule], seed=4)
    found.cohort("young", obedient, loose=1.0)
    found.same("obeyed", bool(rule.holds(obedient).all()))
    conditional = mk.Synthesizer(condition=("age", "sick"), family=family, seed=2, training=FEW)
    conditional.fit(made.table(), quiet=True)
    found.cohort("conditional", conditional.sample(condition=made.table(9, 6), seed=1), loose=1.0)
    women = conditional.sample(6, where={"sick": "yes", "age": 50}, seed=3)
    found.cohort("sick", women, loose=1.0)


for name in (*COUNTED, *LEARNED):
    case(f"table-{name}")(partial(table, name))


@case()
def table_default(found):
    Path("dirty.csv").write_text(made.dirty())
    train, _ = mk.read("dirty.csv").split(0.2, seed=0)
    model = mk.Synthesizer(seed=3).fit(train, quiet=True)
    found.cohort("sample", model.sample(40, seed=1))
    found.cohort("refit", model.refit(train, seed=4))
    mk.write(model.sample(10, seed=2), "made.csv")
    found.files("written", "made.csv")


@case()
def losses(found):
    train = made.table(60)
    for family in ("autoregressive", "diffusion"):
        model = mk.Synthesizer(family=family, seed=1, training=FEW).fit(train, quiet=True)
        found.exact(family, sha(model.losses(train, seed=1).round(6).tolist()))


def events():
    """Histories of a long table, in this folder."""
    Path("events.csv").write_text(made.long())
    return mk.read("events.csv")


def history(family, found):
    cohort = events()
    learned(found, cohort, target="history", family=family)
    given = mk.Synthesizer("history", condition=("sex", "history"), family=family, training=FEW, seed=2)
    given.fit(cohort, quiet=True)
    begun = mk.histories.until(cohort, visits=1).take(np.arange(8)).select("sex", "history")
    found.cohort("gone on", given.sample(condition=begun, seed=1))


for name in ("autoregressive", "masked"):
    case(f"history-{name}")(partial(history, name))


@case()
def history_with_its_patient(found):
    cohort = events()
    model = learned(found, cohort)
    found.same("links", len(model.models))
    mk.write(model.sample(10, seed=5), "made.ndjson")
    found.files("written", "made.ndjson")


SMALL = {
    "gan": FAMILIES.Gan(width=8),
    "vae": FAMILIES.Vae(width=8),
    "diffusion": FAMILIES.Diffusion(width=8, steps=4),
    "autoregressive": FAMILIES.Autoregressive(width=16),
    "masked": FAMILIES.Masked(width=16, steps=4),
}
CODES = mk.codecs.Quantised(width=8, levels=(4, 4))


def arrays(family, codec, found):
    for kind, given, cohort in (
        ("ecg", "sick", made.waves()),
        ("scan", ("mask", "size"), made.pictures()),
        ("mask", "size", made.pictures()),
        ("volume", "age", made.volumes()),
    ):
        if codec is not None and kind == "mask":
            continue
        part = type(found)()
        learned(part, cohort, 6, target=kind, condition=given, family=SMALL[family], codec=codec)
        for level in ("same_", "near_", "exact_"):
            getattr(found, level).update({f"{kind}: {k}": v for k, v in getattr(part, level).items()})


for name in ("gan", "vae", "diffusion"):
    case(f"arrays-{name}")(partial(arrays, name, None))
for name in ("autoregressive", "masked"):
    case(f"arrays-{name}")(partial(arrays, name, CODES))
case("arrays-latent")(partial(arrays, "diffusion", mk.codecs.Latent(width=8, channels=2)))


@case()
def series_with_gaps(found):
    x = made.waves()["ecg"].astype(float)
    x[made.rng(3).random(x.shape) < 0.3] = np.nan
    cohort = mk.Cohort.from_arrays({"labs": x[:, :, ::4]}, {"labs": mk.Signal(("a", "b"), rate=0.01)})
    learned(found, cohort, target="labs", family=SMALL["diffusion"])
    model = mk.Synthesizer("labs", "labs", SMALL["diffusion"], training=FEW, seed=1).fit(cohort, quiet=True)
    found.cohort("filled in", model.sample(condition=cohort.take(np.arange(4)), seed=1), loose=1.0)


def note(family, found):
    model = learned(found, made.told(), 10, target="note", condition=("sex", "pain"), family=family)
    found.exact("texts", model.sample(condition=made.told(3, 4), seed=3)["note"].tolist())
    brief = model.using(longest=6, temperature=0.5).sample(condition=made.told(3, 4), seed=3)
    found.exact("brief", brief["note"].tolist())


case("note-templates")(partial(note, "templates"))
for name in ("autoregressive", "masked"):
    case(f"note-{name}", needs=("tokenizers",))(partial(note, SMALL[name]))


@case()
def chain(found):
    links = [
        mk.Synthesizer("size", family="independent", seed=1),
        mk.Synthesizer("scan", "size", SMALL["vae"], seed=2, training=FEW),
    ]
    model = mk.Chain(links).fit(made.pictures().select("size", "scan"), quiet=True)
    drawn(found, model, 8)
    found.cohort("large", model.sample(4, where={"size": "large"}, seed=1), loose=1.0)


@case()
def chain_of_a_whole_patient(found):
    cohort = made.waves().select("sick", "ecg")
    model = mk.Synthesizer(seed=1, training=FEW).fit(cohort, quiet=True)
    found.same("links", len(model.models))
    drawn(found, model, 6)


@case()
def recipes(found):
    t = np.arange(24 * 200) / 50
    phase = t / (0.9 + 0.1 * np.sin(np.floor(t / 4) / 3))
    beats = np.maximum(0, 1 - np.abs((phase % 1) - 0.5) / 0.06).reshape(24, 1, 200)
    lead = {"ecg": mk.Signal(channels=("II",), rate=50, unit="mV")}
    paced = mk.recipes.measured(mk.Cohort.from_arrays({"ecg": beats}, lead))
    found.cohort("measured", paced, loose=0.01)
    going = mk.Synthesizer("ecg", "ecg", SMALL["diffusion"], training=FEW, seed=1).fit(paced, quiet=True)
    found.cohort("prolonged", mk.recipes.prolonged(going, paced.take([0, 1]), seconds=9, seed=2), loose=1.0)
    slices = made.pictures().select("size", "scan")
    model = mk.Synthesizer("scan", "size", SMALL["diffusion"], training=FEW, seed=1).fit(slices, quiet=True)
    large = slices.take(np.flatnonzero(slices["size"] == "large")[:3])
    found.cohort("bridged", mk.recipes.bridged(model, large, {"size": "small"}), loose=1.0)


@case()
def futures(found):
    cohort = events()
    known = mk.histories.until(cohort, visits=1).take(np.arange(6)).select("sex", "history")
    model = mk.Synthesizer("history", ("sex", "history"), "autoregressive", seed=1, training=FEW)
    model.fit(cohort, quiet=True)

    def seen_again(before, after):
        later = after[len(before) :]
        return bool(len(later)) and later["time"][0] - before["time"][-1] <= 90

    chance = mk.histories.chances(model, known, seen_again, draws=3)
    found.exact("chances", chance.tolist())
    found.same("shape", list(chance.shape))
