"""The style that a speaker starts from: the nearest of the base's voice packs, and a fitted step away from it.

The whole pack moves by one vector of 256, so its rows keep how they vary with the length of a sentence. Both
halves are fitted through the frozen model on a few aligned recordings, by few steps under a prior towards the base
pack: longer fitting lowers the losses further, but by steady tones at 4.8 and 9.6 kHz, which are not speech.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from kokoro import KModel
from torch import Tensor
from torch.nn.functional import l1_loss
from torch.nn.utils.rnn import pad_sequence

from moien.align import Alignment
from moien.audio import FRAME_SAMPLES, SAMPLE_RATE, pad_to_frames, read_audio
from moien.evenly import every_nth
from moien.features.mel import log_mel
from moien.features.packed import PackedFeatures
from moien.kokoro import forward, losses
from moien.kokoro.speak import speak
from moien.kokoro.style import HALF, acoustic, pack_row, prosodic
from moien.progress import track
from moien.style.embed import SpeakerEncoder
from moien.style.settings import EmbeddingSettings

# Rates of Adam. At 0.02 the prosodic half takes the speaker's tempo and pitch at once, and speech gets flat and
# unclear: the predictor learns both in training. 30 steps of the acoustic half raise similarity by 0.09, and the tone
# at 9.6 kHz by 5 dB.
PROSODIC_LR, ACOUSTIC_LR = 0.005, 0.02
PRIOR = 0.05  # weight of the squared distance from the base's pack
MEL_FLOOR = -0.75  # normalised; below lies room noise, which the style should not learn to make


@dataclass(frozen=True)
class FitClip:
    """An aligned recording: tokens and durations in frames `[T]`, F0 and energy `[2F]`, audio `[600F]`."""

    tokens: tuple[int, ...]
    durations: tuple[int, ...]
    f0: np.ndarray
    energy: np.ndarray
    audio: np.ndarray

    @property
    def frames(self) -> int:
        """Frames of 600 samples."""
        return sum(self.durations)


def choose_evenly(alignments: Sequence[Alignment], clips: int, frames: int) -> list[Alignment]:
    """At most `clips` alignments of at least `frames` frames, evenly over the better aligned half.

    Evenly, because neighbours often come from one session; when all are shorter, any length is taken.
    """
    enough = [a for a in alignments if a.frames >= frames] or list(alignments)
    middle = float(np.median([a.confidence for a in enough]))
    better = sorted((a for a in enough if a.confidence >= middle), key=lambda a: a.id)
    return every_nth(better, len(better), clips)


def choose_sentences(alignments: Iterable[Alignment], settings: EmbeddingSettings) -> list[tuple[int, ...]]:
    """Tokens of the utterances whose length is nearest to `sentence_phonemes`."""
    by_length = sorted(alignments, key=lambda a: (abs(len(a.tokens) - settings.sentence_phonemes), a.id))
    return [alignment.tokens for alignment in by_length[: settings.sentences]]


def read_clip(alignment: Alignment, features: PackedFeatures, audio: Path) -> FitClip:
    """An aligned recording with its features."""
    samples = pad_to_frames(read_audio(audio)[0])
    return FitClip(alignment.tokens, alignment.durations, *features[alignment.id], samples)


def pack_similarities(
    model: KModel,
    packs: Mapping[str, Tensor],
    sentences: Sequence[Sequence[int]],
    centroids: Mapping[str, np.ndarray],
    encoder: SpeakerEncoder,
    seed: int,
) -> dict[str, dict[str, float]]:
    """Speaker → pack → cosine between the speaker's centroid and the base's speech with the pack.

    Every pack speaks every sentence (tokens) once, however many speakers there are.
    """
    found: dict[str, dict[str, float]] = {speaker: {} for speaker in centroids}
    for name, pack in track(sorted(packs.items()), "nearest voice pack"):
        voice = np.mean(
            [encoder.embed(speak(model, tokens, pack, seed).audio, SAMPLE_RATE) for tokens in sentences],
            axis=0,
        )
        for speaker, centroid in centroids.items():
            found[speaker][name] = round(float(voice @ centroid / np.linalg.norm(voice)), 4)
    return found


def fit_style(
    model: KModel, pack: Tensor, clips: Sequence[FitClip], settings: EmbeddingSettings, seed: int
) -> tuple[Tensor, dict[str, float]]:
    """The fitted pack `[510, 1, 256]`, and the losses before and after on clips that the fit did not see.

    One clip in six is held out. The model stays as it is. The prosodic half comes first: the acoustic half is
    fitted on the energy that it predicts.
    """
    pack = pack.to(model.device)
    held, seen = clips[::6], [clip for i, clip in enumerate(clips) if i % 6] or clips
    halves = [
        Half("prosodic", (HALF, 0), prosodic_loss, PROSODIC_LR, settings.prosodic_steps, 8),
        Half("acoustic", (0, HALF), acoustic_loss, ACOUSTIC_LR, settings.acoustic_steps, 2),
    ]
    facts: dict[str, float] = {}
    for half in halves:
        delta = _descend(model, pack, half, seen, settings, seed)
        moved = half.move(pack, delta)
        with torch.no_grad():
            for key, candidate in (("before", pack), ("after", moved)):
                with forward.seeded_source(model, seed):
                    loss = half.loss(model, candidate, held[: half.batch], settings)
                facts[f"{half.name}_loss_{key}"] = round(float(loss), 4)
        facts[f"{half.name}_distance"] = round(float(delta.norm()), 4)
        pack = moved
    return pack.cpu(), facts


@dataclass(frozen=True)
class Half:
    """How one half of the style is fitted: its place in the 256, its loss, and Adam's steps and batches."""

    name: str
    padding: tuple[int, int]
    loss: Callable[[KModel, Tensor, Sequence[FitClip], EmbeddingSettings], Tensor]
    lr: float
    steps: int
    batch: int

    def move(self, pack: Tensor, delta: Tensor) -> Tensor:
        """Every row of the pack, moved by delta `[128]` in this half."""
        return pack + torch.nn.functional.pad(delta, self.padding)


