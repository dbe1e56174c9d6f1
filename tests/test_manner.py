"""Manner: texts asked for longer, shorter, or surer than they were learned, without another fit."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pytest
import torch
from typer.testing import CliRunner

import manikin as mk
from manikin.cli import app
from manikin.core.seeds import Key
from manikin.encoding.decoding_options import DecodingOptions
from manikin.encoding.grammar import END
from manikin.encoding.spec import Spec
from manikin.families.autoregressive import Autoregressive
from manikin.families.masked import Masked
from manikin.nn.conditioning import ConditionBatch, ConditionSpec

if TYPE_CHECKING:
    from pathlib import Path

    from manikin.contracts.family import Family

pytest.importorskip("tokenizers", reason="text needs the extra 'text'")

SPEC = Spec(vocab=9, length=24, ragged=True)
WORDS = [
    "fever",
    "cough",
    "pain",
    "rash",
    "no",
    "mild",
    "severe",
    "chronic",
    "acute",
    "left",
    "right",
    "new",
]


def lengths(family: Family, n: int = 40) -> np.ndarray:
    """Tokens of texts by networks that have learned nothing, ends among them (n,)."""
    with torch.random.fork_rng():
        torch.manual_seed(0)
        nets = family.build_networks(SPEC, ConditionSpec())
        nets.model.eval()
    x = family.sample(nets, n, ConditionBatch(), Key(0).torch("cpu"))
    ended = (x == END).int()
    return torch.where(ended.any(1), ended.argmax(1) + 1, SPEC.length).numpy()


@pytest.mark.parametrize("family", [Autoregressive, Masked])
def test_texts_are_as_long_as_asked(family: type[Autoregressive | Masked]) -> None:
    small = {"width": 16, "depth": 1, "heads": 2}
    assert lengths(family(**small)).min() < 6  # a ninth of the tokens of untaught networks are ends
    assert lengths(family(**small, shortest=10)).min() >= 10
    assert lengths(family(**small, longest=6)).max() <= 6
    both = lengths(family(**small, shortest=4, longest=6))
    assert set(both) <= {4, 5, 6}


def test_a_text_that_would_be_longer_is_drawn_again_and_not_cut() -> None:
    """Of 24 places a text of untaught networks ends by the third with chance .3: nine draws cut few."""
    family = Autoregressive(width=16, depth=1, heads=2, longest=3)
    with torch.random.fork_rng():
        torch.manual_seed(0)
        nets = family.build_networks(SPEC, ConditionSpec())
        nets.model.eval()
    x = family.sample(nets, 400, ConditionBatch(), Key(0).torch("cpu"))
    assert (x[:, 2] != END).float().mean() < 0.1
    assert (x[:, 3:] == END).all()


def notes(n: int = 300) -> mk.Cohort:
    """Notes of three to twelve words, and a label that says nothing."""
    rng = np.random.default_rng(0)
    share = 1 / np.arange(1, len(WORDS) + 1)
    sizes = rng.integers(3, 13, n)
    texts = [" ".join(rng.choice(WORDS, k, p=share / share.sum())).capitalize() + "." for k in sizes]
    frame = pd.DataFrame({"section": rng.choice(["CC", "PLAN"], n), "note": texts})
    return mk.Cohort.from_pandas(frame, mk.Schema(note=mk.Text(role="note")))


@pytest.fixture(scope="module")
def cohort() -> mk.Cohort:
    return notes()


@pytest.fixture(scope="module", params=["templates", "autoregressive"])
def model(request: pytest.FixtureRequest, cohort: mk.Cohort) -> mk.Synthesizer:
    small = Autoregressive(width=32, depth=1, heads=2)
    family = small if request.param == "autoregressive" else "templates"
    model = mk.Synthesizer("note", "section", family, training=mk.Training(steps=200))
    return model.fit(cohort, quiet=True)


def sizes(model: mk.Synthesizer, cohort: mk.Cohort) -> np.ndarray:
    """Words of each note."""
    return np.array([len(text.split()) for text in model.sample(condition=cohort, seed=1)["note"]])


def test_longer_asked_is_longer_got_without_another_fit(model: mk.Synthesizer, cohort: mk.Cohort) -> None:
    few = cohort.select("section").take(np.arange(60))
    usual, long, short = (
        sizes(model, few),
        sizes(model.replace_sampling_options(shortest=14), few),
        sizes(model.replace_sampling_options(longest=5), few),
    )
    assert short.mean() < usual.mean() < long.mean()
    assert short.max() <= 5
    assert sizes(model, few).tolist() == usual.tolist()  # the model itself is as it was


def test_low_temperature_gives_fewer_different_pairs_of_words(
    model: mk.Synthesizer, cohort: mk.Cohort
) -> None:
    def different(temperature: float) -> float:
        drawn = model.replace_sampling_options(temperature=temperature).sample(
            condition=cohort.select("section"), seed=1
        )
        pairs = [
            pair for text in drawn["note"] for pair in zip(text.split(), text.split()[1:], strict=False)
        ]
        return len(set(pairs[:400]))

    assert different(0.3) < 0.8 * different(1.0)


def test_a_length_that_stands_beside_the_notes_is_learned(cohort: mk.Cohort) -> None:
    counted = cohort.to_pandas()
    counted["words"] = counted["note"].str.split().str.len()
    beside = mk.Cohort.from_pandas(counted, mk.Schema(note=mk.Text(role="note")))
    model = mk.Synthesizer("note", "words", "templates").fit(beside, quiet=True)
    asked = pd.DataFrame({"words": [3] * 40 + [12] * 40})
    got = sizes(model, mk.Cohort.from_pandas(asked))
    assert got[:40].mean() + 2 < got[40:].mean()


def test_options_of_sampling_are_saved_and_others_refused(
    model: mk.Synthesizer, cohort: mk.Cohort, tmp_path: Path
) -> None:
    few, short = cohort.select("section").take(np.arange(9)), model.replace_sampling_options(longest=5)
    short.save(tmp_path / "model")
    drawn = short.sample(condition=few)["note"].tolist()
    assert mk.load(tmp_path / "model").sample(condition=few)["note"].tolist() == drawn
    with pytest.raises(mk.errors.UsageError, match="need another fit"):
        model.replace_sampling_options(width=3)
    with pytest.raises(mk.errors.UsageError, match="temperature 0"):
        model.replace_sampling_options(temperature=0)
    with pytest.raises(mk.errors.UsageError, match="shortest 9, longest 5"):
        model.replace_sampling_options(shortest=9, longest=5)
    with pytest.raises(mk.errors.UsageError, match="another type"):
        model.replace_sampling_options(longest="five")  # pyright: ignore[reportArgumentType] - what is tested


def test_each_link_of_a_chain_takes_what_it_samples_by(cohort: mk.Cohort) -> None:
    chain = mk.Synthesizer(seed=1).fit(cohort, quiet=True)
    drawn = chain.replace_sampling_options(longest=4).sample(30)["note"]
    assert max(len(text.split()) for text in drawn) <= 4
    with pytest.raises(mk.errors.UsageError, match="steps: no link samples by it"):
        chain.replace_sampling_options(steps=3)


def test_a_length_is_refused_where_there_is_no_text() -> None:
    rows = pd.DataFrame({"sex": ["F", "M"] * 20, "side": ["left", "right"] * 20})
    with pytest.raises(mk.errors.Unsupported, match="are for texts"):
        mk.Synthesizer(family=Autoregressive(longest=3)).fit(rows, quiet=True)
    with pytest.raises(mk.errors.UsageError, match="nucleus"):
        DecodingOptions(nucleus=0).check()


def test_the_command_draws_notes_of_a_length(cohort: mk.Cohort, tmp_path: Path) -> None:
    model = mk.Synthesizer(None, "section").fit(cohort, quiet=True)
    model.save(tmp_path / "model")
    cohort.select("section").to_pandas().to_csv(tmp_path / "given.csv", index=False)
    call = ["sample", str(tmp_path / "model"), "-c", str(tmp_path / "given.csv"), "-o"]
    done = CliRunner().invoke(app, [*call, str(tmp_path / "new.csv"), "--using", "longest=4"])
    assert done.exit_code == 0, done.output
    drawn = pd.read_csv(tmp_path / "new.csv")["note"]
    assert drawn.str.split().str.len().max() <= 4
    bad = CliRunner().invoke(app, [*call, str(tmp_path / "other.csv"), "--using", "longest"])
    assert bad.exit_code != 0
