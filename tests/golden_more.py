"""Golden results of the public interface, errors, language models, and synthetic files of each kind."""

import inspect
from dataclasses import fields, is_dataclass
from pathlib import Path

import golden_inputs as made
import golden_learning as tiny
import numpy as np
import pandas as pd
from golden_arrays import save_slice
from golden_core import case, command

import manikin as mk

FAMILIES = ("Independent", "Copula", "Trees", "Gan", "Vae", "Diffusion", "Autoregressive", "Masked")
CODECS = ("Latent", "Quantised", "Events")


def _plain(value):
    """A default in words, where it is a plain one."""
    return repr(value) if value is None or isinstance(value, str | int | float | tuple) else "..."


def _signature(thing):
    """Parameters and defaults, whatever types are called."""
    try:
        found = inspect.signature(thing).parameters.values()
    except ValueError:  # of a dictionary
        return "none"
    none = inspect.Parameter.empty
    return [
        f"{p.kind.name.lower()} {p.name}" + ("" if p.default is none else f" = {_plain(p.default)}")
        for p in found
    ]


@case()
def interface(found):
    found.same("names", dir(mk))
    for name in dir(mk):
        thing = getattr(mk, name)
        if callable(thing):
            found.same(name, _signature(thing))
        methods = [m for m in dir(thing) if not m.startswith("_")] if inspect.isclass(thing) else []
        found.exact(f"{name} has", methods)
        for method in methods:
            if callable(getattr(thing, method)):
                found.exact(f"{name}.{method}", _signature(getattr(thing, method)))
    for home, names in ((mk.families, (*FAMILIES, "Templates", "LoRA", "FewShot")), (mk.codecs, CODECS)):
        for name in names:
            made_one = getattr(home, name)
            assert is_dataclass(made_one)
            options = {f.name: _plain(f.default) for f in fields(made_one) if f.repr}
            found.same(f"options of {name}", options)
    found.same(
        "printed", [repr(mk.Synthesizer("a", "b", mk.families.Vae(width=8))), repr(mk.Training(steps=3))]
    )
    known = [name for name, thing in vars(mk.errors).items() if inspect.isclass(thing)]
    found.same("errors", sorted(name for name in known if issubclass(getattr(mk.errors, name), Exception)))
    for home in (mk.histories, mk.recipes):
        for name in sorted(getattr(home, "__all__", ())):
            found.same(name, _signature(getattr(home, name)))


def _refused(found, name, work):
    try:
        work()
    except mk.errors.ManikinError as error:
        found.same(name, [type(error).__name__, str(error)])
    else:
        found.same(name, "no error")


@case()
def errors(found):
    table, few = made.table(), made.table(5)
    Path("bad.csv").write_text("a,b\n1,2\n3\n")
    Path("empty.csv").write_text("")
    Path("odd.xyz").write_text("?")
    model = mk.Synthesizer(family="independent").fit(table, quiet=True)
    _refused(found, "a broken file", lambda: mk.read("bad.csv"))
    _refused(found, "an empty file", lambda: mk.read("empty.csv"))
    _refused(found, "no such file", lambda: mk.read("none.csv"))
    _refused(found, "another format", lambda: mk.read("odd.xyz"))
    _refused(found, "written to no format", lambda: mk.write(table, "x.xyz"))
    _refused(found, "no such family", lambda: mk.Synthesizer(family="forest").fit(table))
    _refused(found, "a family that cannot", lambda: mk.Synthesizer("ecg", family="trees").fit(made.waves()))
    _refused(found, "no such target", lambda: mk.Synthesizer("none").fit(table))
    _refused(found, "nothing learned", lambda: mk.Synthesizer().sample(3))
    _refused(found, "no such field", lambda: model.sample(3, where={"none": 1}))
    _refused(found, "no such level", lambda: model.sample(3, where={"sex": "X"}))
    _refused(found, "how many", model.sample)
    _refused(found, "too few to judge", lambda: mk.evaluate(table, table, few))
    _refused(found, "other fields", lambda: mk.evaluate(table.select("age"), table, made.table(50, 4)))
    _refused(found, "no such model", lambda: mk.load("none"))
    _refused(found, "no budget", lambda: mk.Training(steps=0))
    rule = mk.Rule("never", "age > 500", "nobody")
    _refused(found, "a rule that none meets", lambda: model.sample(3, rules=[rule]))
    _refused(found, "no expression", lambda: mk.Rule("x", "age >", "y").holds(table))
    _refused(found, "no schema", lambda: mk.Schema.from_dict({"a": {"kind": "thing"}}))
    _refused(found, "no defect", lambda: mk.plant(table, "none"))


