"""In-place optimiser updates by PyTorch's fused and foreach kernels, and what is done to many gradients at once."""

from unifw.backends.torch.optim import adam, adaptive, descent
from unifw.backends.torch.optim.gradients import accumulate as accumulate
from unifw.backends.torch.optim.gradients import all_finite as all_finite
from unifw.backends.torch.optim.gradients import clip_by_norm as clip_by_norm
from unifw.backends.torch.optim.gradients import clip_by_value as clip_by_value
from unifw.backends.torch.optim.gradients import lerp as lerp
from unifw.backends.torch.optim.gradients import multiply as multiply
from unifw.backends.torch.optim.gradients import reset as reset
from unifw.backends.torch.optim.gradients import state_factor as state_factor
from unifw.backends.torch.optim.gradients import when as when

FUSED = {**descent.FUSED, **adam.FUSED, **adaptive.FUSED}
FUSED_IN_TRACES = False  # they read numbers from tensors, and TorchInductor fuses the rules themselves
