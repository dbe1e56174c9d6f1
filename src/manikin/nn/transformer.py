"""One transformer for sequences of vectors (B, L, width): causal or not, cached, conditioned.

Pre-norm blocks (Xiong et al., 2020, arXiv:2002.04745) with attention from Linears and rotary
positions (Su et al., 2021, arXiv:2104.09864). A vector conditions through adaptive norms that
start silent (Peebles and Xie, 2023, arXiv:2212.09748), other tokens through cross-attention.
Parameters live in standard leaf layers only, so that per-sample gradients are exact.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, final

import torch
from torch import Tensor, nn
from torch.nn import functional

from manikin.nn.layers import merge_heads, split_heads

if TYPE_CHECKING:
    from manikin.encoding.spec import Spec

KeyValuePair = tuple[Tensor, Tensor]


@final
@dataclass
class KeyValueCache:
    """Keys and values of the positions seen so far, one pair (B, heads, L, width / heads) per block.

    `past` grows with every pass, and has room for more than was `seen_counts`, so that few passes copy it;
    `context` holds the pairs of the context, which never change; `sums` what else is kept of the positions
    seen so far (of histories), a row for each record.
    """

    past: dict[int, KeyValuePair] = field(default_factory=dict)
    context: dict[int, KeyValuePair] = field(default_factory=dict)
    sums: tuple[Tensor, ...] = ()
    seen_counts: dict[int, int] = field(default_factory=dict)

    @property
    def length(self) -> int:
        """How many positions were seen."""
        return self.seen_counts.get(0, 0)

    def take(self, rows: Tensor) -> KeyValueCache:
        """Only some of the records."""
        past = {
            i: (k[rows, :, : self.seen_counts[i]], v[rows, :, : self.seen_counts[i]])
            for i, (k, v) in self.past.items()
        }
        context = {i: (k[rows], v[rows]) for i, (k, v) in self.context.items()}
        return KeyValueCache(past, context, tuple(part[rows] for part in self.sums), dict(self.seen_counts))

    def extend(self, block: int, pair: KeyValuePair) -> KeyValuePair:
        """Append a block's new keys and values; all of them so far come back."""
        start = self.seen_counts.get(block, 0)
        end = self.seen_counts[block] = start + pair[0].shape[2]
        if not start:
            self.past[block] = pair
            return pair
        old = self.past[block]
        if end > old[0].shape[2]:
            self.past[block] = old = (_enlarge(old[0], 2 * end), _enlarge(old[1], 2 * end))
        for kept, new in zip(old, pair, strict=True):
            kept[:, :, start:end] = new
        return old[0][:, :, :end], old[1][:, :, :end]


def _enlarge(x: Tensor, length: int) -> Tensor:
    """The same with room for `length` positions."""
    return torch.cat([x, x.new_empty(*x.shape[:2], length - x.shape[2], x.shape[3])], 2)


def rotate_features(x: Tensor, start: int = 0) -> Tensor:
    """Turn the pairs of features of `x` (B, heads, L, d) by angles that grow with the position.

    The product of a query and a key then depends on their distance alone.

    Example:
        >>> x = torch.ones(1, 1, 3, 4)
        >>> near, far = rotate_features(x), rotate_features(x, start=7)
        >>> torch.allclose(near[..., 0, :] @ near[..., 2, :].mT, far[..., 0, :] @ far[..., 2, :].mT)
        True
    """
    half = x.shape[-1] // 2
    speed = 10_000.0 ** (-torch.arange(half, device=x.device) / half)
    angle = torch.arange(start, start + x.shape[2], device=x.device)[:, None] * speed
    cos, sin = angle.cos().to(x.dtype), angle.sin().to(x.dtype)
    a, b = x[..., :half], x[..., half:]
    return torch.cat([a * cos - b * sin, b * cos + a * sin], -1)


@final
class MultiHeadAttention(nn.Module):
    """Multi-head attention from Linears; `source` is the width of the tokens attended to."""

    def __init__(self, width: int, heads: int, source: int, *, rotary: bool) -> None:
        super().__init__()
        self.heads, self.rotary = heads, rotary
        self.query = nn.Linear(width, width)
        self.pair = nn.Linear(source, 2 * width)
        self.out = nn.Linear(width, width)

    def compute_key_values(self, source: Tensor, start: int = 0) -> KeyValuePair:
        """Keys and values of tokens (B, L, source)."""
        key, value = (split_heads(part, self.heads) for part in self.pair(source).chunk(2, -1))
        return (rotate_features(key, start) if self.rotary else key), value

    def forward(self, h: Tensor, pair: KeyValuePair, start: int = 0, mask: Tensor | None = None) -> Tensor:
        """Attend from `h` (B, L, width) to keys and values where `mask` (..., L, keys) is true."""
        query = split_heads(self.query(h), self.heads)
        query = rotate_features(query, start) if self.rotary else query
        mixed = functional.scaled_dot_product_attention(query, *pair, attn_mask=mask)
        return self.out(merge_heads(mixed))


