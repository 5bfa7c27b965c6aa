"""What training leaves out and scoring asks for, and what counts as one phoneme there."""

from __future__ import annotations

import hashlib
import re

_UNIT = re.compile(r"(?:æːɪ|æːʊ|ɜɪ|əʊ|ɑɪ|ɑʊ|oɪ|iə|uə|.\u0303?ː?)")


def held_out(word: str) -> bool:
    """Whether a word of LOD official belongs to the tenth that nothing may learn from."""
    return hashlib.sha256(word.lower().encode()).digest()[0] < 26  # 26 of 256


def units(phonemes: str) -> list[str]:
    """Phonemes one by one: long vowels and diphthongs are one."""
    return _UNIT.findall(phonemes)
