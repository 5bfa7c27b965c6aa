"""Training on what cannot be trained on: a message and an exit code, and nothing lost."""

from __future__ import annotations

import json
import re
import signal
from dataclasses import replace

import pytest
import torch
from tiny_training import SETTINGS, Run, open_split, tiny_model, write_corpus

from moien.corpus.datadir import read_datadir, write_datadir
from moien.errors import WrongCall, WrongData
from moien.kokoro import losses
from moien.train import checkpoint, guards, loop


@pytest.fixture
def run(tmp_path):
    with pytest.MonkeyPatch.context() as patch:  # its own, so that a test can undo what it broke
        patch.setattr(loop, "load_model", tiny_model)
        write_corpus(tmp_path / "corpus", {"train": 2, "dev": 1})
        yield Run(open_split(tmp_path / "corpus", "train"), open_split(tmp_path / "corpus", "dev"))


PROSODY = SETTINGS.model_copy(update={"phases": ("prosody",)})


def at_step(monkeypatch, what) -> None:
    """Call `what(step, loss)` at each step with gradients (counted from 1); what it returns is the F0 loss."""
    real, step = losses.f0_loss, 0

    def loss(*args):
        nonlocal step
        value = real(*args)
        if torch.is_grad_enabled():
            step += 1
            return what(step, value)
        return value

    monkeypatch.setattr(losses, "f0_loss", loss)


def saved_step(work) -> int:
    return torch.load(work / checkpoint.NAME, weights_only=True)["progress"]["step"]


def test_a_step_that_is_not_finite_leads_back_to_the_checkpoint_at_half_the_rate(
    run, tmp_path, monkeypatch, capsys
):
    at_step(monkeypatch, lambda step, loss: loss * float("nan") if step == 4 else loss)
    learned, history = run.train(tmp_path / "work", PROSODY)
    said = capsys.readouterr().out
    assert re.search(r"phase prosody, step 3, \w+-train-", said)
    assert "the loss is not finite: back to step 2 of phase prosody, from there at 0.5 of the rate" in said
    assert all(tensor.isfinite().all() for tensor in learned.values())
    assert [row["step"] for row in history] == [2, 4]
    undisturbed = run.train(tmp_path / "other", PROSODY)[1]
    assert history[0] == undisturbed[0]
    assert history[1]["lr"] == undisturbed[1]["lr"] / 2


def test_the_first_step_too_has_something_to_go_back_to(run, tmp_path, monkeypatch):
    at_step(monkeypatch, lambda step, loss: loss * float("inf") if step == 1 else loss)
    learned, _ = run.train(tmp_path, PROSODY)
    assert all(tensor.isfinite().all() for tensor in learned.values())


def test_a_gradient_that_is_not_finite_is_never_stepped_on(run, tmp_path, monkeypatch, capsys):
    # the root of 0: a finite loss whose gradient is not
    at_step(monkeypatch, lambda step, loss: loss + (loss - loss.detach()).sqrt() if step == 2 else loss)
    learned, _ = run.train(tmp_path, PROSODY)
    assert "the gradient is not finite: back to step 0" in capsys.readouterr().out
    assert all(tensor.isfinite().all() for tensor in learned.values())


def test_what_diverges_at_an_eighth_of_the_rate_too_is_given_up(run, tmp_path, monkeypatch, capsys):
    at_step(monkeypatch, lambda step, loss: loss * float("nan") if step > 2 else loss)
    with pytest.raises(WrongData, match=r"phase prosody, step 2, \w+-train-\d.*0.125 of the rate") as error:
        run.train(tmp_path, PROSODY)
    assert "train.prosody.lr" in str(error.value) and error.value.exit_code == 1
    assert capsys.readouterr().out.count("back to step 2") == 3
    assert saved_step(tmp_path) == 2


def test_an_interruption_after_a_retreat_changes_no_bit(run, tmp_path, monkeypatch):
    def once(step, loss):
        return loss * float("nan") if step == 4 else loss

    at_step(monkeypatch, once)
    learned, history = run.train(tmp_path / "whole", PROSODY)
    monkeypatch.undo()

    def once_and_interrupted(step, loss):
        if step == 5:  # the first step after the retreat
            raise KeyboardInterrupt
        return once(step, loss)

    at_step(monkeypatch, once_and_interrupted)
    with pytest.raises(KeyboardInterrupt):
        run.train(tmp_path / "parts", PROSODY)
    monkeypatch.undo()
    again, rows = run.train(tmp_path / "parts", PROSODY)
    assert rows == history
    assert all(torch.equal(again[name], tensor) for name, tensor in learned.items())


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_saves_the_step_at_work_and_the_next_call_makes_the_same_bits(
    run, tmp_path, monkeypatch, number, capsys
):
    learned, history = run.train(tmp_path / "whole", PROSODY)

    def ask(step, loss):
        if step == 3:  # between two checkpoints
            signal.raise_signal(number)
        return loss

    at_step(monkeypatch, ask)
    before = signal.getsignal(number)
    with pytest.raises(KeyboardInterrupt):
        run.train(tmp_path / "parts", PROSODY)
    assert signal.getsignal(number) is before
    assert "step 3 of phase prosody is saved, the same command goes on" in capsys.readouterr().out
    assert saved_step(tmp_path / "parts") == 3
    monkeypatch.undo()
    torch.rand(3)
    again, rows = run.train(tmp_path / "parts", PROSODY)
    assert rows == history
    assert all(torch.equal(again[name], tensor) for name, tensor in learned.items())


