"""`manifest.json`, which a stage writes beside its output: from it the next run finds out what is up to date.

It contains nothing that differs between equal runs (times and commands are in the log), so the same inputs, settings
and seed give the same bytes, also of this file.
"""

from __future__ import annotations

import hashlib
import json
import platform
from importlib.metadata import version
from pathlib import Path
from typing import Any

from moien.files import sha256_file
from moien.recipe.digests import Digests

NAME = "manifest.json"
WORTH_NAMING = ("moien", "torch", "kokoro", "viter", "pyworld-prebuilt", "numpy")


def sha256_json(value: Any) -> str:
    """SHA-256 of a JSON value, independent of the order of its keys."""
    return hashlib.sha256(json.dumps(value, sort_keys=True, ensure_ascii=False).encode()).hexdigest()


def write(folder: Path, **facts: Any) -> dict[str, Any]:
    """Write the manifest of a finished stage over all files in `folder`; return it."""
    outputs = {
        str(path.relative_to(folder)): [path.stat().st_size, sha256_file(path)]
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.name != NAME
    }
    versions = {"python": platform.python_version()} | {name: version(name) for name in WORTH_NAMING}
    manifest = facts | {"versions": versions, "outputs": outputs, "digest": sha256_json(outputs)}
    (folder / NAME).write_text(
        json.dumps(manifest, indent=1, ensure_ascii=False, sort_keys=True) + "\n", encoding="utf-8"
    )
    return manifest


def mark(folder: Path, stage: str) -> None:
    """Write into a folder that a stage is filling which one it is; `write` replaces it at the end."""
    (folder / NAME).write_text(json.dumps({"stage": stage, "outputs": {}}) + "\n", encoding="utf-8")


def read(folder: Path) -> dict[str, Any] | None:
    """The manifest in `folder`, or None where there is none of a stage that can be read."""
    try:
        found = json.loads((folder / NAME).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return found if isinstance(found, dict) and {"stage", "outputs"} <= found.keys() else None


def wrong_output(folder: Path, manifest: dict[str, Any], known: Digests) -> str | None:
    """What is wrong with the first output that is not what the stage wrote, in words."""
    for name, (size, digest) in manifest["outputs"].items():
        path = folder / name
        if not path.is_file():
            return f"{name} is gone"
        if path.stat().st_size != size or known.of(path) != digest:
            return f"{name} was edited"
    if sha256_json(manifest["outputs"]) != manifest.get("digest"):
        return f"{NAME} was edited"
    return None
