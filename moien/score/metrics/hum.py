"""hum at the ends: what sounds before the first and after the last speech.

Unit: dB. The median level of the 10 ms frames before the speech or after it, whichever is louder, against the
speech level; minus the same of the natural recording. Direction: lower is better, 0 for the recording itself.
Domain: what lies at least 25 ms outside the speech; NaN where either clip has less than 20 ms of it. A recording
that is cut close has breath and reverberation there, so a clean voice scores far below 0. A hum less than 26 dB
below the speech counts as speech: the duration ratio shows it.
"""

from __future__ import annotations

import math

import numpy as np

from moien.audio import HOP_SAMPLES, LEVEL_FRAME_S, SAMPLE_RATE
from moien.score.clip import Clip
from moien.score.metric import Metric
from moien.score.pair import Pair

GUARD_S = 0.025
MIN_FRAMES = 2
VALUE_S = HOP_SAMPLES / SAMPLE_RATE


def edges(clip: Clip) -> dict[float, float]:
    """Second in the middle of each edge that is long enough → its median level in dB."""
    first = math.floor((clip.span.start * VALUE_S - GUARD_S) / LEVEL_FRAME_S)
    last = math.ceil((clip.span.stop * VALUE_S + GUARD_S) / LEVEL_FRAME_S)
    parts = [(0, first), (last, len(clip.level_db))]
    return {
        (start + end) / 2 * LEVEL_FRAME_S: float(np.median(clip.level_db[start:end]))
        for start, end in parts
        if end - start >= MIN_FRAMES
    }


def hum_end_db(pair: Pair) -> float:
    """The louder edge of the spoken clip above the louder edge of the recording."""
    spoken, natural = (max(edges(clip).values(), default=math.nan) for clip in (pair.spoken, pair.natural))
    return spoken - natural


def worst(pair: Pair) -> list[float]:
    """The middle of the edges that are louder than the recording's."""
    limit = max(edges(pair.natural).values(), default=math.nan)
    loud = [(level, second) for second, level in edges(pair.spoken).items() if level > limit]
    return [second for _, second in sorted(loud, reverse=True)]


METRIC = Metric(
    name="hum_end_db",
    group="artefacts",
    label="hum at the ends",
    unit="dB over natural",
    best="low",
    digits=1,
    meaning="what sounds before the first and after the last word",
    compute=hum_end_db,
    worst=worst,
)
