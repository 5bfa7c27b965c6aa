"""What the untouched base makes of each utterance: computed once, read from a file, and of nothing else."""

from __future__ import annotations

from itertools import chain

import pytest
import torch
from tiny_training import SETTINGS, WIDTH, Run, open_split, tiny_model, write_corpus

from moien.train import frozen as module
from moien.train import loop
from moien.train.data import collate
from moien.train.frozen import frozen, of_base


@pytest.fixture(scope="module")
def corpus(tmp_path_factory):
    folder = tmp_path_factory.mktemp("corpus")
    write_corpus(folder, {"train": 3, "dev": 2})
    return folder


def test_items_have_what_the_base_makes_of_them_alone(corpus, tmp_path):
    data, model = open_split(corpus, "train"), tiny_model()
    items = frozen(model, data, [2, 0], tmp_path)
    [path] = tmp_path.iterdir()
    assert path.stat().st_size == sum(4 * (WIDTH * 6 + 2 * 2 * data.frames[index]) for index in (0, 2))
    for index in (0, 2):
        item = items[index]
        wanted = of_base(model, item, data.base_packs[item["speaker"]])
        for name, values in zip(("encoded", "base_f0", "base_energy"), wanted, strict=True):
            assert torch.equal(item[name], values), name
        assert torch.equal(item["gt_audio"], data[index]["gt_audio"])
    batch = collate([items[0], items[2]])
    assert batch.encoded.shape == (2, 6, WIDTH) and batch.base_f0.shape == batch.base_energy.shape == (2, 36)
    assert batch.base_f0[0, 32:].tolist() == [0] * 4
    with pytest.raises(KeyError):
        items[1]


def test_they_are_computed_once_for_the_same_inputs_and_anew_for_others(corpus, tmp_path, monkeypatch):
    data, model, computed = open_split(corpus, "train"), tiny_model(), []
    real = module.of_base
    monkeypatch.setattr(module, "of_base", lambda *args: computed.append(args[1]["id"]) or real(*args))

    def count():
        computed.clear()
        frozen(model, data, range(3), tmp_path)
        return len(computed)

    assert (count(), count()) == (3, 0)
    data.base_packs["ben"] = data.base_packs["ben"] + 1
    assert (count(), count()) == (3, 0)
    model.bert_encoder.bias.add_(1)
    assert (count(), count()) == (3, 0)
    data.utterances._tokens[1] = 60
    assert count() == 3
    model.decoder.generator.conv_post.bias.add_(1)
    assert count() == 0, "the decoder has no part in them"


def test_an_interruption_leaves_no_half_of_the_file(corpus, tmp_path, monkeypatch):
    data, real = open_split(corpus, "train"), module.of_base

    def interrupted(model, item, pack):
        if item["id"] == "anna-train-1":
            raise KeyboardInterrupt
        return real(model, item, pack)

    monkeypatch.setattr(module, "of_base", interrupted)
    with pytest.raises(KeyboardInterrupt):
        frozen(tiny_model(), data, range(3), tmp_path)
    assert not list(tmp_path.iterdir())


def test_only_utterances_that_a_step_reads_are_computed(corpus, tmp_path, monkeypatch):
    """Of a large corpus few steps read little: 240 of 20 s are 80 minutes."""
    monkeypatch.setattr(loop, "load_model", tiny_model)
    run = Run(open_split(corpus, "train"), open_split(corpus, "dev"))
    short = SETTINGS.prosody.model_copy(update={"steps": 1, "batch_frames": 20})
    settings = SETTINGS.model_copy(update={"phases": ("prosody",), "prosody": short})
    asked, real = [], module.of_base
    monkeypatch.setattr(module, "of_base", lambda *args: asked.append(args[1]["id"]) or real(*args))
    run.train(tmp_path, settings)
    [phase] = loop.phases_of(settings, run.data.frames)
    read = {0, *chain.from_iterable(loop.steps_of(phase, seed=5))}
    assert asked == [run.data[index]["id"] for index in sorted(read)] + ["anna-dev-0"]
    assert len(read) < 3


def test_a_resumed_training_computes_them_by_the_base_and_not_by_what_was_learned(
    corpus, tmp_path, monkeypatch
):
    monkeypatch.setattr(loop, "load_model", tiny_model)
    run = Run(open_split(corpus, "train"), open_split(corpus, "dev"))
    run.train(tmp_path)
    before = {path.name: path.read_bytes() for path in tmp_path.glob("base.*.f32")}
    assert len(before) == 2
    for path in tmp_path.glob("base.*.f32"):
        path.unlink()
    run.train(tmp_path)
    assert {path.name: path.read_bytes() for path in tmp_path.glob("base.*.f32")} == before
