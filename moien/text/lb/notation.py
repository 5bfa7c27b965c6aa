"""The notations of the lexica made into one: Kokoro's symbols, one ˈ, each mark directly before its vowel.

Every change has a name, so that a report can count and show them. A pronunciation that cannot be corrected is rejected
with the reason.
"""

from __future__ import annotations

import itertools
import re
import unicodedata
from bisect import bisect_left
from collections.abc import Callable, Iterable

from moien.kokoro.symbols import VOCAB
from moien.text.lb.sounds import NUCLEUS, VOWEL, from_lexicon, stress

_CONSONANT = rf"[^{VOWEL}ːˈˌ\u0303]"
_Replacement = str | Callable[[re.Match[str]], str]
# In IPA, decomposed. The mark of i̯ is often one character too late, with a stray space: ɑkˈtiːniu̯ m, siˈ̯əʊn.
_IN_IPA: tuple[tuple[str, re.Pattern[str], _Replacement], ...] = tuple(
    (what, re.compile(pattern), right)
    for what, pattern, right in (
        ("mark ̯ moved back to its i", r"i([aeoɑæɔəɛœøul])\u032f ?", "i\u032f\\1"),
        ("mark ̯ moved back to its i", r"i([ˈˌ])\u032f", "i\u032f\\1"),
        ("space taken out", r" +", ""),
        ("i̯ written j", r"i\u032f", "j"),
        ("mark without symbol taken out (̯ ̥ ̩)", r"[\u032f\u0325\u0329]", ""),
        ("ASCII g", r"g", "ɡ"),
        (
            "ɔɪ written oɪ",
            "ɔɪ",
            "oɪ",
        ),  # Europa has one diphthong, in two notations; Gilles & Trouvain write oɪ
    )
)
_IN_SYMBOLS: tuple[tuple[str, re.Pattern[str], _Replacement], ...] = tuple(
    (what, re.compile(pattern), right)
    for what, pattern, right in (
        # Two equal consonants of two parts of a word are spoken as one: eenanachtzeg -χttsəɕ, Bankkont -ŋkk-.
        ("doubled consonant", rf"((?![ʦʧʣʤ]){_CONSONANT})([ˈˌ]?)\1", r"\2\1"),
        ("doubled consonant", r"t([ˈˌ]?)(?=[ʦʧ])|d([ˈˌ]?)(?=[ʣʤ])", lambda m: m[1] or m[2] or ""),
        ("mark before the vowel, not the syllable", rf"([ˈˌ])({_CONSONANT}+)(?=[{VOWEL}])", r"\2\1"),
        ("mark after its vowel", rf"([{VOWEL}]\u0303?ː?)([ˈˌ])(?={_CONSONANT}*$)", r"\2\1"),  # ɑpzoluˈt
        ("mark without vowel taken out", rf"[ˈˌ]+(?![{VOWEL}])", ""),
    )
)

# MFA writes the sounds of its speech corpus, by phonological rules: r devoiced (kritt kχit), vocalised (Joer jo ɐ) or
# with a glide before it (hire hiː ə ʁ ə). LOD, whose notation Kokoro learns, writes r as in the spelling, and a long
# vowel before ɐ.
_MFA = tuple(
    (re.compile(spelling), re.compile(pattern), right)
    for spelling, pattern, right in (
        ("r", rf"(?<=[pbtdkɡfvszʃ])χ(?=[{VOWEL}])", "ʀ"),
        (r"^(?!.*(?:ch|g)).*r[bcdfkpstvz]", rf"(?<=[{VOWEL}ː])χ(?=[ptkfsʃ])", "ʀ"),
        (r"^(?!.*(?:[aäou]|eh)er(?:in|innen)?$).*r", "(?<=[iuyeøoœɛɔa]ː)ə(?=[ʀʁ])", ""),
        ("r", "(?<=[iuyeøoœɛɔa])ɐ(?=[^ː]|$)", "ːɐ"),
        ("r", "(?<=[aœy]ː)ɐ", "ʀ"),
        ("[aè]i?re?s?$", "(?<=ɛː)ɐ(?=s?$)", "ʀ"),
        ("ore?s?$", "(?<=[oɔ]ː)ɐ(?=s?$)", "ʀ"),
        ("e[ln]e[mnrs]?$", rf"(?<={_CONSONANT})([ln])(?=(?:ə[mns]?|ɐ)$)", r"ə\1"),
        ("zeg", "tsɕ", "tsəɕ"),
        ("n", "(?<=\u0303ː)n(?=[tsʃʒ])", ""),
        ("", "ʁ", "ʀ"),
    )
)

