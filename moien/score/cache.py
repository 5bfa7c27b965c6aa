"""Scores that were made before: by the content of all that goes into them, so that an unchanged row costs nothing."""

from __future__ import annotations

import hashlib
import json
from functools import lru_cache
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np

import moien
from moien.fetch import cache_dir
from moien.manifest import sha256_file

# What computes a score: of Moien by its source, of the packages that hold models by their version.
SOURCES = ("score/*.py", "audio.py", "features/f0.py", "style/embed.py")
PACKAGES = ("torch", "distillmos", "speechmos", "resemblyzer", "pyworld-prebuilt", "librosa", "soxr")


@lru_cache(maxsize=1)
def _code() -> str:
    root = Path(moien.__file__).parent
    digests = [sha256_file(path) for pattern in SOURCES for path in sorted(root.glob(pattern))]
    return " ".join(digests + [version(package) for package in PACKAGES])


def key(
    natural: Path, spoken: Path, centroid: np.ndarray | None, phonemes: str, recogniser: Path | None = None
) -> str:
    """What the scores of a clip depend on, as one digest."""
    parts = (
        _code(),
        sha256_file(natural),
        sha256_file(spoken),
        "" if centroid is None else hashlib.sha256(centroid.tobytes()).hexdigest(),
        phonemes,
        sha256_file(recogniser) if recogniser else "",
    )
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()


def _file(digest: str) -> Path:
    return cache_dir() / "scores" / digest[:2] / f"{digest}.json"


def get(digest: str) -> dict[str, Any] | None:
    """What `put` kept under this digest, or None."""
    try:
        return json.loads(_file(digest).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None


def put(digest: str, facts: dict[str, Any]) -> None:
    """Keep `facts`; a process that is killed leaves no half file."""
    target = _file(digest)
    target.parent.mkdir(parents=True, exist_ok=True)
    part = target.with_suffix(f".{id(facts)}.part")
    part.write_text(json.dumps(facts, allow_nan=True), encoding="utf-8")
    part.replace(target)
