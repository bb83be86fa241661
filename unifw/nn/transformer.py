"""The transformer: encoder, decoder, and both (Vaswani et al., 2017)."""

from __future__ import annotations

import copy
from collections.abc import Callable

import numpy as np

from unifw.array.creation import asarray
from unifw.errors import ArgumentError
from unifw.nn import functional as F
from unifw.nn import init
from unifw.nn.attention import MultiheadAttention
from unifw.nn.containers import ModuleList
from unifw.nn.dropout import Dropout
from unifw.nn.geometry import count
from unifw.nn.linear import Linear
from unifw.nn.module import Module
from unifw.nn.normalization import LayerNorm
from unifw.tensor import Tensor

Activation = str | Callable[[Tensor], Tensor]


def activation_of(activation: Activation) -> Callable[[Tensor], Tensor]:
    """A function, or the one that "relu" or "gelu" names. Raises ArgumentError for another name.

    >>> activation_of("relu") is F.relu
    True
    """
    if callable(activation):
        return activation
    if activation not in ("relu", "gelu"):
        raise ArgumentError(f'activation: got {activation!r}; expected "relu", "gelu" or a function of a Tensor.')
    return F.relu if activation == "relu" else F.gelu


class _Layer(Module):
    """What encoder and decoder layers share: self attention, the feed-forward part, and where the norms are."""

    attends_to_memory = False

    def __init__(
        self,
        d_model: int,
        nhead: int,
        dim_feedforward: int = 2048,
        dropout: float = 0.1,
        activation: Activation = "relu",
        layer_norm_eps: float = 1e-5,
        batch_first: bool = True,
        norm_first: bool = False,
        bias: bool = True,
    ) -> None:
        self.self_attn = MultiheadAttention(d_model, nhead, dropout, bias, batch_first=batch_first)
        if self.attends_to_memory:
            self.multihead_attn = MultiheadAttention(d_model, nhead, dropout, bias, batch_first=batch_first)
        self.linear1 = Linear(d_model, dim_feedforward, bias)
        self.linear2 = Linear(dim_feedforward, d_model, bias)
        for i in range(1, 4 if self.attends_to_memory else 3):
            setattr(self, f"norm{i}", LayerNorm(d_model, eps=layer_norm_eps, bias=bias))
            setattr(self, f"dropout{i}", Dropout(dropout))
        self.dropout = Dropout(dropout)
        self.activation = activation_of(activation)
        self.norm_first = norm_first

    def _part(self, x: Tensor, number: int, function: Callable[[Tensor], Tensor]) -> Tensor:
        """One part with its residual connection, normalised before or after."""
        norm, dropout = getattr(self, f"norm{number}"), getattr(self, f"dropout{number}")
        y: Tensor = x + dropout(function(norm(x))) if self.norm_first else norm(x + dropout(function(x)))
        return y

    def _attending(
        self, mask: Tensor | None, padding: Tensor | None, causal: bool, memory: Tensor | None = None
    ) -> Callable[[Tensor], Tensor]:
        """Attention to the input itself, or to the encoder's output."""

        def attend(x: Tensor) -> Tensor:
            attention, keys = (self.self_attn, x) if memory is None else (self.multihead_attn, memory)
            y: Tensor = attention(x, keys, keys, padding, False, mask, is_causal=causal)[0]
            return y

        return attend

    def _feed_forward(self, x: Tensor) -> Tensor:
        y: Tensor = self.linear2(self.dropout(self.activation(self.linear1(x))))
        return y


class TransformerEncoderLayer(_Layer):
    """Self attention and a feed-forward part, each with a residual connection and LayerNorm: (N, S, d_model) kept.

    The norms come after each part, or with `norm_first` before it. `activation` is "relu", "gelu" or a function.
    Parameters have PyTorch's names; masks are those of `MultiheadAttention`.

    >>> import unifw
    >>> unifw.nn.TransformerEncoderLayer(8, nhead=2, dim_feedforward=16)(unifw.zeros((3, 5, 8))).shape
    (3, 5, 8)
    """

    def forward(
        self,
        src: Tensor,
        src_mask: Tensor | None = None,
        src_key_padding_mask: Tensor | None = None,
        is_causal: bool = False,
    ) -> Tensor:
        """(N, S, d_model) to the same shape; `is_causal` needs no mask."""
        x = self._part(src, 1, self._attending(src_mask, src_key_padding_mask, is_causal))
        return self._part(x, 2, self._feed_forward)


class TransformerDecoderLayer(_Layer):
    """Self attention, attention to the encoder's output, and a feed-forward part; see `TransformerEncoderLayer`.

    >>> import unifw
    >>> layer = unifw.nn.TransformerDecoderLayer(8, nhead=2, dim_feedforward=16)
    >>> layer(unifw.zeros((3, 4, 8)), unifw.zeros((3, 5, 8)), tgt_is_causal=True).shape
    (3, 4, 8)
    """

    attends_to_memory = True

    def forward(
        self,
        tgt: Tensor,
        memory: Tensor,
        tgt_mask: Tensor | None = None,
        memory_mask: Tensor | None = None,
        tgt_key_padding_mask: Tensor | None = None,
        memory_key_padding_mask: Tensor | None = None,
        tgt_is_causal: bool = False,
        memory_is_causal: bool = False,
    ) -> Tensor:
        """(N, T, d_model) and the encoder's output (N, S, d_model) to (N, T, d_model)."""
        x = self._part(tgt, 1, self._attending(tgt_mask, tgt_key_padding_mask, tgt_is_causal))
        x = self._part(x, 2, self._attending(memory_mask, memory_key_padding_mask, memory_is_causal, memory))
        return self._part(x, 3, self._feed_forward)


