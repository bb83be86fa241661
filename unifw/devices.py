"""Which devices there are."""

from __future__ import annotations

from unifw.registry import get_backend


def devices() -> list[str]:
    """The devices of the active backend: "cpu", then "gpu:0", "gpu:1", ...

    >>> "cpu" in devices()
    True
    """
    return get_backend().devices.devices()
