"""Full stops that end no sentence: after an abbreviation, an initial or an ordinal number.

espeak-ng decides by the case of the next letter. Here a few facts are added, because names and German nouns have
capitals, too. In doubt a full stop is a pause.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable

_WORD = r"[^\s\"„“”«»‹›()\[\]{}¡¿—–,;:!?…]"
_STOP = re.compile(rf"(?<!{_WORD})(?P<before>{_WORD}*\w)\.(?=(?P<gap>\s?)(?P<after>\S+))")
_NUMBER = re.compile(r"[\d.-]*\d|(?=[IVXLCDM]{2})M*(CM|CD|D?C*)(XC|XL|L?X*)(IX|IV|V?I*)")
_PARTS = re.compile(r"[^\W\d_]{1,2}(?:\.-?[^\W\d_]{1,4})+")  # z.B f.eks U.S J.-C
_SYLLABIC = re.compile(r"[rl](?=\w)")  # may be a syllable: smrt, vlk
_VOWELS = frozenset("aeiouyæøœıаеиоуыэюяієαεηιουω")
# Abbreviations with a vowel, which look like words. The first stand before a name, the others before a number.
_TITLES = frozenset(
    "Mrs Messrs Prof Sig Dott Avv Sra Dra Dña Sta Sto Gral Lic Exmo Mme Mlle Gen Col Capt Sen Rep Rev Hon Gov Pres "
    "Ing Mag Dipl Drs Mevr Doc JUDr MUDr RNDr PhDr Av Avda Ave MM EE UU FF AA JJ OO RR CC Mio Mrd Tsd Std "
    "prof ing doc drs ul al nám mme dott sig avv sra dra av mevr inż gen özv ifj id ca evtl inkl exkl sog resp "
    "ул проф акад тов обл просп вул".split()
)
_NUMBERED = frozenset(
    "no nos num núm fig figs abb tab kap cap chap art arts vol vols pag pág págs sec sek par abs ca tel approx circa "
    "est op ed aufl jan feb apr aug sep sept oct okt nov dec dez klo roč max min poz blz plz str рис".split()
)
_SMALL = frozenset(  # before a small letter
    "etc ecc usw usf osv itd itp atd apod enz bijv ej esim jne piem utt inc ltd corp mio mrd std".split()
)
_LAST = frozenset("stb vb tv km cm kg др пр т.д т.п a.m p.m m.m m.v e.d o.i.d o.l".split())  # end a sentence
# Words before an ordinal number, in languages whose nouns have capitals.
_ARTICLES = {
    "de": frozenset("der die das dem den des am im vom zum zur beim ab bis seit und oder".split()),
    "lb": frozenset("den de dem déi d' am um vum zum op fir bis säit an oder".split()),
}


def inner_stops(text: str, language: str, joins: Callable[[str], bool]) -> set[int]:
    """The places of the full stops of a clean text that are no pause.

    `joins` tells whether espeak-ng reads a text as one clause; it is asked about Roman numbers.
    """
    first = next(filter(str.isalpha, text), "")
    found = set()
    for match in _STOP.finditer(text):
        before, after = match["before"], match["after"]
        previous = next(reversed(text[max(0, match.start() - 40) : match.start()].split()), "")
        if not match["gap"]:  # etc., or 1.–3.
            inner = after[0] in ",;:" or (after[0] in "—–" and before[-1].isdigit())
        elif after[0].islower() and _NUMBER.fullmatch(before):
            inner = True
        elif after[0].isupper() and _NUMBER.fullmatch(before):
            inner = _counts(before, previous, language) or (
                before[0] in "IVXLCDM" and joins(f"{before}. {after}")
            )
        else:
            inner = _abbreviates(before, after, previous, careful=not first.isupper())
        if inner:
            found.add(match.end("before"))
    return found


def _counts(number: str, previous: str, language: str) -> bool:
    """Whether the word before a number shows that it is an ordinal: am 3. Mai, 1.–3. Mai."""
    if (len(number) > 2 and number.isdecimal()) or "." in number:  # a year, a date
        return False
    return language in _ARTICLES and (
        previous.lower() in _ARTICLES[language] or previous.endswith(("—", "–"))
    )


def _abbreviates(word: str, after: str, previous: str, careful: bool) -> bool:
    """Whether a word with a full stop is short for another, before the word `after`.

    `careful`: the text does not begin its sentences with capitals, so a small letter shows nothing.
    """
    lower = word.lower()
    initial = len(word) == 1 and word.isalpha()
    parts = bool(_PARTS.fullmatch(word))
    if after[0].islower():
        known = initial or parts or _has_no_vowel(word) or word in _TITLES or lower in _NUMBERED | _SMALL
        return known or (not careful and word.isalpha() and len(word) <= 6)
    if after[0].isdecimal():
        return (
            initial
            or parts
            or _has_no_vowel(word)
            or lower in _NUMBERED
            or lower.endswith(("str", "gt", "nr"))
        )
    if not after[0].isupper() or lower in _LAST:
        return False
    if word in _TITLES:
        return True
    if previous[-1:].isdecimal() or previous in ("i", "и"):  # 5 km. Then; i dr. means etc.
        return False
    if initial:
        return (word.isupper() and word != "I") or _has_no_vowel(word)
    return parts or (_has_no_vowel(word) and not _SYLLABIC.search(word[1:]))


def _has_no_vowel(word: str) -> bool:
    """Mr, bzw, str: a word of a script with vowels, without one. Not BBC, whose full stop may end a sentence."""
    letters = unicodedata.normalize("NFD", word.lower())
    if not word.isalpha() or len(word) > 4 or (len(word) > 1 and not word[1:].islower()):
        return False
    script = unicodedata.name(letters[0], "").split(" ")[0]
    return script in ("LATIN", "CYRILLIC", "GREEK") and _VOWELS.isdisjoint(letters)
