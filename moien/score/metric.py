"""What a metric is: a name, how to read its number, and a function of a pair of clips."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from moien.score.pair import Pair

Best = Literal["low", "high", "one", "natural"]
Group = Literal["likeness", "melody", "timing", "words", "opinion", "artefacts"]


@dataclass(frozen=True)
class Metric:
    """One score of an utterance.

    `best` is where a good value lies: low, high, at one (a ratio), or at the natural recording's own value.
    `compute` returns NaN where the metric does not exist for a pair (no voiced speech, no known speaker).
    `worst`, where a metric has it, gives the seconds in the spoken clip at which it is worst, the worst first.
    `judged` metrics use a model that runs on the device of `moien.score.judges`; all others compute on the CPU.
    `held_out` metrics choose nothing: no choice, fit or loss may use one, so they show what is tuned to the others.
    `versa` is the key of the same quantity in the reports of VERSA (docs/scores.md), "" where it has none.
    """

    name: str
    group: Group
    label: str
    unit: str
    best: Best
    digits: int
    meaning: str
    compute: Callable[[Pair], float]
    worst: Callable[[Pair], Sequence[float]] | None = None
    judged: bool = False
    held_out: bool = False
    versa: str = ""

    @property
    def heading(self) -> str:
        """The label as it begins a row or a column."""
        return self.label[0].upper() + self.label[1:]

    def distance(self, value: float | np.ndarray, natural: float | np.ndarray) -> np.ndarray:
        """How far from good `value` is, larger being worse: what sorting and comparing rows use."""
        value = np.asarray(value, dtype=float)
        if self.best == "low":
            return value
        if self.best == "high":
            return -value
        if self.best == "one":
            return np.abs(np.log(value))
        return np.abs(value - np.asarray(natural, dtype=float))
