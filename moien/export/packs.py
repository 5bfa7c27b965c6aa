"""Voice packs in the layout of each runtime.

A pack has a row for each length: a sentence of n phonemes has the style of row n − 1. Some runtimes take row n. Their
files are shifted by one row, so that all of them speak with the same style.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np

from moien.kokoro.symbols import MAX_PHONEMES

SHERPA_ROWS = (
    MAX_PHONEMES + 1
)  # sherpa-onnx ends the process at a sentence with as many phonemes as the file has rows


def write_npz(packs: Mapping[str, np.ndarray], path: Path) -> None:
    """kokoro-onnx, and Moien: name → float32 `[510, 1, 256]`, row n − 1."""
    with path.open("wb") as file:
        np.savez(file, allow_pickle=False, **packs)


def write_sherpa(packs: Mapping[str, np.ndarray], path: Path) -> None:
    """sherpa-onnx: raw float32 `[speakers, 511, 256]`, row n."""
    np.stack([shifted(pack, SHERPA_ROWS) for pack in packs.values()]).tofile(path)


def write_raw(pack: np.ndarray, path: Path) -> None:
    """kokoro-js: raw float32 `[510, 256]`, row n, and the last one for 510 phonemes."""
    shifted(pack, MAX_PHONEMES).tofile(path)


def shifted(pack: np.ndarray, rows: int) -> np.ndarray:
    """`[rows, 256]` of a pack `[510, 1, 256]`: row n is that of n phonemes; row 0, of none, is that of one."""
    return np.concatenate([pack[:1], pack])[:rows, 0]
