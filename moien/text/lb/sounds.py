"""Sounds of Luxembourgish in Kokoro's symbols.

`TABLE` is the table from the phonology of Gilles & Trouvain 2013, with the sounds of loan words, to Kokoro's symbols.
"""

from __future__ import annotations

import re
import unicodedata
from typing import NamedTuple

from moien.text.ipa import to_kokoro
from moien.text.lb.stress import NUCLEUS, VOWEL, stress

__all__ = ["NUCLEUS", "TABLE", "VOWEL", "Row", "from_espeak", "from_lexicon", "stress", "to_ipa"]


class Row(NamedTuple):
    """A sound in the notation of the lexica and in Kokoro's symbols, whether `to_ipa` restores it, and the reason."""

    sound: str
    kokoro: str
    reversible: bool
    reason: str


_SAME = "p b t d k f v s z ʃ ʒ χ ɕ h m n ŋ l j w i e æ ɑ ə ɐ o u y ø œ ɛ a ɔ ɜ ɪ ʊ ː ˈ ˌ"
_OF_LOANS = "ɹ θ ð ɲ ɥ"
TABLE = (
    *(Row(sound, sound, True, "Kokoro has the same symbol") for sound in _SAME.split()),
    *(
        Row(sound, sound, True, "a sound of English or French words; Kokoro has it")
        for sound in _OF_LOANS.split()
    ),
    Row("ʀ", "ʁ", True, "the uvular r of Kokoro; fricative and trill are one phoneme (r)"),
    Row(
        "ʁ",
        "ʁ",
        False,
        "the lexica write it for the fricative of r and of g (Jugend): Kokoro has one uvular r",
    ),
    Row("ʑ", "ʒ", False, "Kokoro has no ʑ; many speakers merge it with ʒ, as ɕ with ʃ"),
    Row("ts", "ʦ", True, "one token for an affricate, as misaki writes it"),
    Row("tʃ", "ʧ", True, "one token for an affricate; two sounds of two morphemes stay two (Haaptstad)"),
    Row("dz", "ʣ", True, "one token for an affricate, as misaki writes it"),
    Row("dʒ", "ʤ", True, "one token for an affricate, as misaki writes it"),
    Row("ɡ", "ɡ", True, "U+0261, the only g of Kokoro"),
    Row("g", "ɡ", False, "ASCII g is not in Kokoro's table: a typing error for U+0261"),
    Row("i\u032f", "j", False, "the glide of Natioun; beside a vowel it is the j of Joer"),
    Row("\u0303", "\u0303", True, "nasal vowels in NFD: Kokoro has the tilde as a token (17)"),
    Row("\u032f", "", False, "not syllabic: Kokoro has no mark for it, and ɐ after a vowel is nothing else"),
    Row(
        "\u0325", "", False, "voiceless lenis (the clitic d'): Kokoro has no mark; clitic rules write t for t"
    ),
    Row("\u0329", "", False, "syllabic consonant: Kokoro has no mark"),
)
_LUXEMBOURGISH = {row.sound: row.kokoro for row in TABLE if row.sound != row.kokoro}
_BACK = {row.kokoro: row.sound for row in TABLE if row.reversible and row.sound != row.kokoro}
# The voice lb of espeak-ng writes a retroflex ɳ for ŋ, and affricates with and without a tie.
_ESPEAK = _LUXEMBOURGISH | {"ɳ": "ŋ", "X": "χ", "t͡s": "ʦ", "d͡z": "ʣ", "t͡ʃ": "ʧ", "d͡ʒ": "ʤ", "c": "k"}

_DEVOICED = dict(zip("bdɡvzʒ", "ptkfsʃ", strict=True))
_CORRECTIONS = tuple(
    (re.compile(pattern), right)
    for pattern, right in (
        ("^kh", "ʃ"),
        ("(?<=[ɑoəʊu])kh|(?<=[aou]ː)kh", "χ"),
        ("kh", "ɕ"),
        ("th", "t"),  # ch and th, which it reads as two letters
        (rf"(?<=[^{VOWEL}ːˈˌ])eː(?=[nl]$)", "ə"),  # -en, -el without ˈ before the vowel
        (rf"(?<=[^{VOWEL}ːˈˌ])(?:eː)?ʁ(?=$|[^{VOWEL}ːˈˌ])", "ɐ"),  # -er
        (rf"(?<=[iueoɛ]ː)ʁ(?=$|[^{VOWEL}ːˈˌ])", "ɐ"),  # r after long vowels
        (rf"(?<=[ɪʊ])ʁ(?=$|[^{VOWEL}ːˈˌ])", "ɐ"),  # and after diphthongs
    )
)

_TWO_SOUNDS = re.compile(r"[dt]-?s[pt]")  # Haapt-stad, Land-sprooch: t and ʃ belong to two parts


def from_lexicon(ipa: str, word: str) -> str:
    """Phonemes of a lexicon (with or without spaces) in Kokoro's symbols."""
    ipa = unicodedata.normalize("NFD", ipa.replace(" ", ""))
    if "tʃ" in ipa and _TWO_SOUNDS.search(word):
        ipa = ipa.replace("tʃ", "t\0ʃ")
    return to_kokoro(ipa, _LUXEMBOURGISH).replace("\0", "")


def to_ipa(phonemes: str) -> str:
    """Kokoro's symbols as IPA in LOD's notation, NFD, for scores; it restores the reversible sounds of `TABLE`."""
    return "".join(_BACK.get(symbol, symbol) for symbol in phonemes)


def from_espeak(ipa: str) -> str:
    """A word by the voice `lb` of espeak-ng in Kokoro's symbols, with corrections of its known faults."""
    phonemes = to_kokoro(ipa, _ESPEAK).replace(" ", "")
    for pattern, right in _CORRECTIONS:
        phonemes = pattern.sub(right, phonemes)
    return re.sub("[bdɡvzʒ]$", lambda final: _DEVOICED[final.group()], phonemes)
