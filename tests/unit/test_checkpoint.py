"""Checkpoints: all or nothing."""

from __future__ import annotations

import pytest
import torch

from moien.errors import WrongData
from moien.train import checkpoint
from moien.train.checkpoint import Progress

MADE_BY = {"train": {"prosody": {"lr": 1e-4}}, "seed": 5}


def test_everything_comes_back(tmp_path):
    weight = torch.nn.Parameter(torch.randn(3, 3))
    optimiser = torch.optim.AdamW([weight], lr=0.1)
    weight.sum().backward()
    optimiser.step()
    row = {"phase": "prosody", "step": 40, "train": {"f0": 1.5}}
    progress = Progress(1, 40, 2, 1.25, [1.5, 1.3], {"f0": (2.8, 2)}, [row])
    checkpoint.save(tmp_path, progress, {"a": weight}, optimiser.state_dict(), MADE_BY)
    again = torch.nn.Parameter(torch.zeros(3, 3))
    loaded = checkpoint.load(tmp_path, MADE_BY, {"a": again})
    assert loaded is not None
    assert loaded[0] == progress
    assert torch.equal(again, weight)
    moments = loaded[1]["state"][0]["exp_avg_sq"]
    assert torch.equal(moments, optimiser.state_dict()["state"][0]["exp_avg_sq"])


def test_without_a_checkpoint_training_begins(tmp_path):
    assert checkpoint.load(tmp_path, MADE_BY, {}) is None


def test_a_write_that_fails_leaves_the_previous_one(tmp_path, monkeypatch):
    checkpoint.save(tmp_path, Progress(step=1), {}, {}, MADE_BY)

    def full(state, file):
        file.write(b"half")
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(torch, "save", full)
    with pytest.raises(OSError, match="No space left"):
        checkpoint.save(tmp_path, Progress(step=2), {}, {}, MADE_BY)
    monkeypatch.undo()
    assert step_of(tmp_path) == 1


def step_of(folder):
    loaded = checkpoint.load(folder, MADE_BY, {})
    assert loaded is not None
    return loaded[0].step


def test_the_last_two_are_kept_and_a_damaged_one_costs_no_more_than_an_interval(tmp_path, capsys):
    for step in (1, 2, 3):
        checkpoint.save(tmp_path, Progress(step=step), {}, {}, MADE_BY)
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted((checkpoint.NAME, checkpoint.PREVIOUS))
    assert step_of(tmp_path) == 3
    cut(tmp_path / checkpoint.NAME)
    assert step_of(tmp_path) == 2
    assert "damaged, so the one before it is taken: checkpoint.pt" in capsys.readouterr().out


def test_a_kill_between_the_two_renames_loses_nothing(tmp_path):
    checkpoint.save(tmp_path, Progress(step=1), {}, {}, MADE_BY)
    (tmp_path / checkpoint.NAME).replace(tmp_path / checkpoint.PREVIOUS)
    assert step_of(tmp_path) == 1


def cut(path):
    path.write_bytes(path.read_bytes()[:200])


def test_a_flipped_bit_anywhere_is_noticed_or_harmless(tmp_path):
    """Of weights, optimiser or progress no bit may be another than the one that was saved."""
    weights = torch.arange(600.0)
    for step in (1, 2):
        checkpoint.save(tmp_path, Progress(step=step), {"a": weights * step}, {"m": weights}, MADE_BY)
    whole = (tmp_path / checkpoint.NAME).read_bytes()
    for place in range(0, len(whole), 97):
        (tmp_path / checkpoint.NAME).write_bytes(
            whole[:place] + bytes([whole[place] ^ 16]) + whole[place + 1 :]
        )
        mine = torch.zeros(600)
        loaded = checkpoint.load(tmp_path, MADE_BY, {"a": mine})
        assert loaded is not None
        assert torch.equal(mine, weights * loaded[0].step) and loaded[0].step in (1, 2), place
        assert torch.equal(loaded[1]["m"], weights), place


def test_damaged_checkpoints_are_named_with_what_to_do(tmp_path):
    for _ in range(2):
        checkpoint.save(tmp_path, Progress(), {}, {}, MADE_BY)
    cut(tmp_path / checkpoint.NAME)
    cut(tmp_path / checkpoint.PREVIOUS)
    with pytest.raises(WrongData, match="no checkpoint here can be read") as error:
        checkpoint.load(tmp_path, MADE_BY, {})
    assert str(tmp_path) in str(error.value) and checkpoint.PREVIOUS in str(error.value)
    assert "--reset" in str(error.value)


def test_a_checkpoint_of_other_settings_is_refused_with_both_values(tmp_path):
    checkpoint.save(tmp_path, Progress(), {}, {}, MADE_BY)
    with pytest.raises(WrongData, match=r"train.prosody.lr was 0.0001, now 0.01") as error:
        checkpoint.load(tmp_path, MADE_BY | {"train": {"prosody": {"lr": 0.01}}}, {})
    assert "--reset" in str(error.value)


@pytest.mark.parametrize(
    ("mine", "said"),
    [({"a": torch.ones(5)}, r"a is \[4\], here \[5\]"), ({"b": torch.ones(4)}, r"a is \[4\], here missing")],
)
def test_a_checkpoint_of_another_model_is_refused_and_changes_nothing(tmp_path, mine, said):
    checkpoint.save(tmp_path, Progress(), {"a": torch.zeros(4)}, {}, MADE_BY)
    with pytest.raises(WrongData, match=said):
        checkpoint.load(tmp_path, MADE_BY, mine)
    assert all(tensor.eq(1).all() for tensor in mine.values())
