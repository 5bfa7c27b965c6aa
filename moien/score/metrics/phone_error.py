"""phone error: the share of the sentence's phones that a phone recogniser finds to be wrong.

Unit: deletions + insertions + substitutions over the number of phones of the sentence, so it may exceed 1. Direction:
lower is better; 0 is out of reach, because the recogniser makes errors on natural speech too and the phonemes are a
front end's guess. The recording's own value is the ceiling. Domain: sentences with phonemes, and a recogniser trained
on the natural training split (`moien.score.judges.recogniser`), NaN without; not comparable between corpora, front
ends or recognisers. Stress, length, tone and melody do not count. Other voices than that of the training are recognised
a little worse: the recordings of Marylux, with a pitch an octave lower and a longer vocal tract, lose 0.05, with a
higher pitch and a shorter tract 0.08.
"""

from __future__ import annotations

from moien.score.metric import Metric
from moien.score.pair import Pair


def phone_error(pair: Pair) -> float:
    """All edits over the phones of the sentence."""
    return pair.edits.error if pair.edits else float("nan")


METRIC = Metric(
    name="phone_error",
    group="words",
    label="phone error",
    unit="share",
    best="low",
    digits=3,
    meaning="how many phones of the sentence a phone recogniser finds wrong",
    compute=phone_error,
    judged=True,
)
