"""Text to speech with a Kokoro voice: `moien say`, stage 7 and the samples of training all use it.

The tokens are made by the same `symbols.encode` as those of training. An engine makes speech of them: KModel's own
forward, or the exported graph in onnxruntime. Nothing here imports torch.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np

from moien.errors import WrongCall, WrongData
from moien.kokoro.symbols import MAX_PHONEMES, PAUSE_SYMBOLS, encode
from moien.text import Frontend, Phonemes, open_frontend
from moien.text.gaps import read_with_gaps

BREAKS = (".!?…", ";:—", ",", " ")  # where a long text may be split, the best first


class Engine(Protocol):
    """A Kokoro model with the voice packs of its speakers."""

    speakers: Sequence[str]

    def speak(
        self, tokens: Sequence[int], speaker: str, speed: float, seed: int
    ) -> tuple[np.ndarray, tuple[int, ...]]:
        """Audio float32 [N] at 24 kHz of tokens with both boundaries, and the frames of each token."""


@dataclass(frozen=True)
class Speech:
    """Audio float32 [N] at 24 kHz, and what it was made of: phonemes, their tokens, frames of each token.

    A text that is too long for one call has the tokens of several parts in sequence, each between its boundaries.
    """

    audio: np.ndarray
    tokens: tuple[int, ...]
    durations: tuple[int, ...]
    phonemes: str


class Synthesiser:
    """An engine, and the front end that reads its language."""

    def __init__(self, engine: Engine, frontend: Frontend | None = None) -> None:
        """Without a front end it speaks phonemes only."""
        self.engine, self.frontend = engine, frontend

    @property
    def speakers(self) -> list[str]:
        """The speakers, sorted."""
        return sorted(self.engine.speakers)

    def speak(self, text: str | Phonemes, speaker: str, speed: float = 1.0, seed: int = 0) -> Speech:
        """Speak a text, or phonemes; the same seed gives the same samples. Audio above full scale is scaled down.

        Signs that cannot be spoken are left out with a warning (`moien.text.gaps`).

        WrongCall for an unknown speaker, WrongData for a text that cannot be spoken.
        """
        if speaker not in self.engine.speakers:
            raise WrongCall(
                f"there is no speaker {speaker!r}", remedy=f"the speakers are {', '.join(self.speakers)}"
            )
        if isinstance(text, str):
            if self.frontend is None:
                raise ValueError("a voice without a front end speaks phonemes only")
            text = read_with_gaps(self.frontend, text)
        parts = [self._speak_part(part, speaker, speed, seed) for part in split(text.phonemes)]
        audio = np.concatenate([part.audio for part in parts])
        return Speech(
            audio / max(1.0, float(np.abs(audio).max())),
            tuple(token for part in parts for token in part.tokens),
            tuple(frames for part in parts for frames in part.durations),
            text.phonemes,
        )

    def _speak_part(self, phonemes: str, speaker: str, speed: float, seed: int) -> Speech:
        tokens = encode(phonemes)
        audio, durations = self.engine.speak(tokens, speaker, speed, seed)
        if not np.isfinite(audio).all():
            raise WrongData("the model gives samples that are not finite", where=phonemes)
        return Speech(audio, tuple(tokens), durations, phonemes)


def split(phonemes: str, limit: int = MAX_PHONEMES) -> list[str]:
    """Parts of at most `limit` phonemes, split at the last sentence end that fits, else comma, else space.

    Spaces at the edges of a part are removed; WrongData if no phone is left.
    """
    parts, rest = [], phonemes.strip()
    while len(rest) > limit:
        ends = (max(rest.rfind(mark, 0, limit) for mark in marks) + 1 for marks in BREAKS)
        cut = next((end for end in ends if end), limit)
        parts.append(rest[:cut].strip())
        rest = rest[cut:].strip()
    parts = [part for part in [*parts, rest] if not PAUSE_SYMBOLS.issuperset(part)]
    if not parts:
        raise WrongData("there is nothing to speak", where=repr(phonemes))
    return parts


def load_voice(folder: Path, frontend: Path | Frontend, device: str = "cpu") -> Synthesiser:
    """The voice of stage 6 (or any folder with one .pth, config.json and voices/*.pt), all its speakers, by torch.

    `frontend` may be the folder that stage 2 wrote.
    """
    from moien.kokoro.base import Base
    from moien.kokoro.speak import TorchEngine

    reader = open_frontend(frontend) if isinstance(frontend, Path) else frontend
    return Synthesiser(TorchEngine.load(Base(folder), device), reader)


def open_voice(folder: Path, threads: int) -> Synthesiser:
    """The voice that stage 9 wrote, all its speakers, by onnxruntime."""
    from moien.export.engine import OnnxEngine

    return Synthesiser(OnnxEngine(folder / "onnx", threads), open_frontend(folder / "frontend"))
