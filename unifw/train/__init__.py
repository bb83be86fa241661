"""Training: one loop for every backend."""

from unifw import names as _names
from unifw.train.metrics import accuracy as accuracy
from unifw.train.trainer import Trainer as Trainer
from unifw.train.tuner import tune as tune
from unifw.train.tuning import Candidate as Candidate
from unifw.train.tuning import Tuning as Tuning

__all__ = _names.of_package(globals())


def __dir__() -> list[str]:
    return __all__
