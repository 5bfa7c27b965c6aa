"""Replay: sentences that the untouched base speaks in its own languages, mixed in so that it does not forget them.

The base is at hand, so its own speech is free and exact training data (Robins 1995, "Catastrophic forgetting,
rehearsal and pseudorehearsal"). Of the sentences in replay.tsv one in four is kept for the score of
`tools/score_forgetting.py`; the others are spoken here, again and again, each time by another voice.
"""

from __future__ import annotations

import hashlib
import itertools
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import torch
from kokoro import KModel
from torch import Tensor

from moien.errors import WrongData
from moien.fetch import cache_dir
from moien.files import sha256_file, written_whole
from moien.kokoro import forward
from moien.kokoro.base import Base, load_model, load_pack
from moien.kokoro.speak import predict, render
from moien.kokoro.style import pack_row
from moien.kokoro.symbols import encode
from moien.progress import track
from moien.text.espeak import EspeakFrontend
from moien.train import distributed
from moien.train.data import Item, TrainingSet

SENTENCES = Path(__file__).with_name("replay.tsv")
HELD_OUT = 4  # every fourth sentence is for the score
LETTERS = {"en-US": "a", "es": "e", "fr": "f", "it": "i", "pt-BR": "p"}  # of Kokoro's voices, as in af_heart
KEPT = ("tokens", "durations", "f0", "energy", "audio")

Line = tuple[str, str]  # phonemes, and the name of the voice that speaks them


def lines(voices: Sequence[str], held_out: bool) -> Iterator[Line]:
    """The sentences of either part again and again, each time by the next voice of its language, else of all."""
    rows = [line.split("\t") for line in SENTENCES.read_text(encoding="utf-8").splitlines()]
    chosen = [row for number, row in enumerate(rows) if (number % HELD_OUT == HELD_OUT - 1) == held_out]
    frontends = {language: EspeakFrontend(language) for language in LETTERS}
    read = [(language, frontends[language](text).phonemes) for language, text in chosen]
    if not voices:
        raise WrongData("a base without voices cannot speak", remedy="--set train.replay=0")
    for turn in itertools.count():
        for number, (language, phonemes) in enumerate(read):
            speakers = [voice for voice in voices if voice.startswith(LETTERS[language])] or voices
            yield phonemes, speakers[(number + turn) % len(speakers)]


def speak(model: KModel, phonemes: str, pack: Tensor, seed: int) -> dict[str, Tensor]:
    """What a model speaks, and how: tokens and durations `[T]`, F0 and energy `[2F]`, audio `[600·F]`."""
    tokens = encode(phonemes)
    prosody = predict(model, tokens, pack)
    audio = render(model, tokens, prosody.durations, prosody.f0, prosody.energy, pack, seed)
    values = torch.tensor(tokens), prosody.durations[0], prosody.f0[0], prosody.energy[0], audio
    return {name: value.cpu().contiguous() for name, value in zip(KEPT, values, strict=True)}


class Replayed:
    """A training set with `count` sentences of the base behind it; each counts as an utterance like any other."""

    def __init__(self, data: TrainingSet, base: Base, count: int, seed: int, device: str = "cpu") -> None:
        """Speak them, or open what was spoken before."""
        self._data = data
        self.packs = data.packs
        self.base_packs: dict[str, Tensor] = dict(data.base_packs)
        self.frames, self.tokens = list(data.frames), list(data.tokens)
        self._items: list[Item] = []
        voices = {name: load_pack(path) for name, path in base.voices.items()} if count else {}
        chosen = list(itertools.islice(lines(sorted(voices), held_out=False), count))
        for number, spoken in enumerate(speak_all(base, voices, chosen, seed, device)):
            voice = chosen[number][1]
            name = f"base/{voice}"  # no speaker and no utterance of a corpus has a slash in its name
            self.base_packs[name] = voices[voice]
            self.frames.append(len(spoken["f0"]) // 2)
            self.tokens.append(len(spoken["tokens"]))
            self._items.append(
                {
                    "id": f"{name}/{number}",
                    "speaker": name,
                    "input_ids": spoken["tokens"],
                    "style": pack_row(voices[voice], len(spoken["tokens"]))[0],
                    "gt_duration": spoken["durations"],
                    "gt_f0": spoken["f0"],
                    "gt_energy": spoken["energy"],
                    "gt_audio": spoken["audio"],
                }
            )

    def __len__(self) -> int:
        return len(self.frames)

    def __getitem__(self, index: int) -> Item:
        own = len(self._data)
        return self._data[index] if index < own else self._items[index - own]

    def digest(self) -> bytes:
        """Of the utterances, their speakers, and how they are aligned."""
        made = hashlib.sha256(self._data.digest())
        for item in self._items:
            made.update(item["id"].encode())
            for key in ("input_ids", "gt_duration"):
                made.update(item[key].numpy())
        return made.digest()


def speak_all(
    base: Base, voices: Mapping[str, Tensor], chosen: Sequence[Line], seed: int, device: str = "cpu"
) -> Iterator[dict[str, Tensor]]:
    """These lines spoken by the base, see `speak`; cached. Of several processes the first one speaks."""
    from safetensors import safe_open
    from safetensors.torch import save_file

    if not chosen:
        return
    files = [base.weights, *(base.voices[name] for name in sorted(voices)), Path(forward.__file__)]
    made_of = [*map(sha256_file, files), str(seed), *map(str, chosen), torch.device(device).type]
    digest = hashlib.sha256("\0".join(made_of).encode()).hexdigest()
    path = cache_dir() / "replay" / f"{digest}.safetensors"
    if not path.is_file() and not distributed.rank():
        model = forward.fold_weight_norm(load_model(base.weights, base.config)).to(device)
        tensors = {}
        for number, (phonemes, voice) in enumerate(track(chosen, "replay: the base speaks")):
            for name, value in speak(model, phonemes, voices[voice], seed + number).items():
                tensors[f"{number}.{name}"] = value
        with written_whole(path) as part:
            save_file(tensors, part)
    distributed.wait()
    with safe_open(path, framework="pt") as file:
        for number in range(len(chosen)):
            yield {name: file.get_tensor(f"{number}.{name}") for name in KEPT}
