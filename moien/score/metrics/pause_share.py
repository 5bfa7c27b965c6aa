"""pause share: how much of the sentence is pauses.

Unit: share of the time from the first to the last speech, 0..1. Direction: best at the recording's own. Domain:
stretches of at least 150 ms more than 26 dB below the speech level; shorter ones are mostly closures of stops. A
pause that noise or reverberation fills to that level is not found.
"""

from __future__ import annotations

import numpy as np

from moien.score.metric import Metric
from moien.score.pair import Pair

MIN_PAUSE_VALUES = 12  # 150 ms


def stretches(mask: np.ndarray) -> list[tuple[int, int]]:
    """`[start, end)` of the runs of True."""
    edges = np.flatnonzero(np.diff(np.concatenate([[False], mask, [False]])))
    return list(zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True))


def pause_share(pair: Pair) -> float:
    """Time in pauses / time from the first to the last speech."""
    inside = pair.spoken.speech[pair.spoken.span]
    lengths = np.array([end - start for start, end in stretches(~inside)])
    return float(lengths[lengths >= MIN_PAUSE_VALUES].sum() / len(inside))


METRIC = Metric(
    name="pause_share",
    group="timing",
    label="pauses",
    unit="share",
    best="natural",
    digits=3,
    meaning="how much of the sentence is pauses of 150 ms and more",
    compute=pause_share,
)
