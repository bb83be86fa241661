"""The BERT encoder (Devlin et al., 2019), with Hugging Face's parameter names."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from unifw import nn
from unifw.array.creation import arange, zeros_like
from unifw.array.trigonometry import tanh
from unifw.errors import ArgumentError, ShapeError, describe
from unifw.nn import functional as F
from unifw.nn import init
from unifw.nn.functional.attention import merge_heads, split_heads
from unifw.tensor import Tensor


@dataclass(frozen=True)
class BertConfig:
    """The sizes of a BERT; the defaults are those of the base model. Raises ArgumentError for sizes that do not fit.

    >>> import unifw
    >>> unifw.models.BertConfig(hidden_size=64, num_attention_heads=4).intermediate_size
    3072
    """

    vocab_size: int = 30522
    hidden_size: int = 768
    num_hidden_layers: int = 12
    num_attention_heads: int = 12
    intermediate_size: int = 3072
    dropout: float = 0.1
    max_position_embeddings: int = 512
    type_vocab_size: int = 2
    layer_norm_eps: float = 1e-12
    pad_token_id: int = 0

    def __post_init__(self) -> None:
        if self.hidden_size % self.num_attention_heads:
            raise ArgumentError(
                f"BertConfig: got hidden_size={self.hidden_size} for {self.num_attention_heads} heads; expected a "
                "multiple."
            )


class _Embeddings(nn.Module):
    """The sum of what a token, its position and its segment are, normalised."""

    def __init__(self, config: BertConfig) -> None:
        size = config.hidden_size
        self.word_embeddings = nn.Embedding(config.vocab_size, size, padding_idx=config.pad_token_id)
        self.position_embeddings = nn.Embedding(config.max_position_embeddings, size)
        self.token_type_embeddings = nn.Embedding(config.type_vocab_size, size)
        self.LayerNorm = nn.LayerNorm(size, config.layer_norm_eps)
        self.dropout = nn.Dropout(config.dropout)

    def forward(self, input_ids: Tensor, token_type_ids: Tensor | None, position_ids: Tensor | None) -> Tensor:
        """Tokens (N, T) to (N, T, hidden_size)."""
        segments = zeros_like(input_ids) if token_type_ids is None else token_type_ids
        positions = arange(input_ids.shape[1]) if position_ids is None else position_ids
        x = self.word_embeddings(input_ids) + self.token_type_embeddings(segments) + self.position_embeddings(positions)
        y: Tensor = self.dropout(self.LayerNorm(x))
        return y


class _SelfAttention(nn.Module):
    """Attention of every token to every other."""

    def __init__(self, config: BertConfig) -> None:
        size = config.hidden_size
        self.query, self.key, self.value = (nn.Linear(size, size) for _ in range(3))
        self.heads, self.p = config.num_attention_heads, config.dropout

    def forward(self, x: Tensor, mask: Tensor | None) -> Tensor:
        """(N, T, hidden_size) to the same shape."""
        query, key, value = (split_heads(part(x), 1, self.heads)[0] for part in (self.query, self.key, self.value))
        return merge_heads(F.scaled_dot_product_attention(query, key, value, mask, self.p if self.training else 0.0))


class _Output(nn.Module):
    """A dense layer, dropout, and the residual connection with its norm."""

    def __init__(self, in_features: int, config: BertConfig) -> None:
        self.dense = nn.Linear(in_features, config.hidden_size)
        self.LayerNorm = nn.LayerNorm(config.hidden_size, config.layer_norm_eps)
        self.dropout = nn.Dropout(config.dropout)

    def forward(self, x: Tensor, residual: Tensor) -> Tensor:
        """(N, T, in_features) and (N, T, hidden_size) to the latter."""
        y: Tensor = self.LayerNorm(self.dropout(self.dense(x)) + residual)
        return y


class _Attention(nn.Module):
    """Self attention and what follows it; the name of the first comes from the checkpoints."""

    def __init__(self, config: BertConfig) -> None:
        self.self = _SelfAttention(config)
        self.output = _Output(config.hidden_size, config)

    def forward(self, x: Tensor, mask: Tensor | None) -> Tensor:
        """(N, T, hidden_size) to the same shape."""
        y: Tensor = self.output(self.self(x, mask), x)
        return y


class _Intermediate(nn.Module):
    """A dense layer with GELU."""

    def __init__(self, config: BertConfig) -> None:
        self.dense = nn.Linear(config.hidden_size, config.intermediate_size)

    def forward(self, x: Tensor) -> Tensor:
        """(N, T, hidden_size) to (N, T, intermediate_size)."""
        return F.gelu(self.dense(x))


class _Layer(nn.Module):
    """Attention and feed-forward part."""

    def __init__(self, config: BertConfig) -> None:
        self.attention = _Attention(config)
        self.intermediate = _Intermediate(config)
        self.output = _Output(config.intermediate_size, config)

    def forward(self, x: Tensor, mask: Tensor | None) -> Tensor:
        """(N, T, hidden_size) to the same shape."""
        x = self.attention(x, mask)
        y: Tensor = self.output(self.intermediate(x), x)
        return y


class _Encoder(nn.Module):
    """All layers."""

    def __init__(self, config: BertConfig) -> None:
        self.layer = nn.ModuleList([_Layer(config) for _ in range(config.num_hidden_layers)])

    def forward(self, x: Tensor, mask: Tensor | None) -> Tensor:
        """(N, T, hidden_size) to the same shape."""
        for layer in self.layer:
            x = layer(x, mask)
        return x


class _Pooler(nn.Module):
    """The first token's features through a dense layer and tanh."""

    def __init__(self, config: BertConfig) -> None:
        self.dense = nn.Linear(config.hidden_size, config.hidden_size)

    def forward(self, x: Tensor) -> Tensor:
        """(N, T, hidden_size) to (N, hidden_size)."""
        return tanh(self.dense(x[:, 0]))


