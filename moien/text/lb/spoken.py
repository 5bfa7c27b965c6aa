"""What the normaliser returns: each piece of a text, where it stands, and the words that are said for it."""

from __future__ import annotations

from typing import NamedTuple


class Spoken(NamedTuple):
    """A piece of a text: `text[start:end]` of the text as it was given, before any cleaning.

    `rule` names what made the words: `word` (as it is written), `cardinal`, `date`, `letters`, `abbreviation` …;
    `pause` and `silent` pieces have no words. The pieces lie in order and cover every character but white space.
    A word of the rule `letters` is said letter by letter. `numbers.JOINT` joins the parts of a long number's word.
    """

    start: int
    end: int
    rule: str
    words: tuple[str, ...] = ()
    pause: str = ""  # Kokoro's symbol for a punctuation mark
