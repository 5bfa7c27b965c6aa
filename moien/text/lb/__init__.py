"""Luxembourgish: spelling → words → lexicon, rules for what is put together, espeak-ng's guess for the rest."""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Mapping
from pathlib import Path

from moien.text.espeak import transcribe
from moien.text.lb.lexicon import load_lexicon, read_lexicon, write_lexicon
from moien.text.lb.normalise import speakable
from moien.text.lb.numbers import JOINT
from moien.text.lb.sounds import from_espeak, stress
from moien.text.phonemes import Phonemes, Word, assemble
from moien.text.tokens import clean, tokenise, unspeakable

SOURCES = ("lexicon", "rule", "guess")  # a word is as sure as the least sure of its parts
_LETTERS = {
    "a": "aː", "b": "beː", "c": "ʦeː", "d": "deː", "e": "eː", "f": "æf", "g": "ɡeː", "h": "hɑʃ", "i": "iː",
    "j": "jot", "k": "kaː", "l": "æl", "m": "æm", "n": "æn", "o": "oː", "p": "peː", "q": "kuː", "r": "æʁ",
    "s": "æs", "t": "teː", "u": "uː", "v": "fɑʊ", "w": "veː", "x": "iks", "y": "iɡʁæk", "z": "ʦæt",
}  # fmt: skip
_CLITICS = {"d": "d", "s": "z", "t": "t", "l": "l", "m": "m", "n": "n", "j": "ʒ", "c": "s", "qu": "k"}
_VOICELESS = frozenset("pfkstʃʧʦχɕh")
_ENDINGS = {"en": "ən", "e": "ə", "er": "ɐ", "es": "əs", "t": "t", "s": "s", "st": "st"}
_VOICED = {"p": "b", "t": "d", "k": "ɡ", "f": "v", "s": "z", "ɕ": "ʒ", "χ": "ʁ"}
_WORD = re.compile(rf"'?[^\W\d_]+(?:['\-{JOINT}]+[^\W\d_]+)*'?")


