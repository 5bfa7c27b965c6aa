"""Praat TextGrids of the acoustic boundaries: a tier of words as they are written, a tier of phones."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from praatio import textgrid
from praatio.utilities.constants import Interval

from moien.align.hmm import PhoneTime
from moien.align.item import Item
from moien.errors import WrongData

WORDS, PHONES = "words", "phones"


def write_textgrid(path: Path, item: Item, phones: Sequence[PhoneTime]) -> None:
    """Write both tiers; silences are empty intervals."""
    seconds = item.seconds
    spoken = [unit for unit in item.units if not unit.is_pause]
    words = []
    for word in item.phonemes.words:
        inside = [p for unit, p in zip(spoken, phones, strict=True) if word.start <= unit.start < word.end]
        if inside:
            words.append(Interval(inside[0].start, inside[-1].end, word.text))
    grid = textgrid.Textgrid(0.0, seconds)
    grid.addTier(textgrid.IntervalTier(WORDS, words, 0.0, seconds))
    grid.addTier(
        textgrid.IntervalTier(PHONES, [Interval(p.start, p.end, p.label) for p in phones], 0.0, seconds)
    )
    grid.save(str(path), format="long_textgrid", includeBlankSpaces=True)


def read_phones(path: Path) -> list[PhoneTime]:
    """The phones of a TextGrid that `write_textgrid` wrote, silences left out; WrongData for another file."""
    try:
        tier = textgrid.openTextgrid(str(path), includeEmptyIntervals=False).getTier(PHONES)
    except Exception as error:  # praatio raises errors of many types for a broken file
        raise WrongData(f"not a TextGrid with a tier {PHONES!r}: {error}", where=path) from error
    return [PhoneTime(label, start, end) for start, end, label in tier.entries]
