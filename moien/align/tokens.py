"""Split a phoneme string into units that can be aligned: phones, each of one or more symbols, and pauses between them.

Position i of the string is token i + 1 of the utterance (BOS is token 0), so a unit's place gives its tokens.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby

from moien.kokoro.symbols import MODIFIERS, PAUSE_SYMBOLS

STRESS = frozenset("ˈˌ")
# Tone arrows and stress do not change which sound it is; length and nasality do.
SILENT_MARKS = STRESS | frozenset("↓→↗↘")


@dataclass(frozen=True)
class Unit:
    """Symbols `[start, end)` of a phoneme string that belong together: a phone with its marks, or one pause symbol.

    `label` names the sound (`aː`, `ɑ̃`; without stress); it is "" for a pause.
    """

    start: int
    end: int
    label: str

    @property
    def is_pause(self) -> bool:
        """Whether it is a space or punctuation."""
        return not self.label


def split_units(phonemes: str) -> list[Unit]:
    """Units of a phoneme string; they cover it without gap.

    A stress mark belongs to the phone after it (Kokoro writes it before the vowel), every other mark to the
    phone before it. A mark without such a phone counts as a pause: it has no sound of its own.
    """
    units: list[Unit] = []
    start = position = 0
    while position < len(phonemes):
        while position < len(phonemes) and phonemes[position] in STRESS:
            position += 1
        if position == len(phonemes) or phonemes[position] in PAUSE_SYMBOLS | MODIFIERS:
            position = max(position, start + 1)  # stray stress, or one pause symbol or stray mark
            units.append(Unit(start, position, ""))
        else:
            position += 1
            while position < len(phonemes) and phonemes[position] in MODIFIERS - STRESS:
                position += 1
            label = "".join(symbol for symbol in phonemes[start:position] if symbol not in SILENT_MARKS)
            units.append(Unit(start, position, label))
        start = position
    return units


def spoken_words(units: Sequence[Unit]) -> list[list[Unit]]:
    """Groups of phones between pauses; the aligner may put silence only between these groups."""
    return [list(group) for pause, group in groupby(units, key=lambda unit: unit.is_pause) if not pause]