@case()
def synthetic_files(found):
    import nibabel
    from PIL import Image

    Path("folder").mkdir()
    for i, (x, mask) in enumerate(zip(made.pictures(24)["scan"], made.pictures(24)["mask"], strict=True)):
        Image.fromarray(x[0]).resize((12, 10)).save(f"folder/p{i}.png")
        Image.fromarray(mask[0] * 255).resize((12, 10), 0).save(f"folder/p{i}_mask.png")
    for i in range(12):
        Path(f"dicom/p{i}").mkdir(parents=True)
        x = made.rng(i).integers(0, 4096, (8, 8)).astype(np.uint16)
        save_slice(f"dicom/p{i}/a.dcm", x, i, series=f"1.2.3.{i + 1}")
    Path("nifti").mkdir()
    for i, volume in enumerate(made.volumes(12)["volume"]):
        image = nibabel.Nifti1Image(volume[0].astype(np.int16), np.diag([2.0, 1, 3, 1]))
        nibabel.save(image, f"nifti/p{i}.nii.gz")
    mk.write(made.waves(), "waves.npz")
    declared = {"folder": mk.Schema(image=mk.Image(size=(8, 8)), mask=mk.Image(size=(8, 8), levels=2))}
    for name in ("folder", "dicom", "nifti", "waves.npz"):
        cohort = mk.read(name, declared.get(name))
        found.cohort(f"read {name}", cohort)
        model = mk.Synthesizer(family=tiny.SMALL["vae"], seed=1, training=tiny.FEW)
        shown = [n for n, kind in cohort.schema.items() if isinstance(kind, mk.Image | mk.Signal)]
        model = model.fit(cohort.select(*shown), quiet=True)
        mk.write(model.sample(3, seed=1), f"made-{name}")
        found.files(f"made {name}", f"made-{name}")


def _language_model(folder):
    """A model of two layers with random weights, in the layout of Hugging Face."""
    import torch
    import transformers
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers

    words = Tokenizer(models.BPE())
    words.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    words.decoder = decoders.ByteLevel()
    letters = sorted(pre_tokenizers.ByteLevel.alphabet())
    options = {"special_tokens": ["<|end|>"], "initial_alphabet": letters, "show_progress": False}
    words.train_from_iterator(
        [*made.notes(200)["note"], "sex: F\npain: back\nnote:"],
        trainers.BpeTrainer(vocab_size=400, **options),
    )
    ends = {"eos_token": "<|end|>", "bos_token": "<|end|>"}
    fast = transformers.PreTrainedTokenizerFast(tokenizer_object=words, **ends)
    size = {"n_positions": 256, "n_embd": 32, "n_layer": 2, "n_head": 2, "initializer_range": 0.2}
    config = transformers.GPT2Config(vocab_size=len(fast), bos_token_id=0, eos_token_id=0, **size)
    with torch.random.fork_rng():
        torch.manual_seed(0)
        transformers.GPT2LMHeadModel(config).save_pretrained(folder)
    fast.save_pretrained(folder)


@case(slow=True, needs=("transformers", "peft"))
def language_models(found):
    _language_model("language")
    told = made.told()
    for name, family in (
        ("lora", mk.families.LoRA(model="language", rank=2)),
        ("fewshot", mk.families.FewShot(model="language", shots=2)),
    ):
        model = mk.Synthesizer("note", ("sex", "pain"), family, seed=1, training=tiny.FEW)
        model.fit(told, quiet=True)
        asked = told.take([0, 1, 2]).select("sex", "pain")
        sample = model.using(longest=12).sample(condition=asked, seed=2)
        found.cohort(name, sample)
        found.exact(f"{name}: notes", sample["note"].tolist())
        model.save(f"{name}-model")
        found.files(f"{name}: saved", f"{name}-model")
        again = mk.load(f"{name}-model").using(longest=12).sample(condition=asked, seed=2)
        found.same(f"{name}: the same when loaded", again.columns.equals(sample.columns))


@case(slow=True)
def command_line_in_all(found):
    made.frame(160).to_csv("real.csv", index=False)
    for seed, name in enumerate(("train", "holdout", "any")):
        made.frame(120, seed).to_csv(f"{name}.csv", index=False)
    Path("rules.toml").write_text('[p]\nexpression = "dbp < sbp"\nsource = "physiology"\n')
    options = (
        "-o",
        "out",
        "--family",
        "trees",
        "--rules",
        "rules.toml",
        "--condition",
        "age",
        "--json",
        "-n",
        90,
    )
    found.exact("synthesize", command("synthesize", "real.csv", *options))
    found.files("synthesized", "out")
    made.frame(6, 9)[["age", "sex"]].to_csv("given.csv", index=False)
    found.exact("sample", command("sample", "out/model", "-o", "more.csv", "-c", "given.csv"))
    found.files("sampled", "more.csv")
    found.exact("fit", command("fit", "train.csv", "-o", "model"))
    sides = ("any.csv", "--train", "train.csv", "--holdout", "holdout.csv")
    attack = ("--model", "model", "--refits", 8, "--suspects", "page.html", "-o", "card", "--tier", "open")
    found.exact("evaluate", command("evaluate", *sides, *attack, code=1))
    found.files("judged", "card")
    found.files("suspects", "page.html")
    found.exact(
        "refused", command("release", "any.csv", "--card", "card/scorecard.json", "-o", "r", code=1)
    )
    found.exact("no file", command("inspect", "none.csv", code=2))
    found.exact("no family", command("fit", "train.csv", "-o", "m", "-f", "forest", code=2))
    Path("events.csv").write_text(made.long(90))
    found.exact("histories", command("synthesize", "events.csv", "-o", "histories", "--steps", 5))
    found.files("histories made", "histories")
    made.notes(90).to_csv("notes.csv", index=False)
    found.exact("notes", command("synthesize", "notes.csv", "-o", "notes", "--label", "pain"))
    found.files("notes made", "notes")
    found.same("columns", list(pd.read_csv("more.csv")))


@case(slow=True)
def demonstration(found):
    found.exact("demo", command("demo", "-o", "demo"))
    found.files("made", "demo")
