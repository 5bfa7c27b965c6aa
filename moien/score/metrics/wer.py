"""word error rate: the transcript of a speech recogniser of the language, against the text.

Unit: share of the text, case and punctuation aside; may exceed 1. Direction: lower is better, the recording's own
value is what can be reached. A word with another spelling is as wrong as a word that was not understood. Domain:
sentences with a text, where `score.transcriber` names a model; NaN without. Numbers in digits count as errors if
the model writes words: give the text as it is spoken.
"""

from __future__ import annotations

from moien.score.judges.transcriber import word_error
from moien.score.metric import Metric
from moien.score.pair import Pair


def wer(pair: Pair) -> float:
    """Word errors over the reference."""
    return float("nan") if pair.transcript is None else word_error(pair.text, pair.transcript)


METRIC = Metric(
    name="wer",
    group="words",
    label="word error rate",
    unit="share",
    best="low",
    digits=3,
    meaning="how many words a speech recogniser of the language writes otherwise",
    compute=wer,
    judged=True,
)
