"""Optimisers, learning-rate schedules, and what is done to gradients and parameters between steps."""

import typing as _typing

from unifw import names as _names
from unifw.optim import schedules as schedules
from unifw.optim.adam import LAMB as LAMB
from unifw.optim.adam import Adam as Adam
from unifw.optim.adam import Adamax as Adamax
from unifw.optim.adam import AdamW as AdamW
from unifw.optim.adam import NAdam as NAdam
from unifw.optim.adam import RAdam as RAdam
from unifw.optim.adaptive import Adadelta as Adadelta
from unifw.optim.adaptive import Adagrad as Adagrad
from unifw.optim.adaptive import RMSprop as RMSprop
from unifw.optim.averaging import EMA as EMA
from unifw.optim.base import Optimizer as Optimizer
from unifw.optim.descent import SGD as SGD
from unifw.optim.descent import Lion as Lion
from unifw.optim.gradients import Accumulator as Accumulator
from unifw.optim.gradients import LossScaler as LossScaler
from unifw.optim.gradients import clip_grad_norm as clip_grad_norm
from unifw.optim.gradients import clip_grad_value as clip_grad_value
from unifw.optim.groups import no_weight_decay as no_weight_decay

__all__ = _names.of_package(globals(), "schedules")


def __dir__() -> list[str]:
    return __all__


_SCHEDULES = "A schedule is a function of the step, given as lr=unifw.optim.schedules.cosine(...)."
_INSTEAD = {
    "lr_scheduler": _SCHEDULES,
    "*LR*": _SCHEDULES,
    "swa_utils": "Write EMA(model).",
    "SparseAdam": "Gradients are dense: write Adam.",
}
"""What takes the place of PyTorch's names that are not here."""

if not _typing.TYPE_CHECKING:  # a type checker would take this for a promise to have every name

    def __getattr__(name: str) -> _typing.NoReturn:
        raise _names.absent(__name__, name, _INSTEAD)