class Bert(nn.Module):
    """BERT's encoder with its pooler: tokens (N, T) to features of each token and of the whole.

    Parameters have the names of Hugging Face's `BertModel`; matrices start as N(0, 0.02). Without `pooler` there is no
    "pooler_output".

    >>> import unifw
    >>> config = unifw.models.BertConfig(
    ...     vocab_size=11, hidden_size=4, num_hidden_layers=1, num_attention_heads=2, intermediate_size=8
    ... )
    >>> outputs = unifw.models.Bert(config)(unifw.asarray([[1, 2, 3]]))
    >>> outputs["last_hidden_state"].shape, outputs["pooler_output"].shape
    ((1, 3, 4), (1, 4))
    """

    old_names: ClassVar[Mapping[str, str | None]] = {
        r"(^|\.)LayerNorm\.gamma$": r"\1LayerNorm.weight",
        r"(^|\.)LayerNorm\.beta$": r"\1LayerNorm.bias",
        r"(^|\.)embeddings\.position_ids$": None,
    }
    """Those of Hugging Face's files, of which the public ones of BERT are among the oldest, for `load_checkpoint`."""

    def __init__(self, config: BertConfig, pooler: bool = True) -> None:
        self.config = config
        with init.blank():
            self.embeddings = _Embeddings(config)
            self.encoder = _Encoder(config)
            self.pooler = _Pooler(config) if pooler else None
        for name, parameter in self.named_parameters():
            if parameter.ndim > 1:
                values = init.normal(tuple(parameter.shape), std=0.02)
                if "word" in name:
                    values[config.pad_token_id] = 0
                parameter.assign(values)

    def forward(
        self,
        input_ids: Tensor,
        attention_mask: Tensor | None = None,
        token_type_ids: Tensor | None = None,
        position_ids: Tensor | None = None,
    ) -> dict[str, Tensor]:
        """Tokens (N, T) to "last_hidden_state" (N, T, hidden_size) and "pooler_output" (N, hidden_size).

        `attention_mask` (N, T) is 0 for padding; `token_type_ids` (N, T) are the segments. Raises ShapeError.
        """
        most = self.config.max_position_embeddings
        if not isinstance(input_ids, Tensor) or input_ids.ndim != 2:
            raise ShapeError(f"Bert: got {describe(input_ids)}; expected integer tokens (N, T).")
        steps = input_ids.ops.static_shape(input_ids.native)[1]
        if steps is not None and steps > most:
            raise ShapeError(f"Bert: got {steps} positions; expected at most {most}.")
        mask = None if attention_mask is None else (attention_mask != 0)[:, None, None, :]
        x = self.encoder(self.embeddings(input_ids, token_type_ids, position_ids), mask)
        return {"last_hidden_state": x} | ({} if self.pooler is None else {"pooler_output": self.pooler(x)})


def bert_base() -> Bert:
    """BERT with 110 million parameters, of the uncased vocabulary.

    >>> BertConfig().num_hidden_layers
    12
    """
    return Bert(BertConfig())


def bert_large() -> Bert:
    """BERT with 335 million parameters, of the uncased vocabulary.

    >>> LARGE.num_hidden_layers
    24
    """
    return Bert(LARGE)


LARGE = BertConfig(hidden_size=1024, num_hidden_layers=24, num_attention_heads=16, intermediate_size=4096)
