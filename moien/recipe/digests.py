"""SHA-256 of files, remembered by path, size and time: a file is read again only after it changed."""

from __future__ import annotations

import contextlib
import json
from pathlib import Path
from typing import Any

from moien.files import sha256_file, written_whole
from moien.recipe.settings import Settings

NAME = ".digests.json"


class Digests:
    """The digests that a recipe remembers, in exp/R/.digests.json: path → size, time and digest."""

    def __init__(self, settings: Settings) -> None:
        self._file = settings.system.work_dir / "exp" / settings.recipe / NAME
        self._known = _read(self._file)
        self._new = False

    def of(self, path: Path) -> str:
        """The digest of a file."""
        facts = path.stat()
        stamp = [facts.st_size, facts.st_mtime_ns]
        kept = self._known.get(str(path))
        if not kept or kept[:2] != stamp:
            self._known[str(path)] = kept = [*stamp, sha256_file(path)]
            self._new = True
        return str(kept[2])

    def keep(self) -> None:
        """Write down what is new. Without a place to write, the next run reads the files again."""
        if self._new:
            with contextlib.suppress(OSError), written_whole(self._file) as part:
                part.write_text(json.dumps(self._known), encoding="utf-8")


def _read(file: Path) -> dict[str, list[Any]]:
    try:
        found = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}
