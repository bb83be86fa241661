"""Gates along an axis by torch."""

from __future__ import annotations

from torch.nn import functional as F

glu = F.glu
