"""speaking rate: phonemes a second.

Unit: phonemes / s (letters of Kokoro's phoneme string: no stress or length marks, no punctuation). Direction: best
at the recording's own. Domain: from the first to the last speech, pauses inside included; the phonemes are those
that were asked for, so a dropped word looks like haste. NaN where nobody knows the phonemes. Against the recording
it says what the duration ratio says; it adds the absolute number, which can be compared with other voices.
"""

from __future__ import annotations

import unicodedata

from moien.score.clip import Pair
from moien.score.metric import Metric


def count_phonemes(phonemes: str) -> int:
    """Letters of a phoneme string; modifier letters (ˈ ˌ ː ʰ ʲ) belong to the letter before or after them."""
    return sum(unicodedata.category(symbol) in ("Ll", "Lu", "Lo") for symbol in phonemes)


def speaking_rate(pair: Pair) -> float:
    """Phonemes of the sentence / seconds of the spoken clip."""
    count = count_phonemes(pair.phonemes)
    return count / pair.spoken.speech_seconds if count else float("nan")


METRIC = Metric("speaking_rate", "timing", "speaking rate", "phonemes/s", "natural", 1,
                "how fast it speaks, pauses included", speaking_rate)  # fmt: skip
