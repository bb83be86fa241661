"""Layers and losses as functions of tensors."""

from unifw.nn.functional.activations import relu as relu
from unifw.nn.functional.attention import scaled_dot_product_attention as scaled_dot_product_attention
from unifw.nn.functional.cells import gru_cell as gru_cell
from unifw.nn.functional.cells import lstm_cell as lstm_cell
from unifw.nn.functional.cells import rnn_cell as rnn_cell
from unifw.nn.functional.conv import conv2d as conv2d
from unifw.nn.functional.dropout import dropout as dropout
from unifw.nn.functional.linear import linear as linear
from unifw.nn.functional.losses import Reduction as Reduction
from unifw.nn.functional.losses import cross_entropy as cross_entropy
from unifw.nn.functional.normalization import batch_norm as batch_norm
from unifw.nn.functional.pooling import max_pool2d as max_pool2d
from unifw.nn.functional.positions import rotary as rotary
from unifw.nn.functional.recurrent import gru as gru
from unifw.nn.functional.recurrent import lstm as lstm
from unifw.nn.functional.recurrent import rnn as rnn
from unifw.nn.functional.shaping import flatten as flatten
