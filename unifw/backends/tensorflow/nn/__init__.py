"""The kernels of layers and losses: all chapters in one namespace."""

from unifw.backends.tensorflow.nn.activations import *
from unifw.backends.tensorflow.nn.attention import *
from unifw.backends.tensorflow.nn.conv import *
from unifw.backends.tensorflow.nn.ctc import *
from unifw.backends.tensorflow.nn.dropout import *
from unifw.backends.tensorflow.nn.embedding import *
from unifw.backends.tensorflow.nn.linear import *
from unifw.backends.tensorflow.nn.losses import *
from unifw.backends.tensorflow.nn.normalization import *
from unifw.backends.tensorflow.nn.padding import *
from unifw.backends.tensorflow.nn.patches import *
from unifw.backends.tensorflow.nn.pooling import *
from unifw.backends.tensorflow.nn.ranking_losses import *
from unifw.backends.tensorflow.nn.rectifiers import *
from unifw.backends.tensorflow.nn.recurrent import *
from unifw.backends.tensorflow.nn.regression_losses import *
from unifw.backends.tensorflow.nn.resizing import *
from unifw.backends.tensorflow.nn.shaping import *
from unifw.backends.tensorflow.nn.unpooling import *
