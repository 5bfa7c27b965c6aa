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
from moien.score.pair import Centroids
from moien.score.sentences import Sentence, open_clip


def embed(clip: Clip, judges: Judges = DEFAULT_JUDGES) -> dict[str, np.ndarray]:
    """The embedding of a clip, unit vector `[D]`, by each speaker encoder."""
    return {name: encoder.embed(clip.samples, SAMPLE_RATE) for name, encoder in judges.encoders().items()}


def speaker_centroids(
    train: Iterable[Utterance], clips_per_speaker: int, judges: Judges = DEFAULT_JUDGES
) -> dict[str, Centroids]:
    """The centroids of each speaker, over at most `clips_per_speaker` clips.

    The clips are taken evenly over the list: neighbours often come from one recording session.
    """
    by_speaker: dict[str, list[Utterance]] = defaultdict(list)
    for utterance in train:
        by_speaker[utterance.speaker].append(utterance)
    chosen = {
        speaker: every_nth(utterances, len(utterances), clips_per_speaker)
        for speaker, utterances in sorted(by_speaker.items())
    }
    found: dict[str, list[dict[str, np.ndarray]]] = {}
    for speaker, utterance in track([(s, u) for s, us in chosen.items() for u in us], "speaker centroids"):
        clip = Clip(*read_audio(utterance.audio), name=utterance.id)
        found.setdefault(speaker, []).append(embed(clip, judges))
    return {speaker: _unit(_total(vectors)) for speaker, vectors in found.items()}


def leave_one_out(sentences: Sequence[Sentence], judges: Judges = DEFAULT_JUDGES) -> dict[str, Centroids]:
    """Sentence → centroids of the other recordings: no recording is compared with itself.

    The recordings are taken for one speaker's. A lone one can only be compared with itself.
    """
    vectors = {}
    for sentence in track(sentences, "speaker of the recordings"):
        assert sentence.natural
        vectors[sentence.id] = embed(open_clip(sentence.natural, sentence.id), judges)
    total = _total(list(vectors.values()))
    return {
        name: _unit({e: total[e] - v if len(vectors) > 1 else v for e, v in own.items()})
        for name, own in vectors.items()
    }


def floor(
    speakers: Mapping[str, Centroids], packs: Mapping[str, Mapping[str, float]]
) -> dict[str, Any] | None:
    """What similarity (Resemblyzer's) other speakers have: `{"mean", "of"}`, or None where there are none.

    Args:
        speakers: the centroids of the corpus; of several, each is compared with all others.
        packs: of a lone speaker: speaker → voice of the base → cosine, as stage 5 found it.
    """
    if len(speakers) > 1:
        centroids = [own["resemblyzer"] for own in speakers.values()]
        others = (np.stack(centroids) @ np.stack(centroids).T)[~np.eye(len(speakers), dtype=bool)]
        return {"mean": float(others.mean()), "of": f"the corpus's {len(speakers)} speakers among each other"}
    found = [cosine for own in packs.values() for cosine in own.values()]
    return {"mean": float(np.mean(found)), "of": f"the base's {len(found)} voices"} if found else None


def _total(vectors: Sequence[Centroids]) -> dict[str, np.ndarray]:
    """The sum of the vectors of each encoder."""
    return {name: np.asarray(sum(own[name] for own in vectors)) for name in vectors[0]}


def _unit(vectors: Centroids) -> dict[str, np.ndarray]:
    """The vectors at length 1."""
    return {name: vector / np.linalg.norm(vector) for name, vector in vectors.items()}
