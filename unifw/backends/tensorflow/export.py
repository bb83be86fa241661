"""Writing and reading SavedModels."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import tensorflow as tf

from unifw import tree
from unifw.backends.tensorflow.random import main_state
from unifw.backends.tensorflow.storage import saved_name
from unifw.backends.tensorflow.tensor import TensorFlowTensor
from unifw.spec.export import ExportRequest
from unifw.tensor import Tensor


def write(request: ExportRequest) -> None:
    """Write `forward` as `__call__` and as the signature "serving_default", the variables under their own names."""

    def forward(*inputs: tf.Tensor) -> Any:
        outputs = request.forward(*(TensorFlowTensor(x) for x in inputs))
        return tree.map_leaves(lambda leaf: leaf.native if isinstance(leaf, Tensor) else leaf, outputs)

    specs = [tf.TensorSpec((None, *x.shape[1:]), x.dtype, name) for name, x in request.inputs.items()]
    module = tf.Module()
    for name, tensor in request.state.items():
        _place(module, saved_name(name, tensor.storage), tensor.storage)
    module.__call__ = tf.function(forward, input_signature=specs, autograph=False)
    if any(x is main_state().handle for x in module.__call__.get_concrete_function().captured_inputs):
        module.unifw_random_state = main_state()  # which `checkpoint` reads even if nothing is drawn
    serving = tf.function(lambda *inputs: _named(forward(*inputs)), input_signature=specs, autograph=False)
    tf.saved_model.save(module, request.path, signatures={"serving_default": serving})


def _place(module: tf.Module, name: str, variable: tf.Variable) -> None:
    """Attach a variable as `a.b.c` in a chain of modules."""
    *path, last = name.split(".")
    for step in path:
        if not hasattr(module, step):
            setattr(module, step, tf.Module())
        module = getattr(module, step)
    setattr(module, last, variable)


def _named(outputs: Any) -> dict[str, tf.Tensor]:
    """A signature's outputs have names: the keys of a dict, "output", or "output_0", "output_1", ..."""
    if isinstance(outputs, dict):
        return outputs
    found = list(tree.leaves(outputs))
    return {"output": found[0]} if len(found) == 1 else {f"output_{i}": leaf for i, leaf in enumerate(found)}


def read(format: str, path: str) -> Callable[[Sequence[tf.Tensor]], Any]:
    loaded = tf.saved_model.load(path)

    def run(inputs: Sequence[tf.Tensor]) -> Any:
        return loaded(*inputs)

    return run
