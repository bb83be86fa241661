"""Datasets, their order, and batches."""

from unifw import names as _names
from unifw.data.dataset import ArrayDataset as ArrayDataset
from unifw.data.dataset import random_split as random_split
from unifw.data.loader import DataLoader as DataLoader

__all__ = _names.of_package(globals())


def __dir__() -> list[str]:
    return __all__
