"""What an optimiser step, a loss and a training step cost, beside the frameworks' own.

    python benchmarks/optim.py [backend ...] [--write docs/optim-speed.md]

On PyTorch a step is eager and stands beside `torch.optim`, fused where it is, else foreach; on TensorFlow it is
compiled and stands beside Keras's optimiser in a `tf.function`. Microseconds on one thread, measured in alternation as
in `timing.py`; the ratio is unifw / native, below 1 where unifw is the faster one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import numpy as np
from timing import Row, compare, main, torch_threads

import unifw
from unifw import nn, optim

F = nn.functional
SIZES = {"40 small": (20, 64), "4 large": (2, 1024)}
OPTIMIZERS = ("SGD", "Adam", "AdamW", "NAdam", "RAdam", "Adamax", "Adagrad", "Adadelta", "RMSprop")
FUSED = ("SGD", "Adam", "AdamW", "Adagrad")
OPTIONS: dict[str, dict[str, Any]] = {"SGD": {"momentum": 0.9}, "RMSprop": {"momentum": 0.9}}
BLOCKS = 21


def model_of(layers: int, width: int) -> nn.Module:
    """A stack of square linear layers: two parameters each."""
    return nn.Sequential(*(nn.Linear(width, width) for _ in range(layers)))


def gradients_of(model: nn.Module) -> dict[str, Any]:
    """Gradients as `value_and_grad` gives them, of the size that a trained model has."""
    rng = np.random.default_rng(0)
    slopes = {n: unifw.asarray(rng.normal(0, 1e-3, p.shape).astype("float32")) for n, p in model.named_parameters()}

    def sloped(model: nn.Module) -> Any:
        return sum(unifw.sum(p * slopes[name]) for name, p in model.named_parameters())

    return unifw.grad(sloped)(model)  # type: ignore[no-any-return]


def torch_rows() -> Iterator[Row]:
    """Eager steps and losses."""
    import torch

    with torch_threads(1), unifw.using_backend("torch"):
        for label, size in SIZES.items():
            for name in OPTIMIZERS:
                yield compare(f"{name}, {label} parameters", *_torch_pair(torch, name, size), blocks=BLOCKS)
            model = model_of(*size)
            gradients, twins = gradients_of(model), _twins(torch, model)
            yield compare(
                f"clip_grad_norm, {label} gradients",
                partial(torch.nn.utils.clip_grad_norm_, twins, 1e9),
                partial(optim.clip_grad_norm, gradients, 1e9),
                blocks=BLOCKS,
            )
        yield from _torch_losses(torch)


def _twins(torch: Any, model: nn.Module) -> list[Any]:
    """Torch parameters with the values and gradients of a model."""
    gradients, twins = gradients_of(model), []
    for name, parameter in model.named_parameters():
        twin = torch.nn.Parameter(parameter.native.clone())
        twin.grad = gradients[name].native.clone()
        twins.append(twin)
    return twins


def _torch_pair(torch: Any, name: str, size: tuple[int, int]) -> tuple[Callable[[], Any], Callable[[], Any]]:
    model, options = model_of(*size), OPTIONS.get(name, {})
    kind = {"fused": True} if name in FUSED else {"foreach": True}
    theirs = getattr(torch.optim, name)(_twins(torch, model), lr=1e-5, **options, **kind)
    return theirs.step, partial(getattr(optim, name)(model, lr=1e-5, **options).step, gradients_of(model))


def _torch_losses(torch: Any) -> Iterator[Row]:
    rng = np.random.default_rng(0)
    x, y = (rng.random((32, 10)).astype("float32") for _ in range(2))
    labels = rng.integers(0, 10, 32)
    a, b, c = (unifw.asarray(value) for value in (x, y, labels))
    for name, first, second in (
        ("cross_entropy", a, c),
        ("nll_loss", a, c),
        ("mse_loss", a, b),
        ("smooth_l1_loss", a, b),
        ("binary_cross_entropy_with_logits", a, b),
        ("kl_div", a, b),
    ):
        settings: dict[str, Any] = {"reduction": "sum"}
        native = partial(getattr(torch.nn.functional, name), first.native, second.native, **settings)
        yield compare(name, native, partial(getattr(F, name), first, second, **settings), blocks=BLOCKS)


def tensorflow_rows() -> Iterator[Row]:
    """Compiled steps beside Keras's, and a whole training step beside a hand-written one."""
    import tensorflow as tf

    with unifw.using_backend("tensorflow"):
        for label, size in SIZES.items():
            for name in (*OPTIMIZERS, "Lion"):
                if hasattr(tf.keras.optimizers, name):
                    yield compare(f"{name}, {label} parameters", *_tensorflow_pair(tf, name, size), blocks=BLOCKS)
            gradients = gradients_of(model_of(*size))
            yield compare(
                f"clip_grad_norm, {label} gradients, eager",
                partial(tf.clip_by_global_norm, [x.native for x in gradients.values()], 1.0),
                partial(optim.clip_grad_norm, gradients, 1.0),
                blocks=BLOCKS,
            )
        yield from _training_step(tf)


