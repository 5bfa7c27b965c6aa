"""The tempo of a voice: one number, fitted so that sentences take as long as the speaker took for them.

An L1 loss on durations is content with the median, which for the skewed durations of speech is too short, and a
mixture with a slower base is too slow: either way the whole sentence is off by a tenth while each phone looks right.
The number is added to the bias of the last layer of the duration predictor, so it is part of the weights and any
program that speaks with the voice has it. It is the old remedy for an average that training leaves wrong, as global
variance is for the melody of HMM voices (Toda and Tokuda 2007).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import torch
from kokoro import KModel
from torch import Tensor

from moien.kokoro import forward
from moien.kokoro.symbols import PAUSE_SYMBOLS, VOCAB
from moien.style.fit import pack_row
from moien.train.data import TrainingSet

PAUSES = frozenset(VOCAB[symbol] for symbol in PAUSE_SYMBOLS if symbol in VOCAB)
RANGE = 6.0  # of the number: the base's half tempo needs about 1
STEPS = 40  # bisections: far finer than a frame


@torch.no_grad()
def fit_tempo(
    model: KModel, packs: Mapping[str, Tensor], data: TrainingSet, sentences: Sequence[int]
) -> float:
    """Set the tempo of `model` to that of these sentences of `data`; return what the bias was shifted by.

    The length counts from the first phone to the last: silence at the edges is where a recording was cut.
    """
    logits, target = [], 0
    for index in sentences:
        utterance, alignment = data.utterances[index]
        tokens = torch.tensor([alignment.tokens], device=model.device)
        lengths = torch.tensor([tokens.shape[1]], device=model.device)
        style = pack_row(packs[utterance.speaker], tokens.shape[1])[:, 128:].to(model.device)
        reading = forward.encode_phonemes(model, tokens, lengths)
        inside = spoken(alignment.tokens)
        logits.append(forward.predict_durations(model, reading, style, lengths)[0][0, inside])
        target += sum(alignment.durations[inside])
    every = torch.cat(logits)
    low, high = -RANGE, RANGE
    for _ in range(STEPS):
        middle = (low + high) / 2
        low, high = (
            (middle, high)
            if int(forward.durations_from_logits(every + middle).sum()) < target
            else (low, middle)
        )
    model.predictor.duration_proj.linear_layer.bias.add_(high)
    return high


def spoken(tokens: Sequence[int]) -> slice:
    """From the first phone to the last: without the boundaries and the pauses beside them."""
    phones = [i for i in range(1, len(tokens) - 1) if tokens[i] not in PAUSES]
    return slice(phones[0], phones[-1] + 1) if phones else slice(1, len(tokens) - 1)
