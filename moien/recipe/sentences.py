"""The sentences of `eval.txt`, which stage 7 speaks: stage 0 checks them as well, because training takes hours."""

from __future__ import annotations

from pathlib import Path

from moien.corpus.datadir import read_lines
from moien.errors import WrongData
from moien.text import Frontend

EVAL = "eval.txt"


def read_sentences(folder: Path) -> list[tuple[int, str]]:
    """(Line number, sentence) of a recipe's `eval.txt`; WrongData if it is missing, not UTF-8 or without a sentence."""
    file = folder / EVAL
    lines = enumerate(read_lines(file), start=1)
    if not (sentences := [(number, text) for number, line in lines if (text := line.strip())]):
        raise WrongData(
            "there is no sentence", where=file, remedy="write some sentences to speak, one a line"
        )
    return sentences


def check_sentences(folder: Path, frontend: Frontend) -> int:
    """The number of sentences; WrongData names every line that the front end cannot read."""
    faults = []
    sentences = read_sentences(folder)
    for number, text in sentences:
        try:
            frontend(text)
        except WrongData as error:
            faults.append(f"{folder / EVAL}:{number}: cannot be spoken: {error.message}")
    if faults:
        raise WrongData("\n".join(faults), remedy="write these sentences in words, or remove them")
    return len(sentences)
