"""The kernels of layers and losses: all chapters in one namespace."""

from unifw.backends.torch.nn.activations import *
from unifw.backends.torch.nn.attention import *
from unifw.backends.torch.nn.conv import *
from unifw.backends.torch.nn.ctc import *
from unifw.backends.torch.nn.dropout import *
from unifw.backends.torch.nn.embedding import *
from unifw.backends.torch.nn.linear import *
from unifw.backends.torch.nn.losses import *
from unifw.backends.torch.nn.normalization import *
from unifw.backends.torch.nn.padding import *
from unifw.backends.torch.nn.patches import *
from unifw.backends.torch.nn.pooling import *
from unifw.backends.torch.nn.ranking_losses import *
from unifw.backends.torch.nn.rectifiers import *
from unifw.backends.torch.nn.recurrent import *
from unifw.backends.torch.nn.regression_losses import *
from unifw.backends.torch.nn.resizing import *
from unifw.backends.torch.nn.shaping import *
from unifw.backends.torch.nn.unpooling import *
