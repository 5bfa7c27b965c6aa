"""Luxembourgish: text → words (`normalise`) → phonemes (`lexicon`, `unknown`) → one sentence (`phonology`)."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from dataclasses import asdict
from functools import lru_cache
from itertools import groupby
from pathlib import Path

from moien.errors import WrongData
from moien.text.lb import homographs, phonology
from moien.text.lb.compounds import Counts
from moien.text.lb.foreign import french_runs
from moien.text.lb.layers import TABLES
from moien.text.lb.lexicon import Lexicon, load, versions
from moien.text.lb.model import letter_model
from moien.text.lb.normalise import normalise
from moien.text.lb.numbers import JOINT
from moien.text.lb.span import Span
from moien.text.lb.stress import stress
from moien.text.lb.unknown import FRENCH, Pronunciation, UnknownWords
from moien.text.phonemes import Phonemes, Word, assemble
from moien.text.words import Unspeakable, unspeakable

NEIGHBOUR = "kapp"  # of the words that `pronunciations` reads
BATCH = 200
KEPT = 100_000  # words whose pronunciation is kept in memory
LONGEST = (
    60  # letters of one word; a longer run is read in pieces, so that the time is proportional to the length
)
LEXICON = "lexicon.bin"
UNREADABLE = Pronunciation("", "unreadable", 0.0)
_NO_MAIN_STRESS = ("honnert", "dausend")


class LuxembourgishFrontend:
    """Reads Luxembourgish: `load` uses the layers that are available, `open` the files that were saved with a voice."""

    language = "lb"

    def __init__(self, lexicon: Lexicon, rules: phonology.Switches, lost: str = "") -> None:
        self.lost = lost
        self._lexicon = lexicon
        self._rules = rules
        self._unknown = UnknownWords(lexicon, letter_model(), Counts.open())
        self._known = lru_cache(KEPT)(self._pronounce)
        self._lookup = lru_cache(KEPT)(lexicon.lookup)

    @classmethod
    def load(cls, corrections: Path | None = None) -> LuxembourgishFrontend:
        """The front end with the available layers; a recipe's own `corrections` come before those of the language."""
        lexicon, lost = load_lexicon(corrections)
        return cls(lexicon, phonology.Switches(), lost)

    @classmethod
    def open(cls, folder: Path) -> LuxembourgishFrontend:
        """The front end that `save` wrote; WrongData if it is not complete."""
        file = folder / "frontend.json"
        try:
            rules = phonology.Switches(**json.loads(file.read_text(encoding="utf-8"))["phonology"])
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise WrongData(
                f"not a saved front end ({error})", where=file, remedy="run stage 2 again"
            ) from None
        return cls(Lexicon.open(folder / LEXICON), rules)

    def pronunciations(self) -> Iterator[tuple[str, str]]:
        """The words of the lexicon, each also behind the article `d'`, with which it is written together.

        Read between voiceless consonants: alone, a function word would be stressed; before a vowel, its end changes.
        """
        words = [
            form
            for word in self._lexicon.words()
            for form in ([word] if "'" in word else [word, f"d'{word}"])
        ]
        for start in range(0, len(words), BATCH):
            batch = words[start : start + BATCH]
            read = [
                w for w in self.read(" ".join(f"{NEIGHBOUR} {word}" for word in batch)) if isinstance(w, Word)
            ]
            if [w.text for w in read[::2]] != [NEIGHBOUR] * len(batch) or len(read) != 2 * len(batch):
                read = [w for word in batch for w in self._inside(word)]
            yield from ((w.text, w.phonemes) for w in read[1::2] if w.rule == "word" and w.phonemes)

    def _inside(self, word: str) -> list[Word]:
        """The neighbour and the word, if the word is read as one; else nothing."""
        read = [w for w in self.read(f"{NEIGHBOUR} {word} {NEIGHBOUR}") if isinstance(w, Word)]
        return read[:2] if len(read) == 3 else []

    def save(self, folder: Path) -> None:
        """Write switches and lexicon, so that a voice reads as in its training, whatever layers are available later."""
        folder.mkdir(parents=True, exist_ok=True)
        facts = {"front_end": "lb", "language": "lb", "symbols": {}, "phonology": asdict(self._rules)}
        (folder / "frontend.json").write_text(json.dumps(facts) + "\n", encoding="utf-8")
        shutil.copyfile(self._lexicon.file, folder / LEXICON)

    def __call__(self, text: str) -> Phonemes:
        """Phonemes of a text; WrongData for a word that cannot be read: nothing is left out in silence."""
        pieces = self.read(text)
        silent = [piece for piece in pieces if isinstance(piece, Word) and not piece.phonemes]
        if characters := "".join(
            dict.fromkeys(letter for word in silent for letter in self._unreadable(word))
        ):
            raise unspeakable(characters, text)
        return assemble(text, pieces)

    def _unreadable(self, word: Word) -> str:
        """The characters because of which a word cannot be read."""
        if word.rule == "unreadable":
            return word.text
        try:
            (self._unknown.spell if word.rule == "letters" else self._unknown.pronounce)(word.text)
        except Unspeakable as error:
            return error.characters
        except WrongData:  # no letter at all
            pass
        return word.text

    def read(self, text: str) -> list[Word | str]:
        """Words and pauses of a text in order; a word that cannot be read has no phonemes."""
        pieces: list[Word | str] = []
        spans = normalise(text)
        words: list[str] = []  # "": a pause
        written: list[str] = []  # "": a pause, or a word of a number, an abbreviation …
        for span in spans:
            spoken = [""] if span.pause else span.words
            words += spoken
            written += spoken if span.rule == "word" else [""] * len(spoken)
        french = french_runs(written, self._lookup)
        at = 0  # in words
        for span in spans:
            if span.pause:
                pieces.append(span.pause)
                at += 1
            elif span.rule == "unreadable":
                pieces.append(_word(text[span.start : span.end], UNREADABLE, span))
            for word in span.words:
                if word in homographs.HANDLED and (
                    phonemes := homographs.choose(words, at, text[span.end : span.end + 1] == "-")
                ):
                    pieces.append(_word(word, Pronunciation(phonemes, "homograph", 1.0), span))
                elif at in french:
                    pieces.append(_word(word, Pronunciation(french[at], "french-run", FRENCH), span))
                else:
                    pieces += self._words(word, span)
                at += 1
        sentence: list[Word | str] = []
        for readable, group in groupby(pieces, lambda piece: isinstance(piece, str) or bool(piece.phonemes)):
            run = list(group)
            sentence += phonology.apply(run, self._rules) if readable else run
        return sentence

    def _words(self, word: str, span: Span) -> list[Word]:
        """One word, or the pieces of a run of letters that is too long for one."""
        read = self._spell if span.rule == "letters" else self._known
        if len(word) <= LONGEST or JOINT in word:
            return [_word(word, read(word), span)]
        parts = [word[i : i + LONGEST] for i in range(0, len(word), LONGEST)]
        return [_word(part, read(part), span) for part in parts]

    def _pronounce(self, word: str) -> Pronunciation:
        if JOINT in word:  # a lexicon has some long numbers, but with another stress
            return self._number(word.split(JOINT))
        letter = word[-2:-1] == "'" and word[-1].isupper()  # d'N7 is not the entry d'n
        if not letter and (entry := self._lexicon.lookup(word)):
            return Pronunciation(entry.phonemes, entry.source, 1.0)
        if not letter and (entry := self._lexicon.without_n(word)):
            return Pronunciation(entry.phonemes, entry.source, 1.0)
        try:
            return self._unknown.pronounce(word)
        except WrongData:  # an unknown letter: `__call__` raises the error, with the whole text
            return UNREADABLE

    def _spell(self, word: str) -> Pronunciation:
        try:
            return self._unknown.spell(word)
        except WrongData:
            return UNREADABLE

    def _number(self, parts: list[str]) -> Pronunciation:
        """A long number: the main stress is on its last part that is not honnert or dausend, as in LOD."""
        readings = [self._known(part) for part in parts]
        main = max((i for i, part in enumerate(parts) if part not in _NO_MAIN_STRESS), default=0)
        phonemes = [p.phonemes.replace("ˈ", "ˌ") for p in readings]
        phonemes[main] = stress("", readings[main].phonemes)  # also of a weak word: dausend an eng
        return Pronunciation("".join(phonemes), "number", min(p.confidence for p in readings))


def load_lexicon(corrections: Path | None, download: bool = False) -> tuple[Lexicon, str]:
    """The lexicon, with a recipe's own corrections first if there are any; and what is lost without missing layers."""
    return load(_with_own(corrections), download)


def lexica(corrections: Path | None) -> dict[str, str]:
    """Name → version of the lexica that `load_lexicon` would use now; nothing is fetched, and none is read."""
    return versions(_with_own(corrections))


def _with_own(corrections: Path | None) -> tuple[Path, ...]:
    return (corrections, *TABLES) if corrections and corrections.is_file() else TABLES


def _word(text: str, found: Pronunciation, span: Span) -> Word:
    text = text.replace(JOINT, "") if JOINT in text else text
    confidence = round(found.confidence, 3)
    return Word(text, found.phonemes, found.source, 0, 0, span.rule, span.start, span.end, confidence)
