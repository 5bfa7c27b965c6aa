"""Tables of texts: `metadata.csv` as LJSpeech has it, `id|text|…`, with or without a header line.

Columns are divided by | or by tabs. A header line may call them by the names in `COLUMNS`. A table without one is read
only if its columns are those of LJSpeech: otherwise a column of speakers or lengths would become the text.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from moien.corpus.datadir import clean_text
from moien.corpus.recordings import strip_ending
from moien.errors import WrongData

COLUMNS = {
    "id": "id path file filename filepath basename audio audiofile audiofilename audiopath audiofilepath clip wav wavs "
    "wavfile wavfilename wavpath recording fileid audioid uttid utteranceid",
    "text": "text sentence transcript transcription characters orthography rawtext originaltext textoriginal",
    "normalised": "normalised normalisedtext normalisedsentence normalisedtranscript normalisedtranscription "
    "normalized normalizedtext normalizedsentence normalizedtranscript normalizedtranscription "
    "textnormalised textnormalized cleantext cleanedtext",
    "speaker": "speaker speakername speakerid spk spkid spkname clientid voice reader",
    "status": "status",
    "prompt": "prompt promptid",
    "language": "language languageid lang langid locale",  # not used, but a voice has one
}
_NAMES = {name: column for column, names in COLUMNS.items() for name in names.split()}
MANY = 5000  # rows that decide what a column is
_WORDS = re.compile(r"\w+")
_NUMBER = re.compile(r"[-+]?\d+([.,:]\d+)*")
_NAME = re.compile(
    r"[^\W\d_][^\W\d/()#-]*([ /()#-]+[^\W\d/()#-]+){0,2}\)?"
)  # of a column: no digit, three words

Line = tuple[int, list[str]]  # its number and its cells


class Row(NamedTuple):
    """A row of a table. `text` is what is spoken: the normalised text where there is one."""

    line: int
    id: str
    text: str
    speaker: str
    status: str
    prompt: str


@dataclass(frozen=True)
class Metadata:
    """The rows of a table, and how its columns were read, to be printed."""

    rows: list[Row]
    columns: str


def is_table(lines: Sequence[str]) -> bool:
    """Whether these lines have columns: half of them or more contain a | or a tab."""
    return bool(_separator(lines))


def read_metadata(
    lines: Sequence[str], name: str, has_audio: Callable[[str], bool] | None = None
) -> Metadata:
    """The rows of a table.

    Args:
        name: of its file, for messages.
        has_audio: whether there is a recording of this name, which no header line and no text is.

    Raises:
        WrongData: with `file:line` and what was taken for what, if it is not clear what a column is.
    """
    has_audio = has_audio or (lambda cell: strip_ending(cell) != cell)
    table = _split(lines, name)
    number, first = table[0]
    if _is_header(table, has_audio):
        columns = _named(first, f"{name}:{number}")
        read = ", ".join(_note(column, cell) for column, cell in zip(columns, first, strict=True))
        table = table[1:]
        if again := [number for number, cells in table if cells == first]:
            raise WrongData("the header line is here again", where=f"{name}:{again[0]}", remedy="remove it")
    else:
        columns = _unnamed(table, f"{name}:{number}", has_audio)
        read = f"{', '.join(columns)} (no header line)"
    if not table:
        raise WrongData("no row below the header line", where=f"{name}:{number}")
    rows = [(number, dict(zip(columns, cells, strict=True))) for number, cells in table]
    _check_speakers(rows, name)
    _check_languages(rows, name)
    return Metadata([_row(number, cells) for number, cells in rows], read)


def _note(column: str, cell: str) -> str:
    notes = [cell] * (cell != column) + ["not used"] * (column == "language")
    return f"{column} ({', '.join(notes)})" if notes else column


def _row(number: int, cells: dict[str, str]) -> Row:
    text = clean_text(cells.get("normalised") or cells.get("text", ""))
    return Row(number, cells["id"], text, *(cells.get(name, "") for name in ("speaker", "status", "prompt")))


def _separator(lines: Sequence[str]) -> str:
    full = [line for line in lines if line.strip()]
    return next((sep for sep in "|\t" if 2 * sum(sep in line for line in full) >= len(full) > 0), "")


def _split(lines: Sequence[str], name: str) -> list[Line]:
    """The cells of every line that is not blank: as many in each, without quotation marks that are not text."""
    separator = _separator(lines)
    full = [(number, line) for number, line in enumerate(lines, start=1) if line.strip()]
    if not full:
        raise WrongData("the table is empty", where=name)
    if not separator:
        number, line = full[0]
        raise WrongData(
            f"no columns divided by | or tabs: {line[:80]!r}",
            where=f"{name}:{number}",
            remedy="save it with | between the columns, e.g. a001|The text.",
        )
    table = [(number, [cell.strip() for cell in line.split(separator)]) for number, line in full]
    width = Counter(len(cells) for _, cells in table).most_common(1)[0][0]
    for number, cells in table:
        if len(cells) != width:
            line = separator.join(cells)
            raise WrongData(
                f"{len(cells)} columns, but most lines have {width}: {line[:80]!r}", where=f"{name}:{number}"
            )
    columns = [_unquote(column) for column in zip(*(cells for _, cells in table), strict=True)]
    used = [column for column in columns if any(column)]
    used = used if len(used) > 1 else columns[:2]
    return [(number, list(cells)) for (number, _), *cells in zip(table, *used, strict=True)]


def _unquote(column: Sequence[str]) -> list[str]:
    """A column without the marks of a program that quotes all its cells, or that doubles the marks in quoted cells."""
    whole = all(_is_quoted(cell) for cell in column[1:] or column if cell)  # but perhaps for the header line
    return [
        cell[1:-1].replace('""', '"').strip() if _is_quoted(cell) and (whole or '""' in cell[1:-1]) else cell
        for cell in column
    ]


def _is_quoted(cell: str) -> bool:
    return len(cell) > 1 and cell[0] == cell[-1] == '"' and '"' not in cell[1:-1].replace('""', "")


def column_of(name: str) -> str:
    """What a column of this name holds, a key of COLUMNS, or "": `Audio file` and `audio_file` are the id."""
    return _NAMES.get(re.sub(r"[\s_#\"-]", "", name).casefold(), "")


def _is_header(table: Sequence[Line], has_audio: Callable[[str], bool]) -> bool:
    """Whether the first line names columns.

    Two known names are enough. Otherwise it has no recording. Either it begins with a known name of the id, or it looks
    like names and contains a known one, or it looks like names above rows that have recordings.
    """
    first = table[0][1]
    known = {column_of(cell) for cell in first} - {""}
    if len(known) > 1:
        return True
    if len(table) == 1 or any(map(has_audio, first)):
        return False
    if column_of(first[0]) == "id":
        return True
    if not all(map(_NAME.fullmatch, first)):
        return False
    return bool(known) or any(has_audio(cell) for _, cells in table[1:] for cell in cells)


def _named(first: Sequence[str], where: str) -> list[str]:
    """The columns of a header line; WrongData for one that is not known, for two of one kind, or if one is missing."""
    columns = [column_of(cell) for cell in first]
    line = "|".join(first)
    if unknown := [cell for cell, column in zip(first, columns, strict=True) if not column]:
        s = "s" * (len(unknown) > 1)
        raise WrongData(
            f"unknown column{s} {', '.join(unknown)}: {line}", where=where, remedy=_to_name(columns)
        )
    for column in columns:
        if columns.count(column) > 1:
            both = " and ".join(cell for cell, other in zip(first, columns, strict=True) if other == column)
            raise WrongData(f"two columns for the {column}: {both}", where=where, remedy="remove one of them")
    if "id" not in columns or not {"text", "normalised"} & set(columns):
        lacking = "text" if "id" in columns else "id or path of the recordings"
        raise WrongData(f"no column has the {lacking}: {line}", where=where, remedy=_to_name(columns))
    return columns


def _to_name(columns: Sequence[str]) -> str:
    """What to do about a table with `columns`, some of which are unknown."""
    remedy = f"name the columns in the first line: {', '.join(COLUMNS)}"
    known = [str(number) for number, column in enumerate(columns, start=1) if column in COLUMNS]
    if 1 < len(known) < len(columns):
        remedy += f"; without the unknown ones: cut -d '|' -f {','.join(known)} FILE > NEW"
    return remedy


def _unnamed(table: Sequence[Line], where: str, has_audio: Callable[[str], bool]) -> list[str]:
    """The columns of a table without a header line; WrongData unless they are LJSpeech's."""
    columns = list(zip(*(cells for _, cells in table), strict=True))
    place = next((number for number, column in enumerate(columns) if any(map(has_audio, column))), 0)
    if place == 0 and len(columns) == 2 and not _recur(columns[1]):
        return ["id", "text"]
    if place == 0 and len(columns) == 3 and _is_normalised(columns[1], columns[2]):
        return ["id", "text", "normalised"]
    kinds = ["id" if number == place else _kind(columns, number) for number in range(len(columns))]
    known = len(set(kinds)) == len(kinds) and {"text"} <= set(kinds) <= COLUMNS.keys()
    raise WrongData(
        f"{len(kinds)} columns without a header line, which look like {'|'.join(kinds)}: "
        f"{'|'.join(table[0][1])[:120]}",
        where=where,
        remedy=f"if that is right, add the first line {'|'.join(kinds)}" if known else _to_name(kinds),
    )


