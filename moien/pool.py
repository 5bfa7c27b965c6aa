"""Work on many items in several processes."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from functools import partial
from multiprocessing import get_context
from typing import TypeVar

from moien.errors import WrongData
from moien.progress import track
from moien.threads import use_threads

A = TypeVar("A")
B = TypeVar("B")


def in_parallel(
    work: Callable[[A], B], items: Collection[A], jobs: int, label: str, *, torch: bool = False
) -> Iterator[B]:
    """`work` of each item, in the order of the items, over at most `jobs` processes, with progress.

    The processes are spawned: a forked one inherits the locks of threads (torch's, the progress bar's) and may wait
    for ever. Work with `torch` computes with one thread in each process, so that its results do not depend on `jobs`
    or the machine; without it, one job runs in this process.

    Raises:
        WrongData: a process was killed; whatever `work` raises comes through as it is.
    """
    jobs = min(jobs, len(items))
    if jobs < 1 or (jobs == 1 and not torch):
        yield from track(map(work, items), label, total=len(items))
        return
    initializer = partial(use_threads, 1) if torch else None
    pool = ProcessPoolExecutor(jobs, mp_context=get_context("spawn"), initializer=initializer)
    try:
        yield from track(pool.map(work, items), label, total=len(items))
    except BrokenProcessPool:
        cause = "a process died; the system kills one when memory is full"
        raise WrongData(cause, where=label, remedy=f"fewer than {jobs} processes take less: --nj 1") from None
    finally:
        pool.shutdown(wait=False, cancel_futures=True)  # Ctrl-C and errors must not wait for the queue
