"""speaker similarity by WavLM: cosine between the clip's x-vector and the speaker's centroid.

Unit: cosine, −1..1. Direction: higher is better; the natural row is the ceiling. Domain: WavLM (Chen et al. 2022) with
a head that tells speakers apart, `microsoft/wavlm-base-plus-sv` or a folder: what papers report as SIM. NaN unless
`score.wavlm` names it.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from moien.audio import SAMPLE_RATE
from moien.score.metric import Metric

if TYPE_CHECKING:
    import numpy as np

    from moien.score.clip import Clip, Pair
    from moien.style.embed import SpeakerEncoder


@lru_cache(maxsize=1)
def _encoder(model: str) -> SpeakerEncoder:
    from moien.style.embed import SpeakerEncoder

    return SpeakerEncoder("wavlm", model)


def embed(clip: Clip, model: str) -> np.ndarray:
    """X-vector of a clip, unit norm, `[512]`."""
    return _encoder(model).embed(clip.samples, SAMPLE_RATE)


def similarity_wavlm(pair: Pair) -> float:
    """Cosine of the spoken clip with the speaker's centroid."""
    if pair.wavlm_centroid is None:
        return float("nan")
    return float(embed(pair.spoken, pair.wavlm) @ pair.wavlm_centroid)


METRIC = Metric("similarity_wavlm", "likeness", "speaker similarity (WavLM)", "cosine", "high", 3,
                "how much it sounds like the speaker, to a stronger encoder", similarity_wavlm)  # fmt: skip
