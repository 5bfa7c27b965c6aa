"""The class of sound of each of Kokoro's symbols: durations are compared by class.

By the IPA's manner of articulation, with one exception: the IPA's ʁ is a fricative, but it is the r of French, German
and Luxembourgish, and is shortened and dropped like other liquids.
"""

from __future__ import annotations

from moien.kokoro.symbols import PAUSE_SYMBOLS

SHORT, LONG, DIPHTHONGS = "short vowels", "long vowels", "diphthongs"
STOPS, FRICATIVES, NASALS, LIQUIDS = "stops", "fricatives and affricates", "nasals", "liquids and glides"
PAUSES = "pauses between words"
VOWELS = frozenset([SHORT, LONG, DIPHTHONGS])

# The capitals are misaki's: English diphthongs, T a tap, S a long s. Every symbol that is not a mark is in one row.
CLASSES = {
    SHORT: "aeiouyɑɐɒæɔəɚɛɜɨɪɯøœʊʌɤᵊᵻ",
    LONG: "",  # a vowel with ː
    DIPHTHONGS: "AIOQWY",
    STOPS: "bdkpqtcɖɟɡʈʔ",
    FRICATIVES: "fhsvxzβçðɕɸθʂʃʝɣχʒSʣʥʦʨꭧʤʧ",
    NASALS: "mnŋɳɲɴ",
    LIQUIDS: "jlrwTɥɰɹɾɻʁɽʋʎ",
    PAUSES: "".join(sorted(PAUSE_SYMBOLS)),
}
_CLASS = {symbol: name for name, symbols in CLASSES.items() for symbol in symbols}


def class_of(phone: str) -> str:
    """The class of a phone or pause: its symbol, with marks after it (`aː`, `ɑ̃`) or without."""
    kind = _CLASS[phone[0]]
    return LONG if kind == SHORT and "ː" in phone else kind
