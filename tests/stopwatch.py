"""Whether a call's time grows with its input, by the processor's time: other processes cannot make it fail."""

from __future__ import annotations

import gc
import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")


def assert_linear(call: Callable[[T], object], small: T, large: T) -> None:
    """`large` is ten times `small` and takes less than 30 times as long: 10 is linear, 100 is quadratic."""
    limit = 30 * max(_seconds(call, small), 0.015)
    assert _seconds(call, large, enough=limit) < limit


def _seconds(call: Callable[[T], object], argument: T, enough: float = 0.0) -> float:
    """The quickest of five calls, or the first below `enough`.

    Without Python's collector: what a thousand tests left behind is searched the more often the longer a call is.
    """
    best = float("inf")
    for _ in range(5):
        gc.collect()
        gc.disable()
        try:
            began = time.process_time()
            call(argument)
            best = min(best, time.process_time() - began)
        finally:
            gc.enable()
        if best < enough:
            break
    return best
