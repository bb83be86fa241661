"""Layers, losses and the `Module` they are made of."""

from unifw.nn import functional as functional
from unifw.nn import init as init
from unifw.nn import parametrizations as parametrizations
from unifw.nn import parametrize as parametrize
from unifw.nn.activations import ReLU as ReLU
from unifw.nn.cells import GRUCell as GRUCell
from unifw.nn.cells import LSTMCell as LSTMCell
from unifw.nn.cells import RNNCell as RNNCell
from unifw.nn.containers import Identity as Identity
from unifw.nn.containers import ModuleDict as ModuleDict
from unifw.nn.containers import ModuleList as ModuleList
from unifw.nn.containers import ParameterDict as ParameterDict
from unifw.nn.containers import ParameterList as ParameterList
from unifw.nn.containers import Sequential as Sequential
from unifw.nn.conv import Conv2d as Conv2d
from unifw.nn.dropout import Dropout as Dropout
from unifw.nn.linear import Linear as Linear
from unifw.nn.losses import CrossEntropyLoss as CrossEntropyLoss
from unifw.nn.module import Module as Module
from unifw.nn.normalization import BatchNorm2d as BatchNorm2d
from unifw.nn.pooling import MaxPool2d as MaxPool2d
from unifw.nn.recurrent import GRU as GRU
from unifw.nn.recurrent import LSTM as LSTM
from unifw.nn.recurrent import RNN as RNN
from unifw.nn.shaping import Flatten as Flatten
from unifw.nn.state import LoadReport as LoadReport
