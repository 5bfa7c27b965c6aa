"""The sentences of `eval.txt`, which stage 7 speaks: stage 0 reads them as well, because training takes hours."""

from __future__ import annotations

from pathlib import Path

from moien.corpus.datadir import read_lines
from moien.errors import WrongData
from moien.text import Frontend

EVAL = "eval.txt"


def read_sentences(folder: Path, frontend: Frontend) -> list[str]:
    """The sentences of a recipe's `eval.txt`, one a line, without blank lines.

    Raises:
        WrongData: no such file, not UTF-8, no sentence; or every line that the front end cannot read, by `file:line`.
    """
    file = folder / EVAL
    numbered = [(number, line.strip()) for number, line in enumerate(read_lines(file), start=1)]
    sentences = [text for _, text in numbered if text]
    if not sentences:
        raise WrongData(
            "there is no sentence", where=file, remedy="write some sentences to speak, one a line"
        )
    faults = []
    for number, text in numbered:
        try:
            if text:
                frontend(text)
        except WrongData as error:
            faults.append(f"{file}:{number}: cannot be spoken: {error.message}")
    if faults:
        raise WrongData("\n".join(faults), remedy="write these sentences in words, or remove them")
    return sentences
