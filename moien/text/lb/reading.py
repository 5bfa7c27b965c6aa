"""What the rules of the normaliser share: where a reading stands in the text, and what it returns."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple


class Part(NamedTuple):
    """A piece of the clean text up to `end`, as `spoken.Spoken`; its words may hold `numbers.OPTIONAL_N`."""

    end: int
    rule: str
    words: tuple[str, ...] = ()
    pause: str = ""


NOTHING = Part(0, "")


@dataclass(slots=True)
class Scan:
    """A clean text and what was read of it last, for the rules that ask what stands to the left.

    `left` and `before` are the last word and the one before it; both are empty where a pause came in between.
    """

    text: str
    left: str = ""
    before: str = ""
    part: Part = NOTHING  # the last one
    ending: str = ""  # of the last ordinal: seng 5. a 6. Panzeraméi
    in_quotes: bool = False
    in_single_quotes: bool = False

    def add(self, start: int, part: Part) -> None:
        """Note what was read."""
        if part.words:
            self.left, self.before = self.text[start : part.end], self.left
        elif part.pause:
            self.left = self.before = ""
        self.part = part

    def character(self, at: int) -> str:
        """The character at a place, a space outside the text."""
        return self.text[at] if 0 <= at < len(self.text) else " "


def said(end: int, rule: str, words: str) -> Part:
    """A part from words with spaces between them."""
    return Part(end, rule, tuple(words.split()))
