"""32,000 utterances: opened without reading audio, read in an order that nothing changes, and forgotten again."""

from __future__ import annotations

import gc
import json
import os
from itertools import islice
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.numpy import save_file
from tiny_training import open_split, with_base

from moien.audio import FRAME_SAMPLES, write_wav
from moien.features.packed import Measured, write_packed
from moien.kokoro import forward
from moien.kokoro.export import save_pack
from moien.train import data as module
from moien.train.data import BatchPlan, load

COUNT = 32_000
FRAMES = (60, 62, 65, 70)  # 1.5 s and more; utterance i has FRAMES[i % 4]


@pytest.fixture(scope="module")
def many(tmp_path_factory):
    """Outputs of stages 1, 3, 4 and 5 with 32,000 rows, which share four recordings."""
    folder = tmp_path_factory.mktemp("many")
    for name in ("data/train", "align", "features", "embedding/styles"):
        (folder / name).mkdir(parents=True)
    noise = np.random.default_rng(1).uniform(-0.1, 0.1, FRAMES[-1] * FRAME_SAMPLES)
    ids = [f"anna-{i:05d}" for i in range(COUNT)]
    lines, measured = [], []
    for i, frames in enumerate(FRAMES):
        write_wav(folder / f"{i}.wav", noise[: frames * FRAME_SAMPLES - 7 * i])
        alignment = {"tokens": [0, *range(1, 55), 0], "durations": [1] * 55 + [frames - 55], "frames": frames}
        lines.append(json.dumps(alignment | {"confidence": 0.9, "shift_frames": 2})[1:])
        measured.append([np.full(2 * frames, value, "f4") for value in (200 + i, i)])
    tables = {
        "wav.scp": [f"../../{i % 4}.wav" for i in range(COUNT)],
        "text": ["Moien, wéi geet et dir haut de Moien?"] * COUNT,
        "utt2spk": ["anna"] * COUNT,
        "utt2samples": [FRAMES[i % 4] * FRAME_SAMPLES - 7 * (i % 4) for i in range(COUNT)],
    }
    for name, values in tables.items():
        rows = (f"{id} {value}\n" for id, value in zip(ids, values, strict=True))
        (folder / "data/train" / name).write_text("".join(rows), encoding="utf-8")
    (folder / "data/train/spk2utt").write_text(f"anna {' '.join(ids)}\n", encoding="utf-8")
    rows = (f'{{"id": "{id}", {lines[i % 4]}\n' for i, id in enumerate(ids))
    (folder / "align/train.jsonl").write_text("".join(rows), encoding="utf-8")
    write_packed(folder / "features", "train", (Measured(id, *measured[i % 4]) for i, id in enumerate(ids)))
    save_file({"embedding": np.zeros((COUNT, 256), "f4")}, folder / "embedding/train.safetensors")
    (folder / "embedding/train.index.json").write_text(json.dumps(ids), encoding="utf-8")
    for suffix in (".pt", ".base.pt"):
        save_pack(torch.zeros(510, 1, 256), folder / "embedding/styles" / f"anna{suffix}")
    return folder


def resident_mb() -> float:
    """Memory that this process holds now."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6


def test_the_first_batch_reads_no_other_and_an_epoch_leaves_nothing_behind(many, monkeypatch):
    monkeypatch.setattr(
        forward, "ENCODED_DIM", 512
    )  # of the real model: with a small one's 64 little would be kept
    gc.collect()
    before, read, reads = resident_mb(), module.read_audio, []
    monkeypatch.setattr(module, "read_audio", lambda path: reads.append(path) or read(path))
    data = open_split(many, "train")
    assert not reads
    batches = BatchPlan(data.frames, 800, seed=1).epoch(0)
    items = with_base(data)  # with the zeros of a file of 3.7 GB that takes no space
    next(load(items, batches, workers=1))
    assert len(reads) < 100  # some batches of eleven, read ahead
    assert len(data) == sum(map(len, batches)) == COUNT

    some, opened = batches[::8], resident_mb()  # 4,000 utterances, which would be 1.1 GB if they were kept
    for indices, batch in zip(some, load(items, some, workers=2), strict=True):
        assert batch.ids == [f"anna-{index:05d}" for index in indices]
        assert batch.frames.tolist() == [FRAMES[index % 4] for index in indices]
        assert batch.gt_f0[:, 0].tolist() == [200 + index % 4 for index in indices]
        assert batch.encoded.shape == (len(indices), 56, 512)
        assert batch.gt_audio.shape[1] == int(batch.frames.max()) * FRAME_SAMPLES
    after = resident_mb()
    assert after - opened < 100 and after - before < 200


def test_a_late_step_is_planned_by_one_shuffle_an_epoch():
    shuffled = []

    class Noted(BatchPlan):
        def epoch(self, epoch):
            shuffled.append(epoch)
            return super().epoch(epoch)

    plan = Noted([60 + i % 40 for i in range(COUNT)], 800, seed=1)
    assert next(islice(plan, 5 * len(plan.epoch(0)), None))
    assert shuffled == [0, 0, 1, 2, 3, 4, 5] or shuffled == [0, 0, 1, 2, 3, 4]
