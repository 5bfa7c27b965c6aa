"""Kokoro as one graph without complex numbers and packed sequences, for export to ONNX.

It computes what `KModel.forward_with_tokens` computes for one sentence. Three parts are written anew because they could
not be exported, or not exactly:

- **Alignment**: the features of a frame are gathered by index; KModel multiplies by a matrix of zeros and ones.
- **Source**: KModel sums the phase of each harmonic at the rate of F0 and interpolates it; nothing that it draws at
  random reaches the phase. Its nine noises, one for each harmonic, are weighted and summed: here one noise is drawn
  with the standard deviation of that sum.
- **STFT**: a convolution with padding by reflection, its inverse a transposed convolution divided by the sum of
  squared windows, as torch.stft and torch.istft. (`KModel(disable_complex=True)` pads otherwise, does not double the
  middle bins and does not divide.)

Convolutions have two dimensions, because onnxruntime computes them faster so (`fast`). Scale and shift of AdaIN inside
of the instance norm, and the square of Snake as a product, gained nothing.
"""

from __future__ import annotations

import math
from functools import partial

import torch
import torch.nn.functional as F
from kokoro import KModel
from kokoro.istftnet import Generator, SineGen
from kokoro.modules import AdaLayerNorm
from torch import Tensor, nn

from moien.kokoro.style import acoustic, prosodic


