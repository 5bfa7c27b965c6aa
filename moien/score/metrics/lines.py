"""line excess: the clearest spectral line at any frequency that stays while the speech changes.

Unit: dB, measured as the tone excess is, but at the worst bin of 12 Hz from 1 to 10.5 kHz, minus the same of the
natural recording. Direction: lower is better, 0 for the recording itself. Domain: from the first to the last
speech. The largest of 800 bins is some dB above zero by chance, the more so in a short clip, so a difference below
3 dB means nothing; a monotone voice has steady harmonics, which count.
"""

from __future__ import annotations

import numpy as np

from moien.score.clip import Clip
from moien.score.metric import Metric
from moien.score.metrics.tones import when
from moien.score.pair import Pair
from moien.score.spectrum import BIN_HZ

CLEAR_DB = 3.0
LOWEST, HIGHEST = round(1000 / BIN_HZ), round(10_500 / BIN_HZ)


def clearest(clip: Clip) -> int:
    """The bin of the clearest line."""
    return LOWEST + int(np.argmax(clip.lines.steady[LOWEST : HIGHEST + 1]))


def line_excess_db(pair: Pair) -> float:
    """The clearest line of the spoken clip above that of the recording."""
    spoken, natural = (float(clip.lines.steady[clearest(clip)]) for clip in (pair.spoken, pair.natural))
    return spoken - natural


def worst(pair: Pair) -> list[float]:
    """When the clearest line stands out most."""
    return when(pair.spoken, clearest(pair.spoken)) if line_excess_db(pair) > CLEAR_DB else []


METRIC = Metric(
    name="line_excess_db",
    group="artefacts",
    label="steady line",
    unit="dB over natural",
    best="low",
    digits=1,
    meaning="a whistle at any frequency that stays while the speech changes",
    compute=line_excess_db,
    worst=worst,
)
