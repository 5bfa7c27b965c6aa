"""F0 and energy of a split in one file, instead of thousands of small ones.

`SPLIT.safetensors` holds `f0` and `energy`, float32 `[values of all utterances]`, one after another;
`SPLIT.index.json` has the place of each: `{utterance: [offset, length]}`. Readers map the file into memory.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np

from moien.audio import FRAME_SAMPLES, SAMPLE_RATE, pad_to_frames, read_audio
from moien.errors import WrongData
from moien.features.settings import FeatureSettings
from moien.pool import in_parallel


@dataclass(frozen=True)
class Measured:
    """F0 in Hz (0 unvoiced) and Kokoro's energy of an utterance, each float32 `[2 · frames]`."""

    id: str
    f0: np.ndarray
    energy: np.ndarray


def measure(samples: np.ndarray, settings: FeatureSettings) -> tuple[np.ndarray, np.ndarray]:
    """F0 and energy, float32 `[2 · frames]` each, of samples `[N]` at 24 kHz."""
    import torch

    from moien.features.f0 import f0_hz
    from moien.features.mel import energy, log_mel

    samples = pad_to_frames(samples)
    f0 = f0_hz(
        samples,
        len(samples) // FRAME_SAMPLES,
        floor_hz=settings.f0_floor_hz,
        ceiling_hz=settings.f0_ceiling_hz,
        gate_db=settings.gate_db,
    )
    return f0, energy(log_mel(torch.from_numpy(samples))).numpy()


def measure_all(
    files: Collection[tuple[str, Path]], settings: FeatureSettings, nj: int
) -> Iterator[Measured]:
    """Measure (utterance, file at 24 kHz) of many utterances in `nj` processes; the results keep the given order."""
    return in_parallel(partial(_measure_file, settings=settings), files, nj, "F0 and energy", torch=True)


def _measure_file(item: tuple[str, Path], settings: FeatureSettings) -> Measured:
    utterance, path = item
    samples, rate = read_audio(path)
    if rate != SAMPLE_RATE:
        raise WrongData(f"{rate} Hz, not {SAMPLE_RATE}", where=path, remedy="run stage 1 again")
    return Measured(utterance, *measure(samples, settings))


def write_packed(folder: Path, split: str, utterances: Iterable[Measured]) -> None:
    """Write the two files of a split; the same utterances in the same order give the same bytes."""
    from safetensors.numpy import save_file

    index: dict[str, tuple[int, int]] = {}
    f0, energy, offset = [np.zeros(0, np.float32)], [np.zeros(0, np.float32)], 0
    for utterance in utterances:
        index[utterance.id] = (offset, len(utterance.f0))
        offset += len(utterance.f0)
        f0.append(utterance.f0)
        energy.append(utterance.energy)
    save_file({"f0": np.concatenate(f0), "energy": np.concatenate(energy)}, folder / f"{split}.safetensors")
    text = json.dumps(index, indent=0, ensure_ascii=False) + "\n"
    (folder / f"{split}.index.json").write_text(text, encoding="utf-8")


class PackedFeatures(Mapping[str, tuple[np.ndarray, np.ndarray]]):
    """Utterance → (f0, energy) of a split: read-only views `[2 · frames]` of the mapped file."""

    def __init__(self, folder: str | Path, split: str) -> None:
        """Open `folder/split.safetensors`; WrongData when it is missing, cut or does not fit its index."""
        path = Path(folder) / f"{split}.safetensors"
        try:
            self._index = json.loads(path.with_name(f"{split}.index.json").read_text(encoding="utf-8"))
            self._f0, self._energy = map_tensors(path, ("f0", "energy"))
            places = [(offset, length) for offset, length in self._index.values()]
            if not all(type(number) is int and number >= 0 for place in places for number in place):
                raise ValueError("an offset or a length is no whole number")
        except (OSError, ValueError, KeyError, TypeError, AttributeError, OverflowError) as error:
            raise WrongData(f"no packed features: {error}", where=path, remedy="run stage 4 again") from error
        needed = max((offset + length for offset, length in places), default=0)
        if not len(self._f0) == len(self._energy) == needed:
            raise WrongData(
                f"the index needs {needed} values, the file has {len(self._f0)}",
                where=path,
                remedy="run stage 4 again",
            )

    def __getitem__(self, utterance: str) -> tuple[np.ndarray, np.ndarray]:
        offset, length = self._index[utterance]
        return self._f0[offset : offset + length], self._energy[offset : offset + length]

    def __contains__(self, utterance: object) -> bool:
        return utterance in self._index  # the inherited method would read the values

    def length(self, utterance: str) -> int:
        """Number of values of F0 (and of energy) of an utterance, without access to the file."""
        length: int = self._index[utterance][1]
        return length

    def __iter__(self) -> Iterator[str]:
        return iter(self._index)

    def __len__(self) -> int:
        return len(self._index)


def map_tensors(path: Path, names: Iterable[str]) -> list[np.ndarray]:
    """Map float32 tensors of a safetensors file into memory; the library itself would copy them for numpy.

    OSError, ValueError, KeyError or TypeError when the file is missing, cut, or holds something else.
    """
    with path.open("rb") as file:
        size = int.from_bytes(file.read(8), "little")
        if size > path.stat().st_size:
            raise ValueError("this is no safetensors file")
        header = json.loads(file.read(size))
    tensors = []
    for name in names:
        start, end = header[name]["data_offsets"]
        if header[name]["dtype"] != "F32":
            raise ValueError(f"{name} is {header[name]['dtype']}, not F32")
        empty = start == end  # the system cannot map zero bytes
        values = (
            np.zeros(0, np.float32)
            if empty
            else np.memmap(path, np.float32, "r", offset=8 + size + start, shape=((end - start) // 4,))
        )
        tensors.append(values.reshape(header[name]["shape"]))
    return tensors
