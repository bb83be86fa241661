"""Reading TensorFlow's checkpoints, which are also the weights in a SavedModel (`variables/variables.index`)."""

from __future__ import annotations

from typing import Any

import tensorflow as tf

from unifw.backends.tensorflow.storage import public_entry
from unifw.errors import first_line

_NO_WEIGHTS = ("_CHECKPOINTABLE_OBJECT_GRAPH", "save_counter")
_VALUE = "/.ATTRIBUTES/VARIABLE_VALUE"


def read(path: str) -> Any:
    """The variables by the path of attributes that leads to them, as `layer.weight`."""
    try:
        reader = tf.train.load_checkpoint(path.removesuffix(".index"))
        names = sorted(reader.get_variable_to_shape_map())
        found = {_dotted(name): tf.constant(reader.get_tensor(name)) for name in names if name not in _NO_WEIGHTS}
        return dict(public_entry(*pair) for pair in found.items())
    except (tf.errors.OpError, ValueError, RuntimeError) as error:
        raise ValueError(f"it is damaged or something else ({first_line(error)})") from error


def _dotted(name: str) -> str:
    return name.removesuffix(_VALUE).replace("/", ".")
