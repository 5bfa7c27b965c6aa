"""The loop on a tiny model: what learns, what does not, resuming to the same bits."""

from __future__ import annotations

import json
from types import SimpleNamespace

import pytest
import torch
from tiny_training import SETTINGS, Run, open_split, tiny_model, with_base, write_corpus

from moien.errors import WrongCall
from moien.train import checkpoint, loop
from moien.train.phases import voiced_f0


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    folder = tmp_path_factory.mktemp("corpus")
    write_corpus(folder, {"train": 3, "dev": 4})
    return Run(open_split(folder, "train"), open_split(folder, "dev"))


@pytest.fixture(autouse=True)
def tiny(monkeypatch):
    monkeypatch.setattr(loop, "load_model", tiny_model)


@pytest.fixture(scope="module")
def whole(run, tmp_path_factory):
    """A training that nothing interrupted: (work folder, learned, history)."""
    work = tmp_path_factory.mktemp("whole")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(loop, "load_model", tiny_model)
        return work, *run.train(work, curves=True)


def test_what_the_settings_name_learns_and_nothing_else(whole):
    _, learned, _ = whole
    base = tiny_model().state_dict()
    moved = {name for name, tensor in learned.items() if name in base and not torch.equal(tensor, base[name])}
    assert moved, "nothing learned"
    names = {name for name in learned if not name.startswith("style.")}
    parts = {name.partition(".")[0] for name in names}
    assert parts == {"predictor", "decoder"}
    generator = {name for name in names if name.startswith("decoder.generator")}
    assert generator
    assert all(".fc." in name for name in generator), "a convolution of the generator learned"
    assert not any(name.endswith((".norm.weight", ".norm.bias")) for name in names), (
        "Kokoro's format lacks them"
    )


def test_no_gradient_is_computed_for_what_does_not_learn(run):
    """Weights that were folded are new parameters, and those of the generator would be a third of a step."""
    learner, phases, learned = loop.prepare(
        SimpleNamespace(weights=None, config=None), run.data, SETTINGS, 1, "cpu"
    )
    for phase in phases:
        learning, _ = loop.begin(learner, phase, learned)
        wanted = {id(tensor) for tensor in learning.values()}
        named = [n for n, p in learner.model.named_parameters() if p.requires_grad and id(p) not in wanted]
        assert learning and not named


def test_a_tensor_learns_at_the_share_of_its_glob(run):
    acoustic = SETTINGS.acoustic.model_copy(
        update={"learn": {"decoder.encode.*.fc.*": 0.3, "decoder.encode.conv*": 1}}
    )
    settings = SETTINGS.model_copy(update={"acoustic": acoustic})
    files = SimpleNamespace(weights=None, config=None)
    learner, [_, phase], learned = loop.prepare(files, run.data, settings, 1, "cpu")
    learning, optimiser = loop.begin(learner, phase, learned)
    peaks = {id(tensor): group["peak"] for group in optimiser.param_groups for tensor in group["params"]}
    assert peaks.keys() == {id(tensor) for tensor in learning.values()}
    for name, tensor in learning.items():
        rate = (
            acoustic.style_lr if name.startswith("style.") else acoustic.lr * (0.3 if ".fc." in name else 1)
        )
        assert peaks[id(tensor)] == pytest.approx(rate), name


def test_the_recording_says_f0_where_it_has_a_voice_and_the_model_elsewhere():
    batch = SimpleNamespace(gt_f0=torch.tensor([[0.0, 210.0]]))
    assert voiced_f0(batch, torch.tensor([[150.0, 160.0]])).tolist() == [[150, 210]]


def test_both_halves_of_the_style_learn(whole):
    _, learned, _ = whole
    for half in ("acoustic", "prosody"):
        for speaker in ("anna", "ben"):
            assert learned[f"style.{half}.{speaker}"].abs().max() > 0


def test_the_curves_have_a_row_for_each_interval(whole):
    work, _, history = whole
    assert [(row["phase"], row["step"]) for row in history] == [
        ("prosody", 2),
        ("prosody", 4),
        ("acoustic", 2),
        ("acoustic", 4),
    ]
    names = {"duration", "duration_bins", "f0", "f0_spread", "energy"}
    assert set(history[0]["train"]) == set(history[0]["dev"]) == names
    assert history[1]["dev"]["f0"] < history[0]["dev"]["f0"]
    assert (work / "curves.png").stat().st_size > 5000
    assert (work / "dvclive" / "metrics.json").is_file()
    assert len(list((work / "samples").glob("*.wav"))) == 4


def interrupted(load, after):
    """`load`, but after so many batches it ends as by Ctrl-C."""
    steps = 0

    def loaded(*arguments, **options):
        nonlocal steps
        for batch in load(*arguments, **options):
            steps += 1
            if steps > after:
                raise KeyboardInterrupt
            yield batch

    return loaded


@pytest.mark.parametrize("kill", [3, 6])  # in the middle of each phase, one step behind a checkpoint
def test_interrupted_training_ends_with_the_same_bits(run, whole, tmp_path, monkeypatch, kill):
    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(loop, "load", interrupted(loop.load, after=kill))
        run.train(tmp_path)
    torch.rand(7)  # another process has drawn other numbers by now
    learned, history = run.train(tmp_path)
    assert history == whole[2]
    assert learned.keys() == whole[1].keys()
    different = [name for name, tensor in learned.items() if not torch.equal(tensor, whole[1][name])]
    assert not different


