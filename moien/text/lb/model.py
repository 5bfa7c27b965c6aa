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

import numpy as np
import numpy.typing as npt

from moien.errors import WrongData

MODEL = Path(__file__).with_name("g2p.npz")
END, START = 0, 1  # the pairs for the end and the start of a word, which have no letters
LETTERS = 2  # of a pair, at most
STEP = 1 / 16  # nats: costs are stored in steps of this size, one byte for each
_BEAM, _WIDTH = (
    8,
    96,
)  # readings that are kept after each letter, and how many steps they may lie behind the best
_SHARES = [
    math.exp(-steps * STEP) for steps in range(8 * 256)
]  # cost → probability; 7 retreats and a pair at most
_LONG = 48  # letters; a longer string is no word: it is cut and read with a beam of one
_REMEMBERED = 100_000  # results in the cache, so that memory is bounded

DAMAGE = (OSError, EOFError, ValueError, KeyError, IndexError, TypeError, zipfile.BadZipFile, zlib.error)
_Step = tuple[int, int, str]
Integers = npt.NDArray[np.integer]


class Reading(NamedTuple):
    """Phonemes without stress, and their share (0 to 1) of the probability of all readings in the beam."""

    phonemes: str
    confidence: float


class LetterModel:
    """Reads any string of `letters`, always with the same result."""

    def __init__(
        self,
        pairs: Sequence[tuple[str, str]],
        tokens: Integers,
        children: Integers,
        costs: bytes,
        retreats: bytes,
    ) -> None:
        """A model from its arrays.

        Args:
            pairs: (letters, phonemes), sorted.
            tokens: of each node, level by level from the root, its pair.
            children: of each node, the number of its children.
            costs: of each node, the cost of its pair after its parent.
            retreats: of each node, the cost of the retreat to the n-gram without its first pair.
        """
        first = 1 + np.concatenate([[0], np.cumsum(children, dtype=np.int64)])  # first child of each node
        keys = np.concatenate([[-1], np.repeat(np.arange(len(tokens)), children) * len(pairs) + tokens[1:]])
        shorter = np.zeros(len(tokens), np.int64)  # the node of the same n-gram without its first pair
        states = np.where(
            children, np.arange(len(tokens)), 0
        )  # the longest suffix of the n-gram that has children
        low, high = int(first[1]), int(first[first[1]])
        while low < high:  # one level after the other, because a node needs the result of its parent
            parents = keys[low:high] // len(pairs)
            shorter[low:high] = np.searchsorted(keys, shorter[parents] * len(pairs) + tokens[low:high])
            leaf = states[low:high] == 0
            states[low:high][leaf] = states[shorter[low:high][leaf]]
            low, high = int(first[low]), int(first[high])
        self._pairs, self._costs, self._retreats = pairs, costs, retreats
        self._tokens, self._first, self._shorter, self._states = (
            array("i", values.astype(np.int32).tobytes()) for values in (tokens, first, shorter, states)
        )
        starts: dict[str, int] = {}
        for token, (letters, _) in enumerate(pairs):
            starts.setdefault(letters, token)
        ends = [*list(starts.values())[1:], len(pairs)]
        self._stretches = {
            letters: (low, high) for (letters, low), high in zip(starts.items(), ends, strict=True)
        }
        self.letters = frozenset(letters for letters in starts if len(letters) == 1)
        self._known: dict[tuple[int, int], list[_Step]] = {}

    @classmethod
    def open(cls, file: Path = MODEL) -> LetterModel:
        """The model that `save` wrote; WrongData if the file is not a model."""
        try:
            with np.load(file, allow_pickle=False) as stored:
                pairs = [(letters, sounds) for letters, sounds in json.loads(stored["pairs"].tobytes())]
                return cls(
                    pairs,
                    stored["tokens"],
                    stored["children"],
                    stored["costs"].tobytes(),
                    stored["retreats"].tobytes(),
                )
        except DAMAGE as error:
            raise WrongData(
                f"not a model of letters ({error})", where=file, remedy="make g2p-model"
            ) from None

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
        ahead[0][self._states[1 + START]] = (0, "", 1.0)
        for at in range(len(word)):
            here = sorted(
                (cost, phonemes, state, mass) for state, (cost, phonemes, mass) in ahead[at].items()
            )[:beam]
            stretches = [
                (stretch, ahead[at + length])
                for length in range(1, min(LETTERS, len(word) - at) + 1)
                if (stretch := self._stretches.get(word[at : at + length]))
            ]
            for cost, phonemes, state, mass in here:
                if cost > here[0][0] + _WIDTH:
                    break
                for stretch, there in stretches:
                    for more, following, sounds in self._continue(state, stretch):
                        reached = mass * _SHARES[more]
                        old = there.get(following)
                        if old is None:
                            there[following] = (cost + more, phonemes + sounds, reached)
                        elif cost + more < old[0]:
                            there[following] = (cost + more, phonemes + sounds, reached + old[2])
                        else:
                            there[following] = (old[0], old[1], reached + old[2])
        best, phonemes, total = 1 << 30, "", 0.0
        for state, (cost, sounds, mass) in ahead[-1].items():
            [(more, _, _)] = self._continue(state, (END, END + 1))
            best, phonemes = min((best, phonemes), (cost + more, sounds))
            total += mass * _SHARES[more]
        return Reading(phonemes, min(1.0, math.exp(-best * STEP) / total) if total else 0.0)

    def _continue(self, state: int, stretch: tuple[int, int]) -> list[_Step]:
        """(cost in steps, next state, phonemes) of the pairs of a range that can still win."""
        key = (state, stretch[0])
        if found := self._known.get(key):
            return found
        best: dict[int, _Step] = {}
        penalty, limit = 0, 1 << 30
        while penalty <= limit:
            low = bisect_left(self._tokens, stretch[0], self._first[state], self._first[state + 1])
            high = bisect_left(self._tokens, stretch[1], low, self._first[state + 1])
            for node in range(low, high):
                token = self._tokens[node]
                if token not in best:
                    cost = penalty + self._costs[node]
                    best[token] = (cost, self._states[node], self._pairs[token][1])
                    limit = min(limit, cost + _WIDTH)
            if state == 0:
                break
            penalty += self._retreats[state]
            state = self._shorter[state]
        found = [item for item in best.values() if item[0] <= limit]
        if len(self._known) >= _REMEMBERED:
            self._known.clear()
        self._known[key] = found
        return found


@functools.cache
def letter_model() -> LetterModel:
    """The model of this package, opened once in a process."""
    return LetterModel.open()


def save(
    file: Path,
    pairs: Sequence[tuple[str, str]],
    tokens: Integers,
    children: Integers,
    costs: Integers,
    retreats: Integers,
    parts: Sequence[object],
) -> None:
    """Write the file for `LetterModel.open` and `compounds.Counts.open`; the same model gives the same bytes."""
    texts = [
        np.frombuffer(json.dumps(list(value), ensure_ascii=False).encode(), np.uint8)
        for value in (pairs, parts)
    ]
    np.savez_compressed(
        file,
        pairs=texts[0],
        parts=texts[1],
        tokens=tokens.astype(np.uint16),
        children=children.astype(np.uint16),
        costs=costs.astype(np.uint8),
        retreats=retreats.astype(np.uint8),
    )
