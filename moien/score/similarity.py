"""speaker similarity: cosine between the clip's speaker embedding and the speaker's centroid.

Unit: cosine, −1..1. Direction: higher is better; the natural row (held-out recordings against the same centroid)
is the ceiling. Domain: Resemblyzer's GE2E encoder (Wan et al. 2018; weights inside the wheel), which hears the
recording channel as well as the voice; the centroid is the mean over natural clips of the train split, so no test
clip is compared with itself. NaN for a speaker without a centroid. Always Resemblyzer, whatever stage 5 uses, so
that numbers of different runs can be compared.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np

from moien.audio import SAMPLE_RATE, read_audio
from moien.corpus.datadir import Utterance
from moien.progress import track
from moien.score.clip import Clip, Pair
from moien.score.metric import Metric

if TYPE_CHECKING:
    from moien.style.embed import SpeakerEncoder


@lru_cache(maxsize=1)
def _encoder() -> SpeakerEncoder:
    from moien.style.embed import SpeakerEncoder

    return SpeakerEncoder("resemblyzer")


def embed(clip: Clip) -> np.ndarray:
    """Speaker embedding of a clip, unit norm, `[256]`."""
    return _encoder().embed(clip.samples, SAMPLE_RATE)


def speaker_centroids(
    train: Iterable[Utterance], clips_per_speaker: int, embed: Callable[[Clip], np.ndarray] = embed
) -> dict[str, np.ndarray]:
    """The centroid (unit norm) of each speaker, over at most `clips_per_speaker` of its clips.

    The clips are taken evenly over the list: neighbours often come from one recording session.
    """
    by_speaker: dict[str, list[Utterance]] = defaultdict(list)
    for utterance in train:
        by_speaker[utterance.speaker].append(utterance)
    chosen = {
        speaker: utterances[:: -(-len(utterances) // clips_per_speaker)]
        for speaker, utterances in sorted(by_speaker.items())
    }
    sums: dict[str, np.ndarray] = {}
    for speaker, utterance in track([(s, u) for s, us in chosen.items() for u in us], "speaker centroids"):
        vector = embed(Clip(*read_audio(utterance.audio), name=utterance.id))
        sums[speaker] = sums.get(speaker, 0) + vector
    return {speaker: total / np.linalg.norm(total) for speaker, total in sums.items()}


def floor(
    speakers: Mapping[str, np.ndarray], packs: Mapping[str, Mapping[str, float]]
) -> dict[str, Any] | None:
    """What other speakers reach: `{"mean", "of"}`, or None where there are none.

    Args:
        speakers: the centroids of the corpus; of several, each is held against all others.
        packs: of a lone speaker: speaker → voice of the base → cosine, as stage 5 found it.
    """
    if len(speakers) > 1:
        cosines = np.stack(list(speakers.values())) @ np.stack(list(speakers.values())).T
        others = cosines[~np.eye(len(speakers), dtype=bool)]
        return {"mean": float(others.mean()), "of": f"the corpus's {len(speakers)} speakers among each other"}
    found = [cosine for own in packs.values() for cosine in own.values()]
    return {"mean": float(np.mean(found)), "of": f"the base's {len(found)} voices"} if found else None


def similarity(pair: Pair) -> float:
    """Cosine of the spoken clip with the speaker's centroid."""
    return float("nan") if pair.centroid is None else float(embed(pair.spoken) @ pair.centroid)


METRIC = Metric("similarity", "likeness", "speaker similarity", "cosine", "high", 3,
                "how much it sounds like the speaker", similarity)  # fmt: skip
