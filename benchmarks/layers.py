"""Layers, forward and with gradients, beside the framework's own idiom: `torch.nn`, and `tf.nn` or `tf.keras.layers`.

    python benchmarks/layers.py              # every installed backend
    python benchmarks/layers.py tensorflow   # one

Each pair runs eagerly in alternation, on one thread of torch, with the same shapes; a row is the median of the blocks.
torch.nn gets images in its own memory format "channels_last", as unifw's are.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from importlib import import_module
from typing import Any

from timing import Row, compare, main, torch_threads

import unifw
from unifw import nn

BLOCKS = 15
SEQUENCE, IMAGE, VOLUME, ROWS = (8, 64, 32), (8, 28, 28, 32), (2, 8, 14, 14, 16), (8, 64, 256)

# A layer, the shape of its input (channels last), and the arguments, which are torch.nn's too.
LAYERS: list[tuple[str, tuple[int, ...], tuple[Any, ...], dict[str, Any]]] = [
    ("Linear", ROWS, (256, 256), {}),
    ("Conv1d", SEQUENCE, (32, 64, 3), {"padding": 1}),
    ("Conv2d", IMAGE, (32, 64, 3), {"padding": 1}),
    ("Conv2d", IMAGE, (32, 64, 3), {"padding": 2, "dilation": 2}),
    ("Conv2d", IMAGE, (32, 64, 3), {"padding": 1, "groups": 4}),
    ("Conv2d", IMAGE, (32, 32, 3), {"padding": 1, "groups": 32}),
    ("Conv3d", VOLUME, (16, 32, 3), {"padding": 1}),
    ("ConvTranspose2d", IMAGE, (32, 32, 4), {"stride": 2, "padding": 1}),
    ("MaxPool2d", IMAGE, (2,), {}),
    ("MaxPool3d", VOLUME, (2,), {}),
    ("AvgPool2d", IMAGE, (2,), {}),
    ("AdaptiveAvgPool2d", IMAGE, (1,), {}),
    ("BatchNorm2d", IMAGE, (32,), {}),
    ("LayerNorm", ROWS, (256,), {}),
    ("RMSNorm", ROWS, (256,), {}),
    ("GroupNorm", IMAGE, (8, 32), {}),
    ("InstanceNorm2d", IMAGE, (32,), {}),
    ("GELU", ROWS, (), {}),
    ("SELU", ROWS, (), {}),
    ("Hardswish", ROWS, (), {}),
    ("Upsample", IMAGE, (), {"scale_factor": 2, "mode": "nearest"}),
    ("Upsample", IMAGE, (), {"scale_factor": 2, "mode": "bilinear"}),
    ("PixelShuffle", IMAGE, (2,), {}),
]


def label(name: str, args: tuple[Any, ...], options: dict[str, Any]) -> str:
    """The layer as it is written."""
    return f"{name}({', '.join([*map(str, args), *(f'{key}={value!r}' for key, value in options.items())])})"


def with_gradient(layer: nn.Module, x: unifw.Tensor) -> Callable[[], Any]:
    """One pass forward and back, to the input and the parameters."""
    both = (0, 1) if list(layer.parameters()) else (1,)
    slope = unifw.grad(lambda layer, x: unifw.sum(layer(x)), both)
    return lambda: slope(layer, x)


def torch_rows() -> Iterator[Row]:
    """Against `torch.nn`."""
    torch = import_module("torch")
    with torch_threads(1), unifw.using_backend("torch"):
        for name, shape, args, options in LAYERS:
            layer, module = getattr(nn, name)(*args, **options), getattr(torch.nn, name)(*args, **options)
            x = unifw.random.normal(shape)
            images = len(shape) > 3 or name == "Conv1d"
            native = x.native.movedim(-1, 1) if images else x.native
            source = native.detach().requires_grad_()
            targets = [source, *module.parameters()]
            text = label(name, args, options)

            def forward(module: Any = module, native: Any = native) -> Any:
                with torch.inference_mode():
                    return module(native)

            def ours(layer: Any = layer, x: Any = x) -> Any:
                with torch.inference_mode():
                    return layer(x)

            def backward(module: Any = module, source: Any = source, targets: Any = targets) -> Any:
                return torch.autograd.grad(module(source).sum(), targets)

            yield compare(text, forward, ours, BLOCKS)
            yield compare(f"{text}, gradients", backward, with_gradient(layer, x), BLOCKS)


def idioms(tf: Any) -> dict[str, Callable[[tuple[Any, ...], dict[str, Any]], Any]]:
    """What one would write on TensorFlow for each layer."""
    keras = tf.keras.layers

    def conv(kind: str) -> Callable[[tuple[Any, ...], dict[str, Any]], Any]:
        def make(args: tuple[Any, ...], options: dict[str, Any]) -> Any:
            groups, dilation = options.get("groups", 1), options.get("dilation", 1)
            if groups == args[0]:
                return keras.DepthwiseConv2D(args[2], padding="same")
            return getattr(keras, kind)(args[1], args[2], padding="same", groups=groups, dilation_rate=dilation)

        return make

    return {
        "Linear": lambda args, _: keras.Dense(args[1]),
        **{f"Conv{n}d": conv(f"Conv{n}D") for n in (1, 2, 3)},
        "ConvTranspose2d": lambda args, _: keras.Conv2DTranspose(args[1], args[2], 2, padding="same"),
        "MaxPool2d": lambda *_: lambda x: tf.nn.max_pool2d(x, 2, 2, "VALID"),
        "MaxPool3d": lambda *_: lambda x: tf.nn.max_pool3d(x, 2, 2, "VALID"),
        "AvgPool2d": lambda *_: lambda x: tf.nn.avg_pool2d(x, 2, 2, "VALID"),
        "AdaptiveAvgPool2d": lambda *_: keras.GlobalAveragePooling2D(keepdims=True),
        "BatchNorm2d": lambda *_: keras.BatchNormalization(),
        "LayerNorm": lambda *_: keras.LayerNormalization(),
        "RMSNorm": lambda *_: keras.RMSNormalization(),
        "GroupNorm": lambda args, _: keras.GroupNormalization(args[0]),
        "InstanceNorm2d": lambda *_: keras.GroupNormalization(-1, center=False, scale=False),
        "GELU": lambda *_: lambda x: tf.nn.gelu(x),
        "SELU": lambda *_: lambda x: tf.nn.selu(x),
        "Hardswish": lambda *_: lambda x: x * tf.nn.relu6(x + 3) / 6,
        "Upsample": lambda _, options: keras.UpSampling2D(2, interpolation=options["mode"]),
        "PixelShuffle": lambda args, _: partial(pixel_shuffle, tf, args[0]),
    }


def pixel_shuffle(tf: Any, factor: int, x: Any) -> Any:
    """In the order of channels that PyTorch has: `tf.nn.depth_to_space` has another one, and other numbers."""
    n, height, width, channels = x.shape
    squares = tf.reshape(x, (n, height, width, channels // factor**2, factor, factor))
    squares = tf.transpose(squares, (0, 1, 4, 2, 5, 3))
    return tf.reshape(squares, (n, height * factor, width * factor, channels // factor**2))


def tensorflow_rows() -> Iterator[Row]:
    """Against `tf.nn` where it has the layer as one function, else `tf.keras.layers`."""
    tf = import_module("tensorflow")
    with unifw.using_backend("tensorflow"):
        for name, shape, args, options in LAYERS:
            layer, theirs = getattr(nn, name)(*args, **options), idioms(tf)[name](args, options)
            x = unifw.random.normal(shape)
            native, text = x.native, label(name, args, options)
            train = {"training": True} if name == "BatchNorm2d" else {}
            theirs(native)

            def forward(theirs: Any = theirs, native: Any = native, train: Any = train) -> Any:
                return theirs(native, **train)

            def backward(theirs: Any = theirs, native: Any = native, train: Any = train, tf: Any = tf) -> Any:
                with tf.GradientTape() as tape:
                    tape.watch(native)
                    value = tf.reduce_sum(theirs(native, **train))
                return tape.gradient(value, [native, *getattr(theirs, "trainable_variables", [])])

            yield compare(text, forward, partial(layer, x), BLOCKS)
            yield compare(f"{text}, gradients", backward, with_gradient(layer, x), BLOCKS)


SOURCES: dict[str, Callable[[], Iterator[Row]]] = {"torch": torch_rows, "tensorflow": tensorflow_rows}
TITLE = "The speed of layers"
WORDS = """
Written by `make bench-layers`: each layer, forward and with gradients, beside the framework's own, eagerly and
in alternation: `torch.nn` in its memory format channels_last on one thread, and `tf.nn` or `tf.keras.layers`.
Microseconds, and the ratio ours / theirs: below 1 unifw is faster.

Where TensorFlow's own is not the same function, unifw pays for PyTorch's: `tf.nn.selu` has another slope at 0, and
`tf.nn.max_pool3d` spreads the gradient of a maximum that a window has twice. A dilated convolution whose gradient may
be asked for runs on the phases of the image, as TensorFlow's own gradient fails on small ones; without one it is
TensorFlow's.
"""

if __name__ == "__main__":
    main(SOURCES, __doc__, TITLE, WORDS)
