"""In-place optimiser updates by TensorFlow's resource kernels, and what is done to many gradients at once."""

from unifw.backends.tensorflow.optim import adam, adaptive, descent
from unifw.backends.tensorflow.optim.adam import state_factor as state_factor
from unifw.backends.tensorflow.optim.gradients import accumulate as accumulate
from unifw.backends.tensorflow.optim.gradients import all_finite as all_finite
from unifw.backends.tensorflow.optim.gradients import clip_by_norm as clip_by_norm
from unifw.backends.tensorflow.optim.gradients import clip_by_value as clip_by_value
from unifw.backends.tensorflow.optim.gradients import lerp as lerp
from unifw.backends.tensorflow.optim.gradients import multiply as multiply
from unifw.backends.tensorflow.optim.gradients import reset as reset
from unifw.backends.tensorflow.optim.gradients import when as when

FUSED = {**descent.FUSED, **adam.FUSED, **adaptive.FUSED}
FUSED_IN_TRACES = True
