"""Layers that a row of `layer_table` cannot hold: with states, masks, several outputs, or no twin in `torch.nn`.

A case makes its layer from either `nn` and calls it in either library, so that most are written once for both. The
first of each layer is tried in every run of the tests.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

Array = Any
N, T, S, F, H, E = 3, 4, 5, 4, 5, 8


def plainly(library: Any, layer: Any, *inputs: Any) -> Any:
    """A call of nothing but the inputs."""
    return layer(*inputs)


@dataclass(frozen=True)
class Case:
    """One way to use a layer, of at most four inputs, whose first axis is the batch.

    `make` is given `torch.nn` or `unifw.nn`; `call` is given `torch` or `unifw`, the layer and the inputs. An input is
    the shape of random numbers, or the array itself. `theirs` takes the place of `call` for torch, where it must.
    """

    name: str
    variant: str
    make: Callable[[Any], Any]
    inputs: tuple[Any, ...]
    call: Callable[..., Any] = plainly
    theirs: Callable[..., Any] | None = None

    def values(self, rng: np.random.Generator) -> list[Array]:
        """Numbers for each input, in float32 where they are drawn."""
        return [x if isinstance(x, np.ndarray) else rng.standard_normal(x).astype("float32") for x in self.inputs]


LENGTHS = np.asarray([4, 1, 3])
HIDDEN = np.arange(S) >= np.asarray([[S], [2], [S - 1]])  # of keys, beyond the sequence's end


def with_lengths(library: Any, layer: Any, x: Any, lengths: Any) -> Any:
    return layer(x, lengths=lengths)


def packed(torch: Any, layer: Any, x: Any, lengths: Any) -> Any:
    """What torch gives for sequences of these lengths, by packing."""
    rnn = torch.nn.utils.rnn
    y, last = layer(rnn.pack_padded_sequence(x, lengths, layer.batch_first, enforce_sorted=False))
    return rnn.pad_packed_sequence(y, layer.batch_first, total_length=T)[0], last


def recurrent() -> list[Case]:
    """Whole sequences, from zeros and from given states, and of different lengths."""
    forms: dict[str, dict[str, Any]] = {"both ways": {"bidirectional": True}, "plain": {}, "layers": {"num_layers": 2}}
    options = [("RNN", "", {}), ("RNN", "relu", {"nonlinearity": "relu"}), ("GRU", "", {}), ("LSTM", "", {})]
    options.append(("LSTM", "projected", {"proj_size": 3}))
    cases = []
    for name, kind, own in options:
        for form, more in forms.items():
            given = {"batch_first": True, **own, **more}
            make = lambda nn, name=name, given=given: getattr(nn, name)(F, H, **given)  # noqa: E731
            if form == "both ways":
                where = f"{kind} {form} lengths".strip()
                cases.append(Case(name, where, make, ((N, T, F), LENGTHS), with_lengths, packed))
            cases.append(Case(name, f"{kind} {form}".strip(), make, ((N, T, F),)))
    for name in ("RNN", "GRU"):
        make = lambda nn, name=name: getattr(nn, name)(F, H, batch_first=True)  # noqa: E731
        cases.append(Case(name, "state", make, ((N, T, F), (N, H)), lambda _, layer, x, h: layer(x, h[None])))
    start: Callable[..., Any] = lambda _, layer, x, h, c: layer(x, (h[None], c[None]))  # noqa: E731
    cases.append(Case("LSTM", "state", lambda nn: nn.LSTM(F, H, batch_first=True), ((N, T, F), (N, H), (N, H)), start))
    return [*cases, *cells()]


def cells() -> list[Case]:
    """Single steps."""
    cases = []
    for name in ("RNNCell", "GRUCell"):
        make = lambda nn, name=name: getattr(nn, name)(F, H)  # noqa: E731
        cases += [Case(name, "plain", make, ((N, F),)), Case(name, "state", make, ((N, F), (N, H)))]
    start: Callable[..., Any] = lambda _, layer, x, h, c: layer(x, (h, c))  # noqa: E731
    return [
        *cases,
        Case("LSTMCell", "plain", lambda nn: nn.LSTMCell(F, H), ((N, F),)),
        Case("LSTMCell", "state", lambda nn: nn.LSTMCell(F, H), ((N, F), (N, H), (N, H)), start),
    ]


def later(library: Any, size: int) -> Any:
    """The additive mask that hides what comes later."""
    return library.nn.Transformer.generate_square_subsequent_mask(size)


def attention() -> list[Case]:
    """Of a sequence to itself and to another, with and without masks and weights."""

    def case(variant: str, inputs: tuple[Any, ...], call: Callable[..., Any], heads: int = 2, **options: Any) -> Case:
        make = lambda nn: nn.MultiheadAttention(E, heads, batch_first=True, **options)  # noqa: E731
        return Case("MultiheadAttention", variant, make, inputs, call)

    one, cross = ((N, T, E),), ((N, T, E), (N, S, E), (N, S, E))
    return [
        case("padding", (*cross, HIDDEN), plainly),
        case("self", one, lambda _, layer, x: layer(x, x, x)),
        case("self without weights", one, lambda _, layer, x: layer(x, x, x, need_weights=False)),
        case("causal", one, lambda lib, layer, x: layer(x, x, x, attn_mask=later(lib, T))),
        case("cross", ((N, T, E), (N, S, 5), (N, S, 7)), plainly, kdim=5, vdim=7),
        case("padding without weights", (*cross, HIDDEN), lambda _, layer, *xs: layer(*xs, need_weights=False)),
        case("a mask each", (*cross, (N, T, S)), lambda _, layer, *xs: layer(*xs[:3], attn_mask=xs[3]), heads=1),
        case("each head", cross, lambda _, layer, *xs: layer(*xs, average_attn_weights=False)),
        case("bias and zeros", (*cross, HIDDEN), plainly, add_bias_kv=True, add_zero_attn=True),
    ]


def layer_of(nn: Any, kind: str, **options: Any) -> Any:
    return getattr(nn, f"Transformer{kind}Layer")(E, 2, 16, 0.0, batch_first=True, **options)


def transformers() -> list[Case]:
    """Layers, stacks and the whole."""
    one, two = ((N, S, E),), ((N, T, E), (N, S, E))
    before = {"norm_first": True, "activation": "gelu"}
    cases = []
    for name, make in {
        "TransformerEncoderLayer": lambda nn, **options: layer_of(nn, "Encoder", **options),
        "TransformerEncoder": lambda nn, **options: nn.TransformerEncoder(
            layer_of(nn, "Encoder", **options), 2, nn.LayerNorm(E)
        ),
    }.items():
        padded: Callable[..., Any] = lambda _, layer, x, hidden: layer(x, src_key_padding_mask=hidden)  # noqa: E731
        cases += [
            Case(name, "causal", make, one, lambda lib, layer, x: layer(x, later(lib, S), is_causal=True)),
            Case(name, "padding", make, (*one, HIDDEN), padded),
            Case(name, "plain", make, one),
            Case(name, "norm first", lambda nn, make=make: make(nn, **before), one),
        ]
    for name, make in {
        "TransformerDecoderLayer": lambda nn, **options: layer_of(nn, "Decoder", **options),
        "TransformerDecoder": lambda nn, **options: nn.TransformerDecoder(
            layer_of(nn, "Decoder", **options), 2, nn.LayerNorm(E)
        ),
    }.items():
        cases += [
            Case(name, "causal and padding", make, (*two, HIDDEN), decoded),
            Case(name, "plain", make, two),
            Case(name, "norm first", lambda nn, make=make: make(nn, **before), two),
        ]
    whole: Callable[[Any], Any] = lambda nn: nn.Transformer(E, 2, 1, 1, 16, 0.0, batch_first=True)  # noqa: E731
    return [
        *cases,
        Case("Transformer", "causal and padding", whole, (*two[::-1], HIDDEN), translated),
        Case("Transformer", "plain", whole, two),
    ]


def decoded(library: Any, layer: Any, x: Any, memory: Any, hidden: Any) -> Any:
    return layer(x, memory, tgt_mask=later(library, T), memory_key_padding_mask=hidden)


def translated(library: Any, layer: Any, x: Any, y: Any, hidden: Any) -> Any:
    masks = {"src_key_padding_mask": hidden, "memory_key_padding_mask": hidden, "tgt_mask": later(library, T)}
    return layer(x, y, **masks)


PLACES = np.asarray([[3, 2, 1, 0], [0, 1, 2, 3], [5, 5, 7, 0]])


def angles(places: Array) -> Array:
    """Of each of three pairs of features at each place."""
    return np.asarray(places)[..., None] / 10000.0 ** (np.arange(3) / 3)


def waves(torch: Any, _: Any, x: Any, places: Any = None) -> Any:
    """Add the sines at the even, the cosines at the odd features."""
    turn = angles(np.arange(T) if places is None else places.numpy())
    table = np.stack([np.sin(turn), np.cos(turn)], axis=-1).reshape(*turn.shape[:-1], 6)
    return x + torch.tensor(table.astype("float32"))


def turned(torch: Any, x: Any, turn: Array, axis: int) -> Any:
    """Pairs of features, which lie along an axis, turned as complex numbers."""
    pairs = x.unflatten(-1, (2, 3) if axis == -2 else (3, 2)).movedim(axis, -1).contiguous()
    made = torch.view_as_real(torch.view_as_complex(pairs) * torch.tensor(np.exp(1j * turn).astype("complex64")))
    return made.movedim(-1, axis).flatten(-2)


def halves(torch: Any, _: Any, x: Any, places: Any = None) -> Any:
    return turned(torch, x, angles(np.arange(T)) if places is None else angles(places.numpy())[:, None], -2)


def neighbours(torch: Any, _: Any, x: Any) -> Any:
    return turned(torch, x, angles(np.arange(T)), -1)


def positions() -> list[Case]:
    """By their formulas: there is nothing like them in `torch.nn`."""
    sines: Callable[[Any], Any] = lambda nn: nn.SinusoidalPositions(6)  # noqa: E731
    return [
        Case("SinusoidalPositions", "plain", sines, ((N, T, 6),), plainly, waves),
        Case("SinusoidalPositions", "places", sines, ((N, T, 6), PLACES), plainly, waves),
        Case("RotaryPositions", "half", lambda nn: nn.RotaryPositions(6), ((N, 2, T, 6),), plainly, halves),
        Case("RotaryPositions", "places", lambda nn: nn.RotaryPositions(6), ((N, 2, T, 6), PLACES), plainly, halves),
        Case(
            "RotaryPositions", "interleaved", lambda nn: nn.RotaryPositions(6, convention="interleaved"),
            ((N, 2, T, 6),), plainly, neighbours,
        ),
    ]  # fmt: skip


def others() -> list[Case]:
    """What draws in training alone, what compares, and a size that the first input gives."""
    axes = {"Dropout": 2, "Dropout1d": 3, "Dropout2d": 4, "Dropout3d": 5, "AlphaDropout": 2, "FeatureAlphaDropout": 4}
    drawn = [
        Case(name, "evaluation", lambda nn, name=name: getattr(nn, name)(), ((N, 4, 3, 2, 2)[:count],))
        for name, count in {**axes, "RReLU": 2}.items()
    ]
    classes = np.arange(12).reshape(12) % 9
    return [
        *drawn,
        Case("CosineSimilarity", "plain", lambda nn: nn.CosineSimilarity(), ((N, F), (N, F))),
        Case("PairwiseDistance", "plain", lambda nn: nn.PairwiseDistance(), ((N, F), (N, F))),
        Case(
            "AdaptiveLogSoftmaxWithLoss", "plain", lambda nn: nn.AdaptiveLogSoftmaxWithLoss(E, 9, [3, 6], 2.0),
            ((12, E), classes),
        ),
        Case("Linear, lazy", "plain", lambda nn: nn.LazyLinear(3) if hasattr(nn, "LazyLinear") else nn.Linear(None, 3),
             ((N, F),)),
    ]  # fmt: skip


CASES = [*recurrent(), *attention(), *transformers(), *positions(), *others()]
