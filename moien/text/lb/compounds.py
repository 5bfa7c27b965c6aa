"""Words that are put together from known ones: compounds (Schoul-kanner) and forms of a known word (Dag → Deeg-er).

What joins and what ends a word is not written here by hand but counted in the lexica when the model is trained
(`tools/train_g2p.py`): how often a string that begins or ends a longer word is said there as it is said alone, and
how an ending is said in place of another. So a split comes with the share of words for which the same was right.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import NamedTuple

import numpy as np

from moien.errors import WrongData
from moien.text.lb.model import DAMAGE, MODEL
from moien.text.lb.sounds import VOWEL, stress

Lookup = Callable[[str], str | None]  # phonemes of a known word in lower case
SHORTEST, LONGEST = 3, 40  # letters of a part; letters of a word that is split at all
ENDING = 4  # letters that an ending may have
_PARTS = 4  # of a compound, at most
_UNSEEN = 4.0  # a part is judged as if it had been seen this often with the share of parts of its length
_DOUBLED = re.compile(rf"((?![ʦʧʣʤ])[^{VOWEL}ːˈˌ\u0303])([ˈˌ]?)\1|t([ˈˌ]?)(?=[ʦʧ])|d([ˈˌ]?)(?=[ʣʤ])")


class Split(NamedTuple):
    """How a word is said by its parts, `compound` or `affix`, and how often such a split is right (0 to 1)."""

    phonemes: str
    source: str
    confidence: float


class Counts(NamedTuple):
    """What `tools/train_g2p.py` counted: (right, all) for each part, and the endings that replace each other.

    `first` and `last` are keyed by the string, and by its length in digits for all strings of that length; `endings`
    by "letter before, old ending, new ending" with (old phonemes, new phonemes, share) as items.
    """

    first: Mapping[str, tuple[int, int]]
    last: Mapping[str, tuple[int, int]]
    endings: Mapping[str, list[tuple[str, str, float]]]

    @classmethod
    def open(cls, file: Path = MODEL) -> Counts:
        """As they lie in the file of the model. WrongData if they do not."""
        try:
            with np.load(file, allow_pickle=False) as stored:
                return cls(*json.loads(stored["parts"].tobytes()))
        except DAMAGE as error:
            raise WrongData(
                f"not a model of letters ({error})", where=file, remedy="make g2p-model"
            ) from None


class Splitter:
    """Splits words in lower case; `lookup` gives the phonemes of a known word."""

    def __init__(self, lookup: Lookup, counts: Counts) -> None:
        self._lookup, self._counts = lookup, counts
        self._replaced: dict[str, list[str]] = {}  # new ending → the old ones
        for key in counts.endings:
            _, old, new = key.split("|")
            self._replaced.setdefault(new, []).append(old)
        self._replaced = {new: sorted(set(old)) for new, old in self._replaced.items()}

    def split(self, word: str) -> Split | None:
        """The surest way to put the word together; None if its parts are not known."""
        if len(word) > LONGEST:
            return None
        found = [split for split in (self.form(word), self.compound(word)) if split]
        return max(found, key=lambda split: split.confidence, default=None)

    def form(self, word: str) -> Split | None:
        """A known word with another ending: `aangele` as `aangelen`, `Stengerchen` as `Stengercher`."""
        best: Split | None = None
        for length in range(min(ENDING, len(word) - SHORTEST) + 1):
            stem, new = word[: len(word) - length], word[len(word) - length :]
            for old in self._replaced.get(new, ()):
                rules = self._counts.endings.get(f"{stem[-1]}|{old}|{new}")
                if not rules or not (said := self._lookup(stem + old)):
                    continue
                for before, after, share in rules:
                    if said.endswith(before) and (best is None or share > best.confidence):
                        best = Split(said[: len(said) - len(before)] + after, "affix", share)
        return best

    def compound(self, word: str) -> Split | None:
        """Two to four known words, the surest split of all; the first has the stress."""
        # best[i]: for the first i letters, the surest split: confidence, parts, where the last part starts
        best: list[tuple[float, int, int]] = [(0.0, 0, 0)] * (len(word) + 1)
        best[0] = (1.0, 0, 0)
        said: dict[tuple[int, int], str] = {}
        for stop in range(SHORTEST, len(word) + 1):
            for start in range(0, stop - SHORTEST + 1):
                sure, parts, _ = best[start]
                if not sure or parts == _PARTS or stop - start == len(word):
                    continue
                part = word[start:stop]
                counts = self._counts.last if start else self._counts.first
                if sure * (share := _share(counts, part)) > best[stop][0] and (
                    known := known_part(self._lookup, part)
                ):
                    said[start, stop] = known
                    best[stop] = (sure * share, parts + 1, start)
        if best[-1][1] < 2:
            return None
        pieces, stop = [], len(word)
        while stop:
            start = best[stop][2]
            pieces.append(said[start, stop])
            stop = start
        return Split(join(pieces[::-1]), "compound", best[-1][0])


def known_part(lookup: Lookup, part: str) -> str | None:
    """Phonemes of a part: a word, one that lost its n to the n-rule (Sonne-blumm), or one with an s that links."""
    if said := lookup(part):
        return said
    if part[-1] in "eaou" and (said := lookup(part + "n")) and said.endswith("n"):
        return said[:-1]
    if part[-1] == "s" and (said := lookup(part[:-1])):
        return said + "s"
    return None


def join(pieces: list[str]) -> str:
    """The first piece keeps its main stress, the others have a secondary one; two equal consonants become one."""
    whole = stress("", pieces[0])
    for piece in pieces[1:]:
        whole = _DOUBLED.sub(_single, whole + stress("", piece).replace("ˈ", "ˌ"))
    return whole


def _single(match: re.Match[str]) -> str:
    return (match[2] or "") + match[1] if match[1] else match[3] or match[4] or ""


def _share(counts: Mapping[str, tuple[int, int]], part: str) -> float:
    right, seen = counts.get(part, (0, 0))
    usual, all_seen = counts.get(str(min(len(part), 9)), (1, 2))
    return (right + _UNSEEN * usual / all_seen) / (seen + _UNSEEN)
