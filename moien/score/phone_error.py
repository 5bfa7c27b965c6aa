"""phone error: how much of the sentence a recogniser does not hear as it is written.

Unit: share of the phones of the sentence: deletions + insertions + substitutions over the number of phones, so that
it may exceed 1. Direction: lower is better; 0 is out of reach, since the recogniser mishears natural speech too and
the phonemes are a front end's guess: the recording's own value is the ceiling. Domain: sentences with phonemes, and a
recogniser trained on the natural training split (`moien.score.recogniser`), NaN without; not comparable between
corpora, front ends or recognisers. Stress, length, tone and melody do not count. Other voices than the one trained on
are heard a little worse: the recordings of Marylux, with a pitch an octave lower and a longer vocal tract, lose five
hundredths, with a higher pitch and a shorter tract eight.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from moien.align.tokens import split_units, spoken_words
from moien.score.metric import Metric

if TYPE_CHECKING:
    from moien.score.clip import Pair

MISSED = 0.5  # of a word's phones: natural speech loses a quarter of them, and nobody misses a word


@dataclass(frozen=True)
class Edits:
    """The fewest changes that make the phones found out of the reference's.

    `length` is the number of phones in the reference, `missed` the positions of those that were deleted or substituted.
    """

    substitutions: int
    insertions: int
    deletions: int
    length: int
    missed: tuple[int, ...]

    @property
    def error(self) -> float:
        """All edits over the length of the reference; NaN where that is 0."""
        return self.share(self.substitutions + self.insertions + self.deletions)

    def share(self, count: int) -> float:
        """`count` over the length of the reference; NaN where that is 0."""
        return count / self.length if self.length else float("nan")


def phones_of(phonemes: str) -> list[str]:
    """The phones of a phoneme string in order, each without its marks; spaces and punctuation are none."""
    return [phone for word in words_of(phonemes) for phone in word]


def words_of(phonemes: str) -> list[list[str]]:
    """The phones of each spoken word, as the aligner counts words: punctuation is none."""
    return [[unit.label[0] for unit in word] for word in spoken_words(split_units(phonemes))]


def phone_edits(reference: Sequence[str], found: Sequence[str]) -> Edits:
    """Levenshtein's edits; where several are equally few, a substitution is preferred to a deletion with an insertion.

    `costs[i][j]` is the distance between the first i of the reference and the first j found.
    """
    costs = [list(range(len(found) + 1))]
    for i, phone in enumerate(reference, start=1):
        row = [i]
        for j, other in enumerate(found, start=1):
            row.append(min(costs[-1][j - 1] + (phone != other), costs[-1][j] + 1, row[-1] + 1))
        costs.append(row)
    i, j = len(reference), len(found)
    substitutions = insertions = deletions = 0
    missed = []
    while i or j:
        differ = i and j and reference[i - 1] != found[j - 1]
        if i and j and costs[i][j] == costs[i - 1][j - 1] + differ:
            i, j = i - 1, j - 1
            if differ:
                substitutions += 1
                missed.append(i)
        elif i and costs[i][j] == costs[i - 1][j] + 1:
            i -= 1
            deletions += 1
            missed.append(i)
        else:
            j -= 1
            insertions += 1
    return Edits(substitutions, insertions, deletions, len(reference), tuple(reversed(missed)))


def words_missed(phonemes: str, edits: Edits) -> list[int]:
    """Numbers of the spoken words (`words_of`) of which the recogniser heard less than half the phones.

    `edits` are those of `phones_of(phonemes)`.
    """
    missed, position, found = set(edits.missed), 0, []
    for number, word in enumerate(words_of(phonemes)):
        lost = sum(p in missed for p in range(position, position + len(word)))
        if lost > MISSED * len(word):
            found.append(number)
        position += len(word)
    return found


def phone_error(pair: Pair) -> float:
    """All edits over the phones of the sentence."""
    return pair.edits.error if pair.edits else float("nan")


METRIC = Metric("phone_error", "words", "phone error", "share", "low", 3,
                "how much of the sentence a recogniser of the language mishears", phone_error)  # fmt: skip
