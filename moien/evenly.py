"""Some items of a list, evenly over it: neighbours often come from one speaker or one session."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TypeVar

T = TypeVar("T")


def evenly(items: Sequence[T], most: int) -> list[T]:
    """`most` items, or all if there are fewer."""
    count = min(most, len(items))
    return [items[i * len(items) // count] for i in range(count)]


def every_nth(items: Sequence[T], size: float, most: float) -> list[T]:
    """Every n-th item, with the smallest n by which `size`, what all of them are together, becomes at most `most`.

    Where a bound must be kept rather than a number reached: of 5 items with `most` 4 it takes 3.
    """
    return list(items[:: max(1, math.ceil(size / most))])
