"""Which tensor of a checkpoint is which parameter: wrappers and prefixes that one side has and the other lacks."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass

from unifw.errors import ArgumentError, StateDictError

Renames = Mapping[str, str | None]
"""Regular expressions and what to write in their place; None leaves the name out."""

_WRAPPERS: Renames = {r"(^|\.)(_orig_mod|_fsdp_wrapped_module|_checkpoint_wrapped_module)(?=\.)": ""}


@dataclass(frozen=True)
class Fit:
    """A checkpoint's names as the model's.

    `names` maps those of the model to those in the file, `unexpected` are the file's that the model lacks, `skipped`
    those beside the prefix (a head, say), and `change` says in words what was done to the prefix.
    """

    names: Mapping[str, str]
    unexpected: tuple[str, ...]
    skipped: tuple[str, ...]
    change: str = ""


def fit_names(own: Collection[str], stored: Iterable[str], renames: Renames, prefix: str | None) -> Fit:
    """Line up the names of a file with `own`: renamed, and with a prefix taken off or put before as fits best.

    That is done only if most of the file's names then fit, and a quarter of the model's. Raises StateDictError if two
    prefixes fit equally, or two names become one.

    >>> fit_names({"weight", "bias"}, ["bert.weight", "bert.bias", "head.weight"], {}, None).names
    {'weight': 'bert.weight', 'bias': 'bert.bias'}
    """
    plain: dict[str, str] = {}
    for name, original in _renamed(stored, {**_WRAPPERS, **renames}):
        plain[_new(plain, name, original)] = original
    off, on = (prefix, "") if prefix is not None else _best_prefixes(own, plain)
    names: dict[str, str] = {}
    outside = []
    for name, original in plain.items():
        target = on + name.removeprefix(off) if on + name.removeprefix(off) in own else name
        if target in own and (prefix is None or name.startswith(off)):
            names[_new(names, target, original)] = original
        else:
            outside.append((name, original))
    skipped = tuple(original for name, original in outside if off and not name.startswith(off))
    unexpected = tuple(original for name, original in outside if not off or name.startswith(off))
    change = f"prefix {off!r} taken off" if off else f"prefix {on!r} put before" if on else ""
    return Fit(names, unexpected, skipped, change)


def _renamed(names: Iterable[str], renames: Renames) -> Iterator[tuple[str, str]]:
    """Pairs of the new name and the old one, without those that a rule leaves out."""
    for original in names:
        name: str | None = original
        for pattern, replacement in renames.items():
            if name is not None and re.search(pattern, name):
                name = None if replacement is None else re.sub(pattern, replacement, name)
        if name is not None:
            yield name.removeprefix("."), original


def _best_prefixes(own: Collection[str], names: Collection[str]) -> tuple[str, str]:
    """The prefix to take off the file's names and the one to put before them, at most one of which is not empty."""
    unchanged = sum(name in own for name in names)
    off, on = (_fair(counts, own, names) for counts in (prefix_counts(own, names), prefix_counts(names, own)))
    most = max([unchanged, *off.values(), *on.values()])
    if most == unchanged or 2 * most < len(names):
        return "", ""
    best = [(head, "") for head, count in off.items() if count == most]
    best += [("", head) for head, count in on.items() if count == most]
    if len(best) > 1:
        found = " and ".join(repr(off or on) for off, on in best)
        raise StateDictError(f"load_checkpoint: the prefixes {found} fit equally well. Write prefix=... to choose one.")
    return best[0]


def _fair(counts: Mapping[str, int], own: Collection[str], names: Collection[str]) -> dict[str, int]:
    """The prefixes that map a fair part of both sides: a "weight" and a "bias" are somewhere in every model."""
    least = max(len(own), len(names)) / 4
    return {head: count for head, count in counts.items() if count >= least}


def prefix_counts(own: Collection[str], names: Collection[str]) -> Counter[str]:
    """How many of `names` are among `own` once a prefix is taken off, for each prefix.

    >>> prefix_counts({"weight", "bias"}, ["bert.weight", "bert.bias", "head.weight"]).most_common()
    [('bert.', 2), ('head.', 1)]
    """
    return Counter(head for name in names for head, tail in _cuts(name) if tail in own)


def better_prefix(own: Collection[str], names: Collection[str], fitting: int) -> str:
    """What to write if a fair part of a file fits better than the whole, else nothing.

    >>> better_prefix({"weight", "bias"}, ["encoder.weight", "encoder.bias", *"abcde"], 0)
    "With prefix='encoder.' 2 of its names fit."
    """
    counts = _fair(prefix_counts(own, names), own, names)
    head, count = max(counts.items(), key=lambda item: item[1], default=("", 0))
    return f"With prefix={head!r} {count} of its names fit." if count > fitting else ""


def _cuts(name: str) -> Iterator[tuple[str, str]]:
    """The name in two at each of its dots, the first part with the dot."""
    for match in re.finditer(r"\.", name):
        yield name[: match.end()], name[match.end() :]


def _new(names: Mapping[str, str], name: str, original: str) -> str:
    if name in names:
        raise StateDictError(f"load_checkpoint: {names[name]} and {original} both become {name}. Write rename={{...}}.")
    return name


def checked(renames: Renames | None) -> Renames:
    """`renames` itself, or an empty one for None. Raises ArgumentError for what is no regular expression.

    >>> checked({r"^fc.": None})
    {'^fc.': None}
    """
    for pattern in renames or {}:
        try:
            re.compile(pattern)
        except re.error as error:
            raise ArgumentError(f"rename: got {pattern!r} ({error}); expected a regular expression.") from None
    return renames or {}
