"""Centroids of speakers: the mean direction of the embeddings of their recordings, for each encoder."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
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
RESEMBLYZER, DVECTOR = "resemblyzer", "dvector"
ENCODERS: dict[str, Callable[[Clip, Judges], np.ndarray]] = {
    RESEMBLYZER: lambda clip, judges: judges.open_encoder().embed(clip.samples, SAMPLE_RATE),
    DVECTOR: lambda clip, judges: judges.open_dvector().embed(clip.at_16k),  # it does not cut pauses itself
}
Centroids = Mapping[str, np.ndarray]  # encoder → the centroid of a speaker, unit vector `[D]`


def embed(clip: Clip, judges: Judges = DEFAULT_JUDGES, encoder: str = RESEMBLYZER) -> np.ndarray:
    """The embedding of a clip, unit vector `[D]`."""
    return ENCODERS[encoder](clip, judges)


def speaker_centroids(
    train: Iterable[Utterance],
    clips_per_speaker: int = CLIPS,
    judges: Judges = DEFAULT_JUDGES,
    encoders: Iterable[str] = tuple(ENCODERS),
) -> dict[str, Centroids]:
    """The centroids of each speaker, over at most `clips_per_speaker` clips.

    The clips are taken evenly over the list: neighbours often come from one recording session.
    """
    names = tuple(encoders)
    by_speaker: dict[str, list[Utterance]] = defaultdict(list)
    for utterance in train:
        by_speaker[utterance.speaker].append(utterance)
    chosen = {
        speaker: every_nth(utterances, len(utterances), clips_per_speaker)
        for speaker, utterances in sorted(by_speaker.items())
    }
    found: dict[str, list[Centroids]] = {}
    for speaker, utterance in track([(s, u) for s, us in chosen.items() for u in us], "speaker centroids"):
        clip = Clip(*read_audio(utterance.audio), name=utterance.id)
        found.setdefault(speaker, []).append({name: embed(clip, judges, name) for name in names})
    return {
        speaker: {name: _unit(np.asarray(sum(clip[name] for clip in clips))) for name in names}
        for speaker, clips in found.items()
    }


def leave_one_out(sentences: Sequence[Sentence], judges: Judges = DEFAULT_JUDGES) -> dict[str, Centroids]:
    """Sentence → centroids of the other recordings: no recording is compared with itself.

    The recordings are taken for one speaker's. A lone one can only be compared with itself.
    """
    vectors = {}
    for sentence in track(sentences, "speaker of the recordings"):
        assert sentence.natural
        clip = open_clip(sentence.natural, sentence.id)
        vectors[sentence.id] = {name: embed(clip, judges, name) for name in ENCODERS}
    total = {name: np.asarray(sum(own[name] for own in vectors.values())) for name in ENCODERS}
    return {
        sentence: {name: _unit(total[name] - own[name] if len(vectors) > 1 else own[name]) for name in own}
        for sentence, own in vectors.items()
    }


def floor(
    speakers: Mapping[str, Centroids], packs: Mapping[str, Mapping[str, float]]
) -> dict[str, Any] | None:
    """The similarity (Resemblyzer) that other speakers have: `{"mean", "of"}`, or None where there are none.

    Args:
        speakers: the centroids of the corpus; of several, each is compared with all others.
        packs: of a lone speaker: speaker → voice of the base → cosine, as stage 5 found it.
    """
    if len(speakers) > 1:
        centroids = [centroids[RESEMBLYZER] for centroids in speakers.values()]
        others = (np.stack(centroids) @ np.stack(centroids).T)[~np.eye(len(speakers), dtype=bool)]
        return {"mean": float(others.mean()), "of": f"the corpus's {len(speakers)} speakers among each other"}
    found = [cosine for own in packs.values() for cosine in own.values()]
    return {"mean": float(np.mean(found)), "of": f"the base's {len(found)} voices"} if found else None


def _unit(vector: np.ndarray) -> np.ndarray:
    """The vector at length 1."""
    return vector / np.linalg.norm(vector)