class LuxembourgishFrontend:
    """Text → phonemes; `lexicon` maps words in lower case to phonemes in Kokoro's symbols."""

    language = "lb"

    def __init__(self, lexicon: Mapping[str, str]) -> None:
        self._lexicon = lexicon
        self._known: dict[str, tuple[str, str]] = {}  # asking espeak-ng is slow, and words come again

    @classmethod
    def load(cls) -> LuxembourgishFrontend:
        """With the LOD list of the wheel gruut-lang-lb."""
        return cls(load_lexicon())

    @classmethod
    def open(cls, folder: Path) -> LuxembourgishFrontend:
        """As `save` wrote it."""
        return cls(read_lexicon(folder / "lexicon.tsv"))

    def save(self, folder: Path) -> None:
        """Write `frontend.json` and the lexicon: a voice speaks the same without the wheel, and after its update."""
        folder.mkdir(parents=True, exist_ok=True)
        facts = {"front_end": "lb", "language": "lb", "symbols": {}}
        (folder / "frontend.json").write_text(json.dumps(facts) + "\n", encoding="utf-8")
        write_lexicon(folder / "lexicon.tsv", self._lexicon)

    def __call__(self, text: str) -> Phonemes:
        """Phonemes of a text; WrongData for a character that cannot be spoken: nothing is left out."""
        spoken = speakable(clean(text))
        pieces: list[Word | str] = []
        for kind, token in tokenise(spoken):
            pieces += [token] if kind == "pause" else self._words(token, text)
        return assemble(text, pieces)

    def _words(self, token: str, text: str) -> list[Word | str]:
        """The word in a token, between quotation marks (') where there are some."""
        match = _WORD.search(token)
        around = token[: match.start()] + token[match.end() :] if match else token
        for character in around:
            if character not in "'-":
                raise unspeakable(character, text)
        if match is None:
            return []  # a quotation mark or a dash that stands beside other punctuation
        word = match.group()
        if word.strip("'").lower() not in _CLITICS:  # 'de Bléck': these are quotation marks
            word = word.strip("'")
        phonemes, source = self.pronounce(word)
        return [Word(word.replace(JOINT, ""), phonemes, source)]

    def pronounce(self, word: str) -> tuple[str, str]:
        """Phonemes of a word and how sure they are (`SOURCES`); WrongData if it has no sound."""
        if word not in self._known:
            self._known[word] = self._pronounce(word)
        return self._known[word]

    def _pronounce(self, word: str) -> tuple[str, str]:
        key = word.lower()
        if found := self._look_up(key):
            return found
        if JOINT in key:
            return self._number(key.split(JOINT))
        if "'" in key:
            return self._clitic(word)
        dotted = re.fullmatch(r"\w(-\w)+", key)  # a.s.b.l., as the normaliser writes it
        if "-" in key and not dotted:
            return self._together([part for part in word.split("-") if part])
        key = key.replace("-", "")
        for letter in key:
            if not unicodedata.name(letter, "").startswith(("LATIN", "GREEK")):
                raise unspeakable(letter, word)
        initials = (
            dotted or len(key) == 1 or not set(key) & set("aeiouyäëéöü") or (word.isupper() and len(key) <= 3)
        )
        if initials and (spelt := _spell(key)):
            return spelt, "rule"
        if inflected := self._inflected(key):
            return inflected, "rule"
        return stress(key, from_espeak(transcribe(key, "lb"))), "guess"

    def _look_up(self, key: str) -> tuple[str, str] | None:
        """In the lexicon as it is, or with the n that the Eifeler Regel took (hu = hunn, versammele = -en)."""
        if key in self._lexicon:
            return self._lexicon[key], "lexicon"
        for full in (key + "n", key + "nn"):
            if self._lexicon.get(full, "").endswith("n"):
                return self._lexicon[full][:-1], "rule"
        return None

    def _clitic(self, word: str) -> tuple[str, str]:
        """d'Land, s'ass, 't, gëtt's: the clitic belongs to the word, without stress; d' is voiced as what follows."""
        first, _, rest = word.strip("'").partition("'")
        if not rest:
            return (_CLITICS[first.lower()], "rule") if first.lower() in _CLITICS else self.pronounce(first)
        if rest.lower() in _CLITICS:  # gëtt's, wann't
            phonemes, source = self.pronounce(first)
            return phonemes + rest.lower(), max(source, "rule", key=SOURCES.index)
        if first.lower() not in _CLITICS:
            return self._together([first, rest])
        phonemes, source = self.pronounce(rest)
        clitic = _CLITICS[first.lower()]
        if phonemes.lstrip("ˈˌ")[:1] in _VOICELESS:
            clitic = {"d": "t", "z": "s"}.get(clitic, clitic)
        return clitic + phonemes, max(source, "rule", key=SOURCES.index)

    def _together(self, parts: list[str]) -> tuple[str, str]:
        said = [self.pronounce(part) for part in parts]
        return "".join(p for p, _ in said), max([s for _, s in said] + ["rule"], key=SOURCES.index)

    def _number(self, parts: list[str]) -> tuple[str, str]:
        """A long number: the last part that is no honnert or dausend has the main stress."""
        said = [self.pronounce(part)[0] for part in parts]
        main = max((i for i, part in enumerate(parts) if part not in ("honnert", "dausend")), default=0)
        stressed = [p if i == main else p.replace("ˈ", "ˌ") for i, p in enumerate(said)]
        return "".join(stressed), self._together(parts)[1]

    def _inflected(self, key: str) -> str | None:
        """A known stem with an ending of adjectives, nouns or verbs; its last obstruent is voiced before a vowel."""
        for ending in sorted(_ENDINGS, key=len, reverse=True):
            stem = key.removesuffix(ending)
            if stem == key or len(stem) < 3 or stem not in self._lexicon:
                continue
            phonemes, suffix = self._lexicon[stem], _ENDINGS[ending]
            if suffix[0] in "əɐ" and stem[-1] in "bdgvwzs":
                phonemes = phonemes[:-1] + _VOICED.get(phonemes[-1], phonemes[-1])
            return phonemes + suffix
        return None


def _spell(word: str) -> str:
    """The names of the letters, the last one stressed; "" if one has no name."""
    letters = unicodedata.normalize("NFD", word)
    names = [_LETTERS.get(letter, "") for letter in letters if not unicodedata.combining(letter)]
    return "".join(names[:-1]) + stress("", names[-1]) if all(names) else ""
