"""The critic: discriminators that learn to tell recordings from decoded speech, and steer the decoder by it.

An L1 of spectra is least at the mean of all possible readings, which is a smear: no loss that compares with one
recording can reward a sharp spectrum. A discriminator can. There are two kinds, because each misses something:

    periods    the waveform, every p-th sample: pulses, phase, buzz (HiFi-GAN, Kong et al. 2020, arXiv 2010.05646)
    spectra    log spectrograms in three resolutions: smear, tones, noise (UnivNet, Jang et al. 2021, arXiv
               2106.07889; with the periods in BigVGAN, Lee et al. 2023, and in StyleTTS2, Li et al. 2023)

Kokoro's own discriminators were never released, so these start from scratch. Hence the warm-up, in which they learn
and steer nothing, and hence their weight. It is bounded by gradients and not set by hand: what a least-squares loss of
0.3 weighs against a mel L1 of 0.9 depends on the size and on the age of the discriminators, and on minutes of speech a
weight that is a little too large diverges. As in VQGAN (Esser et al. 2021, arXiv 2012.09841), the weight is the ratio
of the gradients' norms; as in EnCodec's balancer (Défossez et al. 2022, arXiv 2210.13438), the norms are taken at the
audio: at a tensor of the decoder each step would cost a second backward through it. The two are not alike: much of the
spectral gradient is nothing that the decoder could follow. On one crop of the base's own speech against another voice,
with a critic of two steps, a ratio of 0.10 at the audio was 1.3 over the decoder's encode and decode blocks and its
AdaIN projections. So a share at the audio is a bound, and no share of what is learned.

Hundreds of steps are enough: after 10, 25, 50, 100, 200 steps of two windows from 16 sentences of Marylux, at a rate
of 1e-3, it told windows of 8 others from their copies blurred by 40 ms with an AUC of 0.63, 0.75, 0.99, 1.00, 1.00,
and from their resynthesis by WORLD with 0.54, 0.63, 0.88, 0.95, 0.96.
"""

from __future__ import annotations

import itertools
import math
import random
from abc import ABC, abstractmethod
from collections.abc import Iterable
from typing import Any, NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.nn.utils.parametrizations import weight_norm

from moien.train.distributed import average
from moien.train.losses import FLOOR, RESOLUTIONS

CRITIC_LOSSES = ("adversarial", "features")  # of the decoder, by the critic
PERIODS = (2, 3, 5, 7, 11)  # HiFi-GAN's: primes, so that no two see the same samples
SLOPE = 0.1  # of the leaky ReLUs, HiFi-GAN's
RATE = 1e-3  # of learning, constant: five times HiFi-GAN's, which has a thousand times the steps
BETAS = (0.8, 0.99)  # of AdamW, HiFi-GAN's and VITS's (Kim et al. 2021)
FEATURES = 2.0  # weight of feature matching against the adversarial loss: HiFi-GAN's and VITS's
CLIP_NORM = 10.0  # of the discriminators' gradient: one outlier must not undo a short warm-up
LEVEL = 0.1  # about the RMS of speech at Kokoro's level, which makes it 1 for a discriminator
QUIET = 0.1  # mean size of features, about 1 in speech, below which a difference counts as it is
TINY = 1e-12
MEMORY = 0.9  # of the running gradient norms: about ten steps; a phase has hundreds


class Output(NamedTuple):
    """Of a discriminator on B windows: a score for each patch `[B, 1, …]` (1 natural, 0 decoded), and the features of
    each layer, first to last."""

    scores: Tensor
    features: list[Tensor]


