"""The n-rule (Eifeler Regel) as a check: where a text is not written as it asks. What is written is said.

ZLS orthography of 2019: final n stays before vowels and n d t z h and before a pause; elsewhere it goes. It is judged
by sounds here, because the words have their phonemes: d and t also begin dʒ and tʃ.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple

from moien.text.lb.stress import VOWEL
from moien.text.phonemes import Word

_KEEPS_N = frozenset("ndtʦʣʧʤh" + VOWEL)
# Words that lose their n, beside all that end in -en; and what is left of those that is no other word (de, e, a are).
_WITHOUT_N = frozenset("an deen den dann däin een en hien hunn keen mäin sinn säin un virun vun wann".split())
_LOST_N = frozenset("hie hu kee mäi däi säi viru vu wa".split())
_OPTIONAL_N = frozenset("si se sech säin säi seng senge sengem senger sou".split())


class Departure(NamedTuple):
    """A word that is not written as the n-rule asks: its place in the pieces, itself, the next word ("" at a pause)."""

    place: int
    word: str
    following: str
    what: str


def n_departures(pieces: Sequence[Word | str]) -> list[Departure]:
    """The words that depart from the rule, of those that it is known to touch: not nouns and names (Italien keeps n).

    Before si, se, sech, säin, sou both are allowed.
    """
    found = []
    for i, word in enumerate(pieces):
        if not isinstance(word, Word):
            continue
        after = pieces[i + 1] if i + 1 < len(pieces) else "."
        following, text = after.text if isinstance(after, Word) else "", word.text
        if following.lower() in _OPTIONAL_N or (isinstance(after, str) and after not in ",;:.!?—…"):
            continue  # free; or a quotation mark or bracket, which may be no pause
        stays = not isinstance(after, Word) or after.phonemes.lstrip("ˈˌ")[:1] in _KEEPS_N
        loses = text.lower() in _WITHOUT_N or (text.islower() and re.search("[^aeiouäëéöü]en$", text))
        if loses and not stays:
            found.append(Departure(i, text, following, "n before a consonant that takes it away"))
        elif text.lower() in _LOST_N and stays:
            found.append(Departure(i, text, following, "n is missing"))
    return found
