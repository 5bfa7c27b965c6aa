"""What a front end returns: the phonemes of a text, word by word, and how they are put together and stored."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

from moien.errors import WrongData
from moien.kokoro import symbols

OPENING = frozenset("(“")  # these belong to the word after them, all other punctuation to the word before


@dataclass(frozen=True)
class Word:
    """A spoken word: `phonemes` are `Phonemes.phonemes[start:end]`; numbers are already words (`1999` → …).

    `source` says how far to trust it: `lexicon` (written by a person), `rule` (put together from known parts)
    or `guess` (letter-to-sound rules of espeak-ng).
    """

    text: str
    phonemes: str
    source: str
    start: int = 0
    end: int = 0


@dataclass(frozen=True)
class Phonemes:
    """A text and its phonemes in Kokoro's symbols: words with one space between them, punctuation kept."""

    text: str
    phonemes: str
    words: tuple[Word, ...]


def assemble(text: str, pieces: Iterable[Word | str]) -> Phonemes:
    """Put words and punctuation (strings) together and note where each word lies.

    WrongData if a word has no phonemes or a symbol that Kokoro does not know, or if there is no word at all.
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
            words.append(Word(piece.text, piece.phonemes, piece.source, len(line), end))
        line += mark or words[-1].phonemes
    if not words:
        raise WrongData("there is nothing to speak in this text", where=repr(text), remedy="write some words")
    return Phonemes(text, line, tuple(words))


def write_phonemes(path: Path, phonemes: Mapping[str, Phonemes]) -> None:
    """One JSON object a line: `{"id", "text", "phonemes", "words": [{…}]}`."""
    with path.open("w", encoding="utf-8", newline="\n") as file:
        for utterance, said in phonemes.items():
            file.write(json.dumps({"id": utterance} | asdict(said), ensure_ascii=False) + "\n")


def read_phonemes(path: str | Path) -> dict[str, Phonemes]:
    """Utterance → phonemes, as `write_phonemes` wrote them; WrongData with `file:line`."""
    return dict(_read(Path(path)))


def _read(path: Path) -> Iterator[tuple[str, Phonemes]]:
    with path.open(encoding="utf-8") as file:
        for number, line in enumerate(file, start=1):
            try:
                item = json.loads(line)
                words = tuple(Word(**word) for word in item["words"])
                yield item["id"], Phonemes(item["text"], item["phonemes"], words)
            except (ValueError, KeyError, TypeError) as error:
                raise WrongData(
                    f"not a line of phonemes ({error})", where=f"{path}:{number}", remedy="run stage 2 again"
                ) from None