def test_the_order_of_the_globs_does_not_matter(run, whole, tmp_path, monkeypatch):
    """Neither between a training and its resumption nor for its bits: the same settings in another order."""
    turned = dict(reversed(SETTINGS.acoustic.learn.items()))
    other = SETTINGS.model_copy(update={"acoustic": SETTINGS.acoustic.model_copy(update={"learn": turned})})
    assert other == SETTINGS and list(other.acoustic.learn) != list(SETTINGS.acoustic.learn)
    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(loop, "load", interrupted(loop.load, after=7))
        run.train(tmp_path, SETTINGS)
    learned, history = run.train(tmp_path, other)
    assert history == whole[2]
    assert not [name for name, tensor in learned.items() if not torch.equal(tensor, whole[1][name])]


def test_a_share_without_utterances_changes_no_bit(run, tmp_path, monkeypatch):
    """One utterance a step, in one share and in two: the second is filler, a shorter utterance by the other speaker."""
    assert run.data.frames[0] < run.data.frames[2]
    monkeypatch.setattr(loop, "BatchPlan", lambda *_: iter([[2]] * 9))
    crops = SETTINGS.acoustic.model_copy(update={"crops": 2, "crop_frames": run.data.frames[2]})
    settings = SETTINGS.model_copy(update={"acoustic": crops})
    alone, history = run.train(tmp_path / "whole", settings)
    shares, rows = run.train(tmp_path / "shares", settings.model_copy(update={"accumulate": 2}))
    assert rows == history
    assert not [name for name, tensor in shares.items() if not torch.equal(tensor, alone[name])]


def test_validation_and_samples_take_the_speakers_in_turn(run, whole, monkeypatch):
    assert [run.dev[index]["id"] for index in run.dev.in_turn(3)] == ["anna-dev-0", "ben-dev-2", "anna-dev-1"]
    assert len(run.dev.in_turn(9)) == 4
    work, _, history = whole
    spoken = ["anna-dev-0", "ben-dev-2"] * 2
    assert [row["utterance"] for row in history] == spoken
    assert [row["sample"] for row in history] == sorted(path.name for path in (work / "samples").iterdir())
    learner, phases, _ = loop.prepare(
        SimpleNamespace(weights=None, config=None), run.data, SETTINGS, 1, "cpu"
    )
    learner.settings = SETTINGS.model_copy(update={"validation_utterances": 2})
    validated, collate = [], loop.collate
    monkeypatch.setattr(loop, "collate", lambda items: validated.extend(items) or collate(items))
    loop.validate(learner, phases[0], SimpleNamespace(dev=run.dev, validation=with_base(run.dev)))
    assert [item["speaker"] for item in validated] == ["anna", "ben"]


def test_a_training_without_steps_has_all_files(run, tmp_path):
    phases = {name: getattr(SETTINGS, name).model_copy(update={"steps": 0}) for name in SETTINGS.phases}
    _, history = run.train(tmp_path, SETTINGS.model_copy(update=phases), curves=True)
    assert history == []
    assert (tmp_path / "curves.png").stat().st_size > 1000
    assert all((tmp_path / folder).is_dir() for folder in ("dvclive", "samples"))


def test_a_finished_training_is_not_trained_again(run, whole):
    work, learned, history = whole
    before = (work / checkpoint.NAME).stat().st_mtime_ns
    again, rows = run.train(work)
    assert rows == history
    assert all(torch.equal(again[name], learned[name]) for name in learned)
    assert (work / checkpoint.NAME).stat().st_mtime_ns == before


@pytest.mark.parametrize(("glob", "said"), [("decodre.*", "names no tensor"), ("*.weight", "names BERT")])
def test_a_glob_that_cannot_learn_is_a_wrong_call(run, tmp_path, glob, said):
    phase = SETTINGS.prosody.model_copy(update={"learn": {glob: 1.0}})
    with pytest.raises(WrongCall, match=said):
        run.train(tmp_path, SETTINGS.model_copy(update={"prosody": phase}))


@pytest.mark.parametrize("globs", [("predictor.*", "predictor.F0.*"), ("predictor.F0.*", "predictor.*")])
def test_two_globs_that_name_one_tensor_are_a_wrong_call(run, tmp_path, globs):
    phase = SETTINGS.prosody.model_copy(update={"learn": dict(zip(globs, (1.0, 0.3), strict=True))})
    with pytest.raises(
        WrongCall, match=r"names \d+ tensors that another glob names as well: predictor\.F0\."
    ):
        run.train(tmp_path, SETTINGS.model_copy(update={"prosody": phase}))


def test_the_rate_rises_to_its_peak_and_falls_to_nothing():
    rates = [loop.schedule(step, 20, 120) for step in range(120)]
    assert 0 < rates[0] < rates[10] < rates[20] == 1
    assert sorted(rates[20:], reverse=True) == rates[20:]
    assert rates[-1] < 0.01


def test_a_row_of_the_curves_is_json(whole):
    assert json.loads(json.dumps(whole[2])) == whole[2]
