"""Words of no lexicon: clitics, hyphens, spelled letters, compounds and forms of known words, a trained model.

On a held-out tenth of LOD (docs/front-end.md) the model alone is right for more words than any split into known parts.
So a split decides only where the confidence of the model is low. Where both agree, the source and the ˌ are those of
the split.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from typing import NamedTuple, Protocol

from moien.errors import WrongData
from moien.text.lb.compounds import Counts, Split, Splitter, single
from moien.text.lb.foreign import NAME, SMALL, Entry, french, french_word
from moien.text.lb.merge import with_e
from moien.text.lb.model import LetterModel
from moien.text.lb.notation import unmarked
from moien.text.lb.stress import NUCLEUS, compound, stress
from moien.text.words import unspeakable

LETTERS = {
    "a": "aː",
    "b": "beː",
    "c": "ʦeː",
    "d": "deː",
    "e": "eː",
    "f": "æf",
    "g": "ɡeː",
    "h": "hɑʃ",
    "i": "iː",
    "j": "jot",
    "k": "kaː",
    "l": "æl",
    "m": "æm",
    "n": "æn",
    "o": "oː",
    "p": "peː",
    "q": "kuː",
    "r": "æʁ",
    "s": "æs",
    "t": "teː",
    "u": "uː",
    "v": "fɑʊ",
    "w": "veː",
    "x": "iks",
    "y": "iɡʁæk",
    "z": "ʦæt",
}
CLITICS = {"d": "d", "s": "z", "t": "t", "l": "l", "m": "m", "n": "n", "j": "ʒ", "c": "s", "qu": "k"}
ENCLITICS = {"s": "s", "t": "t", "m": "m", "n": "n", "d": "t", "ch": "ɕ"}  # gëtt's, wann't, hunn 'ch
_VOICELESS = frozenset("pfkstʃʧʦχɕh")
_VOWELS = frozenset("aeiouyäëéöüàâèêîôûïœæ")
_LETTERS_WITHOUT_BASE = {
    "ß": "ss",
    "ø": "ö",
    "æ": "ä",
    "œ": "ö",
    "ł": "l",
    "đ": "d",
    "ð": "d",
    "þ": "th",
    "ı": "i",
}
# Measured: with the model's confidence below UNSURE and the split's at least SURE, the split is right more often.
UNSURE = {"compound": 0.95, "affix": 0.7, "foreign-fr": 0.9}
SURE = 0.6
KNOWN_LOAN = 0.4  # of a split with an English or French part
_LOAN_LETTERS = 4  # of such a part, at least
_EN = re.compile(r"(?<=[ptkbdɡfvszʃʒχɕʦʧ])n$")
_STRESSED_SCHWA = re.compile("ˈə(?!ʊ)")
FRENCH = 0.7  # the share of the French names in the recipe lb that the rules read right
_TRUST = {"clitic": 3, "letters": 3, "compound": 2, "affix": 2, "foreign-fr": 1, "guess": 0}  # lexica: 4


class Words(Protocol):
    """The methods of `moien.text.lb.lexicon.Lexicon` that are used here."""

    def lookup(self, word: str) -> Entry | None: ...
    def without_n(self, word: str) -> Entry | None: ...


class Pronunciation(NamedTuple):
    """Phonemes with ˈ and ˌ before their vowels, their source, and their confidence (0 to 1).

    `source` is that of the least trusted part: `clitic`, `letters`, `compound`, `affix`, `foreign-fr`, `guess`, or a
    lexicon.
    """

    phonemes: str
    source: str
    confidence: float


class UnknownWords:
    """Reads words that `lexicon` does not have."""

    def __init__(self, lexicon: Words, model: LetterModel, counts: Counts) -> None:
        self._lexicon, self._model = lexicon, model
        self._splitter = Splitter(self._sounds, counts)

    def pronounce(self, word: str) -> Pronunciation:
        """The pronunciation of a written word, also with apostrophes and hyphens; WrongData for unknown characters."""
        word = unicodedata.normalize("NFC", word)
        if "'" in word:
            return self._clitic(word)
        parts = [part for part in word.split("-") if part]
        if len(parts) > 1:
            if not SMALL.keys().isdisjoint(parts[1:-1]):  # Marché-aux-Herbes
                return self._french_name(parts)
            return _together([self._known(part) for part in parts], "compound")
        return self._one("".join(parts), word)

    def _french_name(self, parts: Sequence[str]) -> Pronunciation:
        """Words with hyphens that are read as a French run."""
        lookup = self._lexicon.lookup
        readings = [
            SMALL.get(part) or french_word(part, lookup) or self._known(part).phonemes for part in parts
        ]
        return Pronunciation(compound(readings), "foreign-fr", FRENCH)

    def spell(self, word: str) -> Pronunciation:
        """The names of the letters, with stress on the last (CFL ʦeːæfˈæl); WrongData for a letter without a name."""
        names = []
        for letter in unicodedata.normalize("NFD", word.lower()):
            if unicodedata.combining(letter) or letter in "-'.":
                continue
            for base in _LETTERS_WITHOUT_BASE.get(letter, letter):
                name = unicodedata.normalize("NFD", base)[0]
                if name not in LETTERS:
                    raise unspeakable(letter, word)
                names.append(LETTERS[name])
        if not names:
            raise _silent(word)
        return Pronunciation("".join(names[:-1]) + stress("", names[-1]), "letters", 1.0)

    def _known(self, word: str) -> Pronunciation:
        if entry := self._lexicon.lookup(word) or self._lexicon.without_n(word):
            return Pronunciation(entry.phonemes, entry.source, 1.0)
        return self.pronounce(word)

    def _sounds(self, word: str) -> str | None:
        entry = self._lexicon.lookup(word)
        return entry.phonemes if entry else None

    def _one(self, word: str, written: str) -> Pronunciation:
        key = self._in_letters(word.lower(), written)
        if not key:
            raise _silent(written)
        if len(key) == 1 or not _VOWELS & set(key[:1000]):
            return self.spell(key)
        if NAME.search(key) and (phonemes := french(key)):
            return Pronunciation(phonemes, "foreign-fr", FRENCH)
        split = self._splitter.split(key)
        if split and split.confidence >= KNOWN_LOAN and any(map(self._is_loan, split.parts)):
            return Pronunciation(split.phonemes, split.source, split.confidence)
        reading = self._model.read(key)
        if split and (agreed := _agreed(key, reading.phonemes, split)):
            return Pronunciation(agreed, split.source, max(split.confidence, reading.confidence))
        if split and split.confidence >= SURE and reading.confidence < UNSURE[split.source]:
            return Pronunciation(split.phonemes, split.source, split.confidence)
        if reading.confidence < UNSURE["foreign-fr"] and (phonemes := french(key)):
            return Pronunciation(phonemes, "foreign-fr", FRENCH)
        if not NUCLEUS.search(reading.phonemes):
            return self.spell(key)
        phonemes = reading.phonemes
        if (
            key[-1] == "e"
            and (stem := self._lexicon.lookup(key[:-1]))
            and unmarked(stem.phonemes) == phonemes
        ):
            phonemes = with_e(key, phonemes)  # the e that the n-rule left, as in the lexicon
        return Pronunciation(_spoken(key, phonemes), "guess", reading.confidence)

    def _is_loan(self, part: str) -> bool:
        """Whether a part of a word is an English or French one of our tables, which the model would misread."""
        if len(part) < _LOAN_LETTERS:
            return False
        entry = self._lexicon.lookup(part) or self._lexicon.lookup(part.removesuffix("s"))
        return entry is not None and entry.source in ("english", "french")

    def _in_letters(self, key: str, written: str) -> str:
        """The word in letters of the model: unknown diacritics are removed (ñ, ş), ß is ss."""
        if self._model.letters.issuperset(key):
            return key
        letters = []
        for letter in key:
            for base in (
                _LETTERS_WITHOUT_BASE.get(letter, letter) if letter not in self._model.letters else letter
            ):
                plain = base if base in self._model.letters else unicodedata.normalize("NFKD", base).lower()
                plain = "".join(c for c in plain if not unicodedata.combining(c))
                if not self._model.letters.issuperset(plain):
                    raise unspeakable(letter, written)
                letters.append(plain)
        return "".join(letters)

    def _clitic(self, word: str) -> Pronunciation:
        """d'Land, s'ass, 't, gëtt's: the clitic is a part of the word, unstressed; d' is voiced like the next sound."""
        pieces = word.split("'")
        start, stop = 0, len(pieces)
        while start < len(pieces) - 1 and pieces[start].lower() in CLITICS:
            start += 1
        letter = len(pieces[-1]) == 1 and pieces[-1].isupper()  # d'A13, d'N7
        while not letter and stop > max(start, 1) and pieces[stop - 1].lower() in ENCLITICS:
            stop -= 1
        inside = [piece for piece in pieces[start:stop] if piece.strip("-")]
        core = [(self.spell if letter else self._known)(inside[0])] if inside else []
        for piece in inside[1:]:  # the n of rock'n'roll
            sound = ENCLITICS.get(piece.lower())
            core.append(Pronunciation(sound, "clitic", 1.0) if sound else self._known(piece))
        before = [CLITICS[piece.lower()] for piece in pieces[:start]]
        if core and core[0].phonemes[:1] in _VOICELESS:
            before = [{"d": "t", "z": "s"}.get(sound, sound) for sound in before]
        after = [ENCLITICS[piece.lower()] for piece in pieces[stop:]]
        clitics = [[Pronunciation(sound, "clitic", 1.0) for sound in side] for side in (before, after)]
        if parts := [*clitics[0], *core, *clitics[1]]:
            return _together(parts, "clitic" if before or after else "compound")
        raise _silent(word)


