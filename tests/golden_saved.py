"""Golden results of models that were saved before: they load and draw what they drew."""

import shutil
from functools import partial

import golden_inputs as made
import golden_learning as tiny
import numpy as np
from golden_core import HERE, case

import manikin as mk

FOLDER = HERE / "golden_models"
FEW = mk.Training(steps=6, batch=16)
F = mk.families
SMALL = {
    "gan": F.Gan(width=4, blocks=1),
    "vae": F.Vae(width=4, blocks=1, latent=2, components=2),
    "diffusion": F.Diffusion(width=4, blocks=1, steps=3),
    "autoregressive": F.Autoregressive(width=8, depth=1, heads=2),
    "masked": F.Masked(width=8, depth=1, heads=2, steps=3),
}
CODES = mk.codecs.Quantised(width=4, levels=(3, 3))


def _few(cohort):
    return cohort.select("sex", "age", "crp", "seen", "sick")


def _images(n=40):
    return made.pictures(n).select("size", "scan")


def _chain():
    links = [
        mk.Synthesizer("age", family="independent", seed=1),
        mk.Synthesizer(("sex", "sick"), "age", "trees", seed=1),
    ]
    return mk.Chain(links).fit(made.table().select("age", "sex", "sick"), quiet=True)


def _fit(cohort, target, condition=(), family=None, codec=None):
    model = mk.Synthesizer(target, condition, family, seed=1, training=FEW, codec=codec)
    return model.fit(cohort(), quiet=True)


MODELS = {
    **{f"table-{name}": partial(_fit, lambda: _few(made.table()), None, (), name) for name in tiny.COUNTED},
    **{
        f"table-{name}": partial(
            _fit,
            lambda: _few(made.table()),
            ("age", "crp", "seen"),
            () if name == "gan" else ("sex", "sick"),
            family,
        )
        for name, family in SMALL.items()
    },
    **{
        f"history-{name}": partial(_fit, tiny.events, "history", ("sex", "history"), SMALL[name])
        for name in ("autoregressive", "masked")
    },
    "signal-diffusion": partial(_fit, made.waves, "ecg", "ecg", SMALL["diffusion"]),
    "signal-gan": partial(_fit, made.waves, "ecg", (), SMALL["gan"]),
    "signal-masked": partial(_fit, made.waves, "ecg", "sick", SMALL["masked"], CODES),
    "picture-latent": partial(
        _fit, _images, "scan", (), SMALL["diffusion"], mk.codecs.Latent(width=4, channels=1)
    ),
    "picture-autoregressive": partial(
        _fit, made.pictures, "scan", ("mask", "size"), SMALL["autoregressive"], CODES
    ),
    "mask-vae": partial(_fit, made.pictures, "mask", (), SMALL["vae"]),
    "note-templates": partial(_fit, made.told, "note", ("sex", "pain"), "templates"),
    "note-autoregressive": partial(_fit, made.told, "note", ("sex", "pain"), SMALL["autoregressive"]),
    "note-masked": partial(_fit, made.told, "note", ("sex", "pain"), SMALL["masked"]),
    "chain": _chain,
}
GIVEN = {"history": tiny.events, "mask": made.pictures, "note": made.told, "picture": made.pictures}
GIVEN |= {"signal": made.waves, "table": made.table}


def save_all():
    """Fit all models and save them in place of those that are there."""
    shutil.rmtree(FOLDER, ignore_errors=True)
    FOLDER.mkdir()
    for name, fitted in MODELS.items():
        fitted().save(FOLDER / name)


def loaded(name, found):
    model = mk.load(FOLDER / name)
    found.files("folder", FOLDER / name, everywhere=True)
    condition = () if isinstance(model, mk.Chain) else model.condition
    names = [condition] if isinstance(condition, str) else list(condition)
    asked = {"n": 8}
    if names:
        asked = {"condition": GIVEN[name.partition("-")[0]]().take(np.arange(8)).select(*names)}
    found.cohort("sample", model.sample(**asked, seed=2), loose=1.0)
    again = tiny.facts(model)
    found.same("facts", [sorted(fact) for fact in again])
    model.save("model")
    found.files("saved again", "model")


for name in MODELS:
    needs = ("tokenizers",) if name in ("note-autoregressive", "note-masked") else ()
    case(f"saved-{name}", needs=needs)(partial(loaded, name))
