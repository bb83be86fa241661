"""The kernels of layers and losses. Weights have PyTorch's layout; images are channels-last unless said."""

from __future__ import annotations

from typing import Protocol

from unifw.spec.nn.activations import ActivationOps
from unifw.spec.nn.attention import AttentionOps
from unifw.spec.nn.conv import ConvOps
from unifw.spec.nn.dropout import DropoutOps
from unifw.spec.nn.embedding import EmbeddingOps
from unifw.spec.nn.linear import LinearOps
from unifw.spec.nn.losses import LossOps
from unifw.spec.nn.normalization import NormalizationOps
from unifw.spec.nn.padding import PaddingOps
from unifw.spec.nn.patches import PatchOps
from unifw.spec.nn.pooling import PoolingOps
from unifw.spec.nn.rectifiers import RectifierOps
from unifw.spec.nn.recurrent import RecurrentOps
from unifw.spec.nn.resizing import ResizingOps
from unifw.spec.nn.shaping import ShapingOps
from unifw.spec.nn.unpooling import UnpoolingOps


class NnOps(
    ActivationOps,
    AttentionOps,
    ConvOps,
    DropoutOps,
    EmbeddingOps,
    PaddingOps,
    RectifierOps,
    LinearOps,
    LossOps,
    NormalizationOps,
    PatchOps,
    PoolingOps,
    RecurrentOps,
    ResizingOps,
    ShapingOps,
    UnpoolingOps,
    Protocol,
):
    """All chapters together: what `Backend.nn` is."""
