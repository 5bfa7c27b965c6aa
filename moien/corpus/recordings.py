"""The audio files below a folder, and which of them a table means.

Tables name recordings in many ways: with or without a folder or an ending, with another ending, with backslashes, from
another machine, in another Unicode form. `Recordings` finds the file where the name leaves no doubt.
"""

from __future__ import annotations

import os
import shlex
import unicodedata
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path

from moien.audio import EXTENSIONS
from moien.errors import WrongData

NOT_READ = tuple(
    f".{name}" for name in "m4a m4b mp4 aac webm wma 3gp mka mkv mov ape tta caf w64 wave raw pcm voc".split()
)
WAVS = "wavs"  # LJSpeech's folder


def split_ending(path: str) -> tuple[str, str]:
    """Name of a file without its ending, and the ending in lower case: `wavs/s1.2.WAV` is `s1.2` and `.wav`."""
    name = path.rpartition("/")[2]
    stem, dot, ending = name.rpartition(".")
    return (stem, dot + ending.lower()) if stem else (name, "")


def strip_ending(name: str) -> str:
    """A file name without its ending, if that is one of audio: `s1.2` and `s1.2.wav` are both `s1.2`."""
    ending = split_ending(name)[1]
    return name[: -len(ending)] if ending in EXTENSIONS + NOT_READ else name


def base_name(name: str) -> str:
    """What a table calls a recording, without folder and ending: `wavs\\a.wav` is `a`."""
    return strip_ending(name.replace("\\", "/").rpartition("/")[2])


def fold(name: str) -> str:
    """A name in the form in which names are compared: case and Unicode form do not matter."""
    return name.lower() if name.isascii() else unicodedata.normalize("NFC", name).casefold()


def printable(name: str | Path) -> str:
    """A file name as text; bytes that are not UTF-8 become �."""
    return os.fsencode(name).decode("utf-8", "replace")


def walk(folder: Path, skip: Callable[[Path], bool] = lambda below: False) -> Iterator[str]:
    """Paths of the files below `folder`, relative to it, without hidden ones and those in folders below that `skip`.

    Links to folders are followed, after all that is no link; each folder is read once, so a circle of links ends.
    """
    seen: set[tuple[int, int]] = set()
    links = [""] * folder.is_dir()
    while links:
        folders = [links.pop(0)]
        while folders:
            inside = folders.pop()
            status = (folder / inside).stat()
            if (status.st_dev, status.st_ino) in seen:
                continue
            seen.add((status.st_dev, status.st_ino))
            with os.scandir(folder / inside) as entries:
                for entry in sorted(entries, key=lambda entry: entry.name):
                    path = f"{inside}/{entry.name}" if inside else entry.name
                    if entry.name.startswith(".") or (entry.is_symlink() and not (folder / path).exists()):
                        continue
                    if entry.is_dir():
                        if skip(folder / path):
                            continue
                        (links if entry.is_symlink() else folders).append(path)
                    elif entry.is_file():
                        yield path


def find_audio(folder: Path) -> dict[str, Path]:
    """Audio files below `folder` by name without ending; WrongData where two files have one name."""
    found: dict[str, Path] = {}
    for path in sorted(walk(folder)):
        stem, ending = split_ending(path)
        if ending in EXTENSIONS:
            if stem in found:
                raise WrongData(f"two files for one id: {found[stem].name} and {folder / path}", where=folder)
            found[stem] = folder / path
    return found


