"""Writing a file or folder so that it is either there whole or not there at all."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from unifw.errors import PathExistsError, PathWriteError


def refuse_existing(path: Path) -> None:
    """Raise PathExistsError if there is something at `path`.

    >>> refuse_existing(Path("no-such-file"))
    """
    if path.exists() or path.is_symlink():
        raise PathExistsError(f"export: {path} exists already; expected a new path. Delete it first or choose another.")


@contextmanager
def written_whole(path: Path) -> Iterator[Path]:
    """A temporary path to write to, which becomes `path` if the block succeeds and vanishes if it fails.

    An existing file at `path` survives a failure. Raises PathWriteError if the folder cannot be written.

    >>> import tempfile
    >>> folder = Path(tempfile.mkdtemp())
    >>> with written_whole(folder / "note.txt") as temporary:
    ...     _ = temporary.write_text("whole")
    >>> [file.name for file in folder.iterdir()]
    ['note.txt']
    """
    import shutil
    import tempfile

    try:
        folder = Path(tempfile.mkdtemp(prefix=".unifw-", dir=path.parent))
    except OSError as error:
        raise PathWriteError(
            f"write: {path} cannot be written ({error.strerror}); expected an existing folder with write permission. "
            f"Write Path({str(path.parent)!r}).mkdir(parents=True), or choose another path."
        ) from error
    try:
        temporary = folder / path.name
        yield temporary
        try:
            temporary.replace(path)
        except OSError as error:
            raise PathWriteError(f"write: {path} cannot be written ({error.strerror}); nothing was changed.") from error
    finally:
        shutil.rmtree(folder, ignore_errors=True)
