"""The steps by which a model writes on, in the form that its backend runs fastest, kept for the next time."""

from __future__ import annotations

from collections.abc import Hashable, Iterator
from contextlib import contextmanager, nullcontext
from typing import Any, Protocol

from unifw.array.creation import asarray, ones, zeros_like
from unifw.array.manipulation import concat
from unifw.eagerly import runs_eagerly
from unifw.models.generation import KeyValueCache, Step
from unifw.tensor import Tensor
from unifw.tracing.compiled import Compiled

MOST_KEPT = 6
"""How many compiled decoders a model keeps, each with its cache: for the batch sizes and lengths that came last."""
SHORTEST = 64
"""The positions of the smallest compiled decoder; the next has twice as many, and so on."""


class Writer(Protocol):
    """A model that computes with a cache."""

    def new_cache(self, batch: int, max_length: int, /) -> KeyValueCache: ...
    def last_logits(
        self, input_ids: Tensor, attention_mask: Tensor | None, position_ids: Tensor | None, cache: KeyValueCache, /
    ) -> Tensor: ...


class Decoders:
    """The compiled decoders of one model that are not in use. A copy of the model starts without."""

    def __init__(self) -> None:
        self._idle: dict[Hashable, Decoder] = {}

    def __reduce__(self) -> Any:
        return Decoders, ()

    @contextmanager
    def lent(self, model: Writer, like: Tensor, batch: int, length: int, most: int) -> Iterator[Step]:
        """A step for `generate`, for up to `length` positions: eager, or compiled where that is the backend's way.

        The compiled one has room for more, but not for more than `most`, so that prompts of any length share a few.
        """
        if like.backend.info.step == "eager" or runs_eagerly():
            yield eager_step(model, model.new_cache(batch, length))
            return
        room = min(most, max(SHORTEST, 1 << (length - 1).bit_length()))
        key = like.backend.name, like.device, like.dtype, batch, room
        decoder = self._idle.pop(key, None) or Decoder(model, batch, room, like.backend.info.step)
        try:
            yield decoder.step()
        finally:
            self._idle[key] = decoder
            for old in list(self._idle)[:-MOST_KEPT]:
                self._idle.pop(old, None)


def eager_step(model: Writer, cache: KeyValueCache) -> Step:
    """A step that runs line by line.

    >>> from unifw.models import GPT2, GPT2Config
    >>> model = GPT2(GPT2Config(vocab_size=11, n_positions=8, n_embd=4, n_layer=1, n_head=2)).eval()
    >>> eager_step(model, model.new_cache(1))(asarray([[1, 2]]), None, None).shape
    (1, 11)
    """
    autodiff = cache.keys[0].backend.autodiff
    inference = nullcontext if autodiff is None else autodiff.inference

    def step(ids: Tensor, mask: Tensor | None, positions: Tensor | None) -> Tensor:
        with inference():
            return model.last_logits(ids, mask, positions, cache)

    return step


class Decoder:
    """A cache, and a model's step with it as two programs: for a prompt of any length, and for one token."""

    def __init__(self, model: Writer, batch: int, length: int, mode: str) -> None:
        cache = self.cache = model.new_cache(batch, length)

        def run(
            ids: Tensor, start: Tensor, mask: Tensor | None = None, positions: Tensor | None = None
        ) -> tuple[Tensor, Tensor]:
            here = cache.at(start)
            logits = model.last_logits(ids, mask, positions, here)
            return logits, asarray(here.length)

        self._prompt = Compiled(run, {"ids": {1: "steps"}, "positions": {1: "steps"}}, mode)
        self._token = Compiled(run, None, mode)

    def step(self) -> Step:
        """A step for one call of `generate`. The cache may hold what another call has left."""
        for values in self.cache.values:
            values.assign(zeros_like(values))  # hidden keys count for nothing; a NaN among the values would count
        run, start, whole = self._prompt, asarray(0), None

        def step(ids: Tensor, mask: Tensor | None, positions: Tensor | None) -> Tensor:
            nonlocal run, start, whole
            if mask is None:
                logits, start = run(ids, start)
            else:
                whole = self._extended(mask) if whole is None else whole
                logits, start = run(ids, start, whole, positions)
            run = self._token
            found: Tensor = logits
            return found

        return step

    def _extended(self, mask: Tensor) -> Tensor:
        """The mask of a prompt for all positions; those that are not filled yet are hidden anyway."""
        rest = self.cache.max_length - mask.shape[1]
        return concat([mask, ones((mask.shape[0], rest), dtype=mask.dtype, device=mask.device)], axis=1)
