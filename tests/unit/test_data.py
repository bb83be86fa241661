"""Datasets, their random parts, and the order and form of batches."""

from __future__ import annotations

import numpy as np
import pytest

import unifw
from unifw.data import ArrayDataset, DataLoader, random_split
from unifw.errors import ArgumentError, ShapeError


def batches(loader: DataLoader) -> list[list[int]]:
    return [x.tolist() for (x,) in loader]


def test_rows_of_several_arrays_go_together() -> None:
    dataset = ArrayDataset(np.arange(6).reshape(3, 2), np.array([10, 11, 12]))
    assert len(dataset) == 3
    rows, labels = dataset[[2, 0]]
    assert (rows.tolist(), labels.tolist()) == ([[4, 5], [0, 1]], [12, 10])
    assert [x.tolist() for x in dataset[1]] == [[2, 3], 11]
    assert [x.tolist() for x in dataset[1:]] == [[[2, 3], [4, 5]], [11, 12]]


@pytest.mark.parametrize(
    ("given", "kept"),
    [("float64", "float32"), ("float32", "float32"), ("float16", "float16"), ("int32", "int32"), ("int64", "int64"),
     ("uint8", "uint8"), ("bool", "bool")],
)  # fmt: skip
def test_dtypes_arrive_as_they_are_but_for_long_floats(backend: str, given: str, kept: str) -> None:
    ((x,),) = DataLoader(ArrayDataset(np.ones((2, 3), given)), batch_size=2)
    assert x.dtype is getattr(unifw, kept)
    assert x.tolist() == [[1] * 3] * 2


def test_a_dataset_of_tensors_and_lists(backend: str) -> None:
    dataset = ArrayDataset(unifw.asarray([[1.0], [2.0]]), [3, 4])
    ((x, y),) = DataLoader(dataset, batch_size=2)
    assert (x.tolist(), y.tolist(), y.dtype) == ([[1.0], [2.0]], [3, 4], unifw.int64)


def test_batches_are_tensors_on_the_active_backend_in_memory_of_their_own(backend: str) -> None:
    source = np.arange(4, dtype="float32")
    loader = DataLoader(ArrayDataset(source), batch_size=2)
    first, second = (x for (x,) in loader)
    assert isinstance(first, unifw.Tensor)
    assert first.backend is unifw.get_backend()
    source[:] = -1
    first += 10
    assert (first.tolist(), second.tolist()) == ([10.0, 11.0], [2.0, 3.0])
    assert source.tolist() == [-1.0] * 4


def test_the_backend_is_that_of_the_start_of_the_epoch(backend: str) -> None:
    loader = DataLoader(ArrayDataset(np.arange(4)), batch_size=2)
    with unifw.using_backend("toy"):
        assert {x.backend.name for (x,) in loader} == {"toy"}
    iterator = iter(loader)
    names = [next(iterator)[0].backend.name]
    with unifw.using_backend("toy"):
        names.append(next(iterator)[0].backend.name)
    assert names == [backend, backend]


def test_without_shuffling_the_order_is_that_of_the_rows(backend: str) -> None:
    loader = DataLoader(ArrayDataset(np.arange(5)), batch_size=2)
    assert batches(loader) == batches(loader) == [[0, 1], [2, 3], [4]]


@pytest.mark.parametrize(
    ("rows", "size", "drop", "sizes"),
    [
        (5, 2, False, [2, 2, 1]),
        (5, 2, True, [2, 2]),
        (4, 2, True, [2, 2]),
        (3, 5, False, [3]),
        (3, 5, True, []),
        (0, 2, False, []),
    ],
)
def test_sizes_of_batches(backend: str, rows: int, size: int, drop: bool, sizes: list[int]) -> None:
    for shuffle in (False, True):
        loader = DataLoader(ArrayDataset(np.arange(rows)), size, shuffle=shuffle, drop_last=drop, seed=0)
        found = batches(loader)
        assert [len(batch) for batch in found] == sizes
        assert len(loader) == len(sizes)
        assert len({row for batch in found for row in batch}) == sum(sizes)


def test_a_seed_gives_the_same_epochs_on_every_backend(backend: str) -> None:
    loader = DataLoader(ArrayDataset(np.arange(8)), batch_size=3, shuffle=True, seed=7)
    assert batches(loader) == [[7, 1, 3], [2, 6, 5], [0, 4]]
    assert batches(loader) == [[1, 7, 4], [0, 3, 2], [6, 5]]


