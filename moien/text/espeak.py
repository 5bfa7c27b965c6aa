"""Any language of espeak-ng, by its library in the wheel `espeakng-loader`: no system package is needed.

espeak-ng drops punctuation. So a text is cut at its pauses, and each clause is transcribed by itself.
"""

from __future__ import annotations

import ctypes
import difflib
import functools
import json
import re
import threading
import unicodedata
from collections.abc import Mapping
from pathlib import Path

from moien.errors import WrongCall, WrongData
from moien.kokoro.symbols import VOCAB
from moien.text.phonemes import Phonemes, Word, assemble
from moien.text.words import clean, tokenise, unspeakable

# speak_lib.h: audio to the callback at once; phonemes as events, in IPA; never exit() on an error
_SYNCHRONOUS, _OPTIONS = 2, 0x1 | 0x2 | 0x8000
_UTF8, _IPA, _TIE = 1, 0x02, 0x80 | ord("^") << 8  # the tie joins the letters of one phoneme: t^s, e^ɪ

# One token for affricates and for closing diphthongs, as in misaki, whose symbols Kokoro was trained with.
KOKORO = {
    "t^s": "ʦ",
    "d^z": "ʣ",
    "t^ʃ": "ʧ",
    "d^ʒ": "ʤ",
    "a^ɪ": "I",
    "a^ʊ": "W",
    "e^ɪ": "A",
    "o^ʊ": "O",
    "ə^ʊ": "Q",
    "ɔ^ɪ": "Y",
    "g": "ɡ",
    "ʀ": "ʁ",
    "X": "χ",
    "ɫ": "l",
    "ɝ": "ɜɹ",
    "ɵ": "ø",
    "ɘ": "ə",
    "ʉ": "u",
    "ʏ": "y",
    "ʑ": "ʒ",
    "ʐ": "ʒ",
    "ħ": "h",
    "ε": "ɛ",
}
# Ties, and the diacritics of voiceless, syllabic, short, dental, raised … sounds: Kokoro has no symbols for them.
_STRIPPED = str.maketrans(
    dict.fromkeys("^-_|\u0361\u0329\u032f\u0325\u032a\u030a\u031a\u0306\u031e\u031d\u033a\u033b\u0308\u02d1")
)

_lock = threading.Lock()  # the library has one state for the whole process


@functools.cache
def library() -> ctypes.CDLL:
    """The library of espeak-ng, initialised once in a process. WrongData if its data cannot be read."""
    import espeakng_loader

    lib = ctypes.CDLL(espeakng_loader.get_library_path())
    lib.espeak_TextToPhonemes.restype = ctypes.c_char_p
    lib.espeak_TextToPhonemes.argtypes = [ctypes.POINTER(ctypes.c_char_p), ctypes.c_int, ctypes.c_int]
    lib.espeak_ListVoices.restype = ctypes.POINTER(ctypes.POINTER(_Voice))
    data = espeakng_loader.get_data_path()
    lib.espeak_Initialize(_SYNCHRONOUS, 0, data.encode(), _OPTIONS)
    if not lib.espeak_ListVoices(None)[0]:  # espeak-ng cuts a long path without an error
        raise WrongData(
            "espeak-ng cannot read its data",
            where=data,
            remedy="make setup; if the path is over 150 bytes, move the environment",
        )
    return lib


class _Voice(ctypes.Structure):
    # only the fields that are read here
    _fields_ = tuple((name, ctypes.c_char_p) for name in ("name", "languages", "identifier"))


def languages() -> list[str]:
    """The codes of all languages of espeak-ng: the names of its voice files (`roa/fr` → `fr`)."""
    voices = library().espeak_ListVoices(None)
    codes = []
    for voice in voices:  # ends with a null pointer
        if not voice:
            break
        codes.append(voice.contents.identifier.decode().rpartition("/")[2])
    return sorted(codes)


def set_voice(name: str) -> None:
    """Set the voice of this process to a language code with an optional variant (`lb+f2`); WrongCall if unknown."""
    import espeakng_loader

    language, plus, variant = name.partition("+")
    if plus:
        folder = Path(espeakng_loader.get_data_path(), "voices", "!v")
        if not (folder / variant).is_file():  # espeak-ng would use the plain voice without an error
            raise _unknown("variant", variant, sorted(path.name for path in folder.iterdir()))
    if library().espeak_SetVoiceByName(name.encode()) != 0:
        raise _unknown("language", language, languages())