class _Stack(Module):
    """Copies of a layer one after the other, and a norm at the end."""

    def _set_up(self, layer: Module, num_layers: int, norm: Module | None) -> None:
        self.layers = ModuleList([copy.deepcopy(layer) for _ in range(count("num_layers", num_layers))])
        self.norm = norm

    def _through(self, x: Tensor, *others: Tensor | bool | None) -> Tensor:
        for layer in self.layers:
            x = layer(x, *others)
        return x if self.norm is None else self.norm(x)


class TransformerEncoder(_Stack):
    """Copies of an encoder layer one after the other, and `norm` at the end. The copies start with equal weights.

    >>> import unifw
    >>> layer = unifw.nn.TransformerEncoderLayer(8, nhead=2, dim_feedforward=16)
    >>> unifw.nn.TransformerEncoder(layer, num_layers=2)(unifw.zeros((3, 5, 8))).shape
    (3, 5, 8)
    """

    def __init__(self, encoder_layer: TransformerEncoderLayer, num_layers: int, norm: Module | None = None) -> None:
        self._set_up(encoder_layer, num_layers, norm)

    def forward(
        self,
        src: Tensor,
        mask: Tensor | None = None,
        src_key_padding_mask: Tensor | None = None,
        is_causal: bool = False,
    ) -> Tensor:
        """(N, S, d_model) to the same shape."""
        return self._through(src, mask, src_key_padding_mask, is_causal)


class TransformerDecoder(_Stack):
    """Copies of a decoder layer one after the other, and `norm` at the end. The copies start with equal weights.

    >>> import unifw
    >>> layer = unifw.nn.TransformerDecoderLayer(8, nhead=2, dim_feedforward=16)
    >>> unifw.nn.TransformerDecoder(layer, num_layers=2)(unifw.zeros((3, 4, 8)), unifw.zeros((3, 5, 8))).shape
    (3, 4, 8)
    """

    def __init__(self, decoder_layer: TransformerDecoderLayer, num_layers: int, norm: Module | None = None) -> None:
        self._set_up(decoder_layer, num_layers, norm)

    def forward(
        self,
        tgt: Tensor,
        memory: Tensor,
        tgt_mask: Tensor | None = None,
        memory_mask: Tensor | None = None,
        tgt_key_padding_mask: Tensor | None = None,
        memory_key_padding_mask: Tensor | None = None,
        tgt_is_causal: bool = False,
        memory_is_causal: bool = False,
    ) -> Tensor:
        """(N, T, d_model) and the encoder's output (N, S, d_model) to (N, T, d_model)."""
        masks = (tgt_mask, memory_mask, tgt_key_padding_mask, memory_key_padding_mask)
        return self._through(tgt, memory, *masks, tgt_is_causal, memory_is_causal)


class Transformer(Module):
    """Encoder and decoder with a norm each: sources (N, S, d_model) and targets (N, T, d_model) to (N, T, d_model).

    Every matrix starts from Glorot's uniform distribution, as in PyTorch, whose parameter names these are.

    >>> import unifw
    >>> model = unifw.nn.Transformer(8, 2, num_encoder_layers=1, num_decoder_layers=1, dim_feedforward=16)
    >>> model(unifw.zeros((3, 5, 8)), unifw.zeros((3, 4, 8)), tgt_is_causal=True).shape
    (3, 4, 8)
    """

    def __init__(
        self,
        d_model: int = 512,
        nhead: int = 8,
        num_encoder_layers: int = 6,
        num_decoder_layers: int = 6,
        dim_feedforward: int = 2048,
        dropout: float = 0.1,
        activation: Activation = "relu",
        layer_norm_eps: float = 1e-5,
        batch_first: bool = True,
        norm_first: bool = False,
        bias: bool = True,
    ) -> None:
        form = (d_model, nhead, dim_feedforward, dropout, activation, layer_norm_eps, batch_first, norm_first, bias)
        norms = [LayerNorm(d_model, eps=layer_norm_eps, bias=bias) for _ in range(2)]
        self.encoder = TransformerEncoder(TransformerEncoderLayer(*form), num_encoder_layers, norms[0])
        self.decoder = TransformerDecoder(TransformerDecoderLayer(*form), num_decoder_layers, norms[1])
        for parameter in self.parameters():
            if parameter.ndim > 1:
                parameter.assign(init.uniform(parameter.shape, (6 / sum(parameter.shape)) ** 0.5))

    def forward(
        self,
        src: Tensor,
        tgt: Tensor,
        src_mask: Tensor | None = None,
        tgt_mask: Tensor | None = None,
        memory_mask: Tensor | None = None,
        src_key_padding_mask: Tensor | None = None,
        tgt_key_padding_mask: Tensor | None = None,
        memory_key_padding_mask: Tensor | None = None,
        src_is_causal: bool = False,
        tgt_is_causal: bool = False,
        memory_is_causal: bool = False,
    ) -> Tensor:
        """Sources (N, S, d_model) and targets (N, T, d_model) to (N, T, d_model)."""
        memory = self.encoder(src, src_mask, src_key_padding_mask, src_is_causal)
        masks = (tgt_mask, memory_mask, tgt_key_padding_mask, memory_key_padding_mask)
        y: Tensor = self.decoder(tgt, memory, *masks, tgt_is_causal, memory_is_causal)
        return y

    @staticmethod
    def generate_square_subsequent_mask(size: int) -> Tensor:
        """The floating mask (size, size) that hides the later positions: 0 up to the diagonal, -inf above it.

        >>> Transformer.generate_square_subsequent_mask(2).tolist()
        [[0.0, -inf], [0.0, 0.0]]
        """
        return asarray(np.triu(np.full((size, size), -np.inf, "float32"), 1))
