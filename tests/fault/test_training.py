"""Training on what cannot be trained on: a message and an exit code, and nothing lost."""

from __future__ import annotations

import pytest
import torch
from tiny_training import SETTINGS, Run, open_split, tiny_model, write_corpus

from moien.errors import WrongData
from moien.train import checkpoint, loop


@pytest.fixture
def run(tmp_path, monkeypatch):
    monkeypatch.setattr(loop, "load_model", tiny_model)
    write_corpus(tmp_path / "corpus", {"train": 2, "dev": 1})
    return Run(open_split(tmp_path / "corpus", "train"), open_split(tmp_path / "corpus", "dev"))


def broken_steps(monkeypatch, wrong: set[int]) -> None:
    """Make the prosody losses NaN at these steps (counted over those with gradients)."""
    real, step = loop.losses.f0_loss, 0

    def loss(*args):
        nonlocal step
        value = real(*args)
        if torch.is_grad_enabled():
            step += 1
            if step in wrong:
                return value * float("nan")
        return value

    monkeypatch.setattr(loop.losses, "f0_loss", loss)


def test_a_step_without_a_finite_loss_is_skipped_and_said(run, tmp_path, monkeypatch, capsys):
    broken_steps(monkeypatch, {2})
    learned, history = run.train(tmp_path / "work", SETTINGS.model_copy(update={"phases": ("prosody",)}))
    assert "the step is skipped" in capsys.readouterr().out
    assert all(tensor.isfinite().all() for tensor in learned.values())
    assert history[-1]["step"] == 4


def test_divergence_stops_with_the_place_and_the_remedy_and_keeps_the_checkpoint(run, tmp_path, monkeypatch):
    broken_steps(monkeypatch, {3, 4})
    settings = SETTINGS.model_copy(update={"max_bad_steps": 1})
    with pytest.raises(WrongData, match=r"phase prosody, step 3, anna-train-\d.*training diverges") as error:
        run.train(tmp_path / "work", settings)
    assert "train.prosody.lr" in str(error.value)
    loaded = checkpoint.load(tmp_path / "work")
    assert loaded is not None
    assert loaded[0].step == 2
    assert all(tensor.isfinite().all() for tensor in loaded[1].values())


def test_a_split_without_utterances_is_named(tmp_path):
    write_corpus(tmp_path, {"train": 1, "dev": 1})
    (tmp_path / "align" / "dev.jsonl").write_text("")
    with pytest.raises(WrongData, match="no utterance of dev is left"):
        open_split(tmp_path, "dev")
