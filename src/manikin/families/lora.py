"""Low-rank adaptation of a language model that others have trained (Hu et al., 2022, arXiv:2106.09685).

The model stays as it is; beside each of its linear maps a map of low rank is learned, a few thousandths of
all weights, and only these are saved. What is given is a prompt, and the loss counts the tokens of the text
alone. The model is read from its folder again whenever it is needed.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, final

import torch
from torch import Tensor, nn
from torch.nn import functional

from manikin import registry
from manikin.errors import FormatError, MissingExtra
from manikin.family import Family, Optimizer
from manikin.grammar import END

if TYPE_CHECKING:
    from collections.abc import Callable

    from manikin.codec import Codec
    from manikin.nn.condition import Given, GivenSpec
    from manikin.spec import Spec

FIRST = 1
"""The token that stands for the tokenizer's first, as `codecs.pretrained` has it."""

CHUNK = 32
"""Texts drawn at a time."""


@final
@dataclass(frozen=True)
class LoRA(Family):
    """A causal language model with adapters of low rank.

    Args:
        model: A folder in the layout of Hugging Face with weights as safetensors, or a name on its hub.
        rank: Of the adapters.
        alpha: Their scale, over the rank.
        dropout: Share of what goes into them that is dropped in training.
        temperature: Below 1 likelier tokens are drawn still more often.
        nucleus: Tokens are drawn from the likeliest that have this probability together; 1: from all.
        longest: Tokens of a text, at most.

    Example:
        >>> LoRA(model="models/medical-1b").rank
        8
    """

    model: str = ""
    rank: int = 8
    alpha: int = 16
    dropout: float = 0.05
    temperature: float = 1.0
    nucleus: float = 1.0
    longest: int = 512
    private: ClassVar[bool] = True
    tokens: ClassVar[bool] = True
    optimizer: ClassVar[Optimizer] = Optimizer(rate=5e-4)

    @property
    def codec(self) -> Codec | None:
        """The model's own tokenizer."""
        made = registry.find("codecs", "pretrained")
        return made(self.model, self.longest) if self.model else None

    def refusal(self, spec: Spec) -> str | None:
        """Only text, and only with a model."""
        if not self.model:
            return (
                "a language model is adapted: name its folder, LoRA(model='folder') or lora:folder; from "
                "scratch learn 'templates' or 'autoregressive'"
            )
        if spec.tokens and spec.ragged:
            return None
        return "a language model writes text only; use 'diffusion' or 'autoregressive'"

    def networks(self, spec: Spec, given: GivenSpec) -> dict[str, nn.Module]:  # noqa: ARG002 - a prompt is text
        """The model with fresh adapters."""
        return {"model": Adapted(self)}

    def loss(
        self,
        nets: dict[str, nn.Module],
        turn: str,
        spec: Spec,  # noqa: ARG002 - the contract's
        x: Tensor,
        given: Given,
        rng: torch.Generator,  # noqa: ARG002 - dropout draws from the process's, which the engine seeds
    ) -> Tensor:
        """Mean -log p of a token of the texts and of their ends, in nats."""
        net: Adapted = nets[turn]  # pyright: ignore[reportAssignmentType]
        prompts, texts = net.prompts(given, len(x)), [row[row != END] - FIRST for row in x.long()]
        ends = x.new_tensor([net.end]).long()
        whole = [torch.cat([prompt, text, ends]) for prompt, text in zip(prompts, texts, strict=True)]
        ids, mask = _joined(whole, net.end, left=False)
        logits = net.base(input_ids=ids, attention_mask=mask, position_ids=_places(mask)).logits.float()
        before = torch.tensor([len(prompt) for prompt in prompts], device=x.device)
        place = torch.arange(1, ids.shape[1], device=x.device)
        counted = (place >= before[:, None]) & mask[:, 1:].bool()
        nll = functional.cross_entropy(logits[:, :-1].transpose(1, 2), ids[:, 1:], reduction="none")
        return (nll * counted).sum() / counted.sum()

    @torch.no_grad()
    def sample(
        self,
        nets: dict[str, nn.Module],
        spec: Spec,
        n: int,
        given: Given,
        rng: torch.Generator,
    ) -> Tensor:
        """Tokens (n, length): the prompt, what is observed of the text, and what follows."""
        net: Adapted = nets["model"]  # pyright: ignore[reportAssignmentType]
        prompts, x = net.prompts(given, n), torch.full((n, spec.length), END, device=rng.device)
        begun = [torch.zeros(0, dtype=torch.long, device=rng.device)] * n
        if given.values is not None and given.mask is not None:
            begun = [row[kept].long() - FIRST for row, kept in zip(given.values, given.mask, strict=True)]
        for start in range(0, n, CHUNK):
            rows = slice(start, min(start + CHUNK, n))
            heads = [torch.cat(pair) for pair in zip(prompts[rows], begun[rows], strict=True)]
            for i, tail in enumerate(self._after(net, heads, spec.length), rows.start):
                row = torch.cat([begun[i], tail])[: spec.length - 1]
                x[i, : len(row)] = row + FIRST
        return x

    def _after(self, net: Adapted, heads: list[Tensor], length: int) -> list[Tensor]:
        """What the model writes after each head."""
        ids, mask = _joined(heads, net.end, left=True)
        out = net.base.generate(
            input_ids=ids,
            attention_mask=mask,
            do_sample=True,
            temperature=self.temperature,
            top_p=self.nucleus,
            top_k=0,
            max_new_tokens=length,
            pad_token_id=net.end,
            eos_token_id=net.end,
        )[:, ids.shape[1] :]
        return [row[: int((row != net.end).cumprod(0).sum())] for row in out]


