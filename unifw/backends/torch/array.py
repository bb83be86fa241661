"""The array functions of this backend: all chapters in one namespace, which tensors carry on their class."""

from unifw.backends.torch.bitwise import *
from unifw.backends.torch.comparison import *
from unifw.backends.torch.creation import *
from unifw.backends.torch.elementwise import *
from unifw.backends.torch.extras import *
from unifw.backends.torch.fft import *
from unifw.backends.torch.indexing import *
from unifw.backends.torch.linalg import *
from unifw.backends.torch.manipulation import *
from unifw.backends.torch.native import *
from unifw.backends.torch.scatter import *
from unifw.backends.torch.sorting import *
from unifw.backends.torch.statistical import *
