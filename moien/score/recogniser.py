"""A phone recogniser, trained on a corpus's own recordings: what a stranger to the sentence hears in a clip.

Convolutions over log-mel with connectionist temporal classification (Graves et al. 2006), greedy decoding. There is
no recurrence and no language model on purpose: it hears half a second on each side of a phone and nothing more, so it
cannot guess a sentence that was not spoken. Trained on one voice, it must judge others too: `moien.score.hearing`
disturbs each clip anew whenever it is heard.

A phone here is a Kokoro symbol without its marks. Stress and tone are no sounds; length and nasality are, but they
are the first that a quick speaker drops and the last that an hour of speech teaches: who mishears them still
understands. Two halves of a diphthong are two phones, as in Kokoro's table.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Sequence
from itertools import groupby
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from moien.audio import HOP_SAMPLES, SAMPLE_RATE
from moien.errors import WrongData
from moien.files import written_whole
from moien.progress import track
from moien.score.fit import Aligner, train_aligner
from moien.score.hearing import MELS, disturbed, log_mel, normalised
from moien.score.phone_error import words_of

WIDTH = 160
DILATIONS = (1, 2, 4, 1, 2)
FRAME_S = 2 * HOP_SAMPLES / SAMPLE_RATE  # 25 ms: one output
BATCH_FRAMES = 2400  # of the mel, 30 s
RATE = 3e-3  # of AdamW at its highest; one cycle (Smith and Topin 2018)
EPOCHS, EPOCHS_MINUTES, MOST_EPOCHS = 24, 45.0, 80  # with more or less speech, by the root of the ratio
BLANK = 0
ALIGNER = ("weights", "bias", "prior")  # the second opinion's tensors, in the same file


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
            nn.Conv1d(MELS, WIDTH, 5, padding=2, stride=2), nn.GELU(),
            *(_Block(dilation) for dilation in DILATIONS), _Norm(WIDTH), nn.Dropout(0.1),
            nn.Conv1d(WIDTH, phones + 1, 1),
        )  # fmt: skip

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
    """A trained recogniser; `Recogniser.load(path)` opens what `train_recogniser` wrote."""

    def __init__(self, network: Network, table: Sequence[str], aligner: Aligner) -> None:
        self._network, self.table, self._aligner = network.eval(), tuple(table), aligner

    @classmethod
    def load(cls, path: Path) -> Recogniser:
        """WrongData for a file that is missing, damaged, or of another shape than this version's."""
        from safetensors import SafetensorError, safe_open

        try:
            with safe_open(path, framework="pt") as file:
                table = json.loads(file.metadata()["phones"])
                tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
            network = Network(len(table))
            network.load_state_dict({n: t for n, t in tensors.items() if not n.startswith("aligner.")})
            aligner = Aligner(tuple(table), *(tensors[f"aligner.{name}"].numpy() for name in ALIGNER))
        except (OSError, SafetensorError, KeyError, TypeError, ValueError, RuntimeError) as error:
            reason = str(error).splitlines()[0]
            raise WrongData(
                f"not a phone recogniser ({reason})", where=path, remedy="train it again: stage 8"
            ) from None
        return cls(network, table, aligner)

    @torch.inference_mode()
    def phones(self, samples: np.ndarray) -> list[tuple[str, float, float]]:
        """Phone, start and end in seconds of what is heard in samples at 24 kHz, in order.

        The times are where the network is sure of the phone, which is a part of where it sounds.
        """
        best = self._network(normalised(log_mel(samples))[None])[0].argmax(dim=-1).tolist()
        found, frame = [], 0
        for label, run in groupby(best):
            count = len(list(run))
            if label != BLANK:
                found.append((self.table[label - 1], frame * FRAME_S, (frame + count) * FRAME_S))
            frame += count
        return found

    def alignment_fit(self, samples: np.ndarray, phonemes: str) -> float:
        """See `moien.score.fit`."""
        return self._aligner.fit(normalised(log_mel(samples)).numpy(), words_of(phonemes))


def train_recogniser(
    utterances: Iterable[tuple[np.ndarray, str]], path: Path, seed: int, epochs: int | None = None
) -> None:
    """Train on utterances (samples at 24 kHz, phonemes) and write one file; a killed training leaves none.

    The same utterances, seed and number of torch's threads give the same bytes. Time and memory grow with the speech
    (an hour: about 100 MB): choose an hour evenly over a larger corpus.

    Args:
        epochs: how often each utterance is heard; by default 24 for 45 minutes of speech, more where there is less.

    Raises:
        WrongData: there is no speech to train on, or an utterance has no phones.
    """
    from safetensors.torch import save_file

    mels, said = [], []
    for samples, phonemes in utterances:
        mels.append(log_mel(samples))
        said.append(words_of(phonemes))
        if not any(said[-1]):
            raise WrongData("an utterance without phones cannot be learnt from", where=repr(phonemes))
    table = sorted({phone for words in said for word in words for phone in word})
    if not table:
        raise WrongData("there is no speech to train a phone recogniser on", where=path)
    number = {phone: i + 1 for i, phone in enumerate(table)}
    targets = [torch.tensor([number[phone] for word in words for phone in word]) for words in said]
    if epochs is None:
        minutes = sum(map(len, mels)) * HOP_SAMPLES / SAMPLE_RATE / 60
        epochs = min(MOST_EPOCHS, max(1, round(EPOCHS * math.sqrt(EPOCHS_MINUTES / minutes))))
    network = _trained(mels, targets, len(table), seed, epochs)
    aligner = train_aligner([normalised(mel).numpy() for mel in mels], said, table)
    tensors = network.state_dict() | {f"aligner.{n}": torch.from_numpy(getattr(aligner, n)) for n in ALIGNER}
    with written_whole(path) as part:
        save_file(tensors, part, metadata={"phones": json.dumps(table, ensure_ascii=False)})


def _trained(
    mels: Sequence[Tensor], targets: Sequence[Tensor], phones: int, seed: int, epochs: int
) -> Network:
    """A network that has heard every utterance `epochs` times, each time another way."""
    generator = torch.Generator().manual_seed(seed)
    lengths = [len(mel) for mel in mels]
    plan = [batch for _ in range(epochs) for batch in batches(lengths, generator)]
    with torch.random.fork_rng(devices=[]):  # of the first weights and of dropout
        torch.manual_seed(seed)
        network = Network(phones).train()
        optimiser = torch.optim.AdamW(network.parameters(), RATE)
        schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, RATE, total_steps=len(plan), pct_start=0.2)
        # Infinite where a sentence was made so quick that it has more phones than frames: nothing to learn there.
        ctc = nn.CTCLoss(blank=BLANK, zero_infinity=True)
        for batch in track(plan, "training the phone recogniser"):
            heard = [disturbed(mels[i], generator) for i in batch]
            posterior = network(nn.utils.rnn.pad_sequence(heard, batch_first=True))
            loss = ctc(
                posterior.transpose(0, 1),
                torch.cat([targets[i] for i in batch]),
                torch.tensor([-(-len(mel) // 2) for mel in heard]),
                torch.tensor([len(targets[i]) for i in batch]),
            )
            optimiser.zero_grad()
            loss.backward()
            nn.utils.clip_grad_norm_(network.parameters(), 1.0)
            optimiser.step()
            schedule.step()
    return network
