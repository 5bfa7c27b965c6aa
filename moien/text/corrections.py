"""A file of pronunciations written by hand: `recipes/R/lexicon.tsv`, and the one of Luxembourgish."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from moien.errors import WrongData
from moien.kokoro import symbols

SOURCE = "correction"


def read_pronunciations(path: Path, check: Callable[[str, str, str], None] | None = None) -> dict[str, str]:
    """Word → phonemes, from lines `word<TAB>phonemes<TAB>reason` and comments (#). WrongData with `file:line`.

    A word with a capital counts for that spelling only (August, the month). Phonemes are used as they are written,
    so a word without ˈ has no stress. `check` gets the word, the phonemes and the place, and may raise.
    """
    words: dict[str, str] = {}
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise WrongData(f"cannot be read ({error})", where=path, remedy="a text file in UTF-8") from None
    for number, line in enumerate(lines, start=1):
        if not line.strip() or line.startswith("#"):
            continue
        where = f"{path}:{number}"
        fields = line.split("\t")
        if len(fields) != 3 or not all(field.strip() for field in fields):
            raise WrongData(f"{line!r} is not `word<TAB>phonemes<TAB>reason`", where=where)
        word, phonemes = fields[0], fields[1]
        try:
            symbols.check(phonemes)
        except WrongData as error:
            raise WrongData(error.message, where=where, remedy=error.remedy) from None
        if pauses := set(phonemes) & symbols.PAUSE_SYMBOLS - {" "}:
            raise WrongData(
                f"{phonemes!r} has a pause: {' '.join(sorted(pauses))}", where=where, remedy="words only"
            )
        if check:
            check(word, phonemes, where)
        if word in words:
            raise WrongData(f"{word!r} is here twice", where=where, remedy="keep one of them")
        words[word] = phonemes
    return words
