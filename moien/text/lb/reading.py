"""What the rules of the normaliser have in common: the state of a scan, and the result of a rule."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple


class Part(NamedTuple):
    """A piece of the clean text up to `end`, as `span.Span`; its words may contain `numbers.OPTIONAL_N`."""

    end: int
    rule: str
    words: tuple[str, ...] = ()
    pause: str = ""


NOTHING = Part(0, "")
NUMERIC = frozenset(
    "phone date decade time year money unit score fraction ordinal decimal cardinal digits weekday".split()
)


@dataclass(slots=True)
class Scan:
    """A clean text and the last results, for the rules that depend on the words to the left.

    `left` and `before` are the last word and the one before it; both are empty after a pause.
    """

    text: str
    left: str = ""
    before: str = ""
    part: Part = NOTHING  # the last one
    seen: set[str] = field(default_factory=set)  # the rules of the numbers of the sentence
    ending: str = ""  # of the last ordinal: seng 5. a 6. Panzeraméi
    in_quotes: bool = False
    in_single_quotes: bool = False

    def add(self, start: int, part: Part) -> None:
        """Note the result of a rule."""
        if part.words:
            self.left, self.before = self.text[start : part.end], self.left
            if part.rule in NUMERIC:
                self.seen.add(part.rule)
        elif part.pause:
            self.left = self.before = ""
            if part.pause in ".!?" and part.rule == "pause":
                self.seen.clear()
        self.part = part

    def character(self, at: int) -> str:
        """The character at a place; a space outside the text and for a line break."""
        character = self.text[at] if 0 <= at < len(self.text) else " "
        return " " if character == "\n" else character


def in_words(end: int, rule: str, words: str) -> Part:
    """A part whose words are separated by spaces in `words`."""
    return Part(end, rule, tuple(words.split()))
