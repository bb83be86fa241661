"""GPT-2 (Radford et al., 2019), with Hugging Face's parameter names."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from unifw import nn
from unifw.array.creation import arange, zeros
from unifw.array.manipulation import expand_dims
from unifw.devices import device
from unifw.errors import ArgumentError, ShapeError, describe
from unifw.models.decoding import Decoders
from unifw.models.generation import KeyValueCache, check_prompts, generate
from unifw.nn import functional as F
from unifw.nn.functional.attention import merge_heads, split_heads
from unifw.nn.functional.linear import affine
from unifw.registry import using_backend
from unifw.streams import host_generator
from unifw.tensor import Tensor
from unifw.variable import Parameter


@dataclass(frozen=True)
class GPT2Config:
    """The sizes of a GPT-2; the defaults are those of the smallest. Raises ArgumentError for sizes that do not fit.

    >>> import unifw
    >>> unifw.models.GPT2Config(n_embd=64, n_head=4).n_layer
    12
    """

    vocab_size: int = 50257
    n_positions: int = 1024
    n_embd: int = 768
    n_layer: int = 12
    n_head: int = 12
    dropout: float = 0.1
    layer_norm_epsilon: float = 1e-5

    def __post_init__(self) -> None:
        if self.n_embd % self.n_head:
            raise ArgumentError(f"GPT2Config: got n_embd={self.n_embd} for {self.n_head} heads; expected a multiple.")


class Conv1D(nn.Module, leaf=True):
    """x @ weight + bias: a dense layer whose weight is (in, out), as GPT-2's checkpoints have it.

    >>> import unifw
    >>> unifw.models.Conv1D(3, 2)(unifw.zeros((5, 3))).shape
    (5, 2)
    """

    def __init__(self, in_features: int, out_features: int, std: float = 0.02) -> None:
        values = host_generator().normal(0, std, (in_features, out_features))
        self.weight = Parameter(values.astype("float32"))
        self.bias = Parameter(zeros(out_features))

    def forward(self, x: Tensor) -> Tensor:
        """(..., in_features) to (..., out_features)."""
        return affine(x, self.weight, self.bias)


class _Attention(nn.Module, leaf=True):
    """Causal self attention."""

    def __init__(self, config: GPT2Config) -> None:
        size = config.n_embd
        self.c_attn = Conv1D(size, 3 * size)
        self.c_proj = Conv1D(size, size, 0.02 / (2 * config.n_layer) ** 0.5)
        self.resid_dropout = nn.Dropout(config.dropout)
        self.heads, self.p = config.n_head, config.dropout

    def forward(self, x: Tensor, mask: Tensor | None, causal: bool, cache: KeyValueCache | None, layer: int) -> Tensor:
        """(N, T, n_embd) to the same shape."""
        query, key, value = split_heads(self.c_attn(x), 3, self.heads)
        if cache is not None:
            key, value = cache.write(layer, key, value)
        p = self.p if self.training else 0.0
        y = merge_heads(F.scaled_dot_product_attention(query, key, value, mask, p, causal))
        out: Tensor = self.resid_dropout(self.c_proj(y))
        return out


class _FeedForward(nn.Module, leaf=True):
    """Two dense layers with GELU, by its tanh approximation, between them."""

    def __init__(self, config: GPT2Config) -> None:
        self.c_fc = Conv1D(config.n_embd, 4 * config.n_embd)
        self.c_proj = Conv1D(4 * config.n_embd, config.n_embd, 0.02 / (2 * config.n_layer) ** 0.5)
        self.dropout = nn.Dropout(config.dropout)

    def forward(self, x: Tensor) -> Tensor:
        """(N, T, n_embd) to the same shape."""
        y: Tensor = self.dropout(self.c_proj(F.gelu(self.c_fc(x), "tanh")))
        return y


class _Block(nn.Module, leaf=True):
    """Attention and feed-forward part, each normalised before."""

    def __init__(self, config: GPT2Config) -> None:
        self.ln_1 = nn.LayerNorm(config.n_embd, config.layer_norm_epsilon)
        self.attn = _Attention(config)
        self.ln_2 = nn.LayerNorm(config.n_embd, config.layer_norm_epsilon)
        self.mlp = _FeedForward(config)

    def forward(self, x: Tensor, *attention: Any) -> Tensor:
        """(N, T, n_embd) to the same shape."""
        x = x + self.attn(self.ln_1(x), *attention)
        y: Tensor = x + self.mlp(self.ln_2(x))
        return y


class GPT2Model(nn.Module):
    """The transformer without its head: tokens (N, T) to features (N, T, n_embd); see `GPT2`.

    >>> import unifw
    >>> config = unifw.models.GPT2Config(vocab_size=11, n_positions=8, n_embd=4, n_layer=1, n_head=2)
    >>> unifw.models.GPT2Model(config)(unifw.asarray([[1, 2, 3]])).shape
    (1, 3, 4)
    """

    old_names: ClassVar[Mapping[str, str | None]] = {r"(^|\.)h\.\d+\.attn\.(masked_)?bias$": None}
    """The causal masks that Hugging Face's files held among the weights, for `load_checkpoint`."""

    def __init__(self, config: GPT2Config) -> None:
        self.config = config
        self.wte = nn.Embedding(config.vocab_size, config.n_embd)
        self.wpe = nn.Embedding(config.n_positions, config.n_embd)
        for table in (self.wte, self.wpe):
            table.weight.assign(table.weight * 0.02)
        self.drop = nn.Dropout(config.dropout)
        self.h = nn.ModuleList([_Block(config) for _ in range(config.n_layer)])
        self.ln_f = nn.LayerNorm(config.n_embd, config.layer_norm_epsilon)

    def forward(
        self,
        input_ids: Tensor,
        attention_mask: Tensor | None = None,
        position_ids: Tensor | None = None,
        cache: KeyValueCache | None = None,
    ) -> Tensor:
        """Tokens (N, T) to (N, T, n_embd); see `GPT2.forward`."""
        self._check(input_ids, cache)
        steps = input_ids.shape[1]
        if position_ids is None:
            position_ids = cache.positions(steps) if cache is not None else arange(steps)
        x = self.drop(self.wte(input_ids) + self.wpe(position_ids))
        fresh = cache is None or (isinstance(cache.length, int) and cache.length == 0)
        mask, causal = (None, True) if fresh else (cache.visible(steps), False)  # type: ignore[union-attr]
        if attention_mask is not None:
            shown = (attention_mask != 0)[:, None, None, :]
            lower = expand_dims(arange(steps), axis=1) >= arange(steps) if causal else mask
            mask, causal = shown if lower is None else shown & lower, False
        for layer, block in enumerate(self.h):
            x = block(x, mask, causal, cache, layer)
        if cache is not None:
            cache.length = cache.length + steps
        y: Tensor = self.ln_f(x)
        return y

    def _check(self, input_ids: Tensor, cache: KeyValueCache | None) -> None:
        if not isinstance(input_ids, Tensor) or input_ids.ndim != 2:
            raise ShapeError(f"GPT2: got {describe(input_ids)}; expected integer tokens (N, T).")
        steps, start = input_ids.ops.static_shape(input_ids.native)[1], 0 if cache is None else cache.length
        most = self.config.n_positions if cache is None else min(cache.max_length, self.config.n_positions)
        if steps is not None and isinstance(start, int) and start + steps > most:
            raise ShapeError(f"GPT2: got {start + steps} positions; expected at most {most}.")


