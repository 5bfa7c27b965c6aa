"""The lexica's notations mended into one: Kokoro's symbols, one ˈ, each mark directly before its vowel.

Every change has a name, so that a report can count and show them; what cannot be mended is rejected with its reason.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable

from moien.kokoro.symbols import VOCAB
from moien.text.lb.sounds import NUCLEUS, VOWEL, from_lexicon, stress

_CONSONANT = rf"[^{VOWEL}ːˈˌ\u0303]"
_Replacement = str | Callable[[re.Match[str]], str]
# In IPA, decomposed. The mark of i̯ often stands one character too late, with a stray space: ɑkˈtiːniu̯ m, siˈ̯əʊn.
_IN_IPA: tuple[tuple[str, re.Pattern[str], _Replacement], ...] = tuple(
    (what, re.compile(pattern), right)
    for what, pattern, right in (
        ("mark ̯ moved back to its i", r"i([aeoɑæɔəɛœøul])\u032f ?", "i\u032f\\1"),
        ("mark ̯ moved back to its i", r"i([ˈˌ])\u032f", "i\u032f\\1"),
        ("space taken out", r" +", ""),
        ("i̯ written j", r"i\u032f", "j"),
        ("mark without symbol taken out (̯ ̥ ̩)", r"[\u032f\u0325\u0329]", ""),
        ("ASCII g", r"g", "ɡ"),
    )
)
_IN_SYMBOLS: tuple[tuple[str, re.Pattern[str], _Replacement], ...] = tuple(
    (what, re.compile(pattern), right)
    for what, pattern, right in (
        # Two equal consonants of two parts of a word are said as one: eenanachtzeg -χttsəɕ, Bankkont -ŋkk-.
        ("doubled consonant", rf"((?![ʦʧʣʤ]){_CONSONANT})([ˈˌ]?)\1", r"\2\1"),
        ("doubled consonant", r"t([ˈˌ]?)(?=[ʦʧ])|d([ˈˌ]?)(?=[ʣʤ])", lambda m: m[1] or m[2] or ""),
        ("mark before the vowel, not the syllable", rf"([ˈˌ])({_CONSONANT}+)(?=[{VOWEL}])", r"\2\1"),
        ("mark after its vowel", rf"([{VOWEL}]\u0303?ː?)([ˈˌ])(?={_CONSONANT}*$)", r"\2\1"),  # ɑpzoluˈt
        ("mark without vowel taken out", rf"[ˈˌ]+(?![{VOWEL}])", ""),
    )
)


def mend(ipa: str, word: str) -> tuple[str, list[str]]:
    """A pronunciation in Kokoro's symbols and what was mended; "" and the reason if it cannot be used.

    A pronunciation without marks stays without; of several primary marks all but one become secondary.
    """
    done = []
    ipa = unicodedata.normalize("NFD", ipa)
    for what, pattern, right in _IN_IPA:
        ipa, count = pattern.subn(right, ipa)
        done += [what] * bool(count)
    said = from_lexicon(ipa, word)
    for what, pattern, right in _IN_SYMBOLS:
        said, count = pattern.subn(right, said)
        done += [what] * bool(count)
    if said.count("ˈ") > 1:
        said = _one_primary(word, said)
        done.append("several ˈ: all but one made ˌ")
    if unknown := sorted(set(said) - VOCAB.keys() | set(said) & set(' ;:,.!?—…"()“”')):
        return "", [f"symbol outside the table: {' '.join(unknown)}"]
    if not NUCLEUS.search(said):
        return "", ["no vowel"]
    return said, list(dict.fromkeys(done))


def unmarked(phonemes: str) -> str:
    """Without stress."""
    return phonemes.replace("ˈ", "").replace("ˌ", "")


def _one_primary(word: str, phonemes: str) -> str:
    """Keep the ˈ that the rules of stress ask for; if they ask for another vowel, the first one."""
    place = len(unmarked(stress(word, unmarked(phonemes)).partition("ˈ")[0]))
    parts = phonemes.split("ˈ")
    starts = [len(unmarked("".join(parts[:i]))) for i in range(1, len(parts))]
    main = starts.index(place) + 1 if place in starts else 1
    return parts[0] + "".join(("ˈ" if i == main else "ˌ") + part for i, part in enumerate(parts[1:], start=1))
