"""Layers and losses as functions of tensors."""

import typing as _typing

from unifw import names as _names
from unifw.nn.functional.activations import gelu as gelu
from unifw.nn.functional.activations import glu as glu
from unifw.nn.functional.activations import logsigmoid as logsigmoid
from unifw.nn.functional.activations import mish as mish
from unifw.nn.functional.activations import sigmoid as sigmoid
from unifw.nn.functional.activations import silu as silu
from unifw.nn.functional.activations import softplus as softplus
from unifw.nn.functional.activations import softsign as softsign
from unifw.nn.functional.activations import tanh as tanh
from unifw.nn.functional.activations import tanhshrink as tanhshrink
from unifw.nn.functional.attention import scaled_dot_product_attention as scaled_dot_product_attention
from unifw.nn.functional.cells import gru_cell as gru_cell
from unifw.nn.functional.cells import lstm_cell as lstm_cell
from unifw.nn.functional.cells import rnn_cell as rnn_cell
from unifw.nn.functional.conv import conv1d as conv1d
from unifw.nn.functional.conv import conv2d as conv2d
from unifw.nn.functional.conv import conv3d as conv3d
from unifw.nn.functional.conv import conv_transpose1d as conv_transpose1d
from unifw.nn.functional.conv import conv_transpose2d as conv_transpose2d
from unifw.nn.functional.conv import conv_transpose3d as conv_transpose3d
from unifw.nn.functional.ctc import Lengths as Lengths
from unifw.nn.functional.ctc import ctc_loss as ctc_loss
from unifw.nn.functional.dropout import alpha_dropout as alpha_dropout
from unifw.nn.functional.dropout import dropout as dropout
from unifw.nn.functional.dropout import dropout1d as dropout1d
from unifw.nn.functional.dropout import dropout2d as dropout2d
from unifw.nn.functional.dropout import dropout3d as dropout3d
from unifw.nn.functional.dropout import feature_alpha_dropout as feature_alpha_dropout
from unifw.nn.functional.embedding import embedding as embedding
from unifw.nn.functional.embedding import embedding_bag as embedding_bag
from unifw.nn.functional.embedding import one_hot as one_hot
from unifw.nn.functional.linear import bilinear as bilinear
from unifw.nn.functional.linear import linear as linear
from unifw.nn.functional.losses import binary_cross_entropy as binary_cross_entropy
from unifw.nn.functional.losses import binary_cross_entropy_with_logits as binary_cross_entropy_with_logits
from unifw.nn.functional.losses import cross_entropy as cross_entropy
from unifw.nn.functional.losses import multi_margin_loss as multi_margin_loss
from unifw.nn.functional.losses import multilabel_margin_loss as multilabel_margin_loss
from unifw.nn.functional.losses import multilabel_soft_margin_loss as multilabel_soft_margin_loss
from unifw.nn.functional.losses import nll_loss as nll_loss
from unifw.nn.functional.lp_pooling import lp_pool1d as lp_pool1d
from unifw.nn.functional.lp_pooling import lp_pool2d as lp_pool2d
from unifw.nn.functional.lp_pooling import lp_pool3d as lp_pool3d
from unifw.nn.functional.normalization import batch_norm as batch_norm
from unifw.nn.functional.normalization import group_norm as group_norm
from unifw.nn.functional.normalization import instance_norm as instance_norm
from unifw.nn.functional.normalization import layer_norm as layer_norm
from unifw.nn.functional.normalization import local_response_norm as local_response_norm
from unifw.nn.functional.normalization import normalize as normalize
from unifw.nn.functional.normalization import rms_norm as rms_norm
from unifw.nn.functional.padding import pad as pad
from unifw.nn.functional.patches import fold as fold
from unifw.nn.functional.patches import unfold as unfold
from unifw.nn.functional.pooling import adaptive_avg_pool1d as adaptive_avg_pool1d
from unifw.nn.functional.pooling import adaptive_avg_pool2d as adaptive_avg_pool2d
from unifw.nn.functional.pooling import adaptive_avg_pool3d as adaptive_avg_pool3d
from unifw.nn.functional.pooling import adaptive_max_pool1d as adaptive_max_pool1d
from unifw.nn.functional.pooling import adaptive_max_pool2d as adaptive_max_pool2d
from unifw.nn.functional.pooling import adaptive_max_pool3d as adaptive_max_pool3d
from unifw.nn.functional.pooling import avg_pool1d as avg_pool1d
from unifw.nn.functional.pooling import avg_pool2d as avg_pool2d
from unifw.nn.functional.pooling import avg_pool3d as avg_pool3d
from unifw.nn.functional.pooling import max_pool1d as max_pool1d
from unifw.nn.functional.pooling import max_pool2d as max_pool2d
from unifw.nn.functional.pooling import max_pool3d as max_pool3d
from unifw.nn.functional.positions import rotary as rotary
from unifw.nn.functional.ranking_losses import cosine_embedding_loss as cosine_embedding_loss
from unifw.nn.functional.ranking_losses import cosine_similarity as cosine_similarity
from unifw.nn.functional.ranking_losses import margin_ranking_loss as margin_ranking_loss
from unifw.nn.functional.ranking_losses import pairwise_distance as pairwise_distance
from unifw.nn.functional.ranking_losses import triplet_margin_loss as triplet_margin_loss
from unifw.nn.functional.ranking_losses import triplet_margin_with_distance_loss as triplet_margin_with_distance_loss
from unifw.nn.functional.rectifiers import celu as celu
from unifw.nn.functional.rectifiers import elu as elu
from unifw.nn.functional.rectifiers import hardshrink as hardshrink
from unifw.nn.functional.rectifiers import hardsigmoid as hardsigmoid
from unifw.nn.functional.rectifiers import hardswish as hardswish
from unifw.nn.functional.rectifiers import hardtanh as hardtanh
from unifw.nn.functional.rectifiers import leaky_relu as leaky_relu
from unifw.nn.functional.rectifiers import prelu as prelu
from unifw.nn.functional.rectifiers import relu as relu
from unifw.nn.functional.rectifiers import relu6 as relu6
from unifw.nn.functional.rectifiers import rrelu as rrelu
from unifw.nn.functional.rectifiers import selu as selu
from unifw.nn.functional.rectifiers import softshrink as softshrink
from unifw.nn.functional.rectifiers import threshold as threshold
from unifw.nn.functional.recurrent import gru as gru
from unifw.nn.functional.recurrent import lstm as lstm
from unifw.nn.functional.recurrent import rnn as rnn
from unifw.nn.functional.reduction import Reduction as Reduction
from unifw.nn.functional.regression_losses import gaussian_nll_loss as gaussian_nll_loss
from unifw.nn.functional.regression_losses import hinge_embedding_loss as hinge_embedding_loss
from unifw.nn.functional.regression_losses import huber_loss as huber_loss
from unifw.nn.functional.regression_losses import kl_div as kl_div
from unifw.nn.functional.regression_losses import l1_loss as l1_loss
from unifw.nn.functional.regression_losses import mse_loss as mse_loss
from unifw.nn.functional.regression_losses import poisson_nll_loss as poisson_nll_loss
from unifw.nn.functional.regression_losses import smooth_l1_loss as smooth_l1_loss
from unifw.nn.functional.regression_losses import soft_margin_loss as soft_margin_loss
from unifw.nn.functional.resizing import interpolate as interpolate
from unifw.nn.functional.shaping import channel_shuffle as channel_shuffle
from unifw.nn.functional.shaping import flatten as flatten
from unifw.nn.functional.shaping import pixel_shuffle as pixel_shuffle
from unifw.nn.functional.shaping import pixel_unshuffle as pixel_unshuffle
from unifw.nn.functional.softmax import gumbel_softmax as gumbel_softmax
from unifw.nn.functional.softmax import log_softmax as log_softmax
from unifw.nn.functional.softmax import softmax as softmax
from unifw.nn.functional.softmax import softmin as softmin
from unifw.nn.functional.unpooling import max_unpool1d as max_unpool1d
from unifw.nn.functional.unpooling import max_unpool2d as max_unpool2d
from unifw.nn.functional.unpooling import max_unpool3d as max_unpool3d

__all__ = _names.of_package(globals())


def __dir__() -> list[str]:
    return __all__


_INSTEAD = {
    "*_": "A Tensor is a value that no function changes: write x = ...(x) with the name without the last underscore.",
    "upsample*": "Write interpolate(x, size, mode=...).",
    "*_with_indices": "Write return_indices=True.",
    "multi_head_attention_forward": "Write nn.MultiheadAttention, or scaled_dot_product_attention.",
}
"""What takes the place of PyTorch's names that are not here."""

if not _typing.TYPE_CHECKING:  # a type checker would take this for a promise to have every name

    def __getattr__(name: str) -> _typing.NoReturn:
        raise _names.absent(__name__, name, _INSTEAD)
