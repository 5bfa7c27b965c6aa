"""The input of the aligner for each utterance: its audio, its text and its phonemes."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np

from moien.align.tokens import Unit, split_units, spoken_words
from moien.audio import SAMPLE_RATE, frames_in, read_audio, read_header
from moien.corpus.datadir import SPLITS, Utterance, read_datadir
from moien.kokoro.symbols import encode
from moien.text import Phonemes, read_phonemes


@dataclass(frozen=True)
class Item:
    """An utterance of a split with its phonemes, and what follows from them."""

    split: str
    utterance: Utterance
    phonemes: Phonemes

    @property
    def id(self) -> str:
        """The utterance's id."""
        return self.utterance.id

    @cached_property
    def units(self) -> list[Unit]:
        """Phones and pauses of the phoneme string."""
        return split_units(self.phonemes.phonemes)

    @property
    def words(self) -> list[list[str]]:
        """Labels of the phones between pauses."""
        return [[unit.label for unit in word] for word in spoken_words(self.units)]

    @cached_property
    def tokens(self) -> list[int]:
        """Kokoro's ids `[T]`, BOS and EOS included."""
        return encode(self.phonemes.phonemes)

    @cached_property
    def samples(self) -> int:
        """Samples of the audio at 24 kHz."""
        return read_header(self.utterance.audio).samples

    @property
    def frames(self) -> int:
        """Duration frames of 600 samples."""
        return frames_in(self.samples)

    @property
    def seconds(self) -> float:
        """Length of the audio."""
        return self.samples / SAMPLE_RATE

    def read(self) -> np.ndarray:
        """The audio, float32 `[N]` at 24 kHz."""
        return read_audio(self.utterance.audio)[0]


def read_items(data: Path, g2p: Path) -> dict[str, Item]:
    """All utterances of all splits that have phonemes, by id; `data` and `g2p` are the outputs of stages 1 and 2."""
    items = {}
    for split in SPLITS:
        phonemes = read_phonemes(g2p / f"{split}.jsonl")
        for utterance in read_datadir(data / split):
            if utterance.id in phonemes:
                items[utterance.id] = Item(split, utterance, phonemes[utterance.id])
    return items
