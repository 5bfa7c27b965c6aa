"""The words that are held out from training for scoring, and the units that are one phoneme there."""

from __future__ import annotations

import hashlib
import re

_UNIT = re.compile(r"(?:æːɪ|æːʊ|ɜɪ|əʊ|ɑɪ|ɑʊ|oɪ|iə|uə|.\u0303?ː?)")


def held_out(word: str) -> bool:
    """Whether a word of LOD official belongs to the tenth that is never trained on."""
    return hashlib.sha256(word.lower().encode()).digest()[0] < 26  # 26 of 256


def units(phonemes: str) -> list[str]:
    """Phonemes one by one; a long vowel or a diphthong is one."""
    return _UNIT.findall(phonemes)
