"""speaking rate: phonemes a second.

Unit: phonemes / s (letters of Kokoro's phoneme string: no stress or length marks, no punctuation). Direction: best
at the recording's own. Domain: from the first to the last speech, pauses inside included. The phonemes are those
of the text, so a dropped word looks like fast speech. NaN without phonemes. Relative to the recording it has the same
information as the duration ratio; it adds the absolute number, which can be compared with other voices.
"""

from __future__ import annotations

import unicodedata

from moien.score.metric import Metric
from moien.score.pair import Pair


def count_phonemes(phonemes: str) -> int:
    """Letters of a phoneme string; modifier letters (ˈ ˌ ː ʰ ʲ) belong to the letter before or after them."""
    return sum(unicodedata.category(symbol) in ("Ll", "Lu", "Lo") for symbol in phonemes)


def speaking_rate(pair: Pair) -> float:
    """Phonemes of the sentence / seconds of the spoken clip."""
    count = count_phonemes(pair.phonemes)
    return count / pair.spoken.speech_seconds if count else float("nan")


METRIC = Metric(
    name="speaking_rate",
    group="timing",
    label="speaking rate",
    unit="phonemes/s",
    best="natural",
    digits=1,
    meaning="how fast it speaks, pauses included",
    compute=speaking_rate,
)
