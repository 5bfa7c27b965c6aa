"""Letters → phonemes for words of no lexicon: a joint n-gram model over pairs of letters and phonemes.

After Bisani & Ney, "Joint-sequence models for grapheme-to-phoneme conversion" (2008). `tools/train_g2p.py` trains
the model; it is only used here. A word is cut into pairs such as `sch` → `ʃ`, and the probability of each depends on
those before it. The n-grams are a trie, stored level by level: the children of a node are neighbours, sorted by pair,
so that all pairs with the same letters are one range of it.
"""

from __future__ import annotations

import functools
import json
import math
import zipfile
import zlib
from array import array
from bisect import bisect_left
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from moien.errors import WrongData
from moien.text.lb.stress import NUCLEUS

MODEL = Path(__file__).with_name("g2p.zip")
END, START = 0, 1  # the pairs for the end and the start of a word, which have no letters
LETTERS = 2  # of a pair, at most
STEP = 1 / 16  # nats: costs are stored in steps of this size, one byte for each
_BEAM, _WIDTH = (
    8,
    80,
)  # readings that are kept after each letter, and how many steps they may lie behind the best
_SHARES = [
    math.exp(-steps * STEP) for steps in range(8 * 256)
]  # cost → probability; 7 retreats and a pair at most
_LONG = 48  # letters; a longer string is no word: it is cut and read with a beam of one
_NEVER = 1 << 30
_REMEMBERED = 100_000  # results in the cache, so that memory is bounded

DAMAGE = (OSError, EOFError, ValueError, KeyError, IndexError, TypeError, zipfile.BadZipFile, zlib.error)
_Arc = tuple[int, int, str, int]  # cost in steps, next state, phonemes, pair
_Level = tuple[int, int, tuple[_Arc, ...]]  # cost of the retreat, state, its pairs


class Nodes(NamedTuple):
    """The trie, an item for each node; without numpy, whose import takes longer than all else at the start."""

    tokens: array[int]  # its pair
    first: array[int]  # its first child
    shorter: array[int]  # the node of the same n-gram without its first pair
    states: array[int]  # the longest suffix of the n-gram that has children
    costs: array[int]  # of its pair after its parent
    retreats: array[int]  # the cost of the retreat to `shorter`


NODES = dict(zip(Nodes._fields, "HiiiBB", strict=True))  # name → type of its items


class Reading(NamedTuple):
    """Phonemes without stress, and their share (0 to 1) of the probability of all readings in the beam."""

    phonemes: str
    confidence: float


