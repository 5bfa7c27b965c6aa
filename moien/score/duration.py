"""duration ratio: the length of the spoken sentence against the natural one.

Unit: ratio. Direction: best at 1; below it the voice hurries. Domain: from the first to the last speech of each
clip, pauses inside included, silence and clicks at the edges not.
"""

from __future__ import annotations

from moien.score.clip import Pair
from moien.score.metric import Metric


def duration_ratio(pair: Pair) -> float:
    """Spoken length / natural length."""
    return pair.spoken.speech_seconds / pair.natural.speech_seconds


METRIC = Metric("duration_ratio", "timing", "duration ratio", "×", "one", 2,
                "1 is the tempo of the recording; below it the voice hurries", duration_ratio)  # fmt: skip
