"""The exported voice in onnxruntime: an engine of `moien.synth` without torch."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import onnxruntime

from moien.errors import WrongData
from moien.kokoro.style import pack_row

STAGE_9 = "run stage 9 again with --force"


class OnnxEngine:
    """The model and the packs of a folder `onnx/`.

    The noise of its source cannot be seeded: it is the same in every session, and other in each sentence of a session.
    """

    def __init__(self, folder: Path, threads: int) -> None:
        """WrongData if a file is missing or damaged."""
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        try:
            with np.load(folder / "voices.bin", allow_pickle=False) as packs:
                self._packs = {name: packs[name] for name in packs.files}
            self._session = onnxruntime.InferenceSession(folder / "model.onnx", options)
        except Exception as error:  # onnxruntime has its own kinds for each damage
            raise WrongData(f"this is no exported voice: {error}", where=folder, remedy=STAGE_9) from None
        self.speakers: Sequence[str] = list(self._packs)

    def speak(
        self, tokens: Sequence[int], speaker: str, speed: float, seed: int
    ) -> tuple[np.ndarray, tuple[int, ...]]:
        """Audio and the frames of each token; `seed` has no effect."""
        feed = {
            "input_ids": np.array([tokens]),
            "style": pack_row(self._packs[speaker], len(tokens)),
            "speed": np.array([speed], np.float32),
        }
        audio, durations, _ = self._session.run(None, feed)
        return audio, tuple(durations.tolist())
