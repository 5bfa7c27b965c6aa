"""Whether DVC's locks and the manifests of the stages agree: settings, versions, files from outside, outputs.

    utils/lock_check.py

A run of run.sh after `dvc repro` makes them differ; `make adopt RECIPE=R` brings the lock up to date.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import click
import yaml

from moien.corpus.readers import program
from moien.errors import WrongData
from moien.recipe import manifest
from moien.recipe.settings import ROOT
from moien.recipe.stages import BY_NAME, differences

LOCKS = (ROOT / "dvc.lock", ROOT / "recipes" / "dvc.lock")


def locked(file: Path) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Stage, recipe and entry of each row of a lock that has an output."""
    for name, entry in (yaml.safe_load(file.read_text(encoding="utf-8")) or {}).get("stages", {}).items():
        stage, _, recipe = name.partition("@")
        if stage in BY_NAME:
            yield stage, recipe, entry


def disagreements(stage: str, recipe: str, entry: dict[str, Any]) -> Iterator[str]:
    """What differs between an entry and the manifest of its output."""
    [out] = entry["outs"]
    made = manifest.read(ROOT / out["path"]) or {}
    facts = entry["params"][f"exp/{recipe}/provenance.json"][stage]
    for key, in_lock, in_manifest in differences(facts, {name: made.get(name) for name in facts}):
        yield f"{stage}@{recipe}: {key} is {in_lock!r} in the lock, {in_manifest!r} in {out['path']}"


def edited(file: Path, names: Sequence[str]) -> Iterator[str]:
    """What `dvc status` finds for these stages of a lock."""
    if names:
        dvc = [str(Path(sys.executable).with_name("dvc")), "status", "--json", *names]
        status = subprocess.run(dvc, cwd=file.parent, capture_output=True, text=True, check=True)
        yield from (f"{name}: {what}" for name, what in json.loads(status.stdout).items())


@program
def main() -> None:
    """Compare the outputs that are here with every lock there is."""
    wrong, count = list[str](), 0
    for file in filter(Path.is_file, LOCKS):
        here = [row for row in locked(file) if manifest.read(ROOT / row[2]["outs"][0]["path"])]
        names = [f"{stage}@{recipe}" for stage, recipe, _ in here]
        for row in here:
            wrong += disagreements(*row)
        wrong += edited(file, names)
        count += len(names)
    if wrong:
        raise WrongData(
            "\n  ".join(["the locks and the outputs disagree:", *wrong]), remedy="make adopt RECIPE=R"
        )
    click.echo(f"{count} stages agree")


if __name__ == "__main__":
    main()