def test_an_epoch_left_early_counts_as_one(backend: str) -> None:
    loader = DataLoader(ArrayDataset(np.arange(8)), batch_size=3, shuffle=True, seed=7)
    assert next(iter(loader))[0].tolist() == [7, 1, 3]
    assert next(iter(loader))[0].tolist() == [1, 7, 4]


def test_without_a_seed_the_global_one_decides(backend: str) -> None:
    def epochs() -> list[list[list[int]]]:
        loader = DataLoader(ArrayDataset(np.arange(20)), batch_size=20, shuffle=True)
        return [batches(loader), batches(loader)]

    unifw.seed(1)
    first, other = epochs(), epochs()
    unifw.seed(1)
    assert epochs() == first
    assert first != other
    assert first[0] != first[1]


def test_pairs_stay_together_when_shuffled(backend: str) -> None:
    loader = DataLoader(ArrayDataset(np.arange(10), np.arange(10) * 3), batch_size=4, shuffle=True, seed=0)
    for x, y in loader:
        assert y.tolist() == (x * 3).tolist()


def test_random_parts_are_disjoint_and_whole(backend: str) -> None:
    dataset = ArrayDataset(np.arange(10), np.arange(10) * 2)
    parts = random_split(dataset, [0.5, 0.3, 0.2], seed=3)
    assert [len(part) for part in parts] == [5, 3, 2]
    assert sorted(np.concatenate([part.arrays[0] for part in parts]).tolist()) == list(range(10))
    for part in parts:
        assert part.arrays[1].tolist() == (part.arrays[0] * 2).tolist()


def test_parts_of_given_numbers_of_rows(backend: str) -> None:
    parts = random_split(ArrayDataset(np.arange(7)), [4, 0, 3], seed=3)
    assert [len(part) for part in parts] == [4, 0, 3]
    assert sorted(np.concatenate([part.arrays[0] for part in parts]).tolist()) == list(range(7))
    with pytest.raises(ArgumentError, match="or numbers of rows that sum to 7"):
        random_split(ArrayDataset(np.arange(7)), [4, 4])


def test_random_parts_follow_the_seed(backend: str) -> None:
    dataset = ArrayDataset(np.arange(8))

    def parts(seed: int | None) -> list[list[int]]:
        return [part.arrays[0].tolist() for part in random_split(dataset, [0.5, 0.25, 0.25], seed=seed)]

    assert parts(3) == [[1, 0, 2, 5], [4, 3], [7, 6]]
    unifw.seed(4)
    first, second = parts(None), parts(None)
    unifw.seed(4)
    assert parts(None) == first
    assert first != second


@pytest.mark.parametrize("rows", range(1, 12))
def test_every_row_is_in_one_part_whatever_the_rounding(rows: int) -> None:
    parts = random_split(ArrayDataset(np.arange(rows)), [1 / 3, 1 / 3, 1 / 3], seed=0)
    assert sorted(np.concatenate([part.arrays[0] for part in parts]).tolist()) == list(range(rows))


@pytest.mark.parametrize("fractions", [[0.5, 0.4], [1.2, -0.2], [], [2.0]])
def test_fractions_that_do_not_sum_to_one_are_an_error(fractions: list[float]) -> None:
    with pytest.raises(ArgumentError, match=r"random_split: got .*; expected positive fractions that sum to 1, or num"):
        random_split(ArrayDataset(np.arange(4)), fractions)


@pytest.mark.parametrize("arrays", [(), (np.ones(3), np.ones(2)), (np.float32(1),), ([[1], [1, 2]],)], ids=str)
def test_arrays_that_are_no_rows_of_equal_number_are_an_error(arrays: tuple[object, ...]) -> None:
    with pytest.raises(ShapeError, match=r"ArrayDataset: got .*; expected"):
        ArrayDataset(*arrays)


@pytest.mark.parametrize("size", [0, -1])
def test_a_batch_size_below_one_is_an_error(size: int) -> None:
    with pytest.raises(ArgumentError, match=rf"DataLoader: got batch_size={size}; expected an integer of at least 1"):
        DataLoader(ArrayDataset(np.ones(2)), batch_size=size)
