"""The command that makes a run again: the recipe, and every setting that is not as its params.yaml says."""

from __future__ import annotations

import json
import shlex
from collections.abc import Iterator, Mapping
from typing import Any

from moien.recipe.settings import ROOT, Settings, load_settings


def command(settings: Settings) -> str:
    """The call of run.sh for these settings; what only a machine decides (`system`) is left out."""
    known = settings.folder == ROOT / "recipes" / settings.recipe
    words = ["./run.sh", "--recipe", settings.recipe if known else str(settings.folder)]
    preset = load_settings(settings.folder).preset
    if settings.preset != preset:
        words += ["--set", f"preset={settings.preset}"]
    asked = load_settings(settings.folder, [f"preset={settings.preset}"])
    plain, ours = (s.model_dump(mode="json", exclude={"system"}) for s in (asked, settings))
    for key, value in _changed(plain, ours):
        words += [
            "--set",
            f"{key}={value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)}",
        ]
    return shlex.join(words)


def _changed(
    before: Mapping[str, Any], after: Mapping[str, Any], prefix: str = ""
) -> Iterator[tuple[str, Any]]:
    for key, value in after.items():
        if isinstance(value, dict) and isinstance(before.get(key), dict):
            yield from _changed(before[key], value, f"{prefix}{key}.")
        elif before.get(key) != value:
            yield prefix + key, value
