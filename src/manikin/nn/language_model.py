"""Language models that others have trained: read from a folder, asked for losses, and made to write.

The model stays as it is. A prompt comes before each text, and the loss counts the tokens of the text alone.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self, final

import torch
from torch import Tensor, nn
from torch.nn import functional

from manikin.core.extras import require
from manikin.encoding.grammar import END
from manikin.encoding.pretrained_tokens import FIRST_TOKEN
from manikin.errors import FormatError

if TYPE_CHECKING:
    from collections.abc import Callable

    from manikin.encoding.decoding_options import DecodingOptions
    from manikin.nn.conditioning import ConditionBatch

CHUNK_NOTES = 32
"""Texts drawn at a time."""


@final
@dataclass(frozen=True)
class LowRankAdapters:
    """Maps of low rank beside each linear map of a language model (Hu et al., 2022, arXiv:2106.09685).

    Args:
        rank: Of the maps.
        alpha: Their scale, over the rank.
        dropout: Share of what goes into them that is dropped in training.
    """

    rank: int
    alpha: int
    dropout: float

    def attach(self, whole: Any) -> Any:  # noqa: ANN401 - whatever model it is
        """The model with fresh maps, which alone are to be learned."""
        peft = require("peft", what="adapters of language models need peft", extra="llm")
        config = peft.LoraConfig(
            r=self.rank,
            lora_alpha=self.alpha,
            lora_dropout=self.dropout,
            target_modules="all-linear",
            task_type="CAUSAL_LM",
            fan_in_fan_out=any(type(part).__name__ == "Conv1D" for part in whole.modules()),
        )
        return peft.get_peft_model(whole, config)


class LanguageModel(nn.Module):
    """A language model of which only what is named is a parameter, so that only that is kept.

    Args:
        base: The model.
        named: Its parameters that are learned, by name.
    """

    def __init__(self, base: Any, named: dict[str, nn.Parameter]) -> None:  # noqa: ANN401 - whatever model
        super().__init__()
        self.hidden = [base]  # in a list, and so no module of this one
        self.adapters = nn.ParameterDict({name.replace(".", "/"): p for name, p in named.items()})
        ends = base.generation_config.eos_token_id or base.config.eos_token_id
        self.end = int(ends[0] if isinstance(ends, list) else ends)
        self.start = self.end if base.config.bos_token_id is None else int(base.config.bos_token_id)

    @classmethod
    def load(cls, model: str, adapters: LowRankAdapters | None = None) -> Self:
        """A model from its folder; with adapters these are its parameters, without it has none."""
        if adapters is None:
            return cls(load_language_model(model), {})
        base = adapters.attach(load_language_model(model))
        return cls(base, {name: p for name, p in base.named_parameters() if p.requires_grad})

    @property
    def base(self) -> Any:  # noqa: ANN401 - whatever model it is
        """The model with what is learned."""
        return self.hidden[0]

    def build_prompts(self, given: ConditionBatch, n: int, device: torch.device) -> list[Tensor]:
        """The tokens before each text; at least one, for something must come before the first."""
        start = torch.tensor([self.start], device=device)
        if "prompt" not in given.parts:
            return [start] * n
        return [torch.cat([start, row[row != END].long() - FIRST_TOKEN]) for row in given.parts["prompt"]]

    def nll(self, x: Tensor, given: ConditionBatch) -> Tensor:
        """Mean -log p of a token of the texts `x` (n, length) and of their ends, in nats."""
        prompts = self.build_prompts(given, len(x), x.device)
        texts = [row[row != END] - FIRST_TOKEN for row in x.long()]
        ends = x.new_tensor([self.end]).long()
        whole = [torch.cat([prompt, text, ends]) for prompt, text in zip(prompts, texts, strict=True)]
        ids, mask = pad_rows(whole, self.end, left=False)
        logits = self.base(
            input_ids=ids, attention_mask=mask, position_ids=compute_position_ids(mask)
        ).logits.float()
        before = torch.tensor([len(prompt) for prompt in prompts], device=x.device)
        place = torch.arange(1, ids.shape[1], device=x.device)
        counted = (place >= before[:, None]) & mask[:, 1:].bool()
        nll = functional.cross_entropy(logits[:, :-1].transpose(1, 2), ids[:, 1:], reduction="none")
        return (nll * counted).sum() / counted.sum()

    @torch.no_grad()
    def generate(
        self, n: int, length: int, given: ConditionBatch, manner: DecodingOptions, device: torch.device
    ) -> Tensor:
        """Tokens (n, length): what is observed of the text, and what follows the prompt and it."""
        prompts, most = self.build_prompts(given, n, device), manner.compute_max_length(length)
        x = torch.full((n, length), END, device=device)
        begun = [torch.zeros(0, dtype=torch.long, device=device)] * n
        if given.values is not None and given.mask is not None:
            begun = [
                row[kept].long() - FIRST_TOKEN for row, kept in zip(given.values, given.mask, strict=True)
            ]
        for start in range(0, n, CHUNK_NOTES):
            rows = slice(start, min(start + CHUNK_NOTES, n))
            heads = [torch.cat(pair) for pair in zip(prompts[rows], begun[rows], strict=True)]
            for i, tail in enumerate(self._continue_prompts(heads, most, manner), rows.start):
                row = torch.cat([begun[i], tail])[: most - 1]
                x[i, : len(row)] = row + FIRST_TOKEN
        return x

    def _continue_prompts(self, heads: list[Tensor], length: int, manner: DecodingOptions) -> list[Tensor]:
        """What the model writes after each head."""
        ids, mask = pad_rows(heads, self.end, left=True)
        out = self.base.generate(
            input_ids=ids,
            attention_mask=mask,
            do_sample=True,
            temperature=manner.temperature,
            top_p=manner.nucleus,
            top_k=0,
            max_new_tokens=length,
            min_new_tokens=min(max(manner.shortest - 1, 0), length - 1),
            pad_token_id=self.end,
            eos_token_id=self.end,
        )[:, ids.shape[1] :]
        return [row[: int((row != self.end).cumprod(0).sum())] for row in out]

    def train(self, mode: bool = True) -> LanguageModel:
        """Dropout on or off."""
        self.base.train(mode)
        return super().train(mode)

    def _apply(self, fn: Callable[..., Any], recurse: bool = True) -> LanguageModel:  # noqa: ARG002 - torch's
        self.base._apply(fn)  # noqa: SLF001 - moves the model along with what is learned
        named = dict(self.base.named_parameters())
        for name in self.adapters:
            self.adapters[name] = named[name.replace("/", ".")]
        return self


def pad_rows(rows: list[Tensor], fill: int, *, left: bool) -> tuple[Tensor, Tensor]:
    """Rows of tokens in one array (n, longest), filled on one side, and where they are."""
    longest = max(len(row) for row in rows)
    ids = torch.full((len(rows), longest), fill, device=rows[0].device, dtype=torch.long)
    mask = torch.zeros_like(ids)
    for i, row in enumerate(rows):
        place = slice(longest - len(row), None) if left else slice(len(row))
        ids[i, place], mask[i, place] = row, 1
    return ids, mask


def compute_position_ids(mask: Tensor) -> Tensor:
    """The position of each token, one row for each text: positions that all share break exact gradients."""
    return (mask.cumsum(dim=1) - 1).clamp(min=0)


def load_language_model(model: str) -> Any:  # noqa: ANN401 - whatever model it is
    """The model, in 32 bits, from safetensors only: other files may run code when they are read."""
    transformers = require("transformers", what="language models need transformers", extra="llm")
    folder = Path(model)
    if folder.is_dir() and not list(folder.glob("*.safetensors")):
        raise FormatError(f"{model}: no weights (*.safetensors) in this folder; save the model there first")
    try:
        return transformers.AutoModelForCausalLM.from_pretrained(
            model, use_safetensors=True, dtype=torch.float32
        )
    except (OSError, ValueError, KeyError, json.JSONDecodeError) as error:
        first = str(error).strip().splitlines()[0]
        raise FormatError(
            f"{model}: not a causal language model ({first}); name a folder with config.json, a tokenizer "
            "and model.safetensors, or a model of the hub while there is a network"
        ) from error
