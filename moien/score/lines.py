"""line excess: the clearest line of any frequency that stays while the speech changes.

Unit: dB, measured as the tone excess is, but at the worst bin of 12 Hz from 1 to 10.5 kHz, minus the same of the
natural recording. Direction: lower is better, 0 for the recording itself. Domain: from the first to the last
speech. The largest of 800 bins is some dB above zero by chance, more so in a short clip, so a difference below 3 dB
says nothing; a monotone voice has steady harmonics, which count.
"""

from __future__ import annotations

import numpy as np

from moien.score.clip import Clip, Pair
from moien.score.metric import Metric
from moien.score.spectrum import BIN_HZ
from moien.score.tones import when

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


METRIC = Metric("line_excess_db", "artefacts", "steady line", "dB over natural", "low", 1,
                "a whistle at any frequency that stays while the speech changes", line_excess_db, worst)  # fmt: skip
