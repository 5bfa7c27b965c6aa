"""Items, batches and the plan of which utterances each step sees."""

from __future__ import annotations

import json
from itertools import islice

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from tiny_training import open_split, write_corpus

from moien.errors import WrongData
from moien.features.packed import Measured, write_packed
from moien.kokoro.export import save_pack
from moien.train.data import BatchPlan, collate, crop

LENGTHS = st.lists(st.integers(4, 400), min_size=1, max_size=60)


@pytest.fixture(scope="module")
def corpus(tmp_path_factory):
    folder = tmp_path_factory.mktemp("corpus")
    write_corpus(folder, {"train": 3, "dev": 1})
    return folder


@given(LENGTHS, st.integers(50, 2000), st.integers(0, 9))
def test_an_epoch_has_each_utterance_once_and_no_batch_too_large(frames, most, epoch):
    batches = BatchPlan(frames, most, seed=1).epoch(epoch)
    assert sorted(i for batch in batches for i in batch) == list(range(len(frames)))
    for batch in batches:
        assert len(batch) == 1 or max(frames[i] for i in batch) * len(batch) <= most


def test_the_plan_is_a_function_of_the_seed_alone():
    frames = list(range(20, 60))
    first = list(islice(BatchPlan(frames, 200, seed=1), 40))
    assert first == list(islice(BatchPlan(frames, 200, seed=1), 40))
    assert first != list(islice(BatchPlan(frames, 200, seed=2), 40))
    plan = BatchPlan(frames, 200, seed=1)
    assert plan.epoch(0) != plan.epoch(1)
    assert first[len(plan.epoch(0))] == plan.epoch(1)[0]


def test_an_item_has_what_the_losses_need(corpus):
    data = open_split(corpus, "train")
    item = data[1]
    assert set(item) == {"id", "speaker", "style", "input_ids", "speaker_embedding", "gt_duration", "gt_f0",
                         "gt_energy", "gt_audio"}  # fmt: skip
    assert item["gt_duration"].sum() == data.frames[1] == 17
    assert item["gt_audio"].shape == (17 * 600,)
    assert item["gt_audio"][-100:].abs().max() == 0, "the end is padded to whole frames"
    assert item["gt_f0"].shape == item["gt_energy"].shape == (34,)


def test_the_style_is_the_row_that_kokoro_takes(tmp_path):
    write_corpus(tmp_path, {"train": 1, "dev": 1})
    pack = torch.arange(510.0)[:, None, None].repeat(1, 1, 256)
    save_pack(pack, tmp_path / "embedding" / "styles" / "anna.pt")
    # KPipeline takes pack[len(phonemes) - 1]; these are four phonemes between BOS and EOS.
    assert open_split(tmp_path, "train")[0]["style"].tolist() == [3.0] * 256


def test_collate_pads_with_zeros(corpus):
    data = open_split(corpus, "train")
    batch = collate([data[0], data[2]])
    assert batch.frames.tolist() == [16, 18]
    assert batch.gt_f0.shape == (2, 36)
    assert batch.gt_f0[0, 32:].tolist() == [0, 0, 0, 0]
    assert torch.equal(batch.gt_audio[1], data[2]["gt_audio"])
    assert batch.to("cpu").ids == ["anna-train-0", "anna-train-2"]


def test_crop_takes_each_row_from_its_own_start():
    values = torch.arange(20).reshape(2, 10)
    assert crop(values, [1, 5], 3).tolist() == [[1, 2, 3], [15, 16, 17]]


def test_what_features_dropped_is_counted(tmp_path):
    write_corpus(tmp_path, {"train": 3, "dev": 1})
    data = open_split(tmp_path, "train")
    kept = [Measured(id, *(v.copy() for v in data._features[id])) for id in ("anna-train-0", "anna-train-2")]
    write_packed(tmp_path / "features", "train", kept)
    data = open_split(tmp_path, "train")
    assert len(data) == 2
    assert list(data.dropped) == ["anna-train-1"]


def test_audio_that_changed_since_its_alignment_is_named(tmp_path):
    write_corpus(tmp_path, {"train": 2, "dev": 1})
    (tmp_path / "wav" / "anna-train-0.wav").write_bytes((tmp_path / "wav" / "anna-train-1.wav").read_bytes())
    with pytest.raises(WrongData, match=r"anna-train-0.*do not belong to 16 frames"):
        open_split(tmp_path, "train")[0]


def test_embeddings_that_are_gone_are_named(tmp_path):
    write_corpus(tmp_path, {"train": 1, "dev": 1})
    (tmp_path / "embedding" / "train.index.json").write_text(json.dumps({"wrong": 1})[:5])
    with pytest.raises(WrongData, match="run stage 5 again"):
        open_split(tmp_path, "train")