def _descend(
    model: KModel, pack: Tensor, half: Half, clips: Sequence[FitClip], settings: EmbeddingSettings, seed: int
) -> Tensor:
    """A step `[128]` away from the pack, by Adam under an L2 prior; the mean over the last half of its path."""
    generator = np.random.default_rng(seed)
    delta = torch.zeros(HALF, device=model.device, requires_grad=True)
    optimiser = torch.optim.Adam([delta], lr=half.lr)
    path = [delta.detach().clone()]
    for number in track(range(half.steps), f"{half.name} style"):
        chosen = [clips[i] for i in generator.choice(len(clips), min(half.batch, len(clips)), replace=False)]
        with forward.seeded_source(model, seed + number):
            loss = half.loss(model, half.move(pack, delta), chosen, settings)
            optimiser.zero_grad()
            (loss + PRIOR * delta.square().sum()).backward()
        optimiser.step()
        path.append(delta.detach().clone())
    return torch.stack(path[-max(1, half.steps // 2) :]).mean(0)


def prosodic_loss(
    model: KModel, pack: Tensor, clips: Sequence[FitClip], settings: EmbeddingSettings
) -> Tensor:
    """Durations, F0 and energy of the predictor on the clips' own durations."""
    ids, lengths, durations, frames, alignment, style = _batch(model, pack, clips)
    with torch.no_grad():
        d_en = forward.encode_phonemes(model, ids, lengths)
    logits, d = forward.predict_durations(model, d_en, prosodic(style), lengths)
    f0, energy = forward.predict_f0_energy(model, d, alignment, prosodic(style), frames)
    duration, bins = losses.duration_losses(logits, durations, lengths)
    loss = duration + losses.DURATION_BINS_WEIGHT * bins
    loss = loss + losses.f0_loss(f0, _curves(clips, "f0", ids.device), frames)
    return loss + losses.energy_loss(energy, _curves(clips, "energy", ids.device), frames)


def acoustic_loss(
    model: KModel, pack: Tensor, clips: Sequence[FitClip], settings: EmbeddingSettings
) -> Tensor:
    """L1 between log-mels of crops that the decoder makes with natural F0 and those of the recording."""
    ids, lengths, _, frames, alignment, style = _batch(model, pack, clips)
    f0 = _curves(clips, "f0", ids.device)
    with torch.no_grad():  # the predictor's energy, because that of a recording has room noise in it
        d_en = forward.encode_phonemes(model, ids, lengths)
        _, d = forward.predict_durations(model, d_en, prosodic(style), lengths)
        _, energy = forward.predict_f0_energy(model, d, alignment, prosodic(style), frames)
    length = min(settings.crop_frames, *(clip.frames for clip in clips))
    starts = [int(torch.randint(clip.frames - length + 1, ())) for clip in clips]
    timbre = acoustic(style)
    made = forward.decode_audio(model, ids, lengths, alignment, f0, energy, timbre, crop=(starts, length))
    crops = [
        clip.audio[FRAME_SAMPLES * start : FRAME_SAMPLES * (start + length)]
        for clip, start in zip(clips, starts, strict=True)
    ]
    natural = torch.from_numpy(np.stack(crops)).to(ids.device)
    return l1_loss(log_mel(made).clamp(min=MEL_FLOOR), log_mel(natural).clamp(min=MEL_FLOOR))


def _batch(
    model: KModel, pack: Tensor, clips: Sequence[FitClip]
) -> tuple[Tensor, Tensor, Tensor, Tensor, Tensor, Tensor]:
    """Padded tokens `[B, T]`, their lengths `[B]`, durations `[B, T]`, frames `[B]`, alignment `[B, T, F]`, styles
    `[B, 256]`; lengths and frames on the CPU."""
    device = model.device
    ids = pad_sequence([torch.tensor(clip.tokens) for clip in clips], batch_first=True).to(device)
    durations = pad_sequence([torch.tensor(clip.durations) for clip in clips], batch_first=True).to(device)
    lengths = torch.tensor([len(clip.tokens) for clip in clips])
    frames = torch.tensor([clip.frames for clip in clips])
    style = torch.cat([pack_row(pack, len(clip.tokens)) for clip in clips]).to(device)
    return ids, lengths, durations, frames, forward.expand(durations, int(frames.max())), style


def _curves(clips: Sequence[FitClip], name: str, device: torch.device) -> Tensor:
    """Natural F0 or energy, padded, `[B, 2F]`."""
    return pad_sequence(
        [torch.from_numpy(np.array(getattr(clip, name))) for clip in clips], batch_first=True
    ).to(device)
