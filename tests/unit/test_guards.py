"""The check of the labels and the watch over the loss, on figures; and a batch learnt by heart."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest
import torch
from made_up import call
from tiny_training import SETTINGS, Run, open_split, tiny_model, write_corpus

from moien.cli import main
from moien.commands.run import DurationType
from moien.errors import WrongData
from moien.kokoro.symbols import encode
from moien.train import guards, loop, smoke
from moien.train.checkpoint import Progress

TOKENS = torch.tensor(encode("mˈɔɪən, vˈɛɪ ɡˈeːt ət iɕ hˈɑʊt də mˈɔɪən?"))


def labels(damage=lambda durations, f0: (durations, f0), factor=1.0):
    """Labels of 40 utterances that the base finds plausible, before the damage; `factor`: a slower reader."""
    random = np.random.default_rng(0)
    found = guards.Labels()
    for _ in range(40):
        predicted = random.uniform(1, 5, len(TOKENS)) * factor
        durations = np.maximum(1, np.round(predicted * random.uniform(0.5, 1.2, len(TOKENS)))).astype(int)
        own = torch.full((60,), 200.0)
        natural = torch.full((60,), 220.0)
        natural[:20] = 0
        durations, natural = damage(durations, natural)
        item = {
            "gt_f0": natural,
            "gt_duration": torch.tensor(durations),
            "input_ids": TOKENS,
            "speaker": "anna",
        }
        found.add(item, torch.tensor(predicted), own)
    return list(found.problems())


def collapsed(durations, f0):
    made = np.ones_like(durations)
    made[len(made) // 2] = durations.sum() - len(made) + 1
    return made, f0


DAMAGES = {
    "boundaries of other tokens": (lambda d, f0: (np.roll(d, 3), f0), ["nothing to do with the base's"]),
    "a collapsed alignment": (collapsed, ["first duration loss", "last one frame", "nothing to do"]),
    "an octave": (lambda d, f0: (d, 2 * f0), ["F0 of anna is 2.20 times"]),
    "half an F0": (lambda d, f0: (d, f0 / 2), ["F0 of anna is 0.55 times"]),
    "no voice": (lambda d, f0: (d, 0 * f0), ["0% of the frames have a voice"]),
}


@pytest.mark.parametrize("factor", [0.8, 1.0, 2.0])
def test_good_labels_pass_however_fast_they_are_read(factor):
    assert labels(factor=factor) == []


@pytest.mark.parametrize("damage", DAMAGES)
def test_damaged_labels_are_told_by_what_is_wrong(damage):
    change, said = DAMAGES[damage]
    problems = labels(change)
    assert len(problems) == len(said)
    for problem, words in zip(problems, said, strict=True):
        assert words in problem


def not_loaded(*_):
    """The tiny model as random weights are: 25 frames a token."""
    model = tiny_model()
    torch.nn.init.zeros_(model.predictor.duration_proj.linear_layer.bias)
    return model


def test_weights_that_were_not_loaded_are_told_before_the_first_step(tmp_path, monkeypatch):
    monkeypatch.setattr(loop, "load_model", not_loaded)
    write_corpus(tmp_path, {"train": 2, "dev": 1})
    run = Run(open_split(tmp_path, "train"), open_split(tmp_path, "dev"))
    settings = SETTINGS.model_copy(update={"check_labels": True})
    with pytest.raises(
        WrongData, match=r"before the first step: the first duration loss is 2\d.* frames"
    ) as error:
        run.train(tmp_path / "work", settings)
    assert "train.check_labels=false" in str(error.value)


def watch(values) -> int | None:
    """At which of these losses training is said to diverge."""
    progress = Progress()
    for number, value in enumerate(values):
        try:
            guards.watch_loss(progress, float(value), "here")
        except guards.Diverged:
            return number
    return None


def test_a_noisy_loss_with_odd_utterances_does_not_diverge():
    noise = np.random.default_rng(1)
    values = 5 * np.exp(-np.arange(300) / 100) + 2 + noise.uniform(-1, 1, 300)
    values[50::37] *= 8
    assert watch(values) is None


@pytest.mark.parametrize(
    ("values", "earliest", "latest"),
    [
        ([2.0] * 30 + [20.0] * 10, 30, 34),  # at once
        (2 * 1.02 ** np.arange(200.0), 50, 90),  # drifting away: three times the level after about 55 steps
        ([2.0] * 5 + [float("nan")], 5, 5),
    ],
)
def test_a_loss_that_runs_away_diverges(values, earliest, latest):
    assert earliest <= (watch(values) or 0) <= latest


def test_the_phases_of_a_tiny_model_learn_a_batch_by_heart(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(loop, "load_model", not_loaded)  # with durations far off there is something to learn
    write_corpus(tmp_path, {"train": 2, "dev": 1})
    data, dev = open_split(tmp_path, "train"), open_split(tmp_path, "dev")
    system = SimpleNamespace(device="cpu")
    base = SimpleNamespace(weights=None, config=None)

    def overfit(train):
        smoke.overfit(base, data, dev, SimpleNamespace(train=train, system=system, seed=1))

    overfit(SETTINGS)
    said = capsys.readouterr().out
    assert "smoke: prosody" in said and "smoke: acoustic" in said and "smoke: passed" in said
    slow = {
        name: getattr(SETTINGS, name).model_copy(update={"lr": 1e-9, "style_lr": 0.0})
        for name in ("prosody",)
    }
    with pytest.raises(WrongData, match="prosody cannot learn one batch by heart"):
        overfit(SETTINGS.model_copy(update=slow | {"phases": ("prosody",)}))
    assert "FAIL" in capsys.readouterr().out


def test_smoke_without_the_stages_before_it_names_the_command(tmp_path):
    result = call(main, "train", "--smoke", "--recipe", "mini", "--set", f"system.work_dir={tmp_path}")
    assert result.exit_code == 1
    assert "--stage 1 --stop-stage 6" in result.output


@pytest.mark.parametrize(("text", "seconds"), [("55m", 3300), ("1h30m", 5400), ("90s", 90)])
def test_a_time_limit_reads_as_people_write_it(text, seconds):
    assert DurationType().convert(text, None, None) == seconds


@pytest.mark.parametrize("text", ["55", "m", "", "1d", "-5m"])
def test_another_time_limit_is_a_wrong_call(text):
    result = call(main, "run", "--time-limit", text)
    assert result.exit_code == 2 and "is no duration" in result.output
