"""Words that no lexicon has: clitics, hyphens, spelled letters, compounds and forms of known words, a trained guess.

Measured on a held-out tenth of LOD (docs/front-end.md): the model alone is right for more words than any split into
known parts, so a split decides only where the model is not sure; where both say the same it lends its name and its ˌ.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from typing import NamedTuple, Protocol

from moien.errors import WrongData
from moien.text.lb.compounds import Counts, Split, Splitter
from moien.text.lb.foreign import french
from moien.text.lb.model import LetterModel
from moien.text.lb.notation import unmarked
from moien.text.lb.stress import compound, stress
from moien.text.tokens import unspeakable

LETTERS = {
    "a": "aː", "b": "beː", "c": "ʦeː", "d": "deː", "e": "eː", "f": "æf", "g": "ɡeː", "h": "hɑʃ", "i": "iː",
    "j": "jot", "k": "kaː", "l": "æl", "m": "æm", "n": "æn", "o": "oː", "p": "peː", "q": "kuː", "r": "æʁ",
    "s": "æs", "t": "teː", "u": "uː", "v": "fɑʊ", "w": "veː", "x": "iks", "y": "iɡʁæk", "z": "ʦæt",
}  # fmt: skip
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
# By measurement: below UNSURE of the model, from SURE of the split on, the split is right more often.
UNSURE = {"compound": 0.95, "affix": 0.7, "foreign-fr": 0.9}
SURE = 0.6
FRENCH = 0.7  # of the French names of the recipe lb that the rules read as their list does
_TRUST = {"clitic": 3, "letters": 3, "compound": 2, "affix": 2, "foreign-fr": 1, "guess": 0}  # lexica: 4


class Entry(Protocol):
    """What a lexicon says: see `moien.text.lb.merge.Entry`."""

    @property
    def phonemes(self) -> str: ...
    @property
    def source(self) -> str: ...


class Words(Protocol):
    """The part of `moien.text.lb.lexicon.Lexicon` that is asked here."""

    def lookup(self, word: str) -> Entry | None: ...
    def without_n(self, word: str) -> Entry | None: ...


class Pronunciation(NamedTuple):
    """Phonemes with ˈ and ˌ before their vowels, what they come from, and how sure they are (0 to 1).

    `source` is that of the least sure part: `clitic`, `letters`, `compound`, `affix`, `foreign-fr`, `guess`, or that of
    the lexicon where a hyphen or an apostrophe was all that was not in it.
    """

    phonemes: str
    source: str
    confidence: float


class UnknownWords:
    """Reads what `lexicon` does not have."""

    def __init__(self, lexicon: Words, model: LetterModel, counts: Counts) -> None:
        self._lexicon, self._model = lexicon, model
        self._splitter = Splitter(self._sounds, counts)

    def pronounce(self, word: str) -> Pronunciation:
        """A word as it is written, with apostrophes and hyphens inside; WrongData for a character without a sound."""
        word = unicodedata.normalize("NFC", word)
        if "'" in word:
            return self._clitic(word)
        parts = [part for part in word.split("-") if part]
        if len(parts) > 1:
            return _together([self._known(part) for part in parts], "compound")
        return self._one("".join(parts), word)

    def spell(self, word: str) -> Pronunciation:
        """The names of the letters, the last one stressed (CFL ʦeːæfˈæl); WrongData if one has no name."""
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
        reading, split = self._model.read(key), self._splitter.split(key)
        if split and (agreed := _agreed(key, reading.phonemes, split)):
            return Pronunciation(agreed, split.source, max(split.confidence, reading.confidence))
        if split and split.confidence >= SURE and reading.confidence < UNSURE[split.source]:
            return Pronunciation(split.phonemes, split.source, split.confidence)
        if reading.confidence < UNSURE["foreign-fr"] and (said := french(key)):
            return Pronunciation(said, "foreign-fr", FRENCH)
        return Pronunciation(stress(key, reading.phonemes), "guess", reading.confidence)

    def _in_letters(self, key: str, written: str) -> str:
        """With the model's letters only: marks that it has not seen are taken off (ñ, ş), ß is ss."""
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
        """d'Land, s'ass, 't, gëtt's: the clitic belongs to the word, without stress; d' is voiced as what follows."""
        pieces = word.split("'")
        start, stop = 0, len(pieces)
        while start < len(pieces) - 1 and pieces[start].lower() in CLITICS:
            start += 1
        while stop > max(start, 1) and pieces[stop - 1].lower() in ENCLITICS:
            stop -= 1
        inside = [piece for piece in pieces[start:stop] if piece.strip("-")]
        core = [self._known(inside[0])] if inside else []
        for piece in inside[1:]:  # the n of rock'n'roll
            said = ENCLITICS.get(piece.lower())
            core.append(Pronunciation(said, "clitic", 1.0) if said else self._known(piece))
        before = [CLITICS[piece.lower()] for piece in pieces[:start]]
        if core and core[0].phonemes[:1] in _VOICELESS:
            before = [{"d": "t", "z": "s"}.get(said, said) for said in before]
        after = [ENCLITICS[piece.lower()] for piece in pieces[stop:]]
        clitics = [[Pronunciation(said, "clitic", 1.0) for said in side] for side in (before, after)]
        if parts := [*clitics[0], *core, *clitics[1]]:
            return _together(parts, "clitic" if before or after else "compound")
        raise _silent(word)


def _together(parts: Sequence[Pronunciation], source: str) -> Pronunciation:
    """The parts as one word; it is as sure as all its parts are together, and named after the least sure."""
    least = min(parts, key=lambda part: _TRUST.get(part.source, 4))
    confidence = 1.0
    for part in parts:
        confidence *= part.confidence
    name = least.source if _TRUST.get(least.source, 4) < _TRUST[source] else source
    return Pronunciation(compound([part.phonemes for part in parts]), name, confidence)


def _silent(word: str) -> WrongData:
    return WrongData("there is no letter in this word", where=repr(word), remedy="write it as it is spoken")


def _agreed(word: str, phonemes: str, split: Split) -> str:
    """Where model and split say the same: with the split's marks if the rule stresses the same vowel; else ""."""
    if unmarked(split.phonemes) != phonemes:
        return ""
    said = stress(word, phonemes)
    same = unmarked(said.partition("ˈ")[0]) == unmarked(split.phonemes.partition("ˈ")[0])
    return split.phonemes if same else said
