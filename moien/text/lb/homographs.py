"""Homographs, words with one spelling and two pronunciations: only those that their neighbours make certain.

Most pairs differ in a capital and are two entries of the corrections (Jean, Trier). Here are those for which the
capital is not enough, because it may begin a sentence or because all of the line is in capitals. Stress that depends
on the meaning alone (iwwersetzen) is left to the lexicon.
"""

from __future__ import annotations

from collections.abc import Sequence

_FEMININE = frozenset(
    "eng enger keng kenger meng menger deng denger seng senger hir hirer eis eiser är ärer déi där dës dëser der "
    "all ganz jonk nei eegen eegener".split()
)
_PLACE = frozenset("zu vu vun vum no iwwer ronderëm bis géint aus op".split())
# Abbreviations whose letters are also a word (OP, EM): in a line of capitals they are the word.
_INITIALS = {"OP": "op", "EM": "əm", "UN": "un", "US": "us"}
# Letters with a hyphen that have their English names: the first letters of the next word, "" for any.
_ENGLISH = {"E": ("", "ˈiː"), "e": ("", "ˈiː"), "T": ("shirt", "tˈiː"), "D": ("day", "dˈiː")}
HANDLED = frozenset({*_INITIALS, *_ENGLISH, "d'Haut", "Haut", "Band", "Wien"})


def choose(words: Sequence[str], index: int, hyphen: bool = False) -> str | None:
    """Phonemes of `words[index]` where the entry of the lexicon is not right here; None if it is.

    `words` are the words of the text, as they are spelled in it, "" for a pause; `hyphen`: one follows the word.
    """
    word = words[index]
    if word not in HANDLED:
        return None
    if word in _ENGLISH:
        start, name = _ENGLISH[word]
        follows = "".join(words[index + 1 : index + 2])
        return name if hyphen and follows.lower().startswith(start) else None
    before = words[index - 1].lower() if index else ""
    if word in _INITIALS:
        around = (*words[max(0, index - 2) : index], *words[index + 1 : index + 3])
        shouted = any(other.isupper() and len(other) > 1 and other not in _INITIALS for other in around)
        return _INITIALS[word] if shouted else None
    if word == "d'Haut" or (word == "Haut" and before in _FEMININE):
        return "thˈæːʊt" if word.startswith("d") else "hˈæːʊt"  # the skin; haut, today, is hɑʊt
    if word == "Band" and before in _FEMININE:
        return "bˈænt"  # the musicians; de Band (a book) and d'Band (a ribbon) are bɑnt
    if word == "Wien" and before in _PLACE:
        return "vˈiːn"  # the city; the question word Wien (who) has another vowel
    return None
