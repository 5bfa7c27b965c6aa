"""The gender of a noun in the singular or plural: by the list `genders.tsv`, then by its ending.

Numbers, ordinals and halves agree with it. No lexicon of Moien has genders: the list was made by hand from the nouns of
LOD and of the lemma table of spaCy (`spacy-lookups-data`) that form their plural with -en.
"""

from __future__ import annotations

import functools
import re
from importlib import resources

# Endings of feminine nouns, singular or plural. -innen is the plural of -in; the singular only where it names persons.
_FEMININE = re.compile(
    r"(?:[hk]eet|schaft|ung|\w{2}[lmnpst]eng|(?<!champ)(?<!sp)(?<!skorp)(?<!lamp)ioun|téit|\w{3}enz|\w{2}[^wl]anz|"
    r"\w[ks]tur|[au]tur|ultur|(?<!ab)itur|\w{3}[ds]ur|théik|\w{3}ie|\w{2}[ln]?erei|\w{2}[^eu](?<!kathol)(?<!mosa)ik|"
    r"\w{3}(?:er|ist|[aeë]nt|[ao]r|eur|log|leeg|ënd|man|ier|äer|är|kt|at|et|ot|ef)in|\w{3}inn|\w{2}[bdfghklmnprstz]esch|"
    r"euse|trice|ance|ence|\w{3}ette|\w{3}ière|\w{3}tion|\w{3}ssion|\w{3}[^e]ure)(?:e?n?|s|ën?)\Z|\w{3}(?:elle|esse|ade)\Z"
)
_PLURALS = ("n", "en", "jen", "ën", "e", "je", "ë", "s")
_LONG, _SHORTEST_HEAD, _SHORTEST_MODIFIER = 5, 3, 2  # letters


@functools.cache
def _table() -> tuple[dict[str, str], dict[str, str]]:
    """Whole nouns, and the last parts of compounds, with their genders."""
    whole: dict[str, str] = {}
    heads: dict[str, str] = {}
    text = (resources.files("moien.text.lb") / "genders.tsv").read_text("utf-8")
    for line in text.splitlines():
        if not line.startswith("#"):
            noun, gender = line.split("\t")
            whole[noun.lstrip("-")] = gender
            if noun[0] == "-" or len(noun) >= _LONG:
                heads[noun.lstrip("-")] = gender
    return whole, heads


@functools.lru_cache(maxsize=4096)
def gender(noun: str) -> str:
    """ "f", "n" or "m" of a noun, "" without one. What is in no list and has no feminine ending is "m"."""
    if not noun:
        return ""
    word = noun.lower().rpartition("-")[2] or noun.lower()
    whole, heads = _table()
    forms = _forms(word)
    for form in forms:
        if form in whole:
            return whole[form]
    for start in range(_SHORTEST_MODIFIER, len(word) - _SHORTEST_HEAD + 1):
        for form in forms:
            if form[start:] in heads:
                return heads[form[start:]]
    return "f" if _FEMININE.search(word) else "m"


def _forms(word: str) -> list[str]:
    """The word, and what may be its singular: Zwiwwelen, Équipen, Famillje, Drauwen, Iddiën."""
    forms = [word]
    for ending in _PLURALS:
        if word.endswith(ending) and len(word) - len(ending) >= _SHORTEST_MODIFIER:
            stem = word.removesuffix(ending)
            forms += [stem, stem[:-1] + "f"] if stem.endswith("w") else [stem]
            forms += [stem + "e"] if ending[0] == "ë" else []
    return forms
