"""The command that makes a run again: the recipe, and every setting that differs from its params.yaml."""

from __future__ import annotations

import json
import shlex
from collections.abc import Iterator, Mapping
from typing import Any

from moien.recipe.settings import ROOT, Settings, load_settings


def command(settings: Settings) -> str:
    """The call of run.sh for these settings; those of the machine (`system`) are left out."""
    known = settings.folder == ROOT / "recipes" / settings.recipe
    words = ["./run.sh", "--recipe", settings.recipe if known else str(settings.folder)]
    preset = load_settings(settings.folder).preset
    if settings.preset != preset:
        words += ["--set", f"preset={settings.preset}"]
    recipe = load_settings(settings.folder, [f"preset={settings.preset}"])
    plain, ours = (s.model_dump(mode="json", exclude={"system"}) for s in (recipe, settings))
    for key, value in _changed(plain, ours):
        text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
        words += ["--set", f"{key}={text}"]
    return shlex.join(words)


def _changed(
    before: Mapping[str, Any], after: Mapping[str, Any], prefix: str = ""
) -> Iterator[tuple[str, Any]]:
    for key, value in after.items():
        if isinstance(value, dict) and isinstance(before.get(key), dict):
            yield from _changed(before[key], value, f"{prefix}{key}.")
        elif before.get(key) != value:
            yield prefix + key, value
