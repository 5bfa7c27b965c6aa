"""Centroids of speakers: the mean direction of the embeddings of their recordings."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from moien.audio import SAMPLE_RATE, read_audio
from moien.corpus.datadir import Utterance
from moien.evenly import every_nth
from moien.progress import track
from moien.score.clip import Clip
from moien.score.judges import DEFAULT_JUDGES, Judges
from moien.score.sentences import Sentence, open_clip

CLIPS = 60  # of a speaker for its centroid: with more, its direction no longer moves


def embed(clip: Clip, judges: Judges = DEFAULT_JUDGES) -> np.ndarray:
    """The embedding of a clip, unit vector `[D]`."""
    return judges.open_encoder().embed(clip.samples, SAMPLE_RATE)


def speaker_centroids(
    train: Iterable[Utterance], clips_per_speaker: int = CLIPS, judges: Judges = DEFAULT_JUDGES
) -> dict[str, np.ndarray]:
    """The centroid of each speaker, unit vector `[D]`, over at most `clips_per_speaker` clips.

    The clips are taken evenly over the list: neighbours often come from one recording session.
    """
    by_speaker: dict[str, list[Utterance]] = defaultdict(list)
    for utterance in train:
        by_speaker[utterance.speaker].append(utterance)
    chosen = {
        speaker: every_nth(utterances, len(utterances), clips_per_speaker)
        for speaker, utterances in sorted(by_speaker.items())
    }
    found: dict[str, list[np.ndarray]] = {}
    for speaker, utterance in track([(s, u) for s, us in chosen.items() for u in us], "speaker centroids"):
        clip = Clip(*read_audio(utterance.audio), name=utterance.id)
        found.setdefault(speaker, []).append(embed(clip, judges))
    return {speaker: _unit(np.asarray(sum(vectors))) for speaker, vectors in found.items()}


def leave_one_out(sentences: Sequence[Sentence], judges: Judges = DEFAULT_JUDGES) -> dict[str, np.ndarray]:
    """Sentence → centroid of the other recordings: no recording is compared with itself.

    The recordings are taken for one speaker's. A lone one can only be compared with itself.
    """
    vectors = {}
    for sentence in track(sentences, "speaker of the recordings"):
        assert sentence.natural
        vectors[sentence.id] = embed(open_clip(sentence.natural, sentence.id), judges)
    total = np.asarray(sum(vectors.values()))
    return {name: _unit(total - own if len(vectors) > 1 else own) for name, own in vectors.items()}


def floor(
    speakers: Mapping[str, np.ndarray], packs: Mapping[str, Mapping[str, float]]
) -> dict[str, Any] | None:
    """The similarity that other speakers have: `{"mean", "of"}`, or None where there are none.

    Args:
        speakers: the centroids of the corpus; of several, each is compared with all others.
        packs: of a lone speaker: speaker → voice of the base → cosine, as stage 5 found it.
    """
    if len(speakers) > 1:
        centroids = list(speakers.values())
        others = (np.stack(centroids) @ np.stack(centroids).T)[~np.eye(len(speakers), dtype=bool)]
        return {"mean": float(others.mean()), "of": f"the corpus's {len(speakers)} speakers among each other"}
    found = [cosine for own in packs.values() for cosine in own.values()]
    return {"mean": float(np.mean(found)), "of": f"the base's {len(found)} voices"} if found else None


def _unit(vector: np.ndarray) -> np.ndarray:
    """The vector at length 1."""
    return vector / np.linalg.norm(vector)