def _together(parts: Sequence[Pronunciation], source: str) -> Pronunciation:
    """The parts as one word: the confidences are multiplied, the source is that of the least trusted part."""
    least = min(parts, key=lambda part: _TRUST.get(part.source, 4))
    confidence = 1.0
    for part in parts:
        confidence *= part.confidence
    name = least.source if _TRUST.get(least.source, 4) < _TRUST[source] else source
    return Pronunciation(compound([part.phonemes for part in parts]), name, confidence)


def _spoken(word: str, phonemes: str) -> str:
    """The model's phonemes with stress, and without its faults: no consonant twice, none before n at the end (Boîten
    bwɑtən), and no stressed ə if no ë or é is written (Netflix)."""
    if word.endswith("en"):
        phonemes = _EN.sub("ən", phonemes)
    phonemes = stress(word, single(phonemes))
    return phonemes if "ë" in word or "é" in word else _STRESSED_SCHWA.sub("ˈæ", phonemes)


def _silent(word: str) -> WrongData:
    return WrongData("there is no letter in this word", where=repr(word), remedy="write it as it is spoken")


def _agreed(word: str, phonemes: str, split: Split) -> str:
    """The phonemes if model and split agree, with its marks if the rule stresses the same vowel; else ""."""
    if unmarked(split.phonemes) != phonemes:
        return ""
    ruled = stress(word, phonemes)
    same = unmarked(ruled.partition("ˈ")[0]) == unmarked(split.phonemes.partition("ˈ")[0])
    return split.phonemes if same else ruled
