"""speaker similarity by WavLM: cosine between the clip's x-vector and the speaker's centroid.

Unit: cosine, −1..1. Direction: higher is better; the natural row is the ceiling. Domain: WavLM (Chen et al. 2022) with
a head for speaker verification, `microsoft/wavlm-base-plus-sv` or a folder: what papers report as SIM. NaN unless
`score.wavlm` names it.
"""

from __future__ import annotations

from moien.score.metric import Metric
from moien.score.pair import Pair


def similarity_wavlm(pair: Pair) -> float:
    """Cosine of the spoken clip with the speaker's centroid."""
    return pair.similarity("wavlm")


METRIC = Metric(
    name="similarity_wavlm",
    group="likeness",
    label="speaker similarity (WavLM)",
    unit="cosine",
    best="high",
    digits=3,
    meaning="the same by a stronger speaker encoder",
    compute=similarity_wavlm,
    judged=True,
)
