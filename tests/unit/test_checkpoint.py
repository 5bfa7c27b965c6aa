"""Checkpoints: all or nothing, and every generator goes on where it was."""

from __future__ import annotations

import random

import numpy as np
import pytest
import torch

from moien.errors import WrongData
from moien.train import checkpoint
from moien.train.checkpoint import Progress


def draw() -> list[float]:
    """One number of each generator, and one of the second of numpy's paired normals."""
    return [random.random(), float(np.random.rand()), float(np.random.randn()), float(torch.rand(()))]


def test_everything_comes_back(tmp_path):
    weight = torch.nn.Parameter(torch.randn(3, 3))
    optimiser = torch.optim.AdamW([weight], lr=0.1)
    weight.sum().backward()
    optimiser.step()
    np.random.randn()  # leaves half of a pair behind: part of the state too
    progress = Progress(1, 40, 2, [{"phase": "prosody", "step": 40, "train": {"f0": 1.5}}])
    checkpoint.save(tmp_path, progress, {"a": weight}, optimiser.state_dict())
    ahead = draw()
    loaded = checkpoint.load(tmp_path)
    assert loaded is not None
    assert draw() == ahead
    assert loaded[0] == progress
    assert torch.equal(loaded[1]["a"], weight)
    moments = loaded[2]["state"][0]["exp_avg_sq"]
    assert torch.equal(moments, optimiser.state_dict()["state"][0]["exp_avg_sq"])


def test_without_a_checkpoint_training_begins(tmp_path):
    assert checkpoint.load(tmp_path) is None


def test_a_write_that_fails_leaves_the_previous_one(tmp_path, monkeypatch):
    checkpoint.save(tmp_path, Progress(step=1), {}, {})

    def full(state, file):
        file.write(b"half")
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(torch, "save", full)
    with pytest.raises(OSError, match="No space left"):
        checkpoint.save(tmp_path, Progress(step=2), {}, {})
    monkeypatch.undo()
    loaded = checkpoint.load(tmp_path)
    assert loaded is not None
    assert loaded[0].step == 1


def test_a_damaged_checkpoint_is_named_with_what_to_do(tmp_path):
    checkpoint.save(tmp_path, Progress(), {"a": torch.zeros(100)}, {})
    path = tmp_path / checkpoint.NAME
    path.write_bytes(path.read_bytes()[:200])
    with pytest.raises(WrongData, match="cannot be read") as error:
        checkpoint.load(tmp_path)
    assert str(path) in str(error.value)
    assert "delete" in str(error.value)
