"""The lexicon: the layers merged in the order of trust, compiled into one file that is mapped into memory.

Lookup is by lower case; a spelling with capitals counts only if a correction has it (August, the month).

The file: a header, the entries as lines `word<TAB>phonemes<TAB>source` sorted by the bytes of the word, their offsets,
and an open-addressed hash table of line numbers + 1. Nothing is read before the first lookup, and the same layers
give the same bytes. Speed with 70,900 words on one core of a busy machine: 410,000 words a second; marisa-trie 377,000
(another package), SQLite 81,000, a dict 504,000 after 0.4 s of loading.
"""

from __future__ import annotations

import contextlib
import hashlib
import mmap
import struct
import sys
import zlib
from bisect import bisect_left
from collections.abc import Iterable, Iterator
from importlib.metadata import version
from pathlib import Path

from moien.errors import WrongData
from moien.fetch import cache_dir
from moien.files import written_whole
from moien.text.lb.layers import LOD2021, REMOTES, TABLES, Layer, Remote, fetch_layers, read_layers
from moien.text.lb.merge import Entry, merge
from moien.text.lb.stress import WEIGHTS

_MAGIC = b"moien lexicon 1\n"
_HEADER = struct.Struct("<16s4I")  # magic, entries, slots, where the offsets begin, size of the file
_MAKES = "layers lexicon merge notation sounds stress".split()  # modules that decide the entries
_VOWELS = "aeiouäëéöüèêàôûîâ"


class Lexicon:
    """A compiled lexicon: `lookup`, `in`, iteration over (word, Entry) in the order of the words' UTF-8 bytes."""

    def __init__(self, file: Path) -> None:
        self.file = file
        try:
            with file.open("rb") as opened:
                self._data = mmap.mmap(opened.fileno(), 0, access=mmap.ACCESS_READ)
            magic, self._count, slots, lines, size = _HEADER.unpack_from(self._data)
        except (OSError, ValueError, struct.error) as error:
            raise _damaged(file, str(error)) from None
        if magic != _MAGIC or size != len(self._data):
            raise _damaged(file, "another format, or cut off")
        table = memoryview(self._data)[lines:].cast("I")
        self._offsets, self._slots, self._mask = table[: self._count], table[self._count :], slots - 1

    @classmethod
    def open(cls, file: Path) -> Lexicon:
        """The lexicon that `build` wrote. WrongData if the file is not complete."""
        return cls(file)

    @classmethod
    def build(cls, layers: Iterable[Layer], target: Path, without: frozenset[str] = frozenset()) -> Lexicon:
        """Merge `layers` (the first that has a word counts) and write them to `target`.

        `without` (in lower case) are held-out words: they are left out, and give no stress to other words.
        """
        entries = merge(tuple(layers), without)
        with written_whole(target) as part:
            part.write_bytes(_compile(entries))
        return cls(target)

    def lookup(self, word: str) -> Entry | None:
        """The entry of exactly this spelling, else of the word in lower case; None if there is neither."""
        lower = word.lower()
        return self._find(word) or (self._find(lower) if lower != word else None)

    def without_n(self, word: str) -> Entry | None:
        """The entry of a word without its final n, by the n-rule: hu = hunn, versammele = versammelen."""
        if word[-1:].lower() not in _VOWELS:
            return None
        for full in (word + "n", word + "nn"):
            entry = self.lookup(full)
            if entry and entry.phonemes.endswith("n"):
                return Entry(entry.phonemes[:-1], entry.source)
        return None

    def __contains__(self, word: str) -> bool:
        return self.lookup(word) is not None

    def __len__(self) -> int:
        return self._count

    def __iter__(self) -> Iterator[tuple[str, Entry]]:
        return (self._line(offset) for offset in self._offsets)

    def words(self, prefix: str = "") -> Iterator[str]:
        """All words in lower case that begin with `prefix`, sorted by their bytes."""
        start = prefix.encode()
        at = bisect_left(self._offsets, start, key=lambda offset: self._data[offset : offset + len(start)])
        for offset in self._offsets[at:]:
            word = self._line(offset)[0]
            if not word.startswith(prefix):
                return
            if word == word.lower():
                yield word

    def _find(self, word: str) -> Entry | None:
        key = word.encode("utf-8", "replace")  # a lone surrogate is in no lexicon
        slot = zlib.crc32(key)
        key += b"\t"
        while line := self._slots[slot & self._mask]:
            offset = self._offsets[line - 1]
            if self._data[offset : offset + len(key)] == key:
                return self._line(offset)[1]
            slot += 1
        return None

    def _line(self, offset: int) -> tuple[str, Entry]:
        line = self._data[offset : self._data.find(b"\n", offset)].decode()
        word, phonemes, source = line.split("\t")
        return word, Entry(phonemes, source)