def _tensorflow_pair(tf: Any, name: str, size: tuple[int, int]) -> tuple[Callable[[], Any], Callable[[], Any]]:
    model, options = model_of(*size), OPTIONS.get(name, {})
    gradients = gradients_of(model)
    variables = [tf.Variable(p.native) for p in model.parameters()]
    theirs = getattr(tf.keras.optimizers, name)(learning_rate=1e-5, **options)
    theirs.build(variables)
    natives = tuple(x.native for x in gradients.values())
    native = tf.function(lambda: theirs.apply(natives, variables), autograph=False).get_concrete_function()
    ours, names = getattr(optim, name)(model, lr=1e-5, **options), tuple(gradients)
    ours.prepare(names)
    keys = tuple(ours.dynamic(names))

    def apply(scalars: Any, batch: tuple[Any, ...]) -> tuple[Any, ...]:
        ours.apply(gradients, dict(zip(keys, scalars, strict=True)))
        return ()

    compiled = model.backend.tracing.make_step(apply)  # type: ignore[union-attr]

    def step() -> None:
        compiled(list(ours.dynamic(names).values()), ())
        ours.advance(names)

    return native, step


def _training_step(tf: Any) -> Iterator[Row]:
    """`Trainer.fit` over 20 batches, and a `tf.function` with raw operations called 20 times."""
    model = model_of(4, 64)
    x, y = np.random.default_rng(0).normal(size=(32, 64)).astype("float32"), np.arange(32) % 64
    batch = (unifw.asarray(x), unifw.asarray(y))
    trainer = unifw.Trainer(model, optim.SGD(model, lr=1e-5), F.cross_entropy, progress=False)
    layers = [(tf.Variable(layer.weight.native), tf.Variable(layer.bias.native)) for layer in model]  # type: ignore[attr-defined]
    flat = [v for layer in layers for v in layer]

    def written(h: Any, labels: Any) -> Any:
        with tf.GradientTape() as tape:
            for weight, bias in layers:
                h = tf.matmul(h, weight, transpose_b=True) + bias
            loss = tf.reduce_mean(tf.nn.sparse_softmax_cross_entropy_with_logits(labels, h))
        for variable, gradient in zip(flat, tape.gradient(loss, flat), strict=True):
            tf.raw_ops.ResourceApplyGradientDescent(var=variable.handle, alpha=1e-5, delta=gradient)
        return loss

    signature = [tf.TensorSpec((None, 64)), tf.TensorSpec((None,), tf.int64)]
    step = tf.function(written, autograph=False).get_concrete_function(*signature)

    def native() -> None:
        for _ in range(20):
            step(batch[0].native, batch[1].native)

    yield compare("20 training steps / hand-written tf.function", native, lambda: trainer.fit([batch] * 20), BLOCKS)


ROWS = {"torch": torch_rows, "tensorflow": tensorflow_rows}

TITLE = "The speed of optimisers and losses"
WORDS = """
Microseconds on one thread, written by `make bench-optim`. On PyTorch a step is eager and stands beside `torch.optim`,
fused where it is, else foreach; on TensorFlow it is compiled and stands beside Keras's optimiser in a `tf.function`.
A row is the median of alternating blocks; the ratio is unifw / native, below 1 where unifw is the faster one.
"""

if __name__ == "__main__":
    main(ROWS, __doc__, TITLE, WORDS)
