"""What is played to a listener, in which order: blind, balanced, another order for each listener.

mos     absolute category rating, one sound at a time, 1 to 5 (ITU-T P.800)
ab      which of two is better, or neither; every pair of systems, the sides drawn
mushra  all systems of a sentence beside a named reference, 0 to 100, the reference hidden among them as well
        (after ITU-R BS.1534, without its anchors)
"""

from __future__ import annotations

import hashlib
import io
import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path

import numpy as np
import soundfile

from moien.audio import HOP_SAMPLES, SAMPLE_RATE
from moien.corpus.recordings import find_audio
from moien.errors import WrongCall, WrongData
from moien.evenly import evenly
from moien.progress import track
from moien.score.clip import EDGE_SAMPLES, Clip
from moien.score.sentences import open_clip

KINDS = ("mos", "ab", "mushra")
SCALES: dict[str, tuple[float, float]] = {"mos": (1, 5), "ab": (-1, 1), "mushra": (0, 100)}


@dataclass(frozen=True)
class Trial:
    """One screen: the systems whose sounds are on it, in this order, all of the same sentence."""

    sentence: str
    systems: tuple[str, ...]


@dataclass(frozen=True)
class Test:
    """A listening test. The first system is the reference of a mushra test.

    `sounds` is a digest of all sounds: answers about one voice are not valid for its successor.
    """

    kind: str
    systems: tuple[str, ...]
    sentences: tuple[str, ...]
    seed: int
    sounds: str = ""

    def trials(self, listener: str) -> list[Trial]:
        """All screens of a listener; the same listener gets the same ones again."""
        draw = random.Random(f"{self.seed} {listener}")  # a string seeds by its bytes: the same everywhere
        choices: Sequence[tuple[str, ...]] = [self.systems]
        if self.kind == "mos":
            choices = [(system,) for system in self.systems]
        elif self.kind == "ab":
            choices = list(combinations(self.systems, 2))
        trials = [
            Trial(sentence, tuple(draw.sample(choice, len(choice))))
            for sentence in self.sentences
            for choice in choices
        ]
        draw.shuffle(trials)
        return trials

    def answers(self, trial: Trial) -> int:
        """The number of ratings of a screen."""
        return len(trial.systems) if self.kind == "mushra" else 1


def pair_systems(folders: Mapping[str, Mapping[str, Path]], most: int) -> dict[str, dict[str, Path]]:
    """System → sentence → wav, of at most `most` sentences, evenly taken.

    Raises:
        WrongCall: fewer than two systems.
        WrongData: a system without sounds, or sentences that not all systems have, by name.
    """
    if len(folders) < 2:
        raise WrongCall("a test needs two systems", remedy="moien listen recordings speech, or --recipe lb")
    everything = sorted({name for sounds in folders.values() for name in sounds})
    for system, sounds in folders.items():
        if lacking := [name for name in everything if name not in sounds]:
            named = ", ".join(lacking[:5]) + (" …" if len(lacking) > 5 else "")
            raise WrongData(
                f"{len(lacking)} of {len(everything)} sentences are missing: {named}",
                where=system,
                remedy="every folder needs the same names: a.wav in each",
            )
    chosen = evenly(everything, most)
    return {system: {name: sounds[name] for name in chosen} for system, sounds in folders.items()}


def read_folders(folders: Sequence[Path]) -> dict[str, dict[str, Path]]:
    """System → sentence → wav: a folder is a system, called by its name, or its path where two have one name."""
    names = [folder.resolve().name for folder in folders]
    systems = {}
    for folder, name in zip(folders, names, strict=True):
        sounds = find_audio(folder)
        if not sounds:
            raise WrongData("there is no audio in it", where=folder)
        systems[name if names.count(name) == 1 else str(folder)] = sounds
    return systems


def load_sounds(systems: Mapping[str, Mapping[str, Path]]) -> dict[tuple[str, str], bytes]:
    """(system, sentence) → a wav. All have one rate, one loudness and 75 ms at the edges, so that nothing but the voice
    differs between systems. WrongData for a sound that is broken or silent."""
    sounds = {}
    for system, sentence in track([(s, name) for s in systems for name in systems[s]], "sounds"):
        clip = open_clip(systems[system][sentence], sentence)
        where = np.flatnonzero(clip.speech) * HOP_SAMPLES
        cut = np.pad(clip.samples, EDGE_SAMPLES)[where[0] : where[-1] + 2 * EDGE_SAMPLES]
        wav = io.BytesIO()
        pcm = np.round(Clip(cut).samples * 32767).astype(
            np.int16
        )  # levelled again: long pauses had a part in the first level
        soundfile.write(wav, pcm, SAMPLE_RATE, subtype="PCM_16", format="WAV")
        sounds[system, sentence] = wav.getvalue()
    return sounds


def digest(sounds: Mapping[tuple[str, str], bytes]) -> str:
    """Of all sounds of a test."""
    parts = [hashlib.sha256(sounds[key]).digest() for key in sorted(sounds)]
    return hashlib.sha256(b"".join(parts)).hexdigest()[:16]
