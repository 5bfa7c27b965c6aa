"""The result of a front end: the phonemes of a text, word by word; how they are joined, stored and explained."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import Any, NamedTuple

from moien.errors import WrongData
from moien.kokoro import symbols

OPENING = frozenset("(“")  # belong to the next word; all other punctuation belongs to the word before


class Word(NamedTuple):
    """A spoken word: `phonemes` are `Phonemes.phonemes[start:end]`, `text` is the word written in full.

    `rule` is the rule that made the word from `Phonemes.text[text_start:text_end]`: `word` if it is written there, else
    the kind of number, date, abbreviation … `source` is the origin of the phonemes: the name of a lexicon or of a rule,
    or `guess` for the last resort. `confidence` (0 to 1) is the probability that they are right.
    """

    text: str
    phonemes: str
    source: str
    start: int = 0
    end: int = 0
    rule: str = "word"
    text_start: int = 0
    text_end: int = 0
    confidence: float = 1.0


@dataclass(frozen=True)
class Phonemes:
    """A text and its phonemes in Kokoro's symbols: words with one space between them, punctuation kept."""

    text: str
    phonemes: str
    words: tuple[Word, ...]

    def as_json(self) -> dict[str, Any]:
        """`{"text", "phonemes", "words": [{…}]}`."""
        return {
            "text": self.text,
            "phonemes": self.phonemes,
            "words": [word._asdict() for word in self.words],
        }


def assemble(text: str, pieces: Iterable[Word | str]) -> Phonemes:
    """Join words and punctuation (strings), and note the place of each word.

    WrongData if a word has no phonemes, if Kokoro does not have one of its symbols, or if there is no word.
    """
    line = ""
    words: list[Word] = []
    for piece in pieces:
        mark = piece if isinstance(piece, str) else ""
        if line and line[-1] not in OPENING and (not mark or mark in OPENING):
            line += " "
        if isinstance(piece, Word):
            if not piece.phonemes:
                raise WrongData(f"{piece.text!r} has no sound", where=text, remedy="write it as it is spoken")
            symbols.check(piece.phonemes)
            end = len(line) + len(piece.phonemes)
            words.append(piece._replace(start=len(line), end=end))
        line += mark or words[-1].phonemes
    if not words:
        raise WrongData("there is nothing to speak in this text", where=repr(text), remedy="write some words")
    return Phonemes(text, line, tuple(words))


def explain(phonemes: Phonemes) -> list[dict[str, str]]:
    """A row for each piece of the text, also for marks and silent characters: text, rule, words, phonemes, source.

    The front end for espeak-ng keeps no places in the text; its result has rows for words only.
    """
    rows: list[dict[str, str]] = []
    spoken = sorted(phonemes.words, key=lambda word: word.text_start)
    at, phonemes_at = 0, 0

    def between(text_end: int, phonemes_end: int) -> None:
        marks = phonemes.phonemes[phonemes_at:phonemes_end].strip()
        if gap := phonemes.text[at:text_end].strip():
            rule = "pause" if marks else "silent"
            rows.append({"text": gap, "rule": rule, "words": "", "phonemes": marks, "source": ""})

    for (start, end), group in groupby(spoken, key=lambda word: (word.text_start, word.text_end)):
        words = list(group)
        if end:
            between(start, words[0].start)
            at, phonemes_at = end, words[-1].end
        rows.append(
            {
                "text": phonemes.text[start:end] if end else " ".join(word.text for word in words),
                "rule": words[0].rule,
                "words": " ".join(word.text for word in words),
                "phonemes": phonemes.phonemes[words[0].start : words[-1].end],
                "source": " ".join(dict.fromkeys(word.source for word in words)),
            }
        )
    if at:
        between(len(phonemes.text), len(phonemes.phonemes))
    return rows


def write_phonemes(path: Path, phonemes: Mapping[str, Phonemes]) -> None:
    """One JSON object for each line: `{"id", "text", "phonemes", "words": [{…}]}`."""
    with path.open("w", encoding="utf-8", newline="\n") as file:
        for utterance, spoken in phonemes.items():
            file.write(json.dumps({"id": utterance} | spoken.as_json(), ensure_ascii=False) + "\n")


def read_phonemes(path: str | Path) -> dict[str, Phonemes]:
    """Utterance → phonemes, from a file of `write_phonemes`; WrongData with `file:line`."""
    return dict(_read(Path(path)))


def _read(path: Path) -> Iterator[tuple[str, Phonemes]]:
    with path.open("rb") as file:
        for number, line in enumerate(file, start=1):
            try:
                item = json.loads(line)
                words = tuple(Word(**word) for word in item["words"])
                spoken = {item["id"]: Phonemes(item["text"], item["phonemes"], words)}
            except (ValueError, KeyError, TypeError) as error:
                raise WrongData(
                    f"not a line of phonemes ({error})", where=f"{path}:{number}", remedy="run stage 2 again"
                ) from None
            yield from spoken.items()
