"""Which class of sound each of Kokoro's symbols stands for: what lengths are told apart by.

By the IPA's manner of articulation, with one exception: ʁ is a fricative there, but the r of every language that
writes it (French, German, Luxembourgish), and is shortened and dropped as other liquids are.
"""

from __future__ import annotations

from moien.kokoro.symbols import PAUSE_SYMBOLS

SHORT, LONG, DIPHTHONGS = "short vowels", "long vowels", "diphthongs"
STOPS, FRICATIVES, NASALS, LIQUIDS = "stops", "fricatives and affricates", "nasals", "liquids and glides"
PAUSES = "pauses between words"
VOWELS = frozenset([SHORT, LONG, DIPHTHONGS])

# The capitals are misaki's: English diphthongs, T a tap, S a long s. Every symbol that is no mark is in one row.
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
    """The class of a phone or pause: its symbol, with marks behind it (`aː`, `ɑ̃`) or without."""
    kind = _CLASS[phone[0]]
    return LONG if kind == SHORT and "ː" in phone else kind