def _is_normalised(texts: Sequence[str], spoken: Sequence[str]) -> bool:
    """Whether the second column is the first in other words: in most rows, they share half of the words.

    Numbers do not count, because they are what is written in words. So all texts may be numbers, none of them twice. A
    column of single words that recur is one of speakers, even if the texts contain their names.
    """
    if _recur(texts):
        return False
    votes, step = 0, 1 + len(texts) // MANY
    for text, other in zip(texts[::step], spoken[::step], strict=True):
        words, others = (
            {word for word in _words(cell) if not re.search(r"\d", word)} for cell in (text, other)
        )
        if words and other:
            shared = len(words & others)
            votes += 1 if 2 * shared >= len(words) and 4 * shared >= len(others) else -1
    numbers = all(map(_NUMBER.fullmatch, texts)) and len(set(texts)) == len(texts)
    return votes > 0 or (numbers and not any(map(_NUMBER.fullmatch, spoken)))


def _words(text: str) -> set[str]:
    letters = unicodedata.normalize("NFKD", text.casefold())
    return set(_WORDS.findall("".join(c for c in letters if not unicodedata.combining(c))))


def _kind(columns: Sequence[Sequence[str]], number: int) -> str:
    """What a column looks like: numbers, speaker (few values, or the only column of single words) or text."""
    cells = [cell for cell in columns[number] if cell]
    if sum(bool(_NUMBER.fullmatch(cell)) for cell in cells) >= 0.9 * len(cells):
        return "number"
    spaces = [any(" " in cell for cell in column) for column in columns]
    return (
        "speaker" if 2 * len(set(cells)) <= len(cells) or (any(spaces[1:]) and not spaces[number]) else "text"
    )


def _recur(cells: Sequence[str]) -> bool:
    """Whether a column of single words has each of them twice or more on average, as one of speakers has."""
    return len(cells) > 3 and 2 * len(set(cells)) <= len(cells) and not any(" " in cell for cell in cells)


def _check_speakers(rows: Sequence[tuple[int, dict[str, str]]], name: str) -> None:
    """WrongData for a row without a speaker where others have one."""
    without = [number for number, cells in rows if not cells.get("speaker")]
    if without and len(without) < len(rows):
        raise WrongData(
            "no speaker, but other rows have one", where=f"{name}:{without[0]}", remedy="complete the column"
        )


def _check_languages(rows: Sequence[tuple[int, dict[str, str]]], name: str) -> None:
    """WrongData for the first row of a second language: a front end reads one."""
    first = next((cells["language"] for _, cells in rows if cells.get("language")), "")
    for number, cells in rows:
        if cells.get("language", first) not in (first, ""):
            raise WrongData(
                f"the language is {cells['language']}, that of the rows above {first}",
                where=f"{name}:{number}",
                remedy="keep the rows of one language",
            )
