"""character error rate: the transcript of a speech recogniser of the language, against the text.

Unit: share of the text, case and punctuation aside; may exceed 1. Direction: lower is better, the recording's own
value is what can be reached. More tolerant than `wer` of a wrong ending, which there counts as a whole word. Domain:
sentences with a text, where `score.transcriber` names a model; NaN without. Numbers in digits count as errors if
the model writes words: give the text as it is spoken.
"""

from __future__ import annotations

from moien.score.judges.transcriber import character_error
from moien.score.metric import Metric
from moien.score.pair import Pair


def cer(pair: Pair) -> float:
    """Character errors over the reference."""
    return float("nan") if pair.transcript is None else character_error(pair.text, pair.transcript)


METRIC = Metric(
    name="cer",
    group="words",
    label="character error rate",
    unit="share",
    best="low",
    digits=3,
    meaning="how many characters a speech recogniser of the language writes otherwise",
    compute=cer,
    judged=True,
)
