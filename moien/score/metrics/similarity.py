"""speaker similarity: cosine between the clip's speaker embedding and the speaker's centroid.

Unit: cosine, −1..1. Direction: higher is better; the natural row (held-out recordings against the same centroid)
is the ceiling. Domain: Resemblyzer's GE2E encoder (Wan et al. 2018; weights inside the wheel), which is sensitive to
the recording channel as well as to the voice; the centroid is the mean over natural clips of the train split, so no
test clip is compared with itself. NaN for a speaker without a centroid.
"""

from __future__ import annotations

from moien.score.metric import Metric
from moien.score.pair import Pair
from moien.score.speakers import RESEMBLYZER


def similarity(pair: Pair) -> float:
    """Cosine of the spoken clip with the speaker's centroid."""
    return pair.similarity(RESEMBLYZER)


METRIC = Metric(
    name="similarity",
    group="likeness",
    label="speaker similarity",
    unit="cosine",
    best="high",
    digits=3,
    meaning="how similar the voice is to the speaker's",
    compute=similarity,
    judged=True,
    versa="spk_similarity",
)
