"""IPA as espeak-ng writes it → Kokoro's symbols.

espeak-ng writes a phoneme without an IPA name by its own mnemonic, so ASCII letters, digits and marks are left over:
`tS`, `s.`, `?`, `u"`, `A`. Several of these are symbols of Kokoro with another meaning: a pause, or a diphthong. Each
is mapped by name here, or it is unknown.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping

from moien.kokoro.symbols import PAUSE_SYMBOLS, VOCAB

TIE = "\u0361"  # joins the letters of one phoneme: t͡s, e͡ɪ

# One token for affricates and for closing diphthongs, as in misaki, whose symbols Kokoro was trained with.
_JOINED = {
    "t͡s": "ʦ",
    "d͡z": "ʣ",
    "t͡ʃ": "ʧ",
    "d͡ʒ": "ʤ",
    "t͡ɕ": "ʨ",
    "d͡ʑ": "ʥ",
    "ʈ͡ʂ": "ꭧ",
    "a͡ɪ": "I",
    "a͡ʊ": "W",
    "e͡ɪ": "A",
    "o͡ʊ": "O",
    "ə͡ʊ": "Q",
    "ɔ͡ɪ": "Y",
}
# The nearest symbol by articulation: what differs is in the comment. A sound that would fall together with a frequent
# one of the same language (ɬ of Welsh) is not here: that is for the user to decide.
_NEAREST = {
    "ʀ": "ʁ",  # trill
    "ɫ": "l",  # velarised
    "ɭ": "l",  # retroflex
    "ɱ": "m",  # labiodental
    "ʍ": "w",  # voiceless
    "ɗ": "d",  # implosive
    "ɢ": "ɡ",  # uvular
    "ħ": "h",  # pharyngeal
    "ʕ": "ʔ",  # pharyngeal
    "ʑ": "ʒ",  # alveolo-palatal
    "ʐ": "ʒ",  # retroflex
    "ɝ": "ɜɹ",  # one vowel, written as two
    "ɵ": "ø",  # central
    "ɘ": "ə",  # higher
    "ʉ": "u",  # central
    "ʏ": "y",  # lax
    "ᵐ": "m",  # prenasalised stops, written as two sounds
    "ⁿ": "n",
    "ᶯ": "ɳ",
    "ᶮ": "ɲ",
    "ᵑ": "ŋ",
    "ˤ": "",  # emphatic
}
# Mnemonics that mean the same in every language; see docs/phonemes.md of espeak-ng.
_MNEMONICS = {
    "g": "ɡ",
    "X": "χ",
    "S": "ʃ",
    "Z": "ʒ",
    "t͡S": "ʧ",
    "d͡Z": "ʤ",
    "N": "ŋ",
    "n͡ɡ": "ŋ",
    "Φ": "ɸ",
    "ε": "ɛ",
    "?": "ʔ",
    ":": "ː",
    'u"': "u",  # ʉ
    "s.": "ʂ",
    "z.": "ʒ",
    "t.": "ʈ",
    "d.": "ɖ",
    "n.": "ɳ",
    "l.": "l",
    "r.": "ɽ",
    "t͡s.": "ꭧ",
    "t͡s.h": "ꭧʰ",
    "t͡s͡h": "ʦʰ",
    "t͡ɕ͡h": "ʨʰ",
    "p͡h": "pʰ",
    "t͡h": "tʰ",
    "k͡h": "kʰ",
    "n^": "ɲ",
    "l^": "ʎ",
    "k^": "c",
    "t^": "tʲ",
    "d^": "dʲ",
    "s^": "sʲ",
    **dict.fromkeys("#[`+%", ""),  # voiceless, dental, ejective, a tone of Punjabi, unstressed
}
# Mnemonics that mean something else in one language.
_CHINESE = {"i̪": "ɨ", "i.": "ɨ", "ʐ": "ɻ", "ə͡r": "ɚ"}  # as misaki writes Chinese
_OWN = {
    "ar": {"a.": "a", "i.": "i", "u.": "u"},  # beside emphatic consonants
    "cmn": _CHINESE,
    "da": {"ʔ͡": "", "?͡": ""},  # ? before a vowel: it is short
    "fa": {"1": ""},  # after q: no sound
    "ga": {"A": "ɑ"},
    "hak": _CHINESE,
    "haw": {"z": "ʔ"},  # the ʻokina, see spelling.py
    "ky": {"o͡e": "ø"},
    "shn": {"p_͡h": "pʰ", "t_͡h": "tʰ", "k_͡h": "kʰ"},
    "th": {"p_͡h": "pʰ", "t_͡h": "tʰ", "k_͡h": "kʰ"},
    "uk": {"ɬ": "ʃ"},  # only in шв, where espeak-ng's rule has the wrong mnemonic
    "yue": {"o͡e": "œ", "a͡a": "aː"},
}
# Kokoro has the tones of Mandarin only: → high, ↗ rising, ↓ low, ↘ falling. The neutral tone has no symbol, nor has
# here the level tone of Vietnamese and of Cantonese. A language with tones that is not here is refused.
TONES: dict[str, dict[str, str]] = {
    "cmn": {"55": "→", "35": "↗", "214": "↓", "21": "↓", "51": "↘", "53": "↘"}
    | dict.fromkeys(("11", "22", "33", "44", "1", "2", "3", "4", "5"), ""),
    "vi": {"1": "", "7": "", "2": "↘", "3": "↗", "4": "↓", "5": "ʔ↗", "6": "↓ʔ"},  # 5 and 6 are glottalised
    "yue": {"1": "→", "7": "→", "2": "↗", "3": "", "4": "↘", "5": "↓↗", "6": "↓"},
    "hak": {"1": "↗", "2": "↓", "3": "↘", "4": "→", "5": "↓", "6": "→"},  # 5 and 6 end in a stop
    "chr": {},
    "my": {},
    "shn": {},
    "th": {},
}
# Ties, and the diacritics of voiceless, syllabic, short, dental, raised … sounds: Kokoro has no symbols for them.
_STRIPPED: dict[str, str] = dict.fromkeys(
    "^-_|\u0361\u0329\u032f\u0325\u032a\u030a\u031a\u0306\u031e\u031d\u033a\u033b\u0308\u02d1", ""
)
# A capital or a mark is no sound of the IPA, though Kokoro has it.
_PLAIN = frozenset(c for c in VOCAB if c.islower() or not c.isascii()) - PAUSE_SYMBOLS | {" "}


class Converter:
    """Converts the IPA of one language; `extra` maps more of its sounds, and comes first."""

    def __init__(self, language: str = "", extra: Mapping[str, str] | None = None) -> None:
        own = _OWN.get(base(language), {})
        mapping = _STRIPPED | _JOINED | _NEAREST | _MNEMONICS | own | dict(extra or {})
        self._mapping = {_decomposed(sound): symbols for sound, symbols in mapping.items()}
        keys = sorted(filter(None, self._mapping), key=len, reverse=True)
        self._sound = re.compile("|".join([*map(re.escape, keys), "."]), re.DOTALL)

    def __call__(self, ipa: str) -> tuple[str, list[str]]:
        """Kokoro's symbols, and what is unknown: it is left out of them, so it must be an error."""
        symbols, unknown = [], []
        for sound in self._sound.findall(_decomposed(ipa)):
            if sound in self._mapping:
                symbols.append(self._mapping[sound])
            elif sound in _PLAIN:
                symbols.append(sound)
            else:
                unknown.append(sound)
        return "".join(symbols), unknown


def to_kokoro(ipa: str, mapping: Mapping[str, str]) -> str:
    """IPA of a lexicon in Kokoro's symbols as far as `mapping` has them; `assemble` refuses what remains."""
    for theirs in sorted(mapping, key=len, reverse=True):
        ipa = ipa.replace(theirs, mapping[theirs])
    return _decomposed(ipa.translate({ord(mark): None for mark in _STRIPPED}))


def base(language: str) -> str:
    """The language of a code with a region or a script: `vi-VN-x-south` → `vi`."""
    return language.partition("-")[0].lower()


def _decomposed(ipa: str) -> str:
    # ç is one symbol for Kokoro, õ is two
    return "".join(c if c in VOCAB else unicodedata.normalize("NFD", c) for c in ipa)
