"""duration ratio: the length of the spoken sentence against the natural one.

Unit: ratio. Direction: best at 1; below it the voice is too fast. Domain: from the first to the last speech of each
clip, pauses inside included, silence and clicks at the edges not.
"""

from __future__ import annotations

from moien.score.metric import Metric
from moien.score.pair import Pair


def duration_ratio(pair: Pair) -> float:
    """Spoken length / natural length."""
    return pair.spoken.speech_seconds / pair.natural.speech_seconds


METRIC = Metric(
    name="duration_ratio",
    group="timing",
    label="duration ratio",
    unit="×",
    best="one",
    digits=2,
    meaning="1 is the tempo of the recording; below it the voice is too fast",
    compute=duration_ratio,
)
