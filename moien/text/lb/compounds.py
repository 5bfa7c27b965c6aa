"""Words made of known ones: compounds (Schoul-kanner) and other forms of a known word (Dag → Deeg-er).

The parts and endings are not written by hand. When the model is trained (`tools/train_g2p.py`), it is counted in the
lexica how often a string that begins or ends a longer word sounds there as it does alone, and how the sound changes
when one ending replaces another. So each split comes with the share of words for which the same split was right.
"""

from __future__ import annotations

import itertools
import json
import re
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import NamedTuple

from moien.errors import WrongData
from moien.text.lb.model import DAMAGE, MODEL
from moien.text.lb.sounds import VOWEL, stress

Lookup = Callable[[str], str | None]  # a word in lower case → its phonemes, if it is known
SHORTEST, LONGEST = 3, 40  # letters of the shortest part, and of the longest word that is split
ENDING = 4  # letters of the longest ending
_PARTS = 4  # of a compound, at most
_UNSEEN = 4.0  # each part counts as seen so much more often, at the mean share of parts of its length
_DOUBLED = re.compile(rf"((?![ʦʧʣʤ])[^{VOWEL}ːˈˌ\u0303])([ˈˌ]?)\1|t([ˈˌ]?)(?=[ʦʧ])|d([ˈˌ]?)(?=[ʣʤ])")


class Split(NamedTuple):
    """Phonemes of a word by its parts, `compound` or `affix`, the share of such splits that are right, its parts."""

    phonemes: str
    source: str
    confidence: float
    parts: tuple[str, ...] = ()


class Counts(NamedTuple):
    """The counts of `tools/train_g2p.py`: (right, all) for each part, and the endings that replace each other.

    The keys of `first` and `last` are the strings, and lengths (in digits) for all strings of a length. The keys of
    `endings` are "letter before|old ending|new ending", its items are (old phonemes, new phonemes, share).
    """

    first: Mapping[str, tuple[int, int]]
    last: Mapping[str, tuple[int, int]]
    endings: Mapping[str, list[tuple[str, str, float]]]

    @classmethod
    def open(cls, file: Path = MODEL) -> Counts:
        """The counts in the file of the model. WrongData if they are not there."""
        try:
            with zipfile.ZipFile(file) as stored:
                return cls(*json.loads(stored.read("parts")))
        except DAMAGE as error:
            raise WrongData(
                f"not a model of letters ({error})", where=file, remedy="make g2p-model"
            ) from None


class Splitter:
    """Splits words in lower case into known ones; `lookup` returns the phonemes of a known word."""

    def __init__(self, lookup: Lookup, counts: Counts) -> None:
        self._lookup = lookup
        # letter before|new ending → the old endings with the changes of their phonemes
        self._replaced: dict[str, list[tuple[str, list[tuple[str, str, float]]]]] = {}
        for key, rules in sorted(counts.endings.items()):
            letter, old, new = key.split("|")
            self._replaced.setdefault(f"{letter}|{new}", []).append((old, rules))
        self._first, self._last = _shares(counts.first), _shares(counts.last)

    def split(self, word: str) -> Split | None:
        """The split with the highest confidence; None if there is none."""
        if len(word) > LONGEST:
            return None
        found = [split for split in (self.form(word), self.compound(word)) if split]
        return max(found, key=lambda split: split.confidence, default=None)

    def form(self, word: str) -> Split | None:
        """A known word with another ending: `aangele` as `aangelen`, `Stengerchen` as `Stengercher`."""
        best: Split | None = None
        for length in range(min(ENDING, len(word) - SHORTEST) + 1):
            stem, new = word[: len(word) - length], word[len(word) - length :]
            for old, rules in self._replaced.get(f"{stem[-1]}|{new}", ()):
                if not (whole := self._lookup(stem + old)):
                    continue
                for before, after, share in rules:
                    if whole.endswith(before) and (best is None or share > best.confidence):
                        best = Split(whole[: len(whole) - len(before)] + after, "affix", share, (stem + old,))
        return best

    def compound(self, word: str) -> Split | None:
        """The split into two to four known words with the highest confidence; the first part has the stress."""
        # best[i]: the best split of the first i letters: confidence, number of parts, start of the last part
        best: list[tuple[float, int, int]] = [(0.0, 0, 0)] * (len(word) + 1)
        best[0] = (1.0, 0, 0)
        spoken: dict[tuple[int, int], str] = {}
        for stop in range(SHORTEST, len(word) + 1):
            for start in range(0, stop - SHORTEST + 1):
                sure, parts, _ = best[start]
                if not sure or parts == _PARTS or stop - start == len(word):
                    continue
                part = word[start:stop]
                seen = self._last if start else self._first
                usual = seen[str(min(len(part), 9))]
                if sure * (share := seen.get(part, usual)) > best[stop][0] and (
                    known := known_part(self._lookup, part)
                ):
                    spoken[start, stop] = known
                    best[stop] = (sure * share, parts + 1, start)
        if best[-1][1] < 2:
            return None
        cuts = [len(word)]
        while cuts[-1]:
            cuts.append(best[cuts[-1]][2])
        pairs = list(itertools.pairwise(cuts[::-1]))
        pieces = tuple(word[start:stop] for start, stop in pairs)
        return Split(join([spoken[pair] for pair in pairs]), "compound", best[-1][0], pieces)


def known_part(lookup: Lookup, part: str) -> str | None:
    """The phonemes of a part: a word, a word without its n by the n-rule (Sonne-blumm), or a word with a linking s."""
    if phonemes := lookup(part):
        return phonemes
    if part[-1] in "eaou" and (phonemes := lookup(part + "n")) and phonemes.endswith("n"):
        return phonemes[:-1]
    if part[-1] == "s" and (phonemes := lookup(part[:-1])):
        return phonemes + "s"
    return None


def join(pieces: list[str]) -> str:
    """The pieces as one word: the first keeps its main stress, the others get a secondary one; of two equal consonants
    one stays."""
    whole = stress("", pieces[0])
    for piece in pieces[1:]:
        whole = single(whole + stress("", piece).replace("ˈ", "ˌ"))
    return whole


def single(phonemes: str) -> str:
    """The phonemes with one of two equal consonants."""
    return _DOUBLED.sub(_single, phonemes)


def _single(match: re.Match[str]) -> str:
    return (match[2] or "") + match[1] if match[1] else match[3] or match[4] or ""


def _shares(counts: Mapping[str, tuple[int, int]]) -> dict[str, float]:
    """The share of splits that are right for each part; for lengths (in digits) that of unseen parts."""
    usual = {str(length): 0.5 for length in range(1, 10)}
    usual |= {key: right / seen for key, (right, seen) in counts.items() if key.isdigit()}
    return usual | {
        part: (right + _UNSEEN * usual[str(min(len(part), 9))]) / (seen + _UNSEEN)
        for part, (right, seen) in counts.items()
        if not part.isdigit()
    }
