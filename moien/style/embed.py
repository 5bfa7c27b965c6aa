"""Speaker embeddings, directions of unit length for the speaker of a clip; clips that are far from their speaker.

The encoder is Resemblyzer (GE2E, Wan et al. 2018): its wheel contains the weights, so it works offline.
"""

from __future__ import annotations

import json
import warnings
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np

from moien.audio import resample
from moien.errors import WrongData

ENCODER_RATE = 16_000  # Hz
SHORTEST_SAMPLES = 8_000  # at that rate; a shorter clip is padded, so that the encoder always has frames
OUTLIER_Z = 4.0  # robust standard deviations from the speaker's median clip: at 4, short clips are not listed
SPREAD_FLOOR = 0.05  # added to the spread: equal clips have none, and are no outliers
MAD_TO_SIGMA = 1.4826  # of a normal distribution

Embed = Callable[[np.ndarray], np.ndarray]


class SpeakerEncoder:
    """Resemblyzer, loaded once in a process for each device."""

    def __init__(self, device: str = "cpu") -> None:
        self._embed = _resemblyzer(device)

    def embed(self, samples: np.ndarray, rate: int) -> np.ndarray:
        """The embedding, float32 `[D]` of unit norm, of samples `[N]`; WrongData for silence."""
        if not samples.any():
            raise WrongData("silence has no speaker")
        samples = resample(samples, rate, ENCODER_RATE).astype(np.float32)
        samples = np.pad(samples, (0, max(0, SHORTEST_SAMPLES - len(samples))))
        vector = self._embed(samples).astype(np.float32)
        return vector / np.linalg.norm(vector)


@lru_cache(maxsize=2)
def _resemblyzer(device: str) -> Embed:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # webrtcvad and scipy deprecations inside the package
        from resemblyzer import VoiceEncoder, preprocess_wav

    encoder = VoiceEncoder(device, verbose=False)

    def embed(samples: np.ndarray) -> np.ndarray:
        voiced = preprocess_wav(samples)  # level, and long pauses cut out
        return encoder.embed_utterance(voiced if len(voiced) else samples)

    return embed


@dataclass(frozen=True)
class Outlier:
    """A clip that does not sound like its speaker: another speaker, or bad audio."""

    similarity: float  # cosine with the speaker's centroid
    robust_z: float  # how many standard deviations farther away than the speaker's median clip
    nearest_speaker: str


@dataclass(frozen=True)
class Speaker:
    """Statistics of a speaker's embeddings: their centroid `[D]` of unit norm, and how close they are to it."""

    utterances: int
    median_similarity: float
    lowest_similarity: float
    outliers: dict[str, Outlier]
    centroid: np.ndarray

    def facts(self) -> dict[str, object]:
        """All but the centroid, for JSON."""
        return {key: value for key, value in asdict(self).items() if key != "centroid"}


def describe_speakers(
    speakers: Mapping[str, str], embeddings: Mapping[str, np.ndarray]
) -> dict[str, Speaker]:
    """Statistics of every speaker, from utterance → speaker and utterance → embedding.

    An utterance is an outlier when the logarithm of its distance (1 − cosine) from the centroid lies
    `OUTLIER_Z` robust standard deviations (1.4826 · MAD) above the speaker's median; in the logarithm, because
    distances have a long tail of short clips. Fewer than five clips have no outliers.
    """
    members: dict[str, list[str]] = {}
    for utterance in sorted(embeddings):
        members.setdefault(speakers[utterance], []).append(utterance)
    centroids = {}
    for name, utterances in sorted(members.items()):
        total = np.sum([embeddings[u] for u in utterances], axis=0)
        centroids[name] = (total / np.linalg.norm(total)).astype(np.float32)
    described = {}
    for name, utterances in sorted(members.items()):
        cosines = np.array([embeddings[u] @ centroids[name] for u in utterances])
        distances = np.log(np.maximum(1 - cosines, 1e-4))
        excess = distances - np.median(distances)
        z = excess / (MAD_TO_SIGMA * np.median(np.abs(excess)) + SPREAD_FLOOR)
        outliers = {
            utterance: Outlier(
                round(float(cosines[i]), 4),
                round(float(z[i]), 2),
                max(centroids, key=lambda other: float(embeddings[utterance] @ centroids[other])),
            )
            for i, utterance in enumerate(utterances)
            if len(utterances) >= 5 and z[i] > OUTLIER_Z
        }
        described[name] = Speaker(
            len(utterances),
            round(float(np.median(cosines)), 4),
            round(float(cosines.min()), 4),
            outliers,
            centroids[name],
        )
    return described


def write_embeddings(folder: Path, split: str, embeddings: Mapping[str, np.ndarray]) -> None:
    """`SPLIT.safetensors` with `embedding` `[N, D]` and `SPLIT.index.json` with the N utterances."""
    from safetensors.numpy import save_file

    ids = sorted(embeddings)
    rows = np.stack([embeddings[u] for u in ids]) if ids else np.zeros((0, 0), np.float32)
    save_file({"embedding": rows}, folder / f"{split}.safetensors")
    text = json.dumps(ids, indent=0, ensure_ascii=False) + "\n"
    (folder / f"{split}.index.json").write_text(text, encoding="utf-8")