def test_the_same_signal_twice_does_not_wait():
    with guards.stopping() as stop:
        signal.raise_signal(signal.SIGTERM)
        signal.raise_signal(signal.SIGINT)  # a scheduler and `moien run` may each say it once
        assert stop.received
        with pytest.raises(KeyboardInterrupt):
            signal.raise_signal(signal.SIGINT)


@pytest.mark.parametrize(
    "error", [lambda: torch.empty(1 << 60), lambda: (_ for _ in ()).throw(MemoryError())]
)
def test_a_batch_that_does_not_fit_names_the_setting_to_lower(run, tmp_path, monkeypatch, error):
    at_step(monkeypatch, lambda step, loss: error() if step == 3 else loss)
    with pytest.raises(WrongData, match=r"phase prosody, step 2.*does not fit into memory") as found:
        run.train(tmp_path)
    assert "train.prosody.batch_frames" in str(found.value)
    assert saved_step(tmp_path) == 2


def test_another_error_of_torch_is_not_called_one_of_memory():
    with pytest.raises(RuntimeError, match="size of tensor"), guards.memory_named("train.x", "here"):
        torch.ones(2) + torch.ones(3)


def test_less_than_a_minute_of_speech_is_refused_before_anything_is_loaded(run, tmp_path, monkeypatch):
    monkeypatch.setattr(loop, "load_model", None)
    with pytest.raises(WrongData, match=r"1 s of speech to train on, less than min_seconds = 60") as error:
        run.train(tmp_path, SETTINGS.model_copy(update={"min_seconds": 60.0}))
    assert "train.min_seconds=0" in str(error.value)


def test_an_utterance_longer_than_bert_reads_is_named(tmp_path, monkeypatch):
    write_corpus(tmp_path, {"train": 1, "dev": 1}, frames=513)
    line = json.loads((tmp_path / "align" / "train.jsonl").read_text())
    line |= {"tokens": [0, *[55] * 511, 0], "durations": [1] * 513}
    (tmp_path / "align" / "train.jsonl").write_text(json.dumps(line) + "\n")
    run = Run(open_split(tmp_path, "train"), open_split(tmp_path, "dev"))
    with pytest.raises(WrongData, match=r"anna-train-0: 511 phonemes are more than .* \(510\)"):
        run.train(tmp_path / "work")


def test_audio_that_is_gone_is_named_before_the_first_step(run, tmp_path):
    gone = run.data.utterances[1][0].audio
    gone.unlink()
    with pytest.raises(WrongData, match="its audio is gone") as error:
        run.train(tmp_path / "work")
    assert str(gone) in str(error.value)


def test_a_phase_without_its_features_names_the_stage_that_makes_them(tmp_path):
    write_corpus(tmp_path, {"train": 1, "dev": 1})
    (tmp_path / "features" / "train.safetensors").unlink()
    with pytest.raises(WrongData, match="no packed features") as error:
        open_split(tmp_path, "train")
    assert "run stage 4 again" in str(error.value)


def test_a_speaker_whose_utterances_are_all_in_dev_is_counted_as_dropped(tmp_path):
    write_corpus(tmp_path, {"train": 2, "dev": 4})
    first, other, *rest = read_datadir(tmp_path / "data" / "dev")
    other = replace(other, speaker="anna-dev")
    write_datadir(tmp_path / "data" / "dev", [first, other, *rest])
    dev = open_split(tmp_path, "dev")
    assert len(dev) == 3
    assert set(dev.dropped.values()) == {"no style of its speaker: anna-dev has no recording in train"}


def test_a_split_without_utterances_is_named(tmp_path):
    write_corpus(tmp_path, {"train": 1, "dev": 1})
    (tmp_path / "align" / "dev.jsonl").write_text("")
    with pytest.raises(WrongData, match="no utterance of dev is left"):
        open_split(tmp_path, "dev")


def test_a_tensor_that_no_loss_reaches_is_named(run, tmp_path):
    phase = SETTINGS.prosody.model_copy(update={"learn": {"predictor.*": 1, "decoder.F0_conv.*": 1}})
    with pytest.raises(
        WrongCall, match=r"train\.prosody\.learn: 3 tensors that should learn get no gradient: decoder.F0"
    ):
        run.train(tmp_path, SETTINGS.model_copy(update={"prosody": phase}))


def test_a_frozen_tensor_that_moved_is_named_and_not_saved(run, tmp_path, monkeypatch):
    models = []
    monkeypatch.setattr(loop, "load_model", lambda *_: models.append(tiny_model()) or models[-1])

    def move(step, loss):
        if step == 3:
            with torch.no_grad():
                models[0].text_encoder.embedding.weight[7, 7].add_(1e-6)
        return loss

    at_step(monkeypatch, move)
    with pytest.raises(WrongData, match=r"step 4: 1 frozen tensors moved: text_encoder.embedding.weight"):
        run.train(tmp_path)
    assert saved_step(tmp_path) == 2
