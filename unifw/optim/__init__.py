"""Optimisers and learning-rate schedules."""

from unifw.optim import schedules as schedules
from unifw.optim.base import Optimizer as Optimizer
from unifw.optim.rules import SGD as SGD
from unifw.optim.rules import AdamW as AdamW
