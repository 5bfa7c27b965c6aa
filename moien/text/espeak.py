"""Any language of espeak-ng, by its library in the wheel `espeakng-loader`: no system package is needed.

espeak-ng drops punctuation. So a text is cut at its pauses, and each clause is transcribed by itself. A full stop that
is no pause stays in its clause: espeak-ng reads `1. mai` as an ordinal number.
"""

from __future__ import annotations

import ctypes
import difflib
import functools
import json
import re
import threading
from collections.abc import Iterator, Mapping
from itertools import groupby, islice
from pathlib import Path

from moien.errors import WrongCall, WrongData
from moien.kokoro.symbols import nearest
from moien.text.codes import espeak_code
from moien.text.corrections import SOURCE
from moien.text.ipa import TIE, TONES, Converter, base
from moien.text.phonemes import Phonemes, Word, assemble
from moien.text.spelling import Speller
from moien.text.stops import inner_stops
from moien.text.words import clean, excerpt, tokenise, unspeakable

KEPT = 100_000  # words whose reading is kept in memory
LONGEST = 400  # letters of IPA of one clause: espeak-ng drops the end of one with about 1,000 phonemes

# speak_lib.h: audio to the callback at once; phonemes as events, in IPA; never exit() on an error
_SYNCHRONOUS, _OPTIONS = 2, 0x1 | 0x2 | 0x8000
_UTF8, _MNEMONICS, _IPA, _TIE = 1, 0, 2, 0x80 | ord(TIE) << 8
_BETWEEN = "\u2063"  # between phonemes, instead of ties inside of them

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
    if kind == "language" and (code := espeak_code(name, known)):
        return WrongCall(f"espeak-ng has no language {name!r}", remedy=f"its code in espeak-ng is {code}")
    near = difflib.get_close_matches(name, known, n=3, cutoff=0.4) or known[:8]
    return WrongCall(f"espeak-ng has no {kind} {name!r}", remedy=f"nearest: {', '.join(near)}")


def transcribe(text: str, language: str) -> str:
    """IPA of a text by espeak-ng, with ties inside phonemes of two letters, without the marks of a change of language.

    `text` should have no punctuation, because espeak-ng ends a clause there and does not write it. Tones are Kokoro's.
    """
    has_tones = base(language) in TONES
    ipa = _with_tones(text, language) if has_tones else " ".join(clauses(text, language, _IPA | _TIE))
    # `(en)` … `(lb)` mean that a word was read in another language; their letters are joined by ties, too.
    return " ".join(re.sub(r"\([^)]*\)", " ", ipa).split())


def clauses(text: str, language: str, mode: int = _IPA) -> list[str]:
    """The clauses that espeak-ng cuts a text into, transcribed in a notation of speak_lib.h."""
    found = []
    with _lock:
        set_voice(language)
        rest = ctypes.c_char_p(text.encode())
        while rest.value is not None:  # one call transcribes one clause and moves the pointer
            spoken = library().espeak_TextToPhonemes(ctypes.byref(rest), _UTF8, mode)
            found.append(spoken.decode() if spoken else "")
    return found


def _with_tones(text: str, language: str) -> str:
    """IPA with Kokoro's tones. In its IPA espeak-ng writes one digit of a tone: 5 for 55 and for 51, ɜ for 3."""
    names, sounds = (
        " ".join(clauses(text, language, mode | ord(_BETWEEN) << 8))
        .replace(" ", f"{_BETWEEN} {_BETWEEN}")
        .split(_BETWEEN)
        for mode in (_MNEMONICS, _IPA)
    )
    tones = TONES[base(language)]
    ipa, foreign = [], False
    if len(names) != len(sounds):  # only of a lone mark of another script
        raise WrongData(f"espeak-ng cannot read {text!r}", remedy="write it as words or remove it")
    for name, sound in zip(names, sounds, strict=True):
        if name.startswith("("):
            foreign = base(name.strip("()")) != base(language)
        tone = re.search(r"(?<=\D)\d+$", name)
        if tone and not foreign:
            sound = sound[:-1] + tones.get(tone[0], tone[0])
        ipa.append(re.sub(r"(?<=[^\W\d_ˈˌ])(?=[^\W\d_ˈˌ])", TIE, sound))
    return "".join(ipa)