@final
class Adapted(nn.Module):
    """A language model of which only the adapters are parameters, so that only they are kept."""

    def __init__(self, family: LoRA) -> None:
        super().__init__()
        peft, whole = _libraries(), _loaded(family.model)
        config = peft.LoraConfig(
            r=family.rank,
            lora_alpha=family.alpha,
            lora_dropout=family.dropout,
            target_modules="all-linear",
            task_type="CAUSAL_LM",
            fan_in_fan_out=any(type(part).__name__ == "Conv1D" for part in whole.modules()),
        )
        self.hidden = [peft.get_peft_model(whole, config)]  # in a list, and so no module of this one
        named = {n: p for n, p in self.base.named_parameters() if p.requires_grad}
        self.adapters = nn.ParameterDict({name.replace(".", "/"): p for name, p in named.items()})
        ends = whole.generation_config.eos_token_id or whole.config.eos_token_id
        self.end = int(ends[0] if isinstance(ends, list) else ends)
        self.start = self.end if whole.config.bos_token_id is None else int(whole.config.bos_token_id)

    @property
    def base(self) -> Any:  # noqa: ANN401 - whatever model it is
        """The model with its adapters."""
        return self.hidden[0]

    def prompts(self, given: Given, n: int) -> list[Tensor]:
        """The tokens before each text; at least one, for something must come before the first."""
        start = torch.tensor([self.start], device=next(iter(self.adapters.values())).device)
        if "prompt" not in given.parts:
            return [start] * n
        return [torch.cat([start, row[row != END].long() - FIRST]) for row in given.parts["prompt"]]

    def train(self, mode: bool = True) -> Adapted:
        """Dropout on or off."""
        self.base.train(mode)
        return super().train(mode)

    def _apply(self, fn: Callable[..., Any], recurse: bool = True) -> Adapted:  # noqa: ARG002 - torch's
        self.base._apply(fn)  # noqa: SLF001 - moves the model along with the adapters
        named = dict(self.base.named_parameters())
        for name in self.adapters:
            self.adapters[name] = named[name.replace("/", ".")]
        return self


def _joined(rows: list[Tensor], fill: int, *, left: bool) -> tuple[Tensor, Tensor]:
    """Rows of tokens in one array (n, longest), filled on one side, and where they are."""
    longest = max(len(row) for row in rows)
    ids = torch.full((len(rows), longest), fill, device=rows[0].device, dtype=torch.long)
    mask = torch.zeros_like(ids)
    for i, row in enumerate(rows):
        place = slice(longest - len(row), None) if left else slice(len(row))
        ids[i, place], mask[i, place] = row, 1
    return ids, mask


def _places(mask: Tensor) -> Tensor:
    """The position of each token, one row for each text: positions that all share break exact gradients."""
    return (mask.cumsum(dim=1) - 1).clamp(min=0)


def _libraries() -> Any:  # noqa: ANN401 - a module
    try:
        import peft
        import transformers  # noqa: F401 - what peft needs
    except ImportError as error:
        message = "language models need transformers and peft: pip install 'manikin[llm]'"
        raise MissingExtra(message) from error
    return peft


def _loaded(model: str) -> Any:  # noqa: ANN401 - whatever model it is
    """The model, in 32 bits, from safetensors only: other files may run code when they are read."""
    from transformers import AutoModelForCausalLM

    folder = Path(model)
    if folder.is_dir() and not list(folder.glob("*.safetensors")):
        raise FormatError(f"{model}: no weights (*.safetensors) in this folder; save the model there first")
    try:
        return AutoModelForCausalLM.from_pretrained(model, use_safetensors=True, dtype=torch.float32)
    except (OSError, ValueError, KeyError, json.JSONDecodeError) as error:
        first = str(error).strip().splitlines()[0]
        raise FormatError(
            f"{model}: not a causal language model ({first}); name a folder with config.json, a tokenizer "
            "and model.safetensors, or a model of the hub while there is a network"
        ) from error


__plugin__ = LoRA
