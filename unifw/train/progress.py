"""What training shows: a bar per epoch on a terminal, a line per epoch elsewhere."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from time import monotonic
from typing import Any

_REFRESH_SECONDS = 0.25


def describe_logs(logs: Mapping[str, float]) -> str:
    """The numbers of an epoch on one line.

    >>> describe_logs({"loss": 0.1234, "seconds": 1.0})
    'loss 0.1234  seconds 1.0'
    """
    return "  ".join(
        f"{name} {value:.4g}" if name != "seconds" else f"seconds {value:.1f}" for name, value in logs.items()
    )


class EpochProgress:
    """The display of one epoch: wrap the batches in `track`, then `finish` with the epoch's numbers."""

    def __init__(self, title: str, total: int | None, enabled: bool, latest: Callable[[], float | None]) -> None:
        self.title = title
        self.total = total
        self.enabled = enabled
        self.latest = latest

    def track(self, batches: Iterable[Any]) -> Iterator[Any]:
        """The batches; on a terminal a bar moves with them. The loss is read a few times a second, not each step."""
        from rich.console import Console

        if not self.enabled or not Console().is_terminal:
            yield from batches
            return
        from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

        columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
        with Progress(*columns, transient=True) as bar:
            task = bar.add_task(self.title, total=self.total)
            shown = monotonic()
            for done, batch in enumerate(batches, 1):
                yield batch
                if monotonic() - shown > _REFRESH_SECONDS:
                    shown = monotonic()
                    loss = self.latest()
                    text = self.title if loss is None else f"{self.title}  loss {loss:.4g}"
                    bar.update(task, completed=done, description=text)

    def finish(self, logs: Mapping[str, float]) -> None:
        """Print the epoch's numbers."""
        if self.enabled:
            print(f"{self.title}  {describe_logs(logs)}", flush=True)
