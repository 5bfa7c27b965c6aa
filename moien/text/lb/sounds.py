"""Sounds of Luxembourgish in Kokoro's symbols.

`TABLE` is the one table from the phonology of Gilles & Trouvain 2013 (and what loans add) to Kokoro's symbols.
"""

from __future__ import annotations

import re
import unicodedata
from typing import NamedTuple

from moien.text.espeak import to_kokoro
from moien.text.lb.stress import NUCLEUS, VOWEL, stress

__all__ = ["NUCLEUS", "TABLE", "VOWEL", "Row", "from_espeak", "from_lexicon", "stress", "to_ipa"]


class Row(NamedTuple):
    """A sound as the lexica write it, as Kokoro's symbols, whether `to_ipa` gives it back, and why so."""

    sound: str
    kokoro: str
    reversible: bool
    reason: str


_SAME = "p b t d k f v s z ʃ ʒ χ ɕ h m n ŋ l j w i e æ ɑ ə ɐ o u y ø œ ɛ a ɔ ɜ ɪ ʊ ː ˈ ˌ"
_OF_LOANS = "ɹ θ ð ɲ ɥ"
TABLE = (
    *(Row(sound, sound, True, "Kokoro has the same symbol") for sound in _SAME.split()),
    *(Row(sound, sound, True, "a sound of English or French words; Kokoro has it") for sound in _OF_LOANS.split()),
    Row("ʀ", "ʁ", True, "the uvular r that Kokoro has; fricative and trill are one phoneme (r)"),
    Row("ʁ", "ʁ", False, "the lexica write it for the fricative of r and of g (Jugend): Kokoro has one uvular r"),
    Row("ʑ", "ʒ", False, "Kokoro has no ʑ; for many speakers it falls together with ʒ, as ɕ does with ʃ"),
    Row("ts", "ʦ", True, "one token for an affricate, as misaki writes it"),
    Row("tʃ", "ʧ", True, "one token for an affricate; two sounds of two morphemes stay two (Haaptstad)"),
    Row("dz", "ʣ", True, "one token for an affricate, as misaki writes it"),
    Row("dʒ", "ʤ", True, "one token for an affricate, as misaki writes it"),
    Row("ɡ", "ɡ", True, "U+0261, the only g that Kokoro knows"),
    Row("g", "ɡ", False, "ASCII g is not in Kokoro's table: a slip of the keyboard for U+0261"),
    Row("i\u032f", "j", False, "the glide of Natioun; beside a vowel it is what j is in Joer"),
    Row("\u0303", "\u0303", True, "nasal vowels in NFD: Kokoro has the tilde as a token (17)"),
    Row("\u032f", "", False, "not syllabic: Kokoro has no mark for it, and ɐ after a vowel is nothing else"),
    Row("\u0325", "", False, "voiceless lenis (the clitic d'): Kokoro has no mark; clitic rules write t for t"),
    Row("\u0329", "", False, "syllabic consonant: Kokoro has no mark"),
)  # fmt: skip
_LUXEMBOURGISH = {row.sound: row.kokoro for row in TABLE if row.sound != row.kokoro}
_BACK = {row.kokoro: row.sound for row in TABLE if row.reversible and row.sound != row.kokoro}
# espeak-ng's voice lb writes a retroflex ɳ where it means ŋ, and one symbol for two letters with a tie or without.
_ESPEAK = _LUXEMBOURGISH | {"ɳ": "ŋ", "X": "χ", "t^s": "ʦ", "d^z": "ʣ", "t^ʃ": "ʧ", "d^ʒ": "ʤ", "c": "k"}

_DEVOICED = dict(zip("bdɡvzʒ", "ptkfsʃ", strict=True))
_CORRECTIONS = tuple(
    (re.compile(pattern), right)
    for pattern, right in (
        ("^kh", "ʃ"), ("(?<=[ɑoəʊu])kh|(?<=[aou]ː)kh", "χ"), ("kh", "ɕ"), ("th", "t"),  # ch, th letter by letter
        (rf"(?<=[^{VOWEL}ːˈˌ])eː(?=[nl]$)", "ə"),  # -en, -el, where no ˈ stands before the vowel
        (rf"(?<=[^{VOWEL}ːˈˌ])(?:eː)?ʁ(?=$|[^{VOWEL}ːˈˌ])", "ɐ"),  # -er
        (rf"(?<=[iueoɛ]ː)ʁ(?=$|[^{VOWEL}ːˈˌ])", "ɐ"),  # r after long vowels
        (rf"(?<=[ɪʊ])ʁ(?=$|[^{VOWEL}ːˈˌ])", "ɐ"),  # and after diphthongs
    )
)  # fmt: skip

_TWO_SOUNDS = re.compile(r"[dt]-?s[pt]")  # Haapt-stad, Land-sprooch: t and ʃ belong to two parts


def from_lexicon(ipa: str, word: str) -> str:
    """Phonemes of a lexicon (with or without spaces) in Kokoro's symbols."""
    ipa = unicodedata.normalize("NFD", ipa.replace(" ", ""))
    if "tʃ" in ipa and _TWO_SOUNDS.search(word):
        ipa = ipa.replace("tʃ", "t\0ʃ")
    return to_kokoro(ipa, _LUXEMBOURGISH).replace("\0", "")


def to_ipa(phonemes: str) -> str:
    """Kokoro's symbols as IPA in LOD's notation, NFD, for scores: what `TABLE` calls reversible comes back."""
    return "".join(_BACK.get(symbol, symbol) for symbol in phonemes)


def from_espeak(ipa: str) -> str:
    """What espeak-ng's voice `lb` wrote, as a word of Luxembourgish, where its rules are known to be wrong."""
    said = to_kokoro(ipa, _ESPEAK).replace(" ", "")
    for pattern, right in _CORRECTIONS:
        said = pattern.sub(right, said)
    return re.sub("[bdɡvzʒ]$", lambda final: _DEVOICED[final.group()], said)
