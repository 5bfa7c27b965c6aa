"""The result of the normaliser: the pieces of a text with their places and the words to speak for them."""

from __future__ import annotations

from typing import NamedTuple


class Span(NamedTuple):
    """A piece of a text: `text[start:end]` of the original text, before cleaning.

    `rule` is the rule that made the words: `word` (as written), `cardinal`, `date`, `letters`, `abbreviation` …;
    spans of the rules `pause` and `silent` have no words. The spans are in order and cover every character but white
    space. A word of the rule `letters` is spelled. `numbers.JOINT` joins the parts of a long number's word.
    """

    start: int
    end: int
    rule: str
    words: tuple[str, ...] = ()
    pause: str = ""  # Kokoro's symbol for a punctuation mark
