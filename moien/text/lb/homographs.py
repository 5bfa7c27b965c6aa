"""Words that are spelt alike and said differently: only those whose neighbours decide without doubt.

Most pairs differ in a capital and are two entries of the corrections (Jean, Trier); here are those where the capital
alone does not tell, because a sentence may begin with it or stand all in capitals. Stress that only meaning decides
(iwwersetzen) is left to the lexicon.
"""

from __future__ import annotations

from collections.abc import Sequence

_FEMININE = frozenset(
    "eng enger keng kenger meng menger deng denger seng senger hir hirer eis eiser är ärer déi där dës dëser der "
    "all ganz jonk nei eegen eegener".split()
)
_PLACE = frozenset("zu vu vun vum no iwwer ronderëm bis géint aus op".split())
# Letters in capitals that are a word in small ones: the OP, the EM; but not in a line that is all capitals.
_INITIALS = {"OP": "op", "EM": "əm", "UN": "un", "US": "us"}
_ASKED = frozenset({*_INITIALS, "d'Haut", "Haut", "Band", "Wien"})


def choose(words: Sequence[str], index: int) -> str | None:
    """Phonemes of `words[index]`, as it is spelt in its sentence, where the lexicon's entry is not what is said here.

    None leaves the word to the lexicon. `words` are what stands around it, in any number.
    """
    word = words[index]
    if word not in _ASKED:
        return None
    before = words[index - 1].lower() if index else ""
    if word in _INITIALS:
        around = (*words[max(0, index - 2) : index], *words[index + 1 : index + 3])
        shouted = any(other.isupper() and len(other) > 1 and other not in _INITIALS for other in around)
        return _INITIALS[word] if shouted else None
    if word == "d'Haut" or (word == "Haut" and before in _FEMININE):
        return "thˈæːʊt" if word.startswith("d") else "hˈæːʊt"  # the skin; haut, today, is hɑʊt
    if word == "Band" and before in _FEMININE:
        return "bˈænt"  # those who play; de Band (a book) and d'Band (a ribbon) are bɑnt
    if word == "Wien" and before in _PLACE:
        return "vˈiːn"  # the city; Wien, who, begins a question
    return None
