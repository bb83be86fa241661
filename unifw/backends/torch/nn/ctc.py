"""Connectionist temporal classification by torch's native function."""

from __future__ import annotations

import torch
from torch.nn import functional as F


def ctc_loss(
    log_probabilities: torch.Tensor,
    targets: torch.Tensor,
    input_lengths: torch.Tensor,
    target_lengths: torch.Tensor,
    blank: int,
    zero_infinity: bool,
    reduction: str,
) -> torch.Tensor:
    integers = (targets.long(), input_lengths.long(), target_lengths.long())
    return F.ctc_loss(log_probabilities, *integers, blank, reduction, zero_infinity)
