"""Normalisation."""

from __future__ import annotations

from typing import Protocol

from unifw.spec.types import Native, Sizes, Storage


class NormalizationOps(Protocol):
    """Normalisation. Weights and biases are None where the layer has none."""

    def batch_norm(
        self,
        x: Native,
        weight: Native | None,
        bias: Native | None,
        running_mean: Storage | None,
        running_var: Storage | None,
        training: bool,
        momentum: float,
        eps: float,
        dims: int,
        channels_last: bool,
        /,
    ) -> Native:
        """Normalise over all axes but the channels; in training also move the running statistics in place.

        `dims` axes of space are expected; 1 also takes none, and 0 any number.
        """
        ...

    def layer_norm(
        self, x: Native, shape: Sizes, weight: Native | None, bias: Native | None, eps: float, /
    ) -> Native: ...

    def rms_norm(self, x: Native, shape: Sizes, weight: Native | None, eps: float | None, /) -> Native:
        """`eps` of None is the smallest step of the dtype."""
        ...

    def group_norm(
        self, x: Native, groups: int, weight: Native | None, bias: Native | None, eps: float, channels_last: bool, /
    ) -> Native: ...

    def instance_norm(
        self,
        x: Native,
        weight: Native | None,
        bias: Native | None,
        running_mean: Storage | None,
        running_var: Storage | None,
        training: bool,
        momentum: float,
        eps: float,
        dims: int,
        channels_last: bool,
        /,
    ) -> Native:
        """Normalise each channel of each image; with running statistics, these move in training and serve after it."""
        ...

    def local_response_norm(
        self, x: Native, size: int, alpha: float, beta: float, k: float, channels_last: bool, /
    ) -> Native: ...
