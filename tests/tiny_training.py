"""A training that takes two seconds: Kokoro's architecture at a fraction of its size, and made-up utterances."""

from __future__ import annotations

import copy
import functools
import json
import os
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from unittest import mock

import kokoro
import numpy as np
import pytest
import torch
from kokoro import istftnet
from safetensors.numpy import save_file

from moien.align import Alignment, write_alignments
from moien.audio import FRAME_SAMPLES, write_wav
from moien.corpus.datadir import Utterance, write_datadir
from moien.features.packed import Measured, write_packed
from moien.kokoro import forward
from moien.kokoro.base import new_model
from moien.kokoro.export import save_pack, save_weights
from moien.kokoro.symbols import CONFIG
from moien.train.data import TrainingSet
from moien.train.frozen import Frozen
from moien.train.settings import TrainSettings

WIDTH = 64  # of the tiny model, where Kokoro's is 512
forward.ENCODED_DIM = WIDTH

SETTINGS = TrainSettings.model_validate(
    {
        "min_seconds": 0,
        "check_labels": False,  # labels cannot be compared with random weights
        "warmup_steps": 1,
        "interval_steps": 2,
        "validation_utterances": 1,
        "prosody": {"steps": 4, "batch_frames": 50},
        "acoustic": {
            "steps": 4,
            "crop_frames": 10,
            "learn": {"decoder.*.fc.*": 0.5, "decoder.encode.conv*": 1},
            "critic_warmup_steps": 1,
            "critic_ramp_steps": 1,
        },
    }
)


def tiny_model(*_: object):  # type: ignore[no-untyped-def]
    """KModel with one layer of each kind and a third of the generator, always with the same random weights.

    It gives a token about two frames, where random weights give 25: most of a test would be synthesis.
    """
    return copy.deepcopy(_tiny_model())


def tiny_config() -> dict[str, Any]:
    """Kokoro's config.json with an eighth of its sizes, one layer of each kind and a third of the generator."""
    config = json.loads(CONFIG.read_text(encoding="utf-8"))
    bert = {"hidden_size": 64, "num_attention_heads": 2, "intermediate_size": 64, "num_hidden_layers": 1}
    generator = {"resblock_kernel_sizes": [3], "resblock_dilation_sizes": [[1, 3, 5]]}
    return config | {
        "n_layer": 1,
        "hidden_dim": WIDTH,
        "plbert": config["plbert"] | bert,
        "istftnet": config["istftnet"] | generator | {"upsample_initial_channel": WIDTH},
    }


class TinyDecoder(istftnet.Decoder):
    """Kokoro's decoder without the sizes that its code fixes, if `upsample_initial_channel` is `WIDTH`."""

    def __init__(self, dim_in: int, upsample_initial_channel: int, **options: Any) -> None:
        options |= {"dim_in": dim_in, "upsample_initial_channel": upsample_initial_channel}
        if upsample_initial_channel != WIDTH:
            super().__init__(**options)
            return
        block, sizes = istftnet.AdainResBlk1d, {1024: WIDTH, 1024 + 2 + 64: WIDTH + 2 + 64, 512: WIDTH}

        def tiny_block(dim_in: int, dim_out: int, *others: Any, **more: Any) -> torch.nn.Module:
            return block(sizes.get(dim_in, dim_in), sizes[dim_out], *others, **more)

        with mock.patch.object(istftnet, "AdainResBlk1d", tiny_block):
            super().__init__(**options)
        self.asr_res = torch.nn.Sequential(torch.nn.utils.weight_norm(torch.nn.Conv1d(dim_in, 64, 1)))


@functools.cache
def _tiny_model():  # type: ignore[no-untyped-def]
    with torch.random.fork_rng(), mock.patch.object(kokoro.model, "Decoder", TinyDecoder):
        torch.manual_seed(1)
        model = new_model(tiny_config())
    torch.nn.init.constant_(model.predictor.duration_proj.linear_layer.bias, -3)
    for module in model.modules():
        for hook in module._forward_pre_hooks.values():
            hook(module, None)  # weight norm's first product has a gradient, and cannot be copied
    return model


