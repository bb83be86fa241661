"""The array functions of this backend: all chapters in one namespace, which tensors carry on their class."""

from unifw.backends.tensorflow.bitwise import *
from unifw.backends.tensorflow.comparison import *
from unifw.backends.tensorflow.creation import *
from unifw.backends.tensorflow.elementwise import *
from unifw.backends.tensorflow.extras import *
from unifw.backends.tensorflow.fft import *
from unifw.backends.tensorflow.indexing import *
from unifw.backends.tensorflow.linalg import *
from unifw.backends.tensorflow.manipulation import *
from unifw.backends.tensorflow.native import *
from unifw.backends.tensorflow.scatter import *
from unifw.backends.tensorflow.sorting import *
from unifw.backends.tensorflow.statistical import *
