"""Dense layers by `torch.nn.functional`."""

from __future__ import annotations

from torch.nn import functional as F

linear = F.linear
bilinear = F.bilinear
