"""tone excess: steady tones at 2.4, 4.8, 7.2 and 9.6 kHz, which a badly trained generator of the iSTFTNet family
produces: they are multiples of its inner frame rates (on upsampling artefacts: Pons et al. 2021).

Unit: dB. How far the 36 Hz about a tone stand above the 48–288 Hz on either side, on average over the values without
voice (fricatives, closures, pauses), where no harmonic lies on the tone; the worst of the four, minus the same of the
natural recording. Direction: lower is better, 0 for the recording itself. Domain: from the first to the last speech;
a line softer than 90 dB below the speech does not count. A tone that sounds only with the voice is not found.
"""

from __future__ import annotations

import numpy as np

from moien.audio import HOP_SAMPLES, SAMPLE_RATE
from moien.score.clip import Clip
from moien.score.metric import Metric
from moien.score.pair import Pair
from moien.score.spectrum import BIN_HZ, loudest

TONES_HZ = (2400, 4800, 7200, 9600)
BINS = [round(hz / BIN_HZ) for hz in TONES_HZ]
CLEAR_DB = 1.0
AUDIBLE_DB = 10.0  # in one value a line of noise easily rises by 6


def worst_tone(clip: Clip) -> float:
    """Rise of the worst of the four tones in dB."""
    return float(clip.lines.steady[BINS].max())


def tone_excess_db(pair: Pair) -> float:
    """The worst tone of the spoken clip above that of the recording."""
    return worst_tone(pair.spoken) - worst_tone(pair.natural)


def worst(pair: Pair) -> list[float]:
    """When the worst tone stands out most."""
    worse = tone_excess_db(pair) > CLEAR_DB
    return when(pair.spoken, BINS[int(np.argmax(pair.spoken.lines.steady[BINS]))]) if worse else []


def when(clip: Clip, line: int) -> list[float]:
    """Seconds at which a line (a bin) stands out most."""
    step = HOP_SAMPLES / SAMPLE_RATE
    return loudest(clip.lines.rise[:, line], step, AUDIBLE_DB, start=clip.span.start * step)


METRIC = Metric(
    name="tone_excess_db",
    group="artefacts",
    label="tones",
    unit="dB over natural",
    best="low",
    digits=1,
    meaning="steady tones at multiples of 2.4 kHz: a badly trained decoder",
    compute=tone_excess_db,
    worst=worst,
)