class EspeakFrontend:
    """Text → phonemes of any language of espeak-ng; the source of a word is `correction` or `guess`."""

    lost = ""

    def __init__(
        self,
        language: str,
        extra_symbols: Mapping[str, str] | None = None,
        corrections: Mapping[str, str] | None = None,
    ) -> None:
        self.language = language
        self._extra = dict(extra_symbols or {})
        self._corrections = {clean(word): phonemes for word, phonemes in (corrections or {}).items()}
        self._convert = Converter(language, self._extra)
        self._read = functools.lru_cache(KEPT)(lambda text: transcribe(text, language))
        if not self._read("a"):  # also: a wrong language is an error here, not at the first text
            raise WrongCall(f"espeak-ng has no dictionary for {language!r}", remedy="set another language")
        self._speller = Speller(
            base(language), self._read, lambda mark: "(en)" in "".join(clauses(mark, language))
        )
        self._written = functools.lru_cache(KEPT)(self._speller.write)

    def __call__(self, text: str) -> Phonemes:
        """Phonemes of a text; WrongData for a character that espeak-ng would leave out, and for unknown sounds."""
        cleaned = clean(text)
        inner = inner_stops(cleaned, base(self.language), lambda part: len(clauses(part, self.language)) == 1)
        pieces: list[Word | str] = []
        clause: list[str] = []
        unknown: dict[str, str] = {}
        for kind, token in [*tokenise(cleaned, inner), ("pause", "")]:
            if kind == "word":
                clause += self._speller.pieces(token)
                continue
            pieces += self._clause(clause, cleaned, unknown)
            clause = []
            if token:
                pieces.append(token)
        if unknown:
            raise _unknown_sounds(unknown, text)
        return assemble(text, pieces)

    def pronunciations(self) -> Iterator[tuple[str, str]]:
        """None: espeak-ng reads by rules."""
        yield from ()

    def save(self, folder: Path) -> None:
        """Write all that `open_frontend` needs."""
        folder.mkdir(parents=True, exist_ok=True)
        facts = {
            "front_end": "espeak",
            "language": self.language,
            "symbols": self._extra,
            "corrections": self._corrections,
        }
        line = json.dumps(facts, ensure_ascii=False)
        (folder / "frontend.json").write_text(line + "\n", encoding="utf-8")

    def _correction(self, word: str) -> str | None:
        """The phonemes of the corrections: of this spelling, else in small letters, with or without its full stop."""
        for spelling in (word, word.lower(), word.rstrip("."), word.rstrip(".").lower()):
            if spelling in self._corrections:
                return self._corrections[spelling]
        return None

    def _clause(self, words: list[str], text: str, unknown: dict[str, str]) -> list[Word]:
        """The words of a clause without pauses, transcribed together, because espeak-ng links some (of the → ʌvðə).

        Sounds that Kokoro lacks are added to `unknown`, with their word.
        """
        corrected = [self._correction(word) for word in words]
        if all(corrected):
            return [Word(word, str(found), SOURCE) for word, found in zip(words, corrected, strict=True)]
        spellings: list[str] = []
        for word, correction in zip(words, corrected, strict=True):
            spelling, left_out = (word, "") if correction else self._written(word)
            if left_out:
                raise unspeakable(left_out, text)
            if spellings and re.fullmatch(r"([\d-]+|[IVXLCDM]+)\.", spellings[-1]):
                spelling = spelling[:1].lower() + spelling[1:]  # else espeak-ng ends the clause before it
            spellings.append(spelling)
        if len(words) > 1 and sum(len(self._read(spelling)) for spelling in spellings) > LONGEST:
            half = len(words) // 2
            return self._clause(words[:half], text, unknown) + self._clause(words[half:], text, unknown)
        spoken = self._sounds(transcribe(" ".join(spellings), self.language))
        # a number is several spoken words
        counts = [len(self._sounds(self._read(spelling))) for spelling in spellings]
        if sum(counts) == len(spoken) and all(counts):
            sounds = iter(spoken)
            parts = [[*islice(sounds, count)] for count in counts]
        elif any(corrected):
            runs = [[*run] for _, run in groupby(words, lambda word: self._correction(word) is None)]
            return [word for run in runs for word in self._clause(run, text, unknown)]
        else:  # the clause stays one word
            for word, count in zip(words, counts, strict=True):
                if not count and (letter := next(filter(str.isalnum, word), "")):
                    raise unspeakable(letter, text)
            words, corrected, parts = [" ".join(words)], [None], [spoken]
        found = []
        for word, correction, part in zip(words, corrected, parts, strict=True):
            if not correction:
                unknown |= {sound: word for _, missing in part for sound in missing if sound not in unknown}
            phonemes = correction or " ".join(sound for sound, _ in part)
            found.append(Word(word, phonemes, SOURCE if correction else "guess"))
        return found

    def _sounds(self, ipa: str) -> list[tuple[str, list[str]]]:
        """The spoken words of a transcription in Kokoro's symbols, each with its unknown sounds."""
        return [sounds for word in ipa.split() if any(sounds := self._convert(word))]


def _unknown_sounds(unknown: Mapping[str, str], text: str) -> WrongData:
    """The error for sounds (with a word of each) that Kokoro lacks, with a proposal to paste."""
    named = ", ".join(f"{sound!r} in {word!r}" for sound, word in unknown.items())
    proposal = {sound: next(iter(nearest(sound)), "") for sound in unknown}
    return WrongData(
        f"espeak-ng writes sounds that are not Kokoro's symbols: {named}",
        where=excerpt(text),
        remedy="name the nearest ones, in params.yaml or as "
        f"--set 'g2p.symbols={json.dumps(proposal, ensure_ascii=False)}'",
    )
