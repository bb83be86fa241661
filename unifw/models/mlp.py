"""The multi-layer perceptron, with the parameter names of torchvision's."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from unifw import nn
from unifw.errors import ArgumentError


class MLP(nn.Sequential):
    """Dense layers of `hidden_channels`, an activation between them and dropout after each.

    (..., in_channels) to (..., hidden_channels[-1]). Raises ArgumentError if there are no layers.

    >>> import unifw
    >>> model = unifw.models.MLP(784, [256, 10])
    >>> model(unifw.zeros((2, 784))).shape, list(model.state_dict())
    ((2, 10), ['0.weight', '0.bias', '3.weight', '3.bias'])
    """

    def __init__(
        self,
        in_channels: int,
        hidden_channels: Sequence[int],
        activation_layer: Callable[[], nn.Module] = nn.ReLU,
        bias: bool = True,
        dropout: float = 0.0,
    ) -> None:
        if not isinstance(hidden_channels, Sequence) or not hidden_channels or not callable(activation_layer):
            raise ArgumentError(
                f"MLP: got hidden_channels={hidden_channels!r} and activation_layer={activation_layer!r}; expected "
                f"the sizes of its layers, the last the output's, and a class. Write MLP({in_channels}, [64, 10])."
            )
        layers: list[nn.Module] = []
        for source, size in zip([in_channels, *hidden_channels], hidden_channels, strict=False):
            layers += [nn.Linear(source, size, bias=bias), activation_layer(), nn.Dropout(dropout)]
        del layers[-2]
        super().__init__(*layers)
