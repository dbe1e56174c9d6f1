"""Readers: a language model of the user's own, read from a folder, as one more way to look at notes.

The folder is in the layout of Hugging Face: config.json, a tokenizer, and weights as safetensors, which
hold no code. No code that comes with a model is run, and nothing is downloaded.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, Self, cast

import numpy as np

from manikin.contracts.feature import Feature
from manikin.core.extras import require
from manikin.errors import FormatError
from manikin.imaging.analysis.robust_scaler import RobustScaler
from manikin.schema.kinds import Text
from manikin.text.note_fields import read_notes

if TYPE_CHECKING:
    from manikin.cohort.cohort import Cohort

Network = Callable[[Sequence[str]], np.ndarray]
BATCH_SIZE = 32
MAX_TOKENS = 256  # pieces of a note that are read
MAX_SCALE_NOTES = 2_000  # training notes from which scales are learned


def load_text_encoder(folder: str | Path) -> UserTextEncoder:
    """The reader of a folder.

    Raises:
        FormatError: The folder holds no model, no tokenizer or no weights.
        MissingExtra: transformers is not installed.
    """
    folder = Path(folder)
    weights = sorted(folder.glob("*.safetensors"))
    if not weights:
        raise FormatError(
            f"encoder {folder}: no weights (*.safetensors) in this folder; a reader of notes is a folder "
            "with config.json, a tokenizer and model.safetensors"
        )
    mark = sha256()
    for path in weights:
        mark.update(path.read_bytes())
    return UserTextEncoder(folder.name, mark.hexdigest()[:12], _load_language_model(folder))


@dataclass(frozen=True)
class UserTextEncoder(Feature):
    """A language model, whose last hidden states are averaged over a note.

    As Reimers and Gurevych (2019, arXiv:1908.10084, section 3) do. A note of more than 256 pieces is read
    up to there. What it sees depends on the model: one that was trained to compare sentences sees what a
    note is about, hardly how it is spelled, and may pass over a "no".

    Args:
        name: What the view is called.
        content_hash: The first twelve digits of the SHA-256 of its weights, its version.
        network: Texts to vectors (n, d).
        scale: Of the coordinates.
        cache: The vectors of notes that were read before.
    """

    kinds: ClassVar[tuple[type, ...]] = (Text,)
    version: ClassVar[str] = "own reader/1"

    name: str
    content_hash: str
    network: Network = field(repr=False)
    scale: RobustScaler | None = None
    cache: dict[str, np.ndarray] = field(default_factory=dict, repr=False)

    def fit(self, cohort: Cohort) -> Self:
        """Learn the scale of each coordinate."""
        some = cohort.take(np.linspace(0, len(cohort) - 1, min(len(cohort), MAX_SCALE_NOTES)).astype(int))
        bare = replace(self, scale=None)
        return cast("Self", replace(self, scale=RobustScaler.from_vectors(bare(some))))

    def __call__(self, cohort: Cohort) -> np.ndarray:
        """Vectors float32 (n, d)."""
        said = read_notes(cohort).tolist()
        new = sorted({text for text in said if text not in self.cache}, key=len)  # alike lengths together
        for start in range(0, len(new), BATCH_SIZE):
            batch = new[start : start + BATCH_SIZE]
            self.cache.update(zip(batch, self.network(batch), strict=True))
        x = np.stack([self.cache[text] for text in said]).astype(np.float32)
        return x if self.scale is None else self.scale(x)


def _load_language_model(folder: Path) -> Network:
    """Texts to the means of a model's last hidden states."""
    what = f"encoder {folder}: models of notes need transformers"
    transformers = require("transformers", "torch", what=what, extra="llm")
    try:
        local = {"local_files_only": True}  # nothing is downloaded to judge notes
        tokenizer = transformers.AutoTokenizer.from_pretrained(folder, **local)
        model = transformers.AutoModel.from_pretrained(folder, use_safetensors=True, **local).eval()
    except (OSError, ValueError, KeyError, json.JSONDecodeError) as error:
        first = str(error).strip().splitlines()[0]
        raise FormatError(
            f"encoder {folder}: not a language model ({first}); name a folder with config.json, a "
            "tokenizer and model.safetensors"
        ) from error
    import torch  # an extra

    tokenizer.pad_token = tokenizer.pad_token or tokenizer.eos_token or tokenizer.unk_token

    def network(batch: Sequence[str]) -> np.ndarray:
        read = tokenizer(
            list(batch), padding=True, truncation=True, max_length=MAX_TOKENS, return_tensors="pt"
        )
        mask = read["attention_mask"][..., None].float()
        if not mask.shape[1]:
            return np.zeros((len(batch), model.config.hidden_size), dtype=np.float32)
        with torch.inference_mode():
            states = model(input_ids=read["input_ids"], attention_mask=read["attention_mask"])
        summed = (states.last_hidden_state.float() * mask).sum(dim=1)
        return (summed / mask.sum(dim=1).clamp(min=1)).numpy()

    return network
