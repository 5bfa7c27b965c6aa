"""Time that a call takes, on a machine that does other things too."""

from __future__ import annotations

import gc
import time
from collections.abc import Callable


def cpu_seconds(call: Callable[[], object], enough: float = 0.0) -> float:
    """Processor seconds of the quickest of three calls, or of the first that takes less than `enough`.

    What else runs (its share of the caches, the garbage of other tests) only ever adds to a call's time.
    """
    best = float("inf")
    for _ in range(3):
        gc.collect()
        began = time.process_time()
        call()
        best = min(best, time.process_time() - began)
        if best < enough:
            break
    return best