@final
class AdaptiveLayerNorm(nn.Module):
    """A residual branch: layer norm, shifted and scaled by a vector, and a gate on the way out."""

    def __init__(self, width: int, vector: int) -> None:
        super().__init__()
        self.norm = nn.LayerNorm(width, elementwise_affine=not vector)
        self.modulation = nn.Linear(vector, 3 * width) if vector else None
        if self.modulation:
            nn.init.zeros_(self.modulation.weight)
            nn.init.zeros_(self.modulation.bias)

    def forward(self, h: Tensor, vector: Tensor | None) -> tuple[Tensor, Tensor | float]:
        """The input of the branch and the gate of its output."""
        if self.modulation is None or vector is None:
            return self.norm(h), 1.0
        shift, scale, gate = self.modulation(functional.silu(vector))[:, None].chunk(3, -1)
        return self.norm(h) * (1 + scale) + shift, 1 + gate


@final
@dataclass(frozen=True)
class TransformerShape:
    """The size of a transformer.

    Args:
        width: Features per token; a multiple of twice the heads.
        depth: Blocks.
        heads: Attention heads.
        dropout: Share of features dropped on each residual branch in training.
        vector: Features of the conditioning vector; 0: none.
        context: Features of the context tokens; 0: none.
        rotary: Whether positions count; without, a token's place must be in its features.
    """

    width: int = 128
    depth: int = 4
    heads: int = 4
    dropout: float = 0.0
    vector: int = 0
    context: int = 0
    rotary: bool = True


TOKEN_SHAPES = {"row": (64, 3), "history": (96, 2), "sequence": (160, 3)}
"""Default width and depth by kind of tokens; of histories more steps teach more than more blocks."""


def choose_transformer_shape(
    spec: Spec, width: int | None, depth: int | None, heads: int, dropout: float
) -> TransformerShape:
    """The size of a transformer for tokens of a spec; None: by their kind."""
    kind = "history" if spec.grammar else "sequence"
    usual_width, usual_depth = TOKEN_SHAPES["row" if spec.ranges else kind]
    return TransformerShape(
        width or usual_width, depth or usual_depth, heads, dropout, rotary=not spec.ranges
    )


@final
class TransformerBlock(nn.Module):
    """Self-attention, cross-attention where there is context, and a two-layer perceptron."""

    def __init__(self, shape: TransformerShape) -> None:
        super().__init__()
        width = shape.width
        self.attention = MultiHeadAttention(width, shape.heads, width, rotary=shape.rotary)
        self.cross = (
            MultiHeadAttention(width, shape.heads, shape.context, rotary=False) if shape.context else None
        )
        self.mlp = nn.Sequential(nn.Linear(width, 4 * width), nn.GELU(), nn.Linear(4 * width, width))
        branches = 3 if shape.context else 2
        self.norms = nn.ModuleList(AdaptiveLayerNorm(width, shape.vector) for _ in range(branches))
        self.dropout = nn.Dropout(shape.dropout)

    def forward(
        self,
        h: Tensor,
        vector: Tensor | None,
        context: Tensor | None,
        at: tuple[KeyValueCache, int],
        mask: Tensor | None,
    ) -> Tensor:
        """One step deeper; `at` is the cache and this block's place in it."""
        cache, block = at
        x, gate = self.norms[0](h, vector)
        start = cache.seen_counts.get(block, 0)
        pair = cache.extend(block, self.attention.compute_key_values(x, start))
        h = h + gate * self.dropout(self.attention(x, pair, start, mask))
        if self.cross is not None and context is not None:
            if block not in cache.context:
                cache.context[block] = self.cross.compute_key_values(context)
            x, gate = self.norms[2](h, vector)
            h = h + gate * self.dropout(self.cross(x, cache.context[block]))
        x, gate = self.norms[1](h, vector)
        return h + gate * self.dropout(self.mlp(x))


@final
class Transformer(nn.Module):
    """Tokens' features (B, L, width) to features of the same shape.

    Example:
        >>> net = Transformer(TransformerShape(width=8, depth=1, heads=2)).eval()
        >>> h, cache = torch.randn(1, 3, 8, generator=torch.Generator().manual_seed(0)), KeyValueCache()
        >>> whole = net(h, causal=True)
        >>> steps = [net(h[:, i : i + 1], causal=True, cache=cache) for i in range(3)]
        >>> torch.allclose(whole, torch.cat(steps, 1), atol=1e-5)
        True
    """

    def __init__(self, shape: TransformerShape) -> None:
        super().__init__()
        self.blocks = nn.ModuleList(TransformerBlock(shape) for _ in range(shape.depth))
        self.norm = nn.LayerNorm(shape.width)

    def forward(
        self,
        h: Tensor,
        *,
        causal: bool,
        vector: Tensor | None = None,
        context: Tensor | None = None,
        cache: KeyValueCache | None = None,
        there: Tensor | None = None,
    ) -> Tensor:
        """Mix the tokens.

        Args:
            h: Features (B, L, width).
            causal: Whether a token sees only those before it and itself, or all.
            vector: What all tokens are conditioned on (B, vector).
            context: Tokens that may be looked up (B, M, context).
            cache: What earlier calls have seen; `h` continues it. The context is read once.
            there: Which tokens there are (B, L), where not causal; others are not looked at.
        """
        cache = KeyValueCache() if cache is None else cache
        mask = _build_causal_mask(h.shape[1], cache.length, h.device) if causal and h.shape[1] > 1 else None
        mask = mask if there is None else there[:, None, None, :]
        for i, block in enumerate(self.blocks):
            h = block(h, vector, context, (cache, i), mask)
        return self.norm(h)


def _build_causal_mask(length: int, past: int, device: torch.device) -> Tensor:
    """Which keys (past + length) each of `length` new positions may see."""
    return torch.ones(length, past + length, dtype=torch.bool, device=device).tril(past)
