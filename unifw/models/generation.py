"""Writing on, token by token: the key-value cache, and how the next token is chosen."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

from unifw.array.comparison import where
from unifw.array.creation import arange, ones, zeros
from unifw.array.data_type import astype
from unifw.array.exponential import log
from unifw.array.extras import softmax, top_k
from unifw.array.manipulation import concat, expand_dims
from unifw.array.searching import argmax
from unifw.array.sorting import sort
from unifw.array.statistical import cumulative_sum
from unifw.array.statistical import min as min_
from unifw.devices import device
from unifw.dtypes import int64
from unifw.errors import ArgumentError, DTypeError, ShapeError, describe
from unifw.random import Generator, uniform
from unifw.registry import using_backend
from unifw.tensor import Tensor
from unifw.variable import Buffer


class KeyValueCache:
    """The keys and values of every layer for up to `max_length` positions, (N * heads, max_length, width) each.

    They are written in place, so that a step costs what the step is, and no gradient flows through them. `length` says
    how many positions are filled: a number, and a step looks at those alone; or an integer Tensor without axes, and
    every step has the same shapes, as a compiled step needs.

    >>> cache = KeyValueCache(layers=1, batch=1, heads=1, max_length=4, width=2)
    >>> keys, values = cache.write(0, ones((1, 1, 3, 2)), ones((1, 1, 3, 2)))
    >>> keys.shape, cache.keys[0].shape
    ((1, 1, 3, 2), (1, 4, 2))
    """

    def __init__(
        self, layers: int, batch: int, heads: int, max_length: int, width: int, like: Tensor | None = None
    ) -> None:
        form: dict[str, Any] = {} if like is None else {"dtype": like.dtype, "device": like.device}
        shape = (batch * heads, max_length, width)
        self.keys, self.values = ([Buffer(zeros(shape, **form)) for _ in range(layers)] for _ in range(2))
        self.max_length = max_length
        self.length: int | Tensor = 0

    def write(self, layer: int, key: Tensor, value: Tensor) -> tuple[Tensor, Tensor]:
        """Put (N, heads, T, width) after what is there; the keys and values that a step may look at."""
        start = self.length.native if isinstance(self.length, Tensor) else self.length
        storages = self.keys[layer].storage, self.values[layer].storage
        keys, values = key.kernels.cache_write(*storages, start, key.native, value.native)
        return key.wrap(keys), key.wrap(values)

    def at(self, length: int | Tensor) -> KeyValueCache:
        """The same keys and values, with another length.

        >>> cache = KeyValueCache(layers=1, batch=1, heads=1, max_length=4, width=2)
        >>> cache.at(3).length, cache.at(3).keys is cache.keys
        (3, True)
        """
        other = copy.copy(self)
        other.length = length
        return other

    def visible(self, steps: int) -> Tensor | None:
        """Which positions (steps, S) the next steps may look at; None for all that `write` gives."""
        if not isinstance(self.length, Tensor) and steps == 1:
            return None
        keys = self.max_length if isinstance(self.length, Tensor) else self.length + steps
        return expand_dims(self.positions(steps), axis=1) >= arange(keys)

    def positions(self, steps: int) -> Tensor:
        """The positions of the next steps, (steps,)."""
        return (
            self.length + arange(steps) if isinstance(self.length, Tensor) else arange(self.length, self.length + steps)
        )


Step = Callable[[Tensor, Tensor | None, Tensor | None], Tensor]


def generate(
    step: Step,
    input_ids: Tensor,
    max_new_tokens: int,
    attention_mask: Tensor | None = None,
    do_sample: bool = False,
    temperature: float = 1.0,
    top_k: int | None = None,
    top_p: float | None = None,
    eos_token_id: int | None = None,
    pad_token_id: int | None = None,
    generator: Generator | None = None,
) -> Tensor:
    """The prompts (N, T) and up to `max_new_tokens` more.

    `step(ids, mask, positions)` takes the tokens that are new and gives the logits (N, V) of what follows the last.
    Prompts of several lengths are padded on the left, where `attention_mask` (N, T) is 0. Once every row has given
    `eos_token_id` it stops; a row that has done so goes on with `pad_token_id`, or with the former. Without `do_sample`
    the likeliest token is taken. Raises ArgumentError, DTypeError and ShapeError.

    >>> from unifw.array.creation import asarray
    >>> step = lambda ids, mask, positions: asarray([[0.0, 2.0, 1.0]])
    >>> generate(step, asarray([[0]]), 2).tolist()
    [[0, 1, 1]]
    """
    check_prompts(input_ids, attention_mask, max_new_tokens)
    with using_backend(input_ids.backend), device(input_ids.device):
        mask, positions = _padding(attention_mask, max_new_tokens)
        made, ended = [input_ids], None
        for end in range(input_ids.shape[1], input_ids.shape[1] + max_new_tokens):
            logits = step(made[-1], None if mask is None else mask[:, :end], positions)
            if do_sample:
                new = _drawn(filter_logits(logits, temperature, top_k, top_p), generator)
            else:
                new = argmax(logits, axis=-1, keepdims=True)
            new = new if new.dtype is input_ids.dtype else astype(new, input_ids.dtype)
            if eos_token_id is not None:
                if ended is not None:
                    new = where(ended, eos_token_id if pad_token_id is None else pad_token_id, new)
                ended = new == eos_token_id if ended is None else ended | (new == eos_token_id)
            made.append(new)
            positions = None if positions is None else positions[:, -1:] + 1
            if ended is not None and ended.numpy().all():
                break
        return concat(made, axis=1)


def _padding(mask: Tensor | None, count: int) -> tuple[Tensor | None, Tensor | None]:
    """The mask with so many more columns of ones, and the position of each token; None without padding."""
    if mask is None:
        return None, None
    mask = astype(mask, int64)
    more = ones((mask.shape[0], count), dtype=int64, device=mask.device)
    return concat([mask, more], axis=1), where(mask > 0, cumulative_sum(mask, axis=1) - 1, 0)


def check_prompts(ids: Tensor, mask: Tensor | None, count: int) -> None:
    """Raise ArgumentError, DTypeError or ShapeError for what `generate` cannot start from."""
    if count < 0:
        raise ArgumentError(f"generate: got max_new_tokens={count}; expected at least 0.")
    if not isinstance(ids, Tensor) or "integer" not in ids.dtype.kind:
        raise DTypeError(f"generate: got {describe(ids)}; expected a Tensor of integer tokens (N, T).")
    if ids.ndim != 2 or not ids.shape[1] or (mask is not None and tuple(mask.shape) != tuple(ids.shape)):
        raise ShapeError(
            f"generate: got {describe(ids)} and mask {None if mask is None else tuple(mask.shape)}; expected tokens "
            "(N, T) with at least one each, and a mask of the same shape."
        )
    if mask is not None and not mask.numpy()[:, -1].all():
        raise ArgumentError("generate: got prompts that are padded at the end; expected padding at the start.")


def filter_logits(
    logits: Tensor, temperature: float = 1.0, top_k: int | None = None, top_p: float | None = None
) -> Tensor:
    """Logits (N, V) over `temperature`, and -inf for what is not among the `top_k`, or not in the nucleus of `top_p`.

    The nucleus is the fewest tokens whose probabilities reach `top_p` (Holtzman et al., 2020). Raises ArgumentError.

    >>> from unifw.array.creation import asarray
    >>> filter_logits(asarray([[1.0, 3.0, 2.0]]), temperature=0.5, top_k=2).tolist()
    [[-inf, 6.0, 4.0]]
    """
    if temperature <= 0 or (top_k is not None and top_k < 1) or (top_p is not None and not 0 < top_p <= 1):
        raise ArgumentError(
            f"generate: got temperature={temperature}, top_k={top_k}, top_p={top_p}; expected a temperature above 0, "
            "top_k of at least 1, top_p above 0 and up to 1. Write do_sample=False for the likeliest token."
        )
    if temperature != 1:
        logits = logits / temperature
    if top_k is not None:
        best, _ = _top(logits, min(top_k, logits.shape[-1]))
        logits = where(logits >= best[:, -1:], logits, -float("inf"))
    if top_p is not None and top_p < 1:
        ordered = sort(logits, axis=-1, descending=True)
        chances = softmax(ordered, axis=-1)
        before = cumulative_sum(chances, axis=-1) - chances
        least = min_(where(before < top_p, ordered, float("inf")), axis=-1, keepdims=True)
        logits = where(logits >= least, logits, -float("inf"))
    return logits


_top = top_k


def _drawn(logits: Tensor, generator: Generator | None) -> Tensor:
    """A token (N, 1) of each row by its probability: the greatest sum with Gumbel noise."""
    noise = uniform(tuple(logits.shape), 1e-12, 1.0, device=logits.device, generator=generator)
    scores = logits - log(-log(noise.to_backend(logits.backend))).to(logits.dtype)
    return argmax(scores, axis=-1, keepdims=True)