class Discriminator(nn.Module, ABC):
    """Convolutions over an image of the audio, and a score for each patch of it."""

    def __init__(self, layers: Iterable[nn.Conv2d], score: nn.Conv2d) -> None:
        super().__init__()
        self.layers = nn.ModuleList()
        for layer in layers:
            # torch's own first weights nearly halve the signal in each layer: after five the biases drown it, and
            # hundreds of steps are too few to dig it out. These keep its size (He et al. 2015).
            nn.init.kaiming_normal_(layer.weight, SLOPE)
            nn.init.zeros_(layer.get_parameter("bias"))
            self.layers.append(weight_norm(layer))
        self.score = weight_norm(score)

    @abstractmethod
    def image(self, audio: Tensor) -> Tensor:
        """`[B, 1, rows, columns]` of audio `[B, N]`."""

    def forward(self, audio: Tensor) -> Output:
        """Scores and features of audio `[B, N]`."""
        x, features = self.image(audio), []
        for layer in self.layers:
            x = F.leaky_relu(layer(x), SLOPE)
            features.append(x)
        return Output(self.score(x), features)


class PeriodDiscriminator(Discriminator):
    """Rows of `period` samples; the columns, each a waveform of every p-th sample, never mix.

    HiFi-GAN's five layers, but of `channels` · (1, 2, 4, 8, 8) in place of 32 … 1024: 41 M numbers would learn little
    from minutes of speech, and cost half as much as the decoder.
    """

    def __init__(self, period: int, channels: int) -> None:
        widths = [1, *(channels * factor for factor in (1, 2, 4, 8))]
        layers = [nn.Conv2d(i, o, (5, 1), (3, 1), (2, 0)) for i, o in itertools.pairwise(widths)]
        last = widths[-1]
        super().__init__(
            [*layers, nn.Conv2d(last, last, (5, 1), padding=(2, 0))],
            nn.Conv2d(last, 1, (3, 1), padding=(1, 0)),
        )
        self.period = period

    def image(self, audio: Tensor) -> Tensor:
        rows = audio.shape[1] // self.period
        return audio[:, : rows * self.period].reshape(len(audio), 1, rows, self.period) / LEVEL


class SpectrumDiscriminator(Discriminator):
    """A spectrogram, time by frequency: UnivNet's five layers, with `channels` in place of 32.

    The magnitude is logarithmic above a floor of power, where UnivNet's is linear: a smear shows in the valleys
    between harmonics, 30 dB below them. What lies under the floor is the room's noise, and must not be what separates a
    recording from synthetic speech. The strides go over frequency and not over time, so that a patch keeps its moment.
    """

    window: Tensor

    def __init__(self, n_fft: int, hop: int, window: int, channels: int) -> None:
        layers = [nn.Conv2d(i, channels, (3, 9), (1, 2), (1, 4)) for i in (1, channels, channels, channels)]
        super().__init__(
            [*layers, nn.Conv2d(channels, channels, 3, padding=1)], nn.Conv2d(channels, 1, 3, padding=1)
        )
        self.n_fft, self.hop = n_fft, hop
        self.floor = FLOOR * window / 1200  # as in `losses.stft_loss`
        self.register_buffer("window", torch.hann_window(window), persistent=False)

    def image(self, audio: Tensor) -> Tensor:
        spectrum = torch.stft(audio, self.n_fft, self.hop, len(self.window), self.window, return_complex=True)
        power = spectrum.real.square() + spectrum.imag.square()
        return (torch.log1p(power / self.floor).transpose(1, 2)[:, None] - 6) / 4  # of speech: 0 ± 1


def discriminator_loss(natural: list[Output], generated: list[Output]) -> Tensor:
    """Least squares (LSGAN, Mao et al. 2017): natural patches to 1, generated ones to 0; mean over discriminators."""
    pairs = zip(natural, generated, strict=True)
    return torch.stack([(1 - n.scores).square().mean() + g.scores.square().mean() for n, g in pairs]).mean()


def adversarial_loss(generated: list[Output]) -> Tensor:
    """Least squares of the generator: its patches to 1; mean over discriminators."""
    return torch.stack([(1 - output.scores).square().mean() for output in generated]).mean()


def feature_matching_loss(natural: list[Output], generated: list[Output]) -> Tensor:
    """L1 between the features of generated and natural speech, over the natural ones' mean size; mean over layers.

    Relative, as EnCodec's: layers then count alike, and a critic whose features grow gains no weight by it. Each
    window has its own measure, so that a batch may be split; one of silence has hardly any features, hence `QUIET`.
    """
    ratios = []
    for n, g in zip(natural, generated, strict=True):
        for theirs, ours in zip(n.features, g.features, strict=True):
            distance, size = (x.abs().flatten(1).mean(1) for x in (theirs - ours, theirs))
            ratios.append((distance / size.clamp(min=QUIET)).mean())
    return torch.stack(ratios).mean()


