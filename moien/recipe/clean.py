"""Remove what the stages of a recipe wrote, and nothing else."""

from __future__ import annotations

import contextlib
import re
import shutil
from pathlib import Path

from moien.errors import WrongData
from moien.files import locked
from moien.recipe import outputs
from moien.recipe.digests import NAME as DIGESTS
from moien.recipe.settings import Settings
from moien.recipe.stages import STAGES, lock, refuse, temporary

WORK = re.compile("[0-9a-f]{16}")  # names of the folders in exp/R/work


def clean(settings: Settings) -> list[Path]:
    """Remove outputs, logs and what is left of interrupted runs; return the folders that have other files and stay.

    WrongData, and nothing is removed, if an output has files that its stage did not write, or a run is in progress.
    """
    made = [stage for stage in STAGES if stage.output]
    exp = settings.system.work_dir / "exp" / settings.recipe
    refuse(made, settings)
    if not exp.is_dir():  # every stage leaves its log or its lock there
        return []
    with locked(exp / ".lock", wait=False) as held:
        if not held:
            raise WrongData("a run of this recipe is in progress", where=exp, remedy="wait for it, or end it")
        for stage in made:
            outputs.remove_temporary(temporary(stage, settings), stage.name)
            outputs.remove(stage.folder(settings), stage.name)
            (exp / "log" / f"{stage.name}.log").unlink(missing_ok=True)
            lock(stage, settings).unlink(missing_ok=True)
        for work in filter(lambda path: WORK.fullmatch(path.name), (exp / "work").glob("*")):
            shutil.rmtree(work)
        for name in (outputs.OWNER, DIGESTS, "log/check.log", ".lock"):
            (exp / name).unlink(missing_ok=True)
    home = settings.system.work_dir.resolve()
    above = {
        path for stage in made for path in stage.folder(settings).resolve().parents if home in path.parents
    }
    for folder in sorted({exp / "log", exp / "work"} | above, key=lambda path: len(path.parts), reverse=True):
        with contextlib.suppress(OSError):  # it has other files
            folder.rmdir()
    return [folder for folder in {home / "dump" / settings.recipe, exp} if folder.is_dir()]
