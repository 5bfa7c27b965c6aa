"""Checkpoints: everything that the next step depends on, written whole or not at all.

A checkpoint holds the learned tensors only (the rest is the base model, whose digest the settings' hash contains),
the optimiser, every random generator and the number of the next step; the data position follows from the step
(`moien.train.data.BatchPlan`). Resumed training gives the same bits as training that was never interrupted.
"""

from __future__ import annotations

import os
import random
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from moien.errors import WrongData

NAME = "checkpoint.pt"


@dataclass
class Progress:
    """Where training stands: phase by its place in the settings' list, next step in it, all rows of the curves."""

    phase: int = 0
    step: int = 0
    bad_steps: int = 0
    history: list[dict[str, Any]] = field(default_factory=list)


def save(folder: Path, progress: Progress, learned: Mapping[str, Tensor], optimiser: dict[str, Any]) -> None:
    """Write `folder/checkpoint.pt`; a kill at any moment leaves the previous one or the new one, never half."""
    state = {
        "progress": asdict(progress),
        "learned": {name: tensor.detach().cpu() for name, tensor in learned.items()},
        "optimiser": optimiser,
        "random": random_state(),
    }
    part = folder / (NAME + ".part")
    with part.open("wb") as file:
        torch.save(state, file)
        file.flush()
        os.fsync(file.fileno())  # else the rename may reach the disk before the bytes do
    part.replace(folder / NAME)


def load(folder: Path) -> tuple[Progress, dict[str, Tensor], dict[str, Any]] | None:
    """The checkpoint in `folder` (progress, learned tensors, optimiser), None without one; sets the generators."""
    path = folder / NAME
    if not path.exists():
        return None
    try:
        state = torch.load(path, map_location="cpu", weights_only=True)
        progress = Progress(**state["progress"])
        set_random_state(state["random"])
        return progress, state["learned"], state["optimiser"]
    except Exception as error:  # torch raises whatever its unpickler meets in a damaged file
        raise WrongData(
            f"this checkpoint cannot be read: {str(error).splitlines()[0]}",
            where=path,
            remedy=f"delete {path.parent} and train again from the start",
        ) from error


def random_state() -> dict[str, Any]:
    """State of all generators as plain tensors and numbers (an unpickler of weights opens nothing else)."""
    name, keys, position, has_gauss, gauss = np.random.get_state()
    return {
        "torch": torch.get_rng_state(),
        "cuda": torch.cuda.get_rng_state_all() if torch.cuda.is_available() else [],
        "numpy": [name, torch.from_numpy(np.array(keys, np.int64)), position, has_gauss, gauss],
        "python": random.getstate(),
    }


def set_random_state(state: dict[str, Any]) -> None:
    """Put all generators back to a `random_state`."""
    torch.set_rng_state(state["torch"])
    if state["cuda"] and torch.cuda.is_available():
        torch.cuda.set_rng_state_all(state["cuda"])
    name, keys, *rest = state["numpy"]
    np.random.set_state((name, keys.numpy().astype(np.uint32), *rest))
    version, numbers, gauss = state["python"]
    random.setstate((version, tuple(numbers), gauss))
