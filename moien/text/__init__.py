"""Text → words → phonemes in Kokoro's symbols: one interface, `lb` for Luxembourgish, espeak-ng for other languages."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from moien.errors import WrongData
from moien.text.corrections import read_pronunciations
from moien.text.phonemes import Phonemes, Word, assemble, explain, read_phonemes, write_phonemes
from moien.text.words import clean, tokenise

if TYPE_CHECKING:  # pydantic takes a third of the start of the front end
    from moien.text.settings import G2PSettings

__all__ = [
    "CORRECTIONS",
    "Frontend",
    "Phonemes",
    "Word",
    "assemble",
    "explain",
    "lexica",
    "load_frontend",
    "open_frontend",
    "prepare_frontend",
    "read_phonemes",
    "write_phonemes",
]

CORRECTIONS = "lexicon.tsv"  # a recipe's own pronunciations: word, phonemes, reason


class Frontend(Protocol):
    """Reads the texts of a language. It is saved with the voice, so that synthesis and training read alike."""

    language: str
    lost: str  # a sentence about what is read worse without a missing file, and the remedy; "" if none is missing

    def __call__(self, text: str) -> Phonemes:
        """Phonemes of a text; WrongData names what cannot be spoken; nothing is left out in silence."""

    def pronunciations(self) -> Iterator[tuple[str, str]]:
        """The words that it knows, in lower case as they stand between spaces, and their phonemes inside of a sentence.

        None without a lexicon.
        """

    def save(self, folder: Path) -> None:
        """Write all that `open_frontend` needs to read texts in the same way."""


def load_frontend(settings: G2PSettings, language: str, corrections: Path | None = None) -> Frontend:
    """The front end for a recipe's settings; WrongCall for a language that espeak-ng does not have.

    `corrections` is a recipe's own file of pronunciations, if it exists: they come before all others.
    """
    if language == "lb" and settings.front_end == "auto":
        from moien.text.lb import LuxembourgishFrontend

        return LuxembourgishFrontend.load(corrections)
    from moien.text.espeak import EspeakFrontend

    return EspeakFrontend(language, settings.symbols, _own(corrections))


def prepare_frontend(
    settings: G2PSettings, language: str, corrections: Path | None = None, download: bool = True
) -> str:
    """Fetch the files that `load_frontend` needs; a sentence about what is lost without a missing one, or ""."""
    if language == "lb" and settings.front_end == "auto":
        from moien.text.lb.frontend import load_lexicon

        return load_lexicon(corrections, download)[1]
    _own(corrections)  # so that a wrong line is found before stage 1
    return ""


def lexica(settings: G2PSettings, language: str, corrections: Path | None = None) -> dict[str, str]:
    """Name → version of the lexica that `load_frontend` would read now. Nothing is fetched, and none is read."""
    if language == "lb" and settings.front_end == "auto":
        from moien.text.lb import frontend

        return frontend.lexica(corrections)
    return {}


def open_frontend(folder: str | Path) -> Frontend:
    """The front end that `save` wrote; WrongData if it is not complete."""
    file = Path(folder) / "frontend.json"
    try:
        facts = json.loads(file.read_text(encoding="utf-8"))
        kind, language, symbols = facts["front_end"], facts["language"], facts["symbols"]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise WrongData(f"not a saved front end ({error})", where=file, remedy="run stage 2 again") from None
    if kind == "lb":
        from moien.text.lb import LuxembourgishFrontend

        return LuxembourgishFrontend.open(Path(folder))
    if kind == "espeak":
        from moien.text.espeak import EspeakFrontend

        return EspeakFrontend(language, symbols, facts.get("corrections"))
    raise WrongData(f"there is no front end {kind!r}", where=file, remedy="it was written by another version")


def _own(corrections: Path | None) -> dict[str, str]:
    return read_pronunciations(corrections, _is_word) if corrections and corrections.is_file() else {}


def _is_word(word: str, phonemes: str, where: str) -> None:
    if [kind for kind, _ in tokenise(clean(word.removesuffix(".")))] != ["word"]:
        raise WrongData(f"{word!r} is not one word", where=where, remedy="one line for each word of the text")
