"""Random numbers: distributions, repeatability, generators and the host mode."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from scipy import stats

import unifw
from unifw import random
from unifw.errors import ArgumentError, DTypeError, StateDictError

ROWS = 20_000
# What is drawn, and SciPy's distribution that it must follow.
DRAWN: dict[str, tuple[Callable[..., unifw.Tensor], Any]] = {
    "uniform": (lambda **kw: random.uniform((ROWS,), -2.0, 3.0, **kw), stats.uniform(-2, 5)),
    "normal": (lambda **kw: random.normal((ROWS,), 1.0, 2.0, **kw), stats.norm(1, 2)),
    "truncated": (lambda **kw: random.truncated_normal((ROWS,), 1.0, 2.0, **kw), stats.truncnorm(-2, 2, 1, 2)),
    "one-sided": (
        lambda **kw: random.truncated_normal((ROWS,), 0.0, 1.0, 0.5, 3.0, **kw),
        stats.truncnorm(0.5, 3),
    ),
}
STREAMS = pytest.mark.parametrize("host", [False, True], ids=["own", "host"])


@STREAMS
@pytest.mark.parametrize("dtype", [unifw.float32, unifw.float64], ids=str)
@pytest.mark.parametrize("name", DRAWN)
def test_distributions(backend: str, name: str, dtype: unifw.DType, host: bool) -> None:
    draw, wanted = DRAWN[name]
    x = draw(dtype=dtype, generator=random.Generator(5, host=host))
    assert x.dtype is dtype
    assert stats.kstest(x.numpy().astype(np.float64), wanted.cdf).pvalue > 1e-3


@STREAMS
def test_discrete_distributions(backend: str, host: bool) -> None:
    generator = random.Generator(6, host=host)
    counts = np.bincount(random.integers(0, 5, (ROWS,), generator=generator).numpy(), minlength=5)
    assert stats.chisquare(counts).pvalue > 1e-3
    heads = int(unifw.sum(random.bernoulli((ROWS,), 0.3, generator=generator)).item())
    assert stats.binomtest(heads, ROWS, 0.3).pvalue > 1e-3
    p = [0.1, 0.2, 0.3, 0.4]
    picks = np.bincount(random.choice(4, (ROWS,), p=p, generator=generator).numpy(), minlength=4)
    assert stats.chisquare(picks, np.array(p) * ROWS).pvalue > 1e-3
    first = [
        random.choice(3, (2,), replace=False, p=[0.5, 0.25, 0.25], generator=generator).tolist() for _ in range(600)
    ]
    assert all(a != b for a, b in first)
    assert stats.binomtest(sum(a == 0 for a, _ in first), 600, 0.5).pvalue > 1e-3


@STREAMS
@pytest.mark.parametrize(
    ("low", "high", "dtype"),
    [(-(2**63), 2**63, "int64"), (-(2**62), 2**63 - 1, "int64"), (0, 2**64, "uint64"), (2**63 - 2, 2**63, "int64")],
)
def test_integers_of_wide_ranges(backend: str, host: bool, low: int, high: int, dtype: str) -> None:
    generator = random.Generator(8, host=host)
    x = random.integers(low, high, (ROWS,), dtype=dtype, generator=generator).tolist()
    parts = np.bincount([4 * (number - low) // (high - low) for number in x], minlength=4)
    assert stats.chisquare(parts[parts > 0]).pvalue > 1e-3
    assert x != random.integers(low, high, (ROWS,), dtype=dtype, generator=generator).tolist()


@pytest.mark.parametrize("dtype", ["float16", "bfloat16", "float32", "float64"])
def test_every_floating_dtype(backend: str, dtype: str) -> None:
    x = random.normal((1000,), dtype=dtype)
    assert str(x.dtype) == dtype
    assert abs(float(np.mean(x.numpy().astype(np.float64)))) < 0.2


def test_a_seed_repeats_and_another_does_not(backend: str) -> None:
    drawn = []
    for value in (1, 1, 2):
        unifw.seed(value)
        drawn.append(random.normal((4,)).tolist() + random.permutation(9).tolist())
    assert drawn[0] == drawn[1]
    assert drawn[0] != drawn[2]
    assert random.uniform((4,)).tolist() != random.uniform((4,)).tolist()


@STREAMS
def test_a_generators_state_is_saved_and_restored(backend: str, host: bool) -> None:
    generator = random.Generator(3, host=host)
    generator.normal((5,))
    state = generator.state
    first = [generator.normal((3,)).tolist(), random.integers(0, 99, (3,), generator=generator).tolist()]
    other = random.Generator(4, host=host)
    other.state = state
    assert [other.normal((3,)).tolist(), random.integers(0, 99, (3,), generator=other).tolist()] == first
    generator.state = state
    assert generator.normal((3,)).tolist() == first[0]
    assert generator.uniform((2,)).shape == (2,)


def test_generators_are_independent_of_the_common_stream(backend: str) -> None:
    expected = random.Generator(3).normal((3,)).tolist()
    generator = random.Generator(3)
    random.normal((100,))
    assert generator.normal((3,)).tolist() == expected


def test_permutations_and_choices_of_rows(backend: str) -> None:
    x = unifw.asarray([[0, 0], [1, 10], [2, 20]])
    rows = random.permutation(x).tolist()
    assert sorted(rows) == x.tolist()
    picked = random.choice(x, (4, 2))
    assert picked.shape == (4, 2, 2)
    assert all(row in x.tolist() for pair in picked.tolist() for row in pair)
    assert random.choice(3).shape == ()


def test_bad_arguments(backend: str) -> None:
    cases: list[tuple[Callable[[], Any], type[Exception], str]] = [
        (lambda: unifw.seed(-1), ArgumentError, "seed: got -1; expected an integer"),
        (lambda: random.Generator(2.5), ArgumentError, "seed: got 2.5"),  # type: ignore[arg-type]
        (lambda: random.normal((2,), dtype=unifw.int64), DTypeError, "got dtype int64; expected a real floating"),
        (lambda: random.uniform((-1,)), ArgumentError, "got shape"),
        (lambda: random.integers(3, 3), ArgumentError, "expected low below high"),
        (lambda: random.bernoulli((2,), 1.5), ArgumentError, "expected a probability"),
        (lambda: random.truncated_normal((2,), lower=1, upper=0), ArgumentError, "expected lower below upper"),
        (lambda: random.choice(2, (3,), replace=False), ArgumentError, "Write replace=True"),
        (lambda: random.choice(2, (3,), p=[0.5, 0.4]), ArgumentError, "2 probabilities that sum to 1"),
    ]
    for call, kind, words in cases:
        with pytest.raises(kind, match=words):
            call()
    with pytest.raises(StateDictError, match="got a state of kind"):
        random.Generator(1).state = random.Generator(1, host=True).state