class Recordings:
    """The audio files below `folder`: `files` can be read, `not_read` are of a format that cannot; both relative."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.files: list[str] = []
        self.not_read: list[str] = []
        self._by_stem: dict[str, list[str]] = defaultdict(list)
        for path in walk(folder):
            stem, ending = split_ending(path)
            if ending in EXTENSIONS:
                self.files.append(path)
                self._by_stem[fold(stem)].append(path)
            elif ending in NOT_READ:
                self.not_read.append(path)
        self.files.sort()
        self._known = set(self.files)
        self._exists: dict[str, bool] = {}  # folder → whether it exists

    def __contains__(self, name: object) -> bool:
        """Whether a file, in whatever folder, has this name."""
        return bool(self._named(str(name)))

    def find_all(self, names: Sequence[tuple[str, str]]) -> Iterator[Path | None]:
        """The file of each (`file:line`, name), or None.

        The folders in the names count, unless none of them fits: then the table is from elsewhere. WrongData, with the
        line, for a name that fits several files, and for files of a format that is not read.
        """
        self._refuse_formats(name for _, name in names)
        fitting = [self._fitting(name) for _, name in names]
        known_folders = any(
            found for found, (_, name) in zip(fitting, names, strict=True) if "/" in name or "\\" in name
        )
        for found, (where, name) in zip(fitting, names, strict=True):
            found = sorted(found or ([] if known_folders else self._named(name)))
            if len(found) > 1 and len({(self.folder / path).resolve() for path in found}) > 1:
                both = f"{printable(found[0])} and {printable(found[1])}"
                remedy = f"write the path into the table, e.g. {printable(found[0])}"
                raise WrongData(f"two files for one id: {both} for {name}", where=where, remedy=remedy)
            yield self.folder / found[0] if found else None

    def explain(self, name: str) -> str:
        """Why a name has no file: what was looked for, and what is there."""
        there = f", e.g. {printable(self.files[0])}" if self.files else ""
        elsewhere = self._named(name)
        there = f"; {printable(elsewhere[0])} is in another folder" if elsewhere else there
        count = f"{len(self.files)} audio files there{there}"
        return f"{name}: no such file below {printable(self.folder)} ({count})"

    def _refuse_formats(self, names: Iterable[str]) -> None:
        other = {fold(strip_ending(path.rpartition("/")[2])): path for path in self.not_read}
        meant = [
            path for name in names if (path := other.get(fold(base_name(name)), "")) and name not in self
        ]
        if meant:
            endings = sorted({split_ending(path)[1] for path in meant})
            place = shlex.quote(printable((self.folder / meant[0]).parent))
            raise WrongData(
                f"{len(meant)} recordings are in a format that is not read ({' '.join(endings)}), "
                f"e.g. {printable(meant[0])}",
                where=printable(self.folder),
                remedy=f'for f in {place}/*.{meant[0].rpartition(".")[2]}; do ffmpeg -i "$f" "${{f%.*}}.wav"; done',
            )

    def _named(self, name: str) -> list[str]:
        """The files with this name, in whatever folder; those that agree in case and ending, if there are some."""
        last = name.replace("\\", "/").rpartition("/")[2]
        stem = strip_ending(last)
        found = self._by_stem.get(fold(stem)) or self._by_stem.get(fold(last), [])
        for agrees in (
            lambda path: path.rpartition("/")[2].startswith(f"{stem}."),
            lambda path: fold(path.rpartition("/")[2]) == fold(last),
        ):
            found = [path for path in found if agrees(path)] or found if len(found) > 1 else found
        return found

    def _fitting(self, name: str) -> list[str]:
        """The file that is at this path, or the files of this name in a folder that agrees with that of the name.

        Of the latter, those count first that have the very path but for case and ending, in the folder or in wavs.
        """
        slashed = name.replace("\\", "/").removeprefix("./")
        for path in (name, slashed, f"{WAVS}/{slashed}"):
            if path in self._known or ("/" in path and self._is_audio(path)):
                return [path]
        wanted = [fold(part) for part in slashed.split("/")[:-1] if part not in ("", ".", "..")]
        folders = {path: [fold(part) for part in path.split("/")[:-1]] for path in self._named(name)}
        near = [path for path, own in folders.items() if own in (wanted, [WAVS, *wanted])]
        return near or [path for path, own in folders.items() if self._agree(wanted, own)]

    def _is_audio(self, path: str) -> bool:
        """Whether there is such a file: outside of the folder, or behind a link to a folder that has another name."""
        parent = path.rpartition("/")[0]
        if parent not in self._exists:  # a table names few folders and many files
            self._exists[parent] = (self.folder / parent).is_dir()
        return self._exists[parent] and path.lower().endswith(EXTENSIONS) and (self.folder / path).is_file()

    def _agree(self, wanted: list[str], own: list[str]) -> bool:
        """Whether one folder is the end of the other: `wavs` and `/home/me/corpus/wavs`. No folder agrees with all."""
        whole = [fold(self.folder.name), *own]
        ends = (wanted[-len(folders) :] == folders for folders in (own, whole) if folders)
        return not wanted or whole[-len(wanted) :] == wanted or any(ends)