class Critic:
    """The discriminators, their optimiser, and how far they may steer.

    `share` bounds the norm of the critic's gradient at the audio, relative to that of the spectral losses: 0 for
    `warmup_steps`, and full after `ramp_steps` of a linear rise. Each step uses one random window of the crops, as
    GAN-TTS's discriminators do (Bińkowski et al. 2020): HiFi-GAN learned from 0.37 s at a time. Where it lies follows
    from seed and step, so that resuming needs no generator of random numbers.

    A step: `losses` for the decoder and `learn` for the discriminators, for each share of its batch; then `clip` and
    `update`. Nothing of it waits for the device.
    """

    def __init__(
        self,
        seed: int,
        *,
        share: float,
        warmup_steps: int,
        ramp_steps: int,
        lr: float = RATE,
        channels: int = 16,
        window_samples: int = 12_000,
        device: str = "cpu",
    ) -> None:
        """New discriminators.

        Args:
            seed: of their first weights and of the windows; the global generators are left as they were.
            share: bound of the critic's gradient, as a share of the spectral losses'.
            warmup_steps, ramp_steps: see above; a ramp of 1 is none.
            lr: their learning rate, constant.
            channels: of the first layers; the cost grows with its square.
            window_samples: length of the window; the whole crop if that is shorter.
        """
        self.seed, self.share, self.window_samples = seed, share, window_samples
        self.warmup_steps, self.ramp_steps = warmup_steps, ramp_steps
        with torch.random.fork_rng(devices=[]):  # made on the CPU: the same first weights on any device
            torch.manual_seed(seed)
            self.discriminators = nn.ModuleList(
                [PeriodDiscriminator(period, channels) for period in PERIODS]
                + [SpectrumDiscriminator(*resolution, channels) for resolution in RESOLUTIONS]
            ).to(device)
        self.optimiser = torch.optim.AdamW(self.discriminators.parameters(), lr=lr, betas=BETAS)
        self.step = 0
        # running gradient norms at the audio: of the spectral losses, of the critic
        self._norms = torch.zeros(2, dtype=torch.float64, device=device)
        self._shares = 0  # learned from since the last update

    def outputs(self, audio: Tensor) -> list[Output]:
        """Of each discriminator on audio `[B, N]`."""
        return [discriminator(audio) for discriminator in self.discriminators]

    def window(self, audio: Tensor) -> slice:
        """The columns of audio `[B, N]` that this step uses."""
        spare = max(audio.shape[1] - self.window_samples, 0)
        first = random.Random(f"{self.seed} {self.step}").randint(0, spare)
        return slice(first, first + self.window_samples)

    @property
    def share_now(self) -> float:
        """The share at this step, 0 … `share`."""
        return self.share * min(max(self.step - self.warmup_steps, 0) / self.ramp_steps, 1.0)

    def learn(self, natural: Tensor, generated: Tensor, weight: float = 1.0) -> dict[str, Tensor]:
        """Gradients of the discriminators on recordings and decoded speech, both `[B, N]`.

        Returns numbers to watch, no losses of the decoder: `critic`, and `told_apart`, how often a recording scored
        above what was decoded of it (0.5 is guessing; 1.0 for long means that the critic has won, and teaches little).
        """
        part = self.window(natural)
        theirs, ours = self.outputs(natural[:, part]), self.outputs(generated.detach()[:, part])
        loss = discriminator_loss(theirs, ours)
        (weight * loss).backward()
        self._shares += 1
        pairs = zip(theirs, ours, strict=True)
        better = [n.scores.flatten(1).mean(1) > g.scores.flatten(1).mean(1) for n, g in pairs]
        return {"critic": loss.detach(), "told_apart": torch.stack(better).float().mean()}

    def clip(self) -> Tensor:
        """Make the gradients the mean over the shares and the processes, bound them, and return their norm."""
        weights = list(self.discriminators.parameters())
        gradients = [weight.grad for weight in weights if weight.grad is not None]
        for gradient in gradients if self._shares > 1 else ():
            gradient.div_(self._shares)
        average(gradients)
        return nn.utils.clip_grad_norm_(weights, CLIP_NORM)

    def update(self, norm: float) -> None:
        """Learn from the step; `norm` is what `clip` returned. One that is not finite teaches nothing."""
        if math.isfinite(norm):
            self.optimiser.step()
        self.forget()
        self.step += 1

    def forget(self) -> None:
        """Drop the gradients of a step."""
        self.optimiser.zero_grad(set_to_none=True)
        self._shares = 0

    def losses(
        self, natural: Tensor, generated: Tensor, spectral: Tensor, weight: float = 1.0
    ) -> dict[str, Tensor]:
        """The decoder's losses by the critic, weighted: `adversarial` and `features`; 0 in the warm-up.

        The critic's gradient is found here, at the audio and nowhere else, and its discriminators get none.
        `adversarial` carries it for both; `features` is a number to watch. Without gradients (validation) both are,
        and nothing of the critic changes.

        Args:
            natural: recordings `[B, N]`.
            generated: the decoder's audio `[B, N]`, with its graph.
            spectral: the sum of the losses that the critic is weighed against, a function of `generated`.
            weight: of this share of a batch among those of other processes, see `moien.train.distributed.agree`.
        """
        if not self.share_now:
            return {name: generated.new_zeros(()) for name in CRITIC_LOSSES}
        part = self.window(natural)
        window = generated[:, part].detach().requires_grad_(torch.is_grad_enabled())
        with torch.no_grad():
            theirs = self.outputs(natural[:, part])
        ours = self.outputs(window)
        adversarial = adversarial_loss(ours)
        features = FEATURES * feature_matching_loss(theirs, ours)
        if not window.requires_grad:
            share = (self.share_now * self._norms[0] / self._norms[1].clamp(min=TINY)).float()
            return {"adversarial": share * adversarial, "features": share * features}
        (gradient,) = torch.autograd.grad(adversarial + features, window)
        (reference,) = torch.autograd.grad(spectral, generated, retain_graph=True)
        share = (self.share_now * self._balance(reference, gradient, weight)).float()
        # Worth 0, but its gradient is the critic's: a backward of it spends nothing on the discriminators.
        carrier = ((generated - generated.detach())[:, part] * gradient).sum()
        return {
            "adversarial": share * (adversarial.detach() + carrier),
            "features": share * features.detach(),
        }

    def state_dict(self) -> dict[str, Any]:
        """All that the next step depends on, as tensors and numbers; the live ones, as torch's own: copy to keep."""
        return {
            "discriminators": self.discriminators.state_dict(),
            "optimiser": self.optimiser.state_dict(),
            "step": self.step,
            "norms": self._norms.tolist(),
        }

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Go on from a `state_dict` of the same settings."""
        self.discriminators.load_state_dict(state["discriminators"])
        self.optimiser.load_state_dict(state["optimiser"])
        self.step = state["step"]
        self._norms = torch.tensor(state["norms"], dtype=torch.float64, device=self._norms.device)
        self.forget()

    def _balance(self, spectral: Tensor, critic: Tensor, weight: float) -> Tensor:
        """How much larger the spectral losses' gradient is than the critic's, by their running norms.

        The critic's counts at least as it is at this step, so that no step can exceed the share; the memory keeps a
        window of silence, which has little gradient, from being blown up. 0 where one is not finite: such a step is
        not taken, and nothing may stay of it.
        """
        squares = weight * torch.stack([spectral.square().sum(), critic.square().sum()])
        average([squares])
        now = squares.sqrt().double()
        old = torch.where(self._norms.any(), self._norms, now)
        found = MEMORY * old + (1 - MEMORY) * now
        finite = now.isfinite().all()
        self._norms = torch.where(finite, found, self._norms)
        ratio = found[0] / torch.maximum(found[1], now[1]).clamp(min=TINY)
        return torch.where(finite, ratio, torch.zeros_like(ratio))
