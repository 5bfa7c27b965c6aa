"""What stages read from outside of the graph: the files and folders that settings name, by content.

So an edited corpus, another corpus program or another base model in the same folder makes its stage run again. A digest
depends on names and contents, not on places and times: a copy on another machine has the same one.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from moien.audio import EXTENSIONS
from moien.corpus.recordings import walk
from moien.fetch import find_in_mirror
from moien.files import sha256_file
from moien.progress import track
from moien.recipe import manifest
from moien.recipe.digests import Digests
from moien.recipe.settings import ROOT, Settings

LARGE = 1 << 24  # bytes: a file below it, unless it is audio, is hashed each time, because that takes no time


def named_paths(settings: Settings, keys: Iterable[str]) -> dict[str, Path]:
    """Dotted key → the existing file or folder that the setting names; a section stands for all settings in it."""
    values = settings.model_dump(mode="json")
    found = {}
    for key in keys:
        if key == "base.path" and settings.base.source != "file":
            continue  # then nothing reads it
        value: Any = values
        for part in key.split("."):
            value = value[part]
        for name, text in _texts(value, key):
            if (path := _find(text)) is not None:
                found[name] = path
    return found


def digests(settings: Settings, keys: Iterable[str]) -> dict[str, str]:
    """`content of KEY` → SHA-256 of what the setting names: of a file, or of all files in a folder with their names.

    Hidden files do not count, nor what stages wrote, in case the corpus contains the folder of the outputs.
    """
    outputs = (settings.system.work_dir / "exp").resolve()
    known, found = Digests(settings), dict[str, str]()
    for key, path in named_paths(settings, keys).items():
        if path.is_file():
            found[f"content of {key}"] = _digest(path, known)
            continue
        names = list(walk(path, skip=lambda folder: folder == outputs or manifest.read(folder) is not None))
        files = track(names, f"hash the files of {key}")
        found[f"content of {key}"] = manifest.sha256_json(
            {name: _digest(path / name, known) for name in files}
        )
    known.keep()
    return found


def _texts(value: Any, key: str) -> Iterator[tuple[str, str]]:
    """Every text in a value that is not empty, with its dotted key."""
    if isinstance(value, str) and value:
        yield key, value
    elif isinstance(value, (Mapping, list)):
        for part, below in value.items() if isinstance(value, Mapping) else enumerate(value):
            yield from _texts(below, f"{key}.{part}")


def _find(text: str) -> Path | None:
    """The path that corpus programs take for `text`: as it is, in the checkout, or in the mirror."""
    with contextlib.suppress(OSError, ValueError, RuntimeError):  # too long, a NUL, no such user
        for path in (Path(text).expanduser(), ROOT / text):
            if path.exists():
                return path.resolve()
        return find_in_mirror(text)
    return None


def _digest(path: Path, known: Digests) -> str:
    large = path.suffix.lower() in EXTENSIONS or path.stat().st_size >= LARGE
    return known.of(path) if large else sha256_file(path)
