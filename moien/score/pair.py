"""A spoken clip beside the natural recording of the same sentence: what a metric is computed from."""

from __future__ import annotations

from functools import cached_property

import numpy as np
from scipy.spatial.distance import cdist

from moien.score.clip import Clip
from moien.score.judges import DEFAULT_JUDGES, Judges
from moien.score.phones import Edits, phone_edits, phones_of
from moien.score.speakers import Centroids, embed


class Pair:
    """A spoken clip against the natural recording of the same sentence.

    Args:
        natural: the recording.
        spoken: what is scored; the same object as `natural` scores the recording itself.
        centroids: the speaker's, by encoder (`moien.score.speakers`); without one there is no similarity.
        phonemes: those of the sentence, in Kokoro's symbols, or "" where they are not known.
        text: the sentence as it is spoken, numbers in words, or "" where it is not known.
        judges: the models that score.
    """

    def __init__(
        self,
        natural: Clip,
        spoken: Clip,
        centroids: Centroids | None = None,
        phonemes: str = "",
        text: str = "",
        judges: Judges = DEFAULT_JUDGES,
    ) -> None:
        self.natural, self.spoken, self.centroids = natural, spoken, centroids or {}
        self.phonemes, self.text, self.judges = phonemes, text, judges

    def similarity(self, encoder: str) -> float:
        """Cosine of the spoken clip with the speaker's centroid; NaN where there is none of this encoder."""
        if encoder not in self.centroids:
            return float("nan")
        return float(embed(self.spoken, self.judges, encoder) @ self.centroids[encoder])

    @cached_property
    def edits(self) -> Edits | None:
        """From the phonemes to the phones that are recognised in the spoken clip; None where either is missing."""
        recogniser = self.judges.open_recogniser() if self.phonemes else None
        if recogniser is None:
            return None
        found = [phone for phone, _, _ in recogniser.phones(self.spoken.samples)]
        return phone_edits(phones_of(self.phonemes), found)

    @cached_property
    def transcript(self) -> str | None:
        """The transcriber's text of the spoken clip; None without a transcriber or a text to compare with."""
        transcriber = self.judges.open_transcriber() if self.text else None
        return transcriber.text(self.spoken.samples) if transcriber else None

    @cached_property
    def path(self) -> tuple[np.ndarray, np.ndarray]:
        """Value indices `[P]` into natural and spoken along the cheapest path (DTW), over speech alone."""
        import librosa

        ours, theirs = (np.flatnonzero(clip.speech) for clip in (self.natural, self.spoken))
        cost = cdist(self.natural.mel_cepstrum[ours, 1:], self.spoken.mel_cepstrum[theirs, 1:])
        path = librosa.sequence.dtw(C=cost)[1]
        return ours[path[::-1, 0]], theirs[path[::-1, 1]]
