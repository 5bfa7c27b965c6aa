"""Progress for anything longer than two seconds: a bar on a terminal, plain lines elsewhere."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterable, Iterator, Sized
from typing import TypeVar

T = TypeVar("T")
PLAIN_INTERVAL_S = 10.0  # a log file needs some lines of progress, not a thousand


def track(items: Iterable[T], label: str, total: int | None = None) -> Iterator[T]:
    """Yield `items`; show the progress and an estimate of the time left."""
    if total is None and isinstance(items, Sized):
        total = len(items)
    if sys.stdout.isatty():
        from rich.progress import track as rich_track

        yield from rich_track(items, description=label, total=total, transient=True)
        return
    start = printed = time.monotonic()
    for done, item in enumerate(items):
        now = time.monotonic()
        if done and now - printed >= PLAIN_INTERVAL_S:
            printed = now
            left = f", {(now - start) / done * (total - done):.0f} s left" if total else ""
            print(f"{label}: {done}{f'/{total}' if total else ''}{left}", flush=True)
        yield item
