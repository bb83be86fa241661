"""Convolutions."""

from __future__ import annotations

from typing import Protocol

from unifw.spec.types import Native, Pairs, Sizes


class ConvOps(Protocol):
    """Convolutions over one, two or three axes: as many as `stride` has numbers. Padding is (before, after) of each.

    Weights come as the backend's own tensors give them as `_kernel`: of the named shape, or with its axes in the order
    that the framework's convolutions take.
    """

    def conv(
        self,
        x: Native,
        weight: Native,
        bias: Native | None,
        stride: Sizes,
        padding: Pairs,
        dilation: Sizes,
        groups: int,
        channels_last: bool,
        /,
    ) -> Native:
        """Cross-correlation by a weight of shape (out, in / groups, *kernel)."""
        ...

    def conv_transpose(
        self,
        x: Native,
        weight: Native,
        bias: Native | None,
        stride: Sizes,
        padding: Pairs,
        output_padding: Sizes,
        dilation: Sizes,
        groups: int,
        channels_last: bool,
        /,
    ) -> Native:
        """The gradient of `conv` for its input, by a weight of shape (in, out / groups, *kernel).

        `padding` is cut off the full output, `output_padding` is less cut off, or zeros added, at the end.
        """
        ...
