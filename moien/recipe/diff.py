"""Where two runs begin to differ, and what explains it: files and facts of each stage, from the first to the last."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from moien.errors import WrongCall
from moien.files import sha256_file
from moien.recipe import manifest
from moien.recipe.settings import load_settings
from moien.recipe.stages import STAGES, Stage, differences

FACTS = ("version", "settings", "files", "lexica", "versions")  # what decides, besides the stages before


@dataclass(frozen=True)
class Run:
    """The outputs of a recipe: its name and the folder of data/, dump/ and exp/."""

    recipe: str
    work_dir: Path

    @classmethod
    def find(cls, name: str) -> Run:
        """A folder like `exp/R` with `data/R` and `dump/R` beside it, or a recipe; WrongCall if it is neither."""
        folder = Path(name)
        if folder.is_dir() and folder.resolve().parent.name == "exp":
            return cls(folder.resolve().name, folder.resolve().parents[1])
        settings = load_settings(name)
        return cls(settings.recipe, settings.system.work_dir)

    def folder(self, stage: Stage) -> Path:
        """The output of a stage."""
        return stage.folder_in(self.work_dir, self.recipe)


@dataclass(frozen=True)
class StageDifference:
    """How the outputs of one stage differ, and which facts about it do."""

    stage: Stage
    files: list[str]  # `NAME is only in the first`, …
    reasons: list[str]  # `settings.train.seed: 1, 2`, …


def compare(first: Run, second: Run) -> tuple[int, list[StageDifference]]:
    """The number of equal files, and the stages that differ, in their order. Files are read, not only their manifests.

    Raises:
        WrongCall: one of the runs has no stage at all.
    """
    for run in (first, second):
        if not any(manifest.read(run.folder(stage)) for stage in STAGES if stage.output):
            remedy = f"./run.sh --recipe {run.recipe}"
            raise WrongCall(f"no stage of {run.recipe} has run", where=run.work_dir, remedy=remedy)
    equal, different = 0, list[StageDifference]()
    for stage in (stage for stage in STAGES if stage.output):
        folders = [first.folder(stage), second.folder(stage)]
        made = [manifest.read(folder) for folder in folders]
        one, two = (_digests(folder, facts) for folder, facts in zip(folders, made, strict=True))
        equal += sum(two.get(name) == digest for name, digest in one.items())
        missing = [f"{folder} is missing" for folder, facts in zip(folders, made, strict=True) if not facts]
        files = missing if len(missing) == 1 else list(_file_differences(one, two))
        if files:
            different.append(StageDifference(stage, files, list(_reasons(*(facts or {} for facts in made)))))
    return equal, different


def _digests(folder: Path, made: dict[str, Any] | None) -> dict[str, str]:
    """Name → sha256 of the files that a stage wrote, as they are now."""
    names = made["outputs"] if made else ()
    return {name: sha256_file(folder / name) for name in names if (folder / name).is_file()}


def _file_differences(first: dict[str, str], second: dict[str, str]) -> Iterator[str]:
    for name in sorted(first.keys() | second.keys()):
        if name not in second:
            yield f"{name} is only in the first"
        elif name not in first:
            yield f"{name} is only in the second"
        elif first[name] != second[name]:
            yield f"{name} differs"


def _reasons(first: dict[str, Any], second: dict[str, Any]) -> Iterator[str]:
    for fact in FACTS:
        for key, one, two in differences(first.get(fact), second.get(fact), fact):
            yield f"{key}: {one!r}, {two!r}"
