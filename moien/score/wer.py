"""word error rate: what a recogniser of the language writes down, against the text.

Unit: share of the text, case and punctuation aside; may exceed 1. Direction: lower is better, the recording's own
value is what can be reached. A word that is spelt in another way is as wrong as one that was not understood. Domain:
sentences with a text, where `score.transcriber` names a model; NaN without. Numbers in figures count as errors if
the model writes words: give it the text as it is spoken.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from moien.score.metric import Metric
from moien.score.transcriber import word_error

if TYPE_CHECKING:
    from moien.score.clip import Pair


def wer(pair: Pair) -> float:
    """Word errors over the reference."""
    return float("nan") if pair.heard is None else word_error(pair.text, pair.heard)


METRIC = Metric("wer", "words", "word error rate", "share", "low", 3,
                "how many words a recogniser of the language writes otherwise", wer)  # fmt: skip
