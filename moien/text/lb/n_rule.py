"""The n-rule (Eifeler Regel) as a check of a text; words are always spoken as they are written.

ZLS orthography of 2019: a final n stays before vowels, before n d t z h and before a pause; elsewhere it is dropped.
The check uses sounds and not letters, because the words have their phonemes: dʒ and tʃ begin with d and t, too.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple

from moien.text.lb.stress import VOWEL
from moien.text.phonemes import Word

_KEEPS_N = frozenset("ndtʦʣʧʤh" + VOWEL)
# Words that lose their n, besides all that end in -en; and their forms without n that are no other word (de, e, a are).
_WITHOUT_N = frozenset("an deen den dann däin een en hien hunn keen mäin sinn säin un virun vun wann".split())
_LOST_N = frozenset("hie hu kee mäi däi säi viru vu wa".split())
_OPTIONAL_N = frozenset("si se sech säin säi seng senge sengem senger sou".split())


class Departure(NamedTuple):
    """A word that breaks the n-rule: its place in the pieces, the word, the next word ("" at a pause), the fault."""

    place: int
    word: str
    following: str
    what: str


def n_departures(pieces: Sequence[Word | str]) -> list[Departure]:
    """The words that break the rule, of those that certainly follow it: no nouns and names (Italien keeps its n).

    Before si, se, sech, säin, sou both forms are allowed.
    """
    found = []
    for i, word in enumerate(pieces):
        if not isinstance(word, Word):
            continue
        after = pieces[i + 1] if i + 1 < len(pieces) else "."
        following, text = after.text if isinstance(after, Word) else "", word.text
        if following.lower() in _OPTIONAL_N or (isinstance(after, str) and after not in ",;:.!?—…"):
            continue  # both are allowed; or the mark is a quotation mark or bracket, which may be no pause
        stays = not isinstance(after, Word) or after.phonemes.lstrip("ˈˌ")[:1] in _KEEPS_N
        loses = text.lower() in _WITHOUT_N or (text.islower() and re.search("[^aeiouäëéöü]en$", text))
        if loses and not stays:
            found.append(Departure(i, text, following, "n before a consonant that drops it"))
        elif text.lower() in _LOST_N and stays:
            found.append(Departure(i, text, following, "n is missing"))
    return found
