"""Items, batches and the plan of which utterances each step sees."""

from __future__ import annotations

import threading
from itertools import islice

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from tiny_training import open_split, with_base, write_corpus

from moien.align import read_alignments
from moien.errors import WrongData
from moien.features.packed import Measured, write_packed
from moien.kokoro.export import save_pack
from moien.train.data import BatchPlan, collate, crop, load

LENGTHS = st.lists(st.integers(4, 400), min_size=1, max_size=60)


@pytest.fixture(scope="module")
def corpus(tmp_path_factory):
    folder = tmp_path_factory.mktemp("corpus")
    write_corpus(folder, {"train": 3, "dev": 1})
    return folder


@settings(deadline=None)  # a busy machine is no failure
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
    given = {"gt_duration", "gt_f0", "gt_energy", "gt_audio"}
    assert set(item) == {"id", "speaker", "style", "input_ids"} | given
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
    data = with_base(open_split(corpus, "train"))
    batch = collate([data[0], data[2]])
    assert batch.frames.tolist() == [16, 18]
    assert batch.gt_f0.shape == (2, 36)
    assert batch.gt_f0[0, 32:].tolist() == [0, 0, 0, 0]
    assert torch.equal(batch.gt_audio[1], data[2]["gt_audio"])
    assert batch.to("cpu").ids == ["anna-train-0", "ben-train-2"]


def test_crop_takes_each_row_from_its_own_start():
    values = torch.arange(20).reshape(2, 10)
    assert crop(values, [1, 5], 3).tolist() == [[1, 2, 3], [15, 16, 17]]


def test_what_features_dropped_is_counted(tmp_path):
    write_corpus(tmp_path, {"train": 3, "dev": 1})
    data = open_split(tmp_path, "train")
    kept = [Measured(id, *(v.copy() for v in data._features[id])) for id in ("anna-train-0", "ben-train-2")]
    write_packed(tmp_path / "features", "train", kept)
    data = open_split(tmp_path, "train")
    assert len(data) == 2
    assert list(data.dropped) == ["anna-train-1"]


def test_audio_that_changed_since_its_alignment_is_named(tmp_path):
    write_corpus(tmp_path, {"train": 2, "dev": 1})
    (tmp_path / "wav" / "anna-train-0.wav").write_bytes((tmp_path / "wav" / "ben-train-1.wav").read_bytes())
    with pytest.raises(WrongData, match=r"anna-train-0.*do not belong to 16 frames"):
        open_split(tmp_path, "train")[0]


def test_lengths_that_differ_are_named_before_any_recording_is_opened(tmp_path):
    write_corpus(tmp_path, {"train": 2, "dev": 1})
    data = open_split(tmp_path, "train")
    table = tmp_path / "data" / "train" / "utt2samples"
    said = table.read_text()
    table.write_text(said.replace("ben-train-1 10100", "ben-train-1 10201"))
    with pytest.raises(WrongData, match=r"ben-train-1.*10201 samples.*do not belong to 17 frames"):
        open_split(tmp_path, "train")
    table.write_text(said)
    longer = [Measured(u.id, *np.ones((2, 34), "f4")) for u, _ in data.utterances]
    write_packed(tmp_path / "features", "train", longer)
    with pytest.raises(WrongData, match=r"anna-train-0.*34 of F0 and energy do not belong to 16 frames"):
        open_split(tmp_path, "train")


def test_pairs_come_back_as_they_were(corpus):
    pairs, kept = open_split(corpus, "train").utterances, read_alignments(corpus / "align" / "train.jsonl")
    assert [alignment for _, alignment in pairs] == list(kept.values())
    assert pairs[-1] == pairs[2] and pairs[1:] == [pairs[1], pairs[2]]
    with pytest.raises(IndexError):
        pairs[3]


def state_of(batch):
    return {k: v.tolist() if isinstance(v, torch.Tensor) else v for k, v in vars(batch).items()}


def test_workers_change_neither_order_nor_bits_nor_the_generators(corpus):
    data = open_split(corpus, "train")
    batches, items = list(islice(BatchPlan(data.frames, 40, seed=1), 9)), with_base(data)
    generator = torch.get_rng_state()
    plain = [state_of(batch) for batch in load(items, iter(batches), workers=0)]
    assert [batch["ids"] for batch in plain] == [[data[i]["id"] for i in batch] for batch in batches]
    for workers in (1, 3):
        assert [state_of(batch) for batch in load(items, iter(batches), workers)] == plain
    assert torch.equal(torch.get_rng_state(), generator)
    resumed = islice(BatchPlan(data.frames, 40, seed=1), 5, 9)
    assert [state_of(batch) for batch in load(items, resumed, workers=2)] == plain[5:]


def test_a_loader_reads_no_farther_ahead_than_it_has_to(corpus):
    asked = 0

    def batches():
        nonlocal asked
        while True:  # as a plan is
            asked += 1
            yield [0]

    loaded = load(with_base(open_split(corpus, "train")), batches(), workers=2)
    next(loaded)
    assert asked == 5
    loaded.close()
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("load")]


def test_the_error_of_a_worker_comes_at_its_turn_as_it_is(tmp_path):
    write_corpus(tmp_path, {"train": 2, "dev": 1})
    data = open_split(tmp_path, "train")
    (tmp_path / "wav" / "ben-train-1.wav").unlink()
    loaded = load(with_base(data), [[0], [0], [1], [0]], workers=2)
    assert next(loaded).ids == next(loaded).ids == ["anna-train-0"]
    with pytest.raises(WrongData, match=r"ben-train-1\.wav: there is no such file"):
        next(loaded)


def test_a_process_without_a_share_has_a_batch_that_counts_nothing(corpus):
    data = with_base(open_split(corpus, "train"))
    [batch] = load(data, [[]], workers=1)
    assert batch.ids == ["anna-train-0"] and not batch.own
    assert set(batch.counts().values()) == {0}
    both = collate([data[0], data[2]]).to("cpu").counts()
    assert both == {"utterances": 2, "tokens": 12, "inner tokens": 8, "frames": 34}


def test_embeddings_that_are_gone_are_named(tmp_path):
    write_corpus(tmp_path, {"train": 1, "dev": 1})
    index = tmp_path / "embedding" / "train.index.json"
    for wrong in ('{"wro', '["anna-train-0", "ben-train-1"]'):
        index.write_text(wrong)
        with pytest.raises(WrongData, match="run stage 5 again"):
            open_split(tmp_path, "train")