class LetterModel:
    """Reads any string of `letters`, always with the same result."""

    def __init__(self, pairs: Sequence[tuple[str, str]], nodes: Nodes) -> None:
        """A model from its pairs (letters, phonemes), sorted, and the nodes of its trie, the root first."""
        self._sounds = [sounds for _, sounds in pairs]
        self._tokens, self._first, self._shorter, self._states, self._costs, self._retreats = nodes
        starts: dict[str, int] = {}
        for token, (letters, _) in enumerate(pairs):
            starts.setdefault(letters, token)
        ends = [*list(starts.values())[1:], len(pairs)]
        self._stretches = {
            letters: (low, high) for (letters, low), high in zip(starts.items(), ends, strict=True)
        }
        self.letters = frozenset(letters for letters in starts if len(letters) == 1)
        self._known: dict[int, _Level] = {}  # state and stretch → `_level`
        self._arcs: dict[int, tuple[_Arc, ...]] = {}  # state and stretch → the pairs after it

    @classmethod
    def open(cls, file: Path = MODEL) -> LetterModel:
        """The model in a file of `tools/train_g2p.py`; WrongData if the file is not a model."""
        try:
            with zipfile.ZipFile(file) as stored:
                pairs = [(letters, sounds) for letters, sounds in json.loads(stored.read("pairs"))]
                nodes = Nodes(*(array(code, stored.read(name)) for name, code in NODES.items()))
        except DAMAGE as error:
            raise WrongData(
                f"not a model of letters ({error})", where=file, remedy="make g2p-model"
            ) from None
        return cls(pairs, nodes)

    def read(self, word: str) -> Reading:
        """The most probable phonemes of a word in lower case with characters of `letters` only."""
        if len(word) <= _LONG:
            return self._read(word, _BEAM)
        pieces = (word[start : start + _LONG] for start in range(0, len(word), _LONG))
        return Reading("".join(self._read(piece, 1).phonemes for piece in pieces), 0.0)

    def _read(self, word: str, beam: int) -> Reading:
        # For each number of letters and each state: cost in steps and phonemes of the best reading, and the probability
        # of all readings that reach the state. Of these, only the best can win, whatever follows.
        ahead: list[dict[int, tuple[int, str, float]]] = [{} for _ in range(len(word) + 1)]
        limits = [_NEVER] * (len(word) + 1)  # readings with a higher cost are dropped
        ahead[0][self._states[1 + START]] = (0, "", 1.0)
        for at in range(len(word)):
            here = [
                (cost, phonemes, state, mass)
                for state, (cost, phonemes, mass) in ahead[at].items()
                if cost <= limits[at]
            ]
            here.sort()
            del here[beam:]
            for to in range(at + 1, min(at + LETTERS, len(word)) + 1):
                if stretch := self._stretches.get(word[at:to]):
                    limits[to] = self._extend(here, stretch, ahead[to], limits[to])
        ends, total = [], 0.0
        for state, (cost, sounds, mass) in ahead[-1].items():
            penalty, _, arcs = self._level(state, (END, END + 1))
            more = penalty + arcs[0][0]
            ends.append((NUCLEUS.search(sounds) is None, cost + more, sounds))  # a word has a vowel
            total += mass * _SHARES[more]
        silent, best, phonemes = min(ends, default=(True, 0, ""))
        sure = min(1.0, math.exp(-best * STEP) / total) if total else 0.0
        return Reading(phonemes, 0.0 if silent else sure)

    def _extend(
        self,
        here: Sequence[tuple[int, str, int, float]],
        stretch: tuple[int, int],
        there: dict[int, tuple[int, str, float]],
        limit: int,
    ) -> int:
        """Add the readings that continue those of `here` with the pairs of a range; returns the new limit."""
        known, size, first = self._known, len(self._sounds), stretch[0]
        least: dict[int, int] = {}  # state → the lowest cost with which it was left: the same follows
        for cost, phonemes, state, mass in here:
            seen: list[int] = []  # pairs count after the longest n-gram that has them
            while cost <= limit:
                penalty, state, arcs = known.get(state * size + first) or self._level(state, stretch)
                cost += penalty
                if cost > limit or cost >= least.get(state, _NEVER):
                    break
                least[state] = cost
                mass *= _SHARES[penalty]
                for more, following, sounds, token in arcs:
                    reached = cost + more
                    if reached > limit:
                        break
                    if token in seen:
                        continue
                    seen.append(token)
                    if (old := there.get(following)) is None:
                        there[following] = (reached, phonemes + sounds, mass * _SHARES[more])
                    elif reached < old[0]:
                        there[following] = (reached, phonemes + sounds, mass * _SHARES[more] + old[2])
                    else:
                        there[following] = (old[0], old[1], mass * _SHARES[more] + old[2])
                    if reached + _WIDTH < limit:
                        limit = reached + _WIDTH
                if not state:
                    break
                penalty = self._retreats[state]
                cost, mass, state = cost + penalty, mass * _SHARES[penalty], self._shorter[state]
        return limit

    def _level(self, state: int, stretch: tuple[int, int]) -> _Level:
        """The longest suffix of `state` after which pairs of a range were seen: the cost of the retreat to it, the
        suffix, and these pairs, the cheapest first."""
        tokens, nodes, (first, last) = self._tokens, self._first, stretch
        key, penalty = state * len(self._sounds) + first, 0
        while True:
            start, stop = nodes[state], nodes[state + 1]
            if tokens[stop - 1] >= first and tokens[node := bisect_left(tokens, first, start, stop)] < last:
                break
            penalty, state = penalty + self._retreats[state], self._shorter[state]
        if (arcs := self._arcs.get(state * len(self._sounds) + first)) is None:
            found = []
            while node < stop and (token := tokens[node]) < last:
                found.append((self._costs[node], self._states[node], self._sounds[token], token))
                node += 1
            arcs = tuple(sorted(found))
            self._arcs[state * len(self._sounds) + first] = arcs
        if len(self._known) >= _REMEMBERED:
            self._known.clear()
            self._arcs.clear()
        self._known[key] = level = (penalty, state, arcs)
        return level


@functools.cache
def letter_model() -> LetterModel:
    """The model of this package, opened once in a process."""
    return LetterModel.open()
