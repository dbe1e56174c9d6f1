"""Readers: a language model in a folder, made here, is one more view of notes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pytest

import manikin as mk
from manikin.contracts.split import EvaluationOptions
from manikin.datasets.notes import generate_toy_notes
from manikin.errors import FormatError, UsageError
from manikin.evaluation.measuring.text_encoders import load_text_encoder
from manikin.evaluation.measuring.views import build_views, is_embedding_view

if TYPE_CHECKING:
    from pathlib import Path

transformers = pytest.importorskip("transformers", reason="needs pip install 'manikin[llm]'")
torch = pytest.importorskip("torch")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A reader of one layer with random weights, in the layout of Hugging Face."""
    place = tmp_path_factory.mktemp("reader")
    words = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "no", "fever", "cough", "patient", "."]
    (place / "vocab.txt").write_text("\n".join(words), encoding="utf-8")
    transformers.BertTokenizerFast(str(place / "vocab.txt")).save_pretrained(place)
    config = transformers.BertConfig(
        vocab_size=len(words),
        hidden_size=12,
        num_hidden_layers=1,
        num_attention_heads=2,
        intermediate_size=16,
    )
    with torch.random.fork_rng():
        torch.manual_seed(0)
        transformers.BertModel(config).save_pretrained(place)
    return place


def notes(*texts: str | None) -> mk.Cohort:
    return mk.Cohort.from_pandas(pd.DataFrame({"note": texts}), mk.Schema(note=mk.Text(role="note")))


def test_a_note_is_the_mean_of_its_last_hidden_states(folder: Path) -> None:
    reader, said = load_text_encoder(folder), ["no fever.", "patient cough.", "no fever.", None]
    x = reader(notes(*said))
    model = transformers.AutoModel.from_pretrained(folder).eval()
    tokens = transformers.AutoTokenizer.from_pretrained(folder)("no fever.", return_tensors="pt")
    with torch.inference_mode():
        want = model(**tokens).last_hidden_state[0].mean(dim=0).numpy()
    assert x.shape == (4, 12)
    assert np.allclose(x[0], want, atol=1e-6)
    assert np.array_equal(x[0], x[2])
    assert len(reader.cache) == 3  # a note is read once


def test_a_reader_is_one_more_view_of_notes(folder: Path) -> None:
    sides = tuple(generate_toy_notes(40, seed=seed) for seed in range(3))
    found = build_views(sides, EvaluationOptions("diagnosis"), (folder,))
    assert list(found) == ["table", "text", folder.name]
    assert is_embedding_view(found[folder.name])
    assert found[folder.name].train.x.shape == (40, 12)


def test_what_is_no_reader_is_refused(folder: Path, tmp_path: Path) -> None:
    with pytest.raises(FormatError, match="no weights"):
        load_text_encoder(tmp_path)
    (tmp_path / "model.safetensors").write_bytes((folder / "model.safetensors").read_bytes())
    with pytest.raises(FormatError, match="not a language model"):
        load_text_encoder(tmp_path)
    table = tuple(generate_toy_notes(20, seed=seed).select("age", "sex") for seed in range(3))
    with pytest.raises(UsageError, match="no notes for it to read"):
        build_views(table, EvaluationOptions(), (folder,))
