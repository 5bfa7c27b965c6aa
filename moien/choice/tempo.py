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
LEAD = 3  # frames before the speech, 75 ms: so much silence stage 1 leaves, and about as much has every voice


@dataclass(frozen=True)
class Timed:
    """A sentence, and how long its speaker took for it."""

    speaker: str
    encoded: Tensor  # as BERT reads it, `[1, 512, T]`; BERT never learns: once for all mixtures
    end: int  # of its tokens that count: to the last phone, as the silence after it was cut off
    frames: int  # of those

    @classmethod
    @torch.no_grad()
    def of(cls, model: KModel, speaker: str, alignment: Alignment) -> Timed:
        """Read by the BERT of `model`."""
        tokens = torch.tensor([alignment.tokens], device=model.device)
        encoded = forward.encode_phonemes(model, tokens, torch.tensor([tokens.shape[1]]))
        end = last_phone(alignment.tokens) + 1
        return cls(speaker, encoded, end, sum(alignment.durations[:end]))


@torch.no_grad()
def fit_tempo(model: KModel, packs: Mapping[str, Tensor], sentences: Sequence[Timed]) -> float:
    """Set the tempo of `model` so that the mean ratio of its length of speech to the speaker's is 1 over `sentences`.

    Returns what the bias was shifted by. The boundary at the beginning counts, less `LEAD`: in the model's timing a
    first phone begins before its token does.
    """
    every = []
    for sentence in sentences:
        size = sentence.encoded.shape[2]
        lengths = torch.tensor([size])
        style = prosodic(pack_row(packs[sentence.speaker], size)).to(model.device)
        logits = forward.predict_durations(model, sentence.encoded, style, lengths)[0][0]
        every.append(logits[: sentence.end])
    logits, ends = torch.cat(every), [len(part) for part in every]
    recorded = torch.tensor([max(sentence.frames - LEAD, 1) for sentence in sentences], device=model.device)
    low, high = -RANGE, RANGE
    for _ in range(STEPS):
        middle = (low + high) / 2
        frames = forward.durations_from_logits(logits + middle)
        spoken = torch.stack([part.sum() - LEAD for part in frames.split(ends)])
        low, high = (middle, high) if float((spoken / recorded).mean()) < 1 else (low, middle)
    forward.tempo(model).add_(high)
    return high


def last_phone(tokens: Sequence[int]) -> int:
    """Index of the last token that is neither a boundary nor a pause, or else of the last before the boundary."""
    inner = range(1, len(tokens) - 1)
    return max((i for i in inner if tokens[i] not in PAUSES), default=len(tokens) - 2)
