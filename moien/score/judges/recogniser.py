"""A phone recogniser, trained on a corpus's own recordings: which phones are in a clip, without knowing its sentence.

Convolutions over log-mel with connectionist temporal classification (Graves et al. 2006), greedy decoding. There is
no recurrence and no language model on purpose: its context is half a second on each side of a phone, so it cannot
guess a sentence that was not spoken. It is trained on one voice and must judge others too, so each clip is augmented
anew whenever it is used (`moien.score.judges.augment`). What a phone is: `moien.score.phones`.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Sequence
from functools import lru_cache
from itertools import groupby
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from moien.audio import HOP_SAMPLES, SAMPLE_RATE
from moien.errors import WrongData
from moien.files import written_whole
from moien.progress import track
from moien.score.judges.aligner import GaussianPhones, train_gaussian_phones
from moien.score.judges.augment import MELS, augmented, log_mel, normalised
from moien.score.phones import words_of

WIDTH = 160
DILATIONS = (1, 2, 4, 1, 2)
FRAME_S = 2 * HOP_SAMPLES / SAMPLE_RATE  # 25 ms: one output
BATCH_FRAMES = 2400  # of the mel, 30 s
RATE = 3e-3  # of AdamW at its highest; one cycle (Smith and Topin 2018)
EPOCHS, EPOCHS_MINUTES, MOST_EPOCHS = 24, 45.0, 80  # with more or less speech, by the root of the ratio
BLANK = 0
GAUSSIANS = ("weights", "bias", "prior")  # tensors of the Gaussian phones, in the same file


class _Norm(nn.LayerNorm):
    def forward(self, x: Tensor) -> Tensor:
        return super().forward(x.transpose(1, 2)).transpose(1, 2)


class _Block(nn.Module):
    def __init__(self, dilation: int) -> None:
        super().__init__()
        self.conv = nn.Conv1d(WIDTH, WIDTH, 5, padding=2 * dilation, dilation=dilation)
        self.norm = _Norm(WIDTH)
        self.drop = nn.Dropout(0.1)

    def forward(self, x: Tensor) -> Tensor:
        return x + self.drop(nn.functional.gelu(self.conv(self.norm(x))))


class Network(nn.Module):
    """Normalised log-mel `[B, T, 64]` → log posteriors of blank and phones `[B, ⌈T / 2⌉, C + 1]`."""

    def __init__(self, phones: int) -> None:
        super().__init__()
        self.body = nn.Sequential(
            nn.Conv1d(MELS, WIDTH, 5, padding=2, stride=2),
            nn.GELU(),
            *(_Block(dilation) for dilation in DILATIONS),
            _Norm(WIDTH),
            nn.Dropout(0.1),
            nn.Conv1d(WIDTH, phones + 1, 1),
        )

    def forward(self, mel: Tensor) -> Tensor:
        return self.body(mel.transpose(1, 2)).transpose(1, 2).log_softmax(dim=-1)


def batches(lengths: list[int], generator: torch.Generator) -> list[list[int]]:
    """Utterances of like length together, each batch of at most `BATCH_FRAMES`, in random order."""
    jitter = torch.rand(len(lengths), generator=generator) * 0.3 + 0.85
    order = sorted(range(len(lengths)), key=lambda i: lengths[i] * float(jitter[i]))
    found: list[list[int]] = [[]]
    for i in order:
        if found[-1] and (len(found[-1]) + 1) * max(lengths[j] for j in [*found[-1], i]) > BATCH_FRAMES:
            found.append([])
        found[-1].append(i)
    return [found[i] for i in torch.randperm(len(found), generator=generator)]


class Recogniser:
    """A trained recogniser; `open_recogniser` opens what `train_recogniser` wrote."""

    def __init__(
        self, network: Network, table: Sequence[str], gaussians: GaussianPhones, device: str
    ) -> None:
        self._network, self._device = network.eval().to(device), device
        self.table, self._gaussians = tuple(table), gaussians

    @torch.inference_mode()
    def phones(self, samples: np.ndarray) -> list[tuple[str, float, float]]:
        """Phone, start and end in seconds of what is recognised in samples at 24 kHz, in order.

        The times are where the network is sure of the phone, which is a part of its length.
        """
        mel = normalised(log_mel(samples))[None].to(self._device)
        best = self._network(mel)[0].argmax(dim=-1).tolist()
        found, frame = [], 0
        for label, run in groupby(best):
            count = len(list(run))
            if label != BLANK:
                found.append((self.table[label - 1], frame * FRAME_S, (frame + count) * FRAME_S))
            frame += count
        return found

    def alignment_fit(self, samples: np.ndarray, phonemes: str) -> float:
        """See `moien.score.metrics.alignment_fit`."""
        return self._gaussians.fit(normalised(log_mel(samples)).numpy(), words_of(phonemes))


@lru_cache(maxsize=1)
def open_recogniser(path: Path, device: str = "cpu") -> Recogniser:
    """The recogniser of a file, opened once in a process.

    Raises:
        WrongData: the file is missing, damaged, or of another shape than this version's.
    """
    from safetensors import SafetensorError, safe_open

    try:
        with safe_open(path, framework="pt") as file:
            table = json.loads(file.metadata()["phones"])
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
        network = Network(len(table))
        network.load_state_dict({n: t for n, t in tensors.items() if not n.startswith("aligner.")})
        gaussians = GaussianPhones(tuple(table), *(tensors[f"aligner.{name}"].numpy() for name in GAUSSIANS))
    except (OSError, SafetensorError, KeyError, TypeError, ValueError, RuntimeError) as error:
        reason = str(error).splitlines()[0]
        raise WrongData(
            f"not a phone recogniser ({reason})", where=path, remedy="train it again: stage 8"
        ) from None
    return Recogniser(network, table, gaussians, device)


def train_recogniser(
    utterances: Iterable[tuple[np.ndarray, str]],
    path: Path,
    seed: int,
    epochs: int | None = None,
    device: str = "cpu",
) -> None:
    """Train on utterances (samples at 24 kHz, phonemes) and write one file; a training that is killed leaves none.

    On a CPU the same utterances, seed and number of torch's threads give the same bytes. Time and memory grow with the
    speech (an hour: about 100 MB): choose an hour evenly over a larger corpus.

    Args:
        epochs: how often each utterance is used; by default 24 for 45 minutes of speech, more where there is less.
        device: where the network is trained; the data are prepared on the CPU.

    Raises:
        WrongData: there is no speech to train on, or an utterance has no phones.
    """
    from safetensors.torch import save_file

    mels, texts = [], []
    for samples, phonemes in utterances:
        mels.append(log_mel(samples))
        texts.append(words_of(phonemes))
        if not any(texts[-1]):
            raise WrongData("an utterance without phones cannot be used for training", where=repr(phonemes))
    table = sorted({phone for words in texts for word in words for phone in word})
    if not table:
        raise WrongData("there is no speech to train a phone recogniser on", where=path)
    number = {phone: i + 1 for i, phone in enumerate(table)}
    targets = [torch.tensor([number[phone] for word in words for phone in word]) for words in texts]
    if epochs is None:
        minutes = sum(map(len, mels)) * HOP_SAMPLES / SAMPLE_RATE / 60
        epochs = min(MOST_EPOCHS, max(1, round(EPOCHS * math.sqrt(EPOCHS_MINUTES / minutes))))
    network = _trained(mels, targets, len(table), seed, epochs, device)
    gaussians = train_gaussian_phones([normalised(mel).numpy() for mel in mels], texts, table)
    tensors = {name: tensor.cpu() for name, tensor in network.state_dict().items()}
    tensors |= {f"aligner.{name}": torch.from_numpy(getattr(gaussians, name)) for name in GAUSSIANS}
    with written_whole(path) as part:
        save_file(tensors, part, metadata={"phones": json.dumps(table, ensure_ascii=False)})


def _trained(
    mels: Sequence[Tensor], targets: Sequence[Tensor], phones: int, seed: int, epochs: int, device: str
) -> Network:
    """A network after `epochs` uses of every utterance, each time augmented in another way."""
    generator = torch.Generator().manual_seed(seed)
    lengths = [len(mel) for mel in mels]
    plan = [batch for _ in range(epochs) for batch in batches(lengths, generator)]
    with torch.random.fork_rng(
        devices=[] if device == "cpu" else [device]
    ):  # of the first weights and of dropout
        torch.manual_seed(seed)
        network = Network(phones).train().to(device)
        optimiser = torch.optim.AdamW(network.parameters(), RATE)
        schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, RATE, total_steps=len(plan), pct_start=0.2)
        # Infinite where a sentence was made so fast that it has more phones than frames: nothing to learn there.
        ctc = nn.CTCLoss(blank=BLANK, zero_infinity=True)
        for batch in track(plan, "training the phone recogniser"):
            inputs = [augmented(mels[i], generator) for i in batch]
            posterior = network(nn.utils.rnn.pad_sequence(inputs, batch_first=True).to(device))
            loss = ctc(
                posterior.transpose(0, 1),
                torch.cat([targets[i] for i in batch]).to(device),
                torch.tensor([-(-len(mel) // 2) for mel in inputs]),
                torch.tensor([len(targets[i]) for i in batch]),
            )
            optimiser.zero_grad()
            loss.backward()
            nn.utils.clip_grad_norm_(network.parameters(), 1.0)
            optimiser.step()
            schedule.step()
    return network
