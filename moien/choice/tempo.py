"""The tempo of a voice: one number, fitted so that sentences take as long as the speaker took for them.

An L1 loss on durations is least at the median, which for the skewed durations of speech is too short, and a mixture
with a slower base is too slow: either way the whole sentence is off by a tenth while each phone looks right. The number
is added to the bias of the last layer of the duration predictor, so it is part of the weights and any program that uses
the voice has it. It corrects an average that training leaves wrong, as global variance does for the melody of HMM
voices (Toda and Tokuda 2007).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import torch
from kokoro import KModel
from torch import Tensor

from moien.align import Alignment
from moien.kokoro import forward
from moien.kokoro.style import pack_row, prosodic
from moien.kokoro.symbols import PAUSE_SYMBOLS, VOCAB

PAUSES = frozenset(VOCAB[symbol] for symbol in PAUSE_SYMBOLS if symbol in VOCAB)
RANGE = 6.0  # of the number: the base's half tempo needs about 1
STEPS = 40  # bisections: far finer than a frame


@dataclass(frozen=True)
class Timed:
    """A sentence, and how long its speaker took for it."""

    speaker: str
    encoded: Tensor  # as BERT reads it, `[1, 512, T]`; BERT never learns: once for all mixtures
    inside: slice  # from the first phone to the last: silence at the edges is where a recording was cut
    frames: int  # of those

    @classmethod
    @torch.no_grad()
    def of(cls, model: KModel, speaker: str, alignment: Alignment) -> Timed:
        """Read by the BERT of `model`."""
        tokens = torch.tensor([alignment.tokens], device=model.device)
        lengths = torch.tensor([tokens.shape[1]])
        inside = spoken(alignment.tokens)
        encoded = forward.encode_phonemes(model, tokens, lengths)
        return cls(speaker, encoded, inside, sum(alignment.durations[inside]))


@torch.no_grad()
def fit_tempo(model: KModel, packs: Mapping[str, Tensor], sentences: Sequence[Timed]) -> float:
    """Set the tempo of `model` to that of these sentences; return what the bias was shifted by."""
    logits = []
    for sentence in sentences:
        size = sentence.encoded.shape[2]
        lengths = torch.tensor([size])
        style = prosodic(pack_row(packs[sentence.speaker], size)).to(model.device)
        logits.append(
            forward.predict_durations(model, sentence.encoded, style, lengths)[0][0, sentence.inside]
        )
    every, target = torch.cat(logits), sum(sentence.frames for sentence in sentences)
    low, high = -RANGE, RANGE
    for _ in range(STEPS):
        middle = (low + high) / 2
        low, high = (
            (middle, high)
            if int(forward.durations_from_logits(every + middle).sum()) < target
            else (low, middle)
        )
    forward.tempo(model).add_(high)
    return high


def spoken(tokens: Sequence[int]) -> slice:
    """From the first phone to the last: without the boundaries and the pauses beside them."""
    phones = [i for i in range(1, len(tokens) - 1) if tokens[i] not in PAUSES]
    return slice(phones[0], phones[-1] + 1) if phones else slice(1, len(tokens) - 1)
