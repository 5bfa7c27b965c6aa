"""Checkpoints: everything that the next step depends on, written whole or not at all.

A checkpoint holds the learned tensors only (the rest is the base model, whose digest the settings' hash contains),
the optimiser and the number of the next step; which data that step sees (`moien.train.data.BatchPlan`) and what it
draws (`moien.train.learner.Learner.seed`) follow from its number. Resumed training gives the same bits as training that
was never interrupted, from whichever checkpoint: so the last one and the one before it are kept, for the case that
the disk loses the last.

The work folder's name is a hash of all settings and inputs, so no run of the stages meets a checkpoint of other
settings. One that was copied there, or that another program of `train` left, is refused with what differs.
"""

from __future__ import annotations

import os
import zipfile
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from moien.errors import WrongData
from moien.files import written_whole
from moien.recipe.stages import differences

NAME, PREVIOUS = "checkpoint.pt", "checkpoint.previous.pt"
BEGIN_ANEW = "./run.sh --reset begins the training anew, without these checkpoints"


@dataclass
class Progress:
    """Where training stands: phase by its place in the settings' list, next step in it, all rows of the curves."""

    phase: int = 0
    step: int = 0
    retreats: int = 0  # how often this phase went back: each time at half the rate
    level: float | None = None  # what `guards.watch_loss` compares with …
    losses: list[float] = field(default_factory=list)  # … the losses of its last steps
    sums: dict[str, tuple[float, int]] = field(
        default_factory=dict
    )  # of each loss since the last row of the curves
    history: list[dict[str, Any]] = field(default_factory=list)

    def next_phase(self) -> None:
        """Begin the next phase."""
        self.phase, self.step, self.retreats, self.level, self.losses = self.phase + 1, 0, 0, None, []


def save(
    folder: Path,
    progress: Progress,
    learned: Mapping[str, Tensor],
    optimiser: dict[str, Any],
    settings: Mapping[str, Any],
) -> None:
    """Write `folder/checkpoint.pt`; a kill at any moment leaves the previous one or the new one, never half.

    `settings` is all that decides about the training but the data, as JSON.
    """
    state = {
        "settings": dict(settings),
        "progress": asdict(progress),
        "learned": {name: tensor.detach().cpu() for name, tensor in learned.items()},
        "optimiser": optimiser,
    }
    with written_whole(folder / NAME) as part:
        with part.open("wb") as file:
            torch.save(state, file)
            file.flush()
            os.fsync(file.fileno())  # else the rename may reach the disk before the bytes do
        if (folder / NAME).exists():
            (folder / NAME).replace(folder / PREVIOUS)


def exists(folder: Path) -> bool:
    """Whether `folder` has a checkpoint, sound or not."""
    return any((folder / name).exists() for name in (NAME, PREVIOUS))


def load(
    folder: Path, settings: Mapping[str, Any], learned: Mapping[str, Tensor]
) -> tuple[Progress, dict[str, Any]] | None:
    """Put the newest checkpoint in `folder` that can be read into `learned`.

    Returns:
        Progress and the optimiser's state; None without a checkpoint.

    Raises:
        WrongData: none of those that are there can be read, or it is of other settings or another model.
    """
    damage = []
    for path in (p for p in (folder / NAME, folder / PREVIOUS) if p.exists()):
        try:
            _check_sums(path)
            state = torch.load(path, map_location="cpu", weights_only=True)
            _check(path, state, settings, learned)
            progress = Progress(**state["progress"])
            with torch.no_grad():
                for name, tensor in state["learned"].items():
                    learned[name].copy_(tensor)
        except WrongData:
            raise
        except Exception as error:  # torch raises whatever its unpickler meets in a damaged file
            damage.append(f"{path.name}: {(str(error) or type(error).__name__).splitlines()[0]}")
        else:
            if damage:
                print(f"train: damaged, so the one before it is taken: {damage[0]}", flush=True)
            return progress, state["optimiser"]
    if damage:
        raise WrongData("no checkpoint here can be read: " + "; ".join(damage), folder, BEGIN_ANEW)
    return None


def _check_sums(path: Path) -> None:
    """ValueError if a part of the file has another checksum than when it was written: torch.load does not look."""
    with zipfile.ZipFile(path) as archive:
        if damaged := archive.testzip():
            raise ValueError(f"{damaged} has another checksum")


def _check(
    path: Path, state: dict[str, Any], settings: Mapping[str, Any], learned: Mapping[str, Tensor]
) -> None:
    if found := differences(state["settings"], dict(settings)):
        rows = "; ".join(f"{key} was {before!r}, now {after!r}" for key, before, after in found[:3])
        raise WrongData(f"this checkpoint is of other settings: {rows}", path, BEGIN_ANEW)
    shapes, mine = ({n: list(t.shape) for n, t in tensors.items()} for tensors in (state["learned"], learned))
    if found := differences(shapes, mine):
        rows = "; ".join(
            f"{name} is {before or 'missing'}, here {after or 'missing'}" for name, before, after in found[:3]
        )
        raise WrongData(f"this checkpoint is of another model or other speakers: {rows}", path, BEGIN_ANEW)
