"""The vision transformer (Dosovitskiy et al., 2020, arXiv:2010.11929), with torchvision's parameter names."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from unifw import nn
from unifw.array.creation import zeros
from unifw.array.manipulation import broadcast_to, concat, reshape
from unifw.errors import ArgumentError, ShapeError, describe
from unifw.models.initial import start
from unifw.models.mlp import MLP
from unifw.nn import init
from unifw.tensor import Tensor
from unifw.variable import Parameter


class ViTEncoderBlock(nn.Module):
    """Self-attention and a perceptron, each normalised before and added to its input: (N, L, hidden_dim).

    >>> import unifw
    >>> unifw.models.ViTEncoderBlock(num_heads=2, hidden_dim=8, mlp_dim=16)(unifw.zeros((1, 5, 8))).shape
    (1, 5, 8)
    """

    def __init__(
        self, num_heads: int, hidden_dim: int, mlp_dim: int, dropout: float = 0.0, attention_dropout: float = 0.0
    ) -> None:
        self.ln_1 = nn.LayerNorm(hidden_dim, eps=1e-6)
        self.self_attention = nn.MultiheadAttention(hidden_dim, num_heads, attention_dropout)
        self.dropout = nn.Dropout(dropout)
        self.ln_2 = nn.LayerNorm(hidden_dim, eps=1e-6)
        self.mlp = MLP(hidden_dim, [mlp_dim, hidden_dim], nn.GELU, dropout=dropout)
        for layer in self.mlp:
            if isinstance(layer, nn.Linear):
                start(layer, init.xavier_uniform(tuple(layer.weight.shape)), bias_std=1e-6)

    def forward(self, x: Tensor) -> Tensor:
        """(N, L, hidden_dim) to the same shape."""
        normed = self.ln_1(x)
        x = x + self.dropout(self.self_attention(normed, normed, normed, need_weights=False)[0])
        y: Tensor = x + self.mlp(self.ln_2(x))
        return y


class ViTEncoder(nn.Module):
    """Learned positions, blocks and a last normalisation: (N, seq_length, hidden_dim).

    >>> import unifw
    >>> unifw.models.ViTEncoder(5, num_layers=1, num_heads=2, hidden_dim=8, mlp_dim=16)(unifw.zeros((1, 5, 8))).shape
    (1, 5, 8)
    """

    def __init__(
        self,
        seq_length: int,
        num_layers: int,
        num_heads: int,
        hidden_dim: int,
        mlp_dim: int,
        dropout: float = 0.0,
        attention_dropout: float = 0.0,
    ) -> None:
        self.pos_embedding = Parameter(init.normal((1, seq_length, hidden_dim), std=0.02))
        self.dropout = nn.Dropout(dropout)
        blocks = (
            ViTEncoderBlock(num_heads, hidden_dim, mlp_dim, dropout, attention_dropout) for _ in range(num_layers)
        )
        self.layers = nn.Sequential({f"encoder_layer_{i}": block for i, block in enumerate(blocks)})
        self.ln = nn.LayerNorm(hidden_dim, eps=1e-6)

    def forward(self, x: Tensor) -> Tensor:
        """(N, seq_length, hidden_dim) to the same shape."""
        y: Tensor = self.ln(self.layers(self.dropout(x + self.pos_embedding)))
        return y


class VisionTransformer(nn.Module):
    """Square images (N, image_size, image_size, 3) to logits (N, num_classes), or channels second (data_format).

    The image is cut into patches of `patch_size`, which are the sequence, with a class token before them. With a
    `representation_size` the head has a hidden layer of that size.

    >>> import unifw
    >>> size = dict(image_size=16, patch_size=8, num_layers=1, num_heads=2, hidden_dim=8, mlp_dim=16)
    >>> model = unifw.models.VisionTransformer(**size, num_classes=10)
    >>> model(unifw.zeros((2, 16, 16, 3))).shape, list(model.state_dict())[:2]
    ((2, 10), ['class_token', 'conv_proj.weight'])
    """

    old_names: ClassVar[Mapping[str, str | None]] = {r"\.mlp\.linear_1\.": ".mlp.0.", r"\.mlp\.linear_2\.": ".mlp.3."}
    """Those of torchvision's files from before 0.13, for `load_checkpoint`."""

    def __init__(
        self,
        image_size: int,
        patch_size: int,
        num_layers: int,
        num_heads: int,
        hidden_dim: int,
        mlp_dim: int,
        dropout: float = 0.0,
        attention_dropout: float = 0.0,
        num_classes: int = 1000,
        representation_size: int | None = None,
        data_format: str = "channels_last",
    ) -> None:
        if image_size % patch_size:
            raise ArgumentError(
                f"VisionTransformer: got image_size {image_size} for patches of {patch_size}; expected a multiple."
            )
        self.image_size, self.data_format = image_size, data_format
        self.class_token = Parameter(zeros((1, 1, hidden_dim)))
        self.conv_proj = nn.Conv2d(3, hidden_dim, patch_size, patch_size, data_format=data_format)
        shape = (hidden_dim, 3, patch_size, patch_size)
        start(self.conv_proj, init.trunc_normal(shape, std=(3 * patch_size**2) ** -0.5))
        self.patches = (image_size // patch_size) ** 2
        self.encoder = ViTEncoder(
            self.patches + 1, num_layers, num_heads, hidden_dim, mlp_dim, dropout, attention_dropout
        )
        self.heads = _head(hidden_dim, num_classes, representation_size)

    def forward(self, x: Tensor) -> Tensor:
        """Images to logits (N, num_classes)."""
        tokens = self._tokens(x)
        first = broadcast_to(self.class_token, (tokens.shape[0], 1, tokens.shape[2]))
        encoded = self.encoder(concat([first, tokens], axis=1))
        logits: Tensor = self.heads(encoded[:, 0])
        return logits

    def _tokens(self, x: Tensor) -> Tensor:
        """The patches row by row, (N, patches, hidden_dim)."""
        last, size = self.data_format == "channels_last", self.image_size
        wanted = (size, size, 3) if last else (3, size, size)
        if tuple(x.shape[1:]) != wanted:
            raise ShapeError(f"VisionTransformer: got {describe(x)}; expected (N, {', '.join(map(str, wanted))}).")
        patches = self.conv_proj(x)
        hidden = self.class_token.shape[2]
        if last:
            return reshape(patches, (-1, self.patches, hidden))
        return reshape(patches, (-1, hidden, self.patches)).mT


def _head(hidden_dim: int, num_classes: int, representation_size: int | None) -> nn.Sequential:
    """The classifier, whose last layer starts at zero."""
    layers: dict[str, nn.Module] = {}
    if representation_size is not None:
        layers["pre_logits"] = hidden = nn.Linear(hidden_dim, representation_size)
        start(hidden, init.trunc_normal((representation_size, hidden_dim), std=hidden_dim**-0.5))
        layers["act"] = nn.Tanh()
    layers["head"] = last = nn.Linear(representation_size or hidden_dim, num_classes)
    start(last, init.normal(tuple(last.weight.shape), std=0.0))
    return nn.Sequential(layers)


def vit_b_16(num_classes: int = 1000, image_size: int = 224, **options: Any) -> VisionTransformer:
    """ViT-B/16: 86.6 million parameters with 1000 classes; `options` are those of `VisionTransformer`.

    >>> import unifw
    >>> small = dict(num_layers=1, num_heads=2, hidden_dim=8, mlp_dim=16)
    >>> unifw.models.vit_b_16(num_classes=10, image_size=32, **small)(unifw.zeros((1, 32, 32, 3))).shape
    (1, 10)
    """
    base = {"num_layers": 12, "num_heads": 12, "hidden_dim": 768, "mlp_dim": 3072, **options}
    return VisionTransformer(image_size, 16, num_classes=num_classes, **base)