def write_base(folder: Path, voices: Sequence[str]) -> Path:
    """A base model for `base.source=file`: the tiny model, with made-up voices."""
    (folder / "voices").mkdir(parents=True)
    save_weights(_tiny_model(), folder / "tiny.pth")
    (folder / "config.json").write_text(json.dumps(tiny_config()), encoding="utf-8")
    generator = torch.Generator().manual_seed(2)
    for voice in voices:
        pack = 0.1 * torch.randn(1, 1, 256, generator=generator)
        save_pack(pack.repeat(510, 1, 1), folder / "voices" / f"{voice}.pt")
    return folder


def write_corpus(folder: Path, splits: dict[str, int], frames: int = 16) -> None:
    """Outputs of stages 1, 3, 4 and 5 with so many utterances a split, of `frames` frames and more.

    The first half of a split, rounded up, is by anna, the rest by ben.
    """
    random = np.random.default_rng(3)
    (folder / "wav").mkdir(parents=True)
    for name in ("align", "features", "embedding", "embedding/styles"):
        (folder / name).mkdir()
    for name in ("anna.pt", "anna.base.pt", "ben.pt", "ben.base.pt"):
        save_pack(torch.randn(510, 1, 256) * 0.1, folder / "embedding" / "styles" / name)
    for split, count in splits.items():
        utterances, alignments, measured = [], [], []
        for number in range(count):
            speaker = "anna" if 2 * number < count else "ben"
            id, length = f"{speaker}-{split}-{number}", frames + number
            times = np.arange(length * FRAME_SAMPLES - 100) / 24000  # 100 samples short of whole frames
            audio = folder / "wav" / f"{id}.wav"
            write_wav(
                audio, 0.1 * np.sin(2 * np.pi * 200 * times) + 0.01 * random.standard_normal(len(times))
            )
            utterances.append(Utterance(id, speaker, "Moien", audio, len(times)))
            durations = (2, 3, 3, 3, length - 12, 1)
            alignments.append(Alignment(id, (0, 55, 57, 51, 56, 0), durations, length, 1.0, 2))
            measured.append(Measured(id, np.full(2 * length, 200, "f4"), np.full(2 * length, 2, "f4")))
        write_datadir(folder / "data" / split, utterances)
        write_alignments(folder / "align" / f"{split}.jsonl", alignments)
        write_packed(folder / "features", split, measured)
        rows = np.ones((count, 256), "f4") / 16
        save_file({"embedding": rows}, folder / "embedding" / f"{split}.safetensors")
        index = folder / "embedding" / f"{split}.index.json"
        index.write_text(json.dumps([u.id for u in utterances]), encoding="utf-8")


def open_split(folder: Path, split: str) -> TrainingSet:
    """A split of `write_corpus`."""
    names = ("data", "align", "features", "embedding")
    return TrainingSet(**{name: folder / name for name in names}, split=split)


def with_base(data: TrainingSet) -> Frozen:
    """Its items as training reads them, but with zeros for what the untouched base makes of them: a file of holes."""
    path = data.utterances.utterances[0].audio.parent / f"{uuid.uuid4().hex}.f32"
    path.touch()
    os.truncate(path, 4 * (forward.ENCODED_DIM * sum(data.tokens) + 4 * sum(data.frames)))
    return Frozen(data, range(len(data)), path)


@dataclass
class Run:
    """What a test hands to `train`."""

    data: TrainingSet
    dev: TrainingSet

    def train(self, work: Path, settings: TrainSettings = SETTINGS, curves: bool = False):  # type: ignore[no-untyped-def]
        """Train in `work`; the tiny model must stand in for `load_model` (fixture `tiny`)."""
        from moien.train import loop

        torch.set_num_threads(1)  # so small a model gains nothing from more, and loses where cores are shared
        base = SimpleNamespace(weights=None, config=None)
        with pytest.MonkeyPatch.context() as patch:
            if not curves:  # to draw them is half of the time of so small a training
                patch.setattr(loop, "write_curves", lambda *_: None)
            return loop.train(base, self.data, self.dev, settings, work, seed=5)  # type: ignore[arg-type]
