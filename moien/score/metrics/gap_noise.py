"""noise in the gaps: how loud the softest moments inside the sentence are.

Unit: dB. The level that 5 % of the 10 ms frames between the first and the last speech lie below (pauses, closures
of stops), against the speech level; minus the same of the natural recording. Direction: lower is better, 0 for the
recording itself. Domain: sentences with a few stops or pauses. Reverberation and a voice that pauses less raise it
too. Noise that sounds only with the speech is not detected (DNSMOS detects it).
"""

from __future__ import annotations

import numpy as np

from moien.audio import HOP_SAMPLES, LEVEL_FRAME_S, SAMPLE_RATE
from moien.score.clip import Clip
from moien.score.metric import Metric
from moien.score.metrics.pause_share import stretches
from moien.score.pair import Pair

SOFTEST_SHARE = 0.05
FRAMES_PER_VALUE = HOP_SAMPLES / SAMPLE_RATE / LEVEL_FRAME_S
MIN_GAP_VALUES = 4  # 50 ms: a shorter one is all edges


def level_db(clip: Clip, start: int, end: int) -> np.ndarray:
    """Levels of the 10 ms frames from value `start` to `end`."""
    return clip.level_db[round(start * FRAMES_PER_VALUE) : round(end * FRAMES_PER_VALUE)]


def gap_level(clip: Clip) -> float:
    """Level in dB of the softest frames inside the sentence."""
    return float(np.quantile(level_db(clip, clip.span.start, clip.span.stop), SOFTEST_SHARE))


def gap_noise_db(pair: Pair) -> float:
    """The gaps of the spoken clip above those of the recording."""
    return gap_level(pair.spoken) - gap_level(pair.natural)


def worst(pair: Pair) -> list[float]:
    """The middle of the (at most three) gaps that are loudest, if they are louder than the recording's."""
    clip, limit = pair.spoken, gap_level(pair.natural)
    found = []
    for start, end in stretches(~clip.speech):
        inside = clip.span.start < start and end < clip.span.stop
        if inside and end - start >= MIN_GAP_VALUES:
            found.append((float(np.median(level_db(clip, start + 1, end - 1))), (start + end) / 2))
    return [
        middle * HOP_SAMPLES / SAMPLE_RATE
        for level, middle in sorted(found, reverse=True)[:3]
        if level > limit
    ]


METRIC = Metric(
    name="gap_noise_db",
    group="artefacts",
    label="noise in the gaps",
    unit="dB over natural",
    best="low",
    digits=1,
    meaning="how loud the softest moments inside the sentence are",
    compute=gap_noise_db,
    worst=worst,
)
