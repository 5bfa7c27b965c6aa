"""Phones of a sentence, and the edits between them and what a recogniser found.

A phone is a Kokoro symbol without its marks. Stress and tone are no sounds. Length and nasality are, but fast speakers
drop them first and a recogniser learns them last; speech without them is still understood. The two halves of a
diphthong are two phones, as in Kokoro's table.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from moien.align.tokens import split_units, spoken_words
from moien.edits import edit_path

MISSED = (
    0.5  # of a word's phones: in natural speech a quarter is not recognised, and every word is understood
)


@dataclass(frozen=True)
class Edits:
    """The fewest changes that make the phones found out of those of the reference.

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


def words_of(phonemes: str) -> list[list[str]]:
    """The phones of each spoken word, as the aligner counts words: punctuation is none."""
    return [[unit.label[0] for unit in word] for word in spoken_words(split_units(phonemes))]


def phones_of(phonemes: str) -> list[str]:
    """The phones of a phoneme string in order; spaces and punctuation are none."""
    return [phone for word in words_of(phonemes) for phone in word]


def phone_edits(reference: Sequence[str], found: Sequence[str]) -> Edits:
    """The edits from the phones of a sentence to those found in its speech."""
    path = edit_path(reference, found)
    substituted = [i for i, j in path if i is not None and j is not None and reference[i] != found[j]]
    deleted = [i for i, j in path if i is not None and j is None]
    inserted = sum(i is None for i, _ in path)
    missed = tuple(sorted(substituted + deleted))
    return Edits(len(substituted), inserted, len(deleted), len(reference), missed)


def words_missed(phonemes: str, edits: Edits) -> list[int]:
    """Numbers of the spoken words (`words_of`) of which less than half the phones were recognised.

    `edits` are those of `phones_of(phonemes)`.
    """
    missed, position, found = set(edits.missed), 0, []
    for number, word in enumerate(words_of(phonemes)):
        lost = sum(p in missed for p in range(position, position + len(word)))
        if lost > MISSED * len(word):
            found.append(number)
        position += len(word)
    return found