def _unknown(kind: str, name: str, known: list[str]) -> WrongCall:
    near = difflib.get_close_matches(name, known, n=3, cutoff=0.4) or known[:8]
    return WrongCall(f"espeak-ng has no {kind} {name!r}", remedy=f"nearest: {', '.join(near)}")


def transcribe(text: str, language: str) -> str:
    """IPA of a text by espeak-ng, with `^` inside phonemes of two letters, without the marks of a change of language.

    `text` should have no punctuation, because espeak-ng ends a clause there and does not write it.
    """
    with _lock:
        set_voice(language)
        clauses = []
        rest = ctypes.c_char_p(text.encode())
        while rest.value is not None:  # one call transcribes one clause and moves the pointer
            ipa = library().espeak_TextToPhonemes(ctypes.byref(rest), _UTF8, _IPA | _TIE)
            clauses.append(ipa.decode() if ipa else "")
    # `(en)` … `(lb)` mean that a word was read in another language; their letters are joined by ties, too.
    return " ".join(re.sub(r"\([^)]*\)", " ", " ".join(clauses)).split())


def to_kokoro(ipa: str, mapping: Mapping[str, str] = KOKORO) -> str:
    """IPA in Kokoro's symbols as far as `mapping` has them; `assemble` refuses what remains."""
    for theirs in sorted(mapping, key=len, reverse=True):
        ipa = ipa.replace(theirs, mapping[theirs])
    ipa = ipa.translate(_STRIPPED)
    # ç is one symbol for Kokoro, õ is two
    return "".join(c if c in VOCAB else unicodedata.normalize("NFD", c) for c in ipa)


class EspeakFrontend:
    """Text → phonemes of any language of espeak-ng; the source of every word is `guess`."""

    lost = ""

    def __init__(self, language: str, extra_symbols: Mapping[str, str] | None = None) -> None:
        self.language = language
        self._extra = dict(extra_symbols or {})
        self._mapping = KOKORO | self._extra
        transcribe("", language)  # so that a wrong language is an error here, not at the first text

    def __call__(self, text: str) -> Phonemes:
        """Phonemes of a text; WrongData for a character that espeak-ng would leave out."""
        cleaned = clean(text)
        pieces: list[Word | str] = []
        clause: list[str] = []
        for kind, token in [*tokenise(cleaned), ("pause", "")]:
            if kind == "word":
                clause.append(token)
                continue
            pieces += self._clause(clause, cleaned)
            clause = []
            if token:
                pieces.append(token)
        return assemble(text, pieces)

    def save(self, folder: Path) -> None:
        """Write all that `open_frontend` needs."""
        folder.mkdir(parents=True, exist_ok=True)
        facts = {"front_end": "espeak", "language": self.language, "symbols": self._extra}
        line = json.dumps(facts, ensure_ascii=False)
        (folder / "frontend.json").write_text(line + "\n", encoding="utf-8")

    def _clause(self, words: list[str], text: str) -> list[Word]:
        """The words of a clause without pauses, transcribed together, because espeak-ng links some (of the → ʌvðə)."""
        if not words:
            return []
        for character in sorted(set("".join(words))):
            written = (
                character.isalnum() or unicodedata.category(character)[0] == "M" or character in "'-./,:"
            )
            if not written and not transcribe(character, self.language):
                raise unspeakable(character, text)
        spoken = to_kokoro(transcribe(" ".join(words), self.language), self._mapping).split()
        # A number is several spoken words. If the counts do not add up, the clause stays one word.
        counts = [len(transcribe(word, self.language).split()) for word in words]
        if sum(counts) != len(spoken):
            return [Word(" ".join(words), " ".join(spoken), "guess")]
        starts = [sum(counts[:i]) for i in range(len(counts))]
        return [
            Word(word, " ".join(spoken[start : start + count]), "guess")
            for word, start, count in zip(words, starts, counts, strict=True)
        ]