class GPT2(nn.Module):
    """GPT-2 with its language head: tokens (N, T) to logits (N, T, vocab_size).

    Parameters have the names of Hugging Face's `GPT2LMHeadModel`; the head's weight is that of the token embedding.

    >>> import unifw
    >>> model = unifw.models.GPT2(unifw.models.GPT2Config(vocab_size=11, n_positions=8, n_embd=4, n_layer=1, n_head=2))
    >>> model(unifw.asarray([[1, 2, 3]])).shape, model.lm_head.weight is model.transformer.wte.weight
    ((1, 3, 11), True)
    """

    def __init__(self, config: GPT2Config) -> None:
        self.transformer = GPT2Model(config)
        self.lm_head = _Head(self.transformer.wte.weight)
        self._decoders = Decoders()

    @property
    def config(self) -> GPT2Config:
        """The sizes."""
        return self.transformer.config

    def forward(
        self,
        input_ids: Tensor,
        attention_mask: Tensor | None = None,
        position_ids: Tensor | None = None,
        cache: KeyValueCache | None = None,
    ) -> Tensor:
        """Tokens (N, T) to logits (N, T, vocab_size).

        `attention_mask` (N, S) is 0 for padding, of all S positions that are looked at: T, those of the cache too, or
        its `max_length` where `cache.length` is a Tensor. With a `cache` the tokens come after what it holds, and are
        added to it. Raises ShapeError for more positions than there are.
        """
        y: Tensor = self.lm_head(self.transformer(input_ids, attention_mask, position_ids, cache))
        return y

    def new_cache(self, batch: int, max_length: int | None = None) -> KeyValueCache:
        """An empty cache on the model's backend and device.

        >>> GPT2(GPT2Config(11, 8, 4, 1, 2)).new_cache(3).keys[0].shape
        (6, 8, 2)
        """
        config, like = self.config, self.lm_head.weight
        length = config.n_positions if max_length is None else max_length
        with using_backend(like.backend):
            return KeyValueCache(config.n_layer, batch, config.n_head, length, config.n_embd // config.n_head, like)

    def generate(self, input_ids: Tensor, max_new_tokens: int = 20, **options: Any) -> Tensor:
        """The prompts (N, T) and what the model writes on, (N, T + up to max_new_tokens); see `generation.generate`.

        >>> import unifw
        >>> model = GPT2(GPT2Config(vocab_size=11, n_positions=8, n_embd=4, n_layer=1, n_head=2)).eval()
        >>> model.generate(unifw.asarray([[1, 2, 3]]), max_new_tokens=4).shape
        (1, 7)
        """
        check_prompts(input_ids, options.get("attention_mask"), max_new_tokens)
        total = input_ids.shape[1] + max_new_tokens
        if total > self.config.n_positions:
            raise ShapeError(f"GPT2: got {total} positions to write; expected at most {self.config.n_positions}.")
        like, most = self.lm_head.weight, self.config.n_positions
        with (
            using_backend(like.backend),
            device(like.device),
            self._decoders.lent(self, like, input_ids.shape[0], total, most) as step,
        ):
            return generate(step, input_ids, max_new_tokens, **options)

    def last_logits(
        self, input_ids: Tensor, attention_mask: Tensor | None, position_ids: Tensor | None, cache: KeyValueCache
    ) -> Tensor:
        """The logits (N, vocab_size) of what follows the last token; see `forward`.

        >>> import unifw
        >>> model = GPT2(GPT2Config(vocab_size=11, n_positions=8, n_embd=4, n_layer=1, n_head=2)).eval()
        >>> model.last_logits(unifw.asarray([[1, 2]]), None, None, model.new_cache(1)).shape
        (1, 11)
        """
        features = self.transformer(input_ids, attention_mask, position_ids, cache)
        logits: Tensor = self.lm_head(features[:, -1])
        return logits


class _Head(nn.Module, leaf=True):
    """Features to logits, by a weight that another layer has too."""

    def __init__(self, weight: Parameter) -> None:
        self.weight = weight

    def forward(self, x: Tensor) -> Tensor:
        """(..., n_embd) to (..., vocab_size)."""
        return F.linear(x, self.weight)


def gpt2() -> GPT2:
    """GPT-2 with 124 million parameters.

    >>> GPT2Config().n_layer
    12
    """
    return GPT2(GPT2Config())


def gpt2_medium() -> GPT2:
    """GPT-2 with 355 million parameters.

    >>> MEDIUM.n_layer
    24
    """
    return GPT2(MEDIUM)


def gpt2_large() -> GPT2:
    """GPT-2 with 774 million parameters.

    >>> LARGE.n_layer
    36
    """
    return GPT2(LARGE)


def gpt2_xl() -> GPT2:
    """GPT-2 with 1558 million parameters.

    >>> XL.n_layer
    48
    """
    return GPT2(XL)


MEDIUM = GPT2Config(n_embd=1024, n_layer=24, n_head=16)
LARGE = GPT2Config(n_embd=1280, n_layer=36, n_head=20)
XL = GPT2Config(n_embd=1600, n_layer=48, n_head=25)
