"""Files: their digests, how one is written whole or not at all, and locks between processes."""

from __future__ import annotations

import fcntl
import glob
import hashlib
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

A_DAY_S = 24 * 3600


def sha256_file(path: Path) -> str:
    """SHA-256 of a file, in hex."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


@contextmanager
def written_whole(target: Path) -> Iterator[Path]:
    """A temporary file beside `target` to write to; at the end it is renamed to `target`, after an error removed.

    The name is unique, so two processes that write the same target never share a file: the last one wins. It ends
    as the target's does, because some writers choose the format by the ending. What killed processes left of the
    same target goes after a day.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    for left in target.parent.glob(f".{'[0-9a-f]' * 32}.{glob.escape(target.name)}"):
        with suppress(FileNotFoundError):  # its owner, or another process that cleans up
            if time.time() - left.stat().st_mtime > A_DAY_S:
                left.unlink()
    part = target.with_name(f".{uuid.uuid4().hex}.{target.name}")
    try:
        yield part
        part.replace(target)
    finally:
        part.unlink(missing_ok=True)


@contextmanager
def locked(file: Path, wait: bool = True) -> Iterator[bool]:
    """Hold the lock `file`, which other processes respect that call this; the system frees it when a process dies.

    Yields whether it is held: False only without `wait`, where another process has it.
    """
    file.parent.mkdir(parents=True, exist_ok=True)
    with file.open("a") as lock:  # its holder may have written into it
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
            held = True
        except BlockingIOError:
            held = False
        yield held
