"""A lexicon for sherpa-onnx 2, which has no front end: a line `word symbol symbol …` for each word.

sherpa looks words up in lower case, as they stand between spaces and marks, and skips a word that it does not find. So
the article in front of a word is part of the key (`d'stad`). Only a front end that has a list of words can be written
so; numbers, abbreviations and words that are in no list are lost, and so is what happens at the joint of two words.
"""

from __future__ import annotations

from pathlib import Path

from moien.progress import track
from moien.text import Frontend

BREAKS = set(" \t,.!?;:")  # where sherpa splits a text


def write_lexicon(frontend: Frontend, path: Path) -> None:
    """Write the pronunciations of a front end; no file if it has none."""
    words = track(frontend.pronunciations(), "words of the lexicon for sherpa-onnx")
    lines = [f"{word} {' '.join(phonemes)}\n" for word, phonemes in words if not BREAKS & set(word)]
    if lines:
        path.write_text("".join(lines), encoding="utf-8")
