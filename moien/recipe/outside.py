"""What stages read from outside of the graph: the files and folders that settings name, by content.

So an edited corpus, another corpus program or another base model in the same folder makes its stage run again. A digest
depends on names and contents, not on places and times: a copy on another machine has the same one.
"""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from moien.audio import EXTENSIONS
from moien.corpus.recordings import walk
from moien.fetch import find_in_mirror
from moien.files import sha256_file, written_whole
from moien.progress import track
from moien.recipe import manifest
from moien.recipe.settings import ROOT, Settings

LARGE = 1 << 24  # bytes: a file below it, unless it is audio, is hashed each time, because that takes no time
CACHE = ".digests.json"  # in exp/R: path → size, time and digest of audio and of large files


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
    cache = outputs / settings.recipe / CACHE
    known, used = _read_cache(cache), dict[str, list[Any]]()
    found = {}
    for key, path in named_paths(settings, keys).items():
        if path.is_file():
            found[f"content of {key}"] = _digest(path, known, used)
            continue
        names = list(walk(path, skip=lambda folder: folder == outputs or manifest.read(folder) is not None))
        files = track(names, f"hash the files of {key}")
        of_file = {name: _digest(path / name, known, used) for name in files}
        found[f"content of {key}"] = manifest.sha256_json(of_file)
    if used != {path: known.get(path) for path in used}:
        # without a place to write, each run hashes all files again
        with contextlib.suppress(OSError), written_whole(cache) as part:
            part.write_text(json.dumps(known | used), encoding="utf-8")
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


def _digest(path: Path, known: Mapping[str, list[Any]], used: dict[str, list[Any]]) -> str:
    facts = path.stat()
    if path.suffix.lower() not in EXTENSIONS and facts.st_size < LARGE:
        return sha256_file(path)
    stamp = [facts.st_size, facts.st_mtime_ns]
    kept = known.get(str(path))
    used[str(path)] = kept if kept and kept[:2] == stamp else [*stamp, sha256_file(path)]
    return str(used[str(path)][2])


def _read_cache(file: Path) -> dict[str, list[Any]]:
    try:
        found = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}
