"""The training of a recipe: by this process alone, or by one for each GPU."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from moien.kokoro.base import ensure_base
from moien.recipe.settings import Settings
from moien.train import processes
from moien.train.data import both_splits
from moien.train.loop import train

Learned = tuple[dict[str, Tensor], list[dict[str, Any]]]


def learn(settings: Settings, inputs: Mapping[str, Path], work: Path) -> Learned:
    """What was learned, and the rows of the curves, as `moien.train.loop.train` returns them.

    `inputs` are the outputs of the stages before by their names, `work` is the folder of the checkpoints.
    """
    if settings.system.ngpu > 1:
        processes.spawn(_learn, settings.system.ngpu, settings.system.device, settings, inputs, work)
    return _learn(
        settings.system.device, settings, inputs, work
    )  # after several, it only opens what they left


def _learn(device: str, settings: Settings, inputs: Mapping[str, Path], work: Path) -> Learned:
    torch.set_num_threads(max(1, settings.system.threads // processes.world()))
    data, dev = both_splits(inputs)
    seed, workers = settings.seed, settings.system.workers
    return train(ensure_base(settings.base), data, dev, settings.train, work, seed, device, workers)
