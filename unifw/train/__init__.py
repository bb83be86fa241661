"""Training: one loop for every backend."""

from unifw.train.metrics import accuracy as accuracy
from unifw.train.trainer import Trainer as Trainer