# LOD 2021 is by an older program: closed o and e before r, the s of Natioun as ts, diphthongs as two vowels.
_LOD2021 = tuple(
    (re.compile(spelling), re.compile(pattern), right)
    for spelling, pattern, right in (
        ("or", "oʀ(?=[pbtdkgɡfvszʃχɕʦmnl])", "ɔʀ"),
        ("er", "eʀ(?=[pbtdkgɡfvszʃχɕʦmnl])", "ɛʀ"),
        ("aar", "aːɐ(?=[bmfv])", "aː"),
        ("ar", "aːɐ", "aːʀ"),
        ("atioun", "ʦjəʊ", "sjəʊ"),
        ("au", "aːu", "æːʊ"),
        ("ei", "æi", "ɑɪ"),
        ("w", "(?<=[pbtdgɡfvszχɕmnŋlʀɐ])w", "v"),
        ("^ent", "^ənt", "ænt"),
        ("^(?!.*[ae][mn]).*on", "ɑ\u0303ː", "ɔ\u0303ː"),
    )
)


def from_mfa(phones: str, word: str) -> str:
    """Phones of the MFA dictionary in LOD's notation."""
    return _rewrite(_MFA, phones, word)


def from_lod2021(phones: str, word: str) -> str:
    """Phones of LOD 2021 in the notation of LOD official."""
    return _rewrite(_LOD2021, phones, word)


def _rewrite(rules: Iterable[tuple[re.Pattern[str], re.Pattern[str], str]], phones: str, word: str) -> str:
    ipa = unicodedata.normalize("NFD", phones.replace(" ", ""))
    for spelling, pattern, right in rules:
        if spelling.search(word):
            ipa = pattern.sub(right, ipa)
    return ipa


def mend(ipa: str, word: str) -> tuple[str, list[str]]:
    """A pronunciation in Kokoro's symbols and the names of its changes; "" and the reason if it cannot be used.

    A pronunciation without marks stays so; of several primary marks one is kept.
    """
    done = []
    ipa = unicodedata.normalize("NFD", ipa)
    for what, pattern, right in _IN_IPA:
        ipa, count = pattern.subn(right, ipa)
        done += [what] * bool(count)
    phonemes = from_lexicon(ipa, word)
    for what, pattern, right in _IN_SYMBOLS:
        phonemes, count = pattern.subn(right, phonemes)
        done += [what] * bool(count)
    if phonemes.count("ˈ") > 1:
        phonemes = _one_primary(word, phonemes)
        done.append("several ˈ: one kept, others ˌ or taken out")
    if unknown := sorted(set(phonemes) - VOCAB.keys() | set(phonemes) & set(' ;:,.!?—…"()“”')):
        return "", [f"symbol outside the table: {' '.join(unknown)}"]
    if not NUCLEUS.search(phonemes):
        return "", ["no vowel"]
    return phonemes, list(dict.fromkeys(done))


def unmarked(phonemes: str) -> str:
    """The phonemes without marks of stress."""
    return phonemes.replace("ˈ", "").replace("ˌ", "")


def marks(phonemes: str) -> tuple[str, list[int]]:
    """The phonemes without marks of stress, and the places of the marks in them."""
    parts = re.split("[ˈˌ]", phonemes)
    lengths = list(itertools.accumulate(len(part) for part in parts))
    return "".join(parts), lengths[:-1]


def _one_primary(word: str, phonemes: str) -> str:
    """Keep the ˈ on the vowel that the rule of stress chooses, else the first; the others become ˌ or are dropped.

    Such entries come from a program that marks every heavy syllable. Stress on neighbouring vowels is its fault, so a ˌ
    needs a vowel between it and the next mark.
    """
    plain, places = marks(phonemes)
    ruled = marks(stress(word, plain))[1]
    main = ruled[0] if ruled and ruled[0] in places else places[0]
    vowels = [vowel.start() for vowel in NUCLEUS.finditer(plain)]
    order = {place: bisect_left(vowels, place) for place in places}
    kept = {main: "ˈ"}
    for place in places:
        if all(abs(order[place] - order[other]) > 1 for other in kept):
            kept[place] = "ˌ"
    return "".join(kept.get(i, "") + sound for i, sound in enumerate(plain))