class Graph(nn.Module):
    """A model with folded weight norm as a function of tensors: tokens, style and speed to audio and durations."""

    def __init__(self, model: KModel) -> None:
        """`model` is changed in place; afterwards it computes the same."""
        super().__init__()
        self.model = fast(model)
        generator = model.decoder.generator
        self.source = Source(generator)
        self.stft = Stft(generator.stft.filter_length, generator.stft.hop_length)

    def forward(self, input_ids: Tensor, style: Tensor, speed: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Audio `[N]` at 24 kHz, and the frames of each token `[T]` as int64 and as float32.

        Args:
            input_ids: tokens with both boundaries, int64 `[1, T]`.
            style: a row of a voice pack, `[1, 256]`.
            speed: `[1]`; 2 is twice as fast.
        """
        model, predictor, prosody = self.model, self.model.predictor, prosodic(style)
        d = self.encode_prosody(model.bert_encoder(model.bert(input_ids)), prosody)
        bins = torch.sigmoid(predictor.duration_proj(predictor.lstm(d)[0]))
        durations = torch.round(bins.sum(-1) / speed).clamp(min=1).long()[0]
        token = token_of_frame(durations)
        f0, energy = predictor.F0Ntrain(d[:, token].transpose(1, 2), prosody)
        asr = self.encode_text(input_ids)[:, token].transpose(1, 2)
        return self.decode(asr, f0, energy, acoustic(style)), durations, durations.float()

    def encode_prosody(self, encoded: Tensor, style: Tensor) -> Tensor:
        """`DurationEncoder.forward` for one sentence: `[1, T, 512]` → `[1, T, 640]`."""
        styles = style[:, None].expand(-1, encoded.shape[1], -1)
        x = torch.cat([encoded, styles], dim=-1)
        for block in self.model.predictor.text_encoder.lstms:
            x = torch.cat([block(x, style), styles], -1) if isinstance(block, AdaLayerNorm) else block(x)[0]
        return x

    def encode_text(self, input_ids: Tensor) -> Tensor:
        """`TextEncoder.forward` for one sentence: tokens `[1, T]` → `[1, T, 512]`."""
        encoder = self.model.text_encoder
        x = encoder.embedding(input_ids).transpose(1, 2)
        for block in encoder.cnn:
            x = block(x)
        return encoder.lstm(x.transpose(1, 2))[0]

    def decode(self, asr: Tensor, f0: Tensor, energy: Tensor, style: Tensor) -> Tensor:
        """`Decoder.forward` for one sentence: text features `[1, 512, F]` → audio `[600 · F]`."""
        decoder = self.model.decoder
        curves = [decoder.F0_conv(f0[:, None]), decoder.N_conv(energy[:, None])]
        x = decoder.encode(torch.cat([asr, *curves], dim=1), style)
        residual = decoder.asr_res(asr)
        for block in decoder.decode:  # only the last one upsamples, so all of them get the residual
            x = block(torch.cat([x, residual, *curves], dim=1), style)
        return self.generate(x, f0, style)

    def generate(self, x: Tensor, f0: Tensor, style: Tensor) -> Tensor:
        """`Generator.forward`: features `[1, 512, 2F]`, F0 `[1, 2F]` in Hz → audio `[600 · F]`."""
        generator = self.model.decoder.generator
        harmonics = torch.cat(self.stft(self.source(f0)), dim=1)
        for stage, up in enumerate(generator.ups):
            x = up(F.leaky_relu(x, 0.1))
            if stage == generator.num_upsamples - 1:
                x = generator.reflection_pad(x)
            x = x + generator.noise_res[stage](generator.noise_convs[stage](harmonics), style)
            first = stage * generator.num_kernels
            blocks = generator.resblocks[first : first + generator.num_kernels]
            x = torch.stack([block(x, style) for block in blocks]).mean(0)
        x = generator.conv_post(F.leaky_relu(x))
        bins = generator.post_n_fft // 2 + 1
        return self.stft.inverse(torch.exp(x[:, :bins]), torch.sin(x[:, bins:]))[0]


def fast(model: KModel) -> KModel:
    """Let all convolutions of `model` compute in two dimensions, one of them of size 1, in place; results are equal.

    Only for these onnxruntime has its blocked layout: 0.67 of their time on one core with AVX-512.
    """
    for module in model.modules():
        if isinstance(module, nn.Conv1d):
            module.forward = partial(_convolve, module)  # type: ignore[method-assign]
    return model


def _convolve(conv: nn.Conv1d, x: Tensor) -> Tensor:
    stride, padding, dilation = (1, conv.stride[0]), (0, int(conv.padding[0])), (1, conv.dilation[0])
    weight = conv.weight.unsqueeze(2)
    return F.conv2d(x.unsqueeze(2), weight, conv.bias, stride, padding, dilation, conv.groups).squeeze(2)


def token_of_frame(durations: Tensor) -> Tensor:
    """The index of the token of each frame `[F]`, from the frames of each token `[T]`."""
    ends = durations.cumsum(0)
    frames = torch.arange(ends[-1])  # type: ignore[call-overload]  # a tensor, so that the tracer keeps it
    return (frames[:, None] >= ends[None]).sum(1)


class Source(nn.Module):
    """The harmonic source of the generator: F0 `[1, L]` in Hz, one value for 300 samples → `[1, 300 · L]`."""

    harmonics: Tensor
    weight: Tensor
    bias: Tensor

    def __init__(self, generator: Generator) -> None:
        super().__init__()
        sines: SineGen = generator.m_source.l_sin_gen
        self.rate, self.scale, self.threshold = (
            sines.sampling_rate,
            sines.upsample_scale,
            sines.voiced_threshold,
        )
        weight = generator.m_source.l_linear.weight[0]
        self.register_buffer("harmonics", torch.arange(1.0, len(weight) + 1))
        self.register_buffer("weight", weight * sines.sine_amp)
        self.register_buffer("bias", generator.m_source.l_linear.bias)
        spread = float(weight.norm())
        self.voiced_noise, self.unvoiced_noise = sines.noise_std * spread, sines.sine_amp / 3 * spread

    def forward(self, f0: Tensor) -> Tensor:
        """The sum of the sines where F0 is voiced, and noise everywhere."""
        turns = (f0[:, None] * self.harmonics[:, None] / self.rate) % 1
        radians = (
            turns.double().cumsum(-1).float() * 2 * math.pi * self.scale
        )  # rounded where torch rounds in KModel
        phase = F.interpolate(radians, scale_factor=self.scale, mode="linear")
        voiced = (f0 > self.threshold).float().repeat_interleave(self.scale, dim=1)
        sines = torch.einsum("bht,h->bt", torch.sin(phase), self.weight)
        deviation = voiced * self.voiced_noise + (1 - voiced) * self.unvoiced_noise
        return torch.tanh(sines * voiced + torch.randn_like(voiced) * deviation + self.bias)


class Stft(nn.Module):
    """torch.stft and torch.istft with a Hann window, as convolutions: magnitudes and phases `[1, bins, frames]`."""

    analysis: Tensor
    synthesis: Tensor
    squares: Tensor

    def __init__(self, size: int, hop: int) -> None:
        super().__init__()
        self.size, self.hop = size, hop
        window = torch.hann_window(size, dtype=torch.float64)
        bins = torch.arange(size // 2 + 1, dtype=torch.float64)
        angle = 2 * math.pi / size * bins[:, None] * torch.arange(size)
        real = (bins == 0) | (
            bins == size // 2
        )  # bins without imaginary part: exactly 0, as the phase has its sign
        cosine, sine = angle.cos(), torch.where(real[:, None], 0.0, angle.sin())
        analysis = torch.cat([cosine, -sine]) * window
        share = torch.where(real, 1.0, 2.0)[:, None] / size
        synthesis = torch.cat([share * cosine, -share * sine]) * window
        self.register_buffer("analysis", analysis[:, None].float())
        self.register_buffer("synthesis", synthesis[:, None].float())
        self.register_buffer("squares", (window**2)[None, None].float())

    def forward(self, audio: Tensor) -> tuple[Tensor, Tensor]:
        """Magnitudes and phases of audio `[1, N]`."""
        padded = F.pad(audio[:, None], (self.size // 2, self.size // 2), mode="reflect")
        real, imaginary = F.conv1d(padded, self.analysis, stride=self.hop).chunk(2, dim=1)
        # atan2, but π for every imaginary part of 0: that of ONNX depends on the sign of the 0
        turn = (real < 0) * torch.where(imaginary < 0, -math.pi, math.pi)
        phase = torch.atan(imaginary / (real + 1e-30)) + turn
        return torch.sqrt(real**2 + imaginary**2), phase

    def inverse(self, magnitude: Tensor, phase: Tensor) -> Tensor:
        """Audio `[1, N]` of magnitudes and phases."""
        parts = torch.cat([magnitude * torch.cos(phase), magnitude * torch.sin(phase)], dim=1)
        audio = F.conv_transpose1d(parts, self.synthesis, stride=self.hop)
        weight = F.conv_transpose1d(torch.ones_like(parts[:, :1]), self.squares, stride=self.hop)
        edge = self.size // 2
        return (audio[..., edge:-edge] / weight[..., edge:-edge])[:, 0]
