"""Whose the folders are that stages write: nothing is removed or replaced that no stage made, or that the run reads."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator, Mapping
from pathlib import Path

from moien.errors import WrongCall, WrongData
from moien.files import written_whole
from moien.recipe import manifest
from moien.recipe.settings import Settings

OWNER = ".recipe"  # in exp/R: the folder of the recipe that has this name here
REMEDY = "move it elsewhere, or --set system.work_dir=FOLDER"


def refuse_foreign(folder: Path, stage: str, inputs: Mapping[str, Path]) -> None:
    """WrongData if `folder` has anything that the stage did not write, or contains one of the inputs of the run."""
    real = folder.resolve()
    for name, path in inputs.items():
        if path.resolve().is_relative_to(real):
            what = f"stage {stage} would replace it, but the run reads it: {name}"
            raise WrongData(what, where=folder, remedy=REMEDY)
    if folder.is_symlink():
        remedy = "remove the link; link the folder above it instead, or --set system.work_dir=FOLDER"
        raise WrongData(f"stage {stage} cannot replace a link", where=folder, remedy=remedy)
    if folder.exists() and not folder.is_dir():
        raise WrongData(f"stage {stage} needs a folder here, this is a file", where=folder, remedy=REMEDY)
    if foreign := next(_foreign(folder, stage), None):
        raise WrongData(f"stage {stage} did not write {foreign}", where=folder, remedy=REMEDY)


def _foreign(folder: Path, stage: str) -> Iterator[str]:
    """Files and links below `folder` that its manifest does not list."""
    made = manifest.read(folder)
    listed = {manifest.NAME, *made["outputs"]} if made and made.get("stage") == stage else set()
    for name, folders, files in os.walk(folder):
        links = [part for part in folders if (Path(name) / part).is_symlink()]
        for part in (*files, *links):
            path = (Path(name) / part).relative_to(folder)
            if str(path) not in listed:
                yield str(path)


def remove(folder: Path, stage: str) -> None:
    """Remove the output of a stage; WrongData, with the folder untouched, if it has anything else."""
    refuse_foreign(folder, stage, {})
    if folder.exists():
        shutil.rmtree(folder)


def new_temporary(folder: Path, stage: str) -> None:
    """Make an empty folder that `remove_temporary` recognises as one of the stage."""
    folder.mkdir(parents=True)
    try:
        manifest.mark(folder, stage)
    except OSError:  # a full disk; a folder without its mark would be nobody's
        shutil.rmtree(folder)
        raise


def remove_temporary(folder: Path, stage: str) -> None:
    """Remove an incomplete output; WrongData if the folder is something else."""
    made = manifest.read(folder)
    if made is None or made.get("stage") != stage:
        remove(folder, stage)  # a folder without a file is nobody's
    shutil.rmtree(folder, ignore_errors=True)


def refuse_namesake(settings: Settings) -> None:
    """WrongCall if the outputs in the work folder are those of another recipe with the same name."""
    file = settings.system.work_dir / "exp" / settings.recipe / OWNER
    owner = Path(file.read_text(encoding="utf-8").strip()) if file.is_file() else settings.folder
    if owner.resolve() != settings.folder and (owner / "params.yaml").is_file():
        raise WrongCall(
            f"the outputs here belong to another recipe of the same name, {owner}",
            where=file.parent,
            remedy=f"give the folder {settings.folder} another name, or --set system.work_dir=FOLDER",
        )


def claim(settings: Settings) -> None:
    """Record in exp/R which recipe has this name; the same errors as `refuse_namesake`."""
    refuse_namesake(settings)
    file = settings.system.work_dir / "exp" / settings.recipe / OWNER
    if not file.is_file() or file.read_text(encoding="utf-8") != f"{settings.folder}\n":
        with written_whole(file) as part:
            part.write_text(f"{settings.folder}\n", encoding="utf-8")