def load(corrections: Iterable[Path] = TABLES, download: bool = False) -> tuple[Lexicon, str]:
    """The lexicon of all available layers, compiled once into the user's cache, and what is lost without the others.

    `corrections`: the recipe's own first, then those of the language. Messages go to stderr. Without `download` only
    the mirror and the user's cache are used: stages download, commands that read a text do not.
    """
    corrections = tuple(corrections)
    if (whole := _compiled(corrections, REMOTES)).is_file():
        return Lexicon.open(whole), ""
    with contextlib.redirect_stdout(sys.stderr):  # stdout may be a table or JSON
        files, lost = fetch_layers(download)
    # of fewer layers, where some are missing; the next call tries to fetch them again
    target = _compiled(corrections, [remote for remote in REMOTES if remote.name in files])
    if target.is_file():
        return Lexicon.open(target), lost
    return Lexicon.build(read_layers(corrections, files)[0], target), lost


def versions(corrections: Iterable[Path] = TABLES) -> dict[str, str]:
    """Name → digest, or version of the package, of the layers but the corrections that `load` would use now."""
    whole = _compiled(corrections, REMOTES).is_file()
    used = {remote.name: remote.sha256 for remote in REMOTES if whole or remote.at_hand()}
    return used | {LOD2021: version(LOD2021)}


def _compiled(corrections: Iterable[Path], remotes: Iterable[Remote]) -> Path:
    """The file that the lexicon of these layers is compiled to."""
    digest = hashlib.sha256("".join(remote.sha256 for remote in remotes).encode())
    digest.update(version(LOD2021).encode())
    for file in (*corrections, WEIGHTS, *(Path(__file__).with_name(f"{name}.py") for name in _MAKES)):
        digest.update(file.read_bytes())
    return cache_dir() / "lexicon" / f"lb-{digest.hexdigest()[:16]}.bin"


def _compile(entries: dict[str, Entry]) -> bytes:
    lines = sorted(
        (word.encode(), f"{word}\t{e.phonemes}\t{e.source}\n".encode()) for word, e in entries.items()
    )
    slots = 1 << max(4, (2 * len(lines)).bit_length())  # at most half full: one or two probes find a word
    offsets, table, text = [], [0] * slots, bytearray()
    for number, (word, line) in enumerate(lines, start=1):
        offsets.append(_HEADER.size + len(text))
        text += line
        slot = zlib.crc32(word)
        while table[slot & (slots - 1)]:
            slot += 1
        table[slot & (slots - 1)] = number
    text += b"\n" * (-(_HEADER.size + len(text)) % 4)  # numbers of four bytes start at a multiple of four
    begin = _HEADER.size + len(text)
    numbers = struct.pack(f"<{len(offsets) + slots}I", *offsets, *table)
    return _HEADER.pack(_MAGIC, len(lines), slots, begin, begin + len(numbers)) + bytes(text) + numbers


def _damaged(file: Path, why: str) -> WrongData:
    return WrongData(f"not a whole lexicon ({why})", where=file, remedy="remove it and run stage 2 again")
