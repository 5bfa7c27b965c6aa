"""The trainable forward pass: KModel's own submodules, batched with padding, with gradients.

`KModel.forward_with_tokens` runs without gradients and for one sentence. These functions are its single steps: with the
same durations and noise they give the same audio (the tests allow 1e-5), and a padded batch gives the same as each
sentence alone. T counts tokens (boundaries included), F frames of 600 samples; F0 and energy have two values per
frame. `lengths` [B] of tokens and `frames` [B] are on the CPU, where packing needs them. Style halves:
acoustic = style[:, :128] for the decoder, prosodic = style[:, 128:] for the rest.
"""

from __future__ import annotations

from collections.abc import Callable, Container, Iterator, Sequence
from contextlib import contextmanager

import torch
from kokoro import KModel
from kokoro.istftnet import AdaIN1d, AdainResBlk1d
from kokoro.modules import AdaLayerNorm, DurationEncoder, TextEncoder
from torch import Tensor

from moien.audio import FRAME_SAMPLES

ENCODED_DIM = 512  # of a phoneme in BERT's projected output
TEMPO = "predictor.duration_proj.linear_layer.bias"  # see `tempo`


def text_mask(lengths: Tensor, size: int | None = None, device: torch.device | None = None) -> Tensor:
    """Padding of sequences of these lengths: bool [B, size], True beyond the end; size = the longest.

    The mask is on `device`, by default that of the lengths; the call does not wait for the device.
    """
    if device is not None:
        lengths = lengths.to(device, non_blocking=True)
    positions = torch.arange(size or int(lengths.max()), device=lengths.device)
    return positions[None, :] >= lengths[:, None]


def encode_phonemes(model: KModel, input_ids: Tensor, lengths: Tensor) -> Tensor:
    """PL-BERT's encoding of the tokens [B, T], projected: [B, 512, T]."""
    mask = text_mask(lengths, input_ids.shape[1], input_ids.device)
    hidden = model.bert(input_ids, attention_mask=(~mask).int())
    return model.bert_encoder(hidden).transpose(-1, -2)


def predict_durations(
    model: KModel, d_en: Tensor, style_prosodic: Tensor, lengths: Tensor
) -> tuple[Tensor, Tensor]:
    """Logits [B, T, 50] whose sigmoids sum to each token's frames, and the prosody features d [B, T, 640]."""
    d = _encode_durations(model.predictor.text_encoder, d_en, style_prosodic, lengths)
    return model.predictor.duration_proj(model.predictor.lstm.padded(d, lengths)), d


def tempo(model: KModel) -> Tensor:
    """The bias of the duration head: a larger bias makes every token longer."""
    return model.get_parameter(TEMPO)


def durations_from_logits(logits: Tensor, speed: float = 1.0) -> Tensor:
    """Frames of each token [B, T] as KModel rounds them, at least one; padding gets frames too: mask it."""
    return torch.round(torch.sigmoid(logits).sum(-1) / speed).clamp(min=1).long()


def expand(durations: Tensor, size: int | None = None) -> Tensor:
    """Alignment [B, T, F] of durations [B, T] in frames: 1 where frame f belongs to token t, 0 elsewhere.

    `size` is F, the frames of the longest; without it the call waits for the device.
    """
    ends = durations.cumsum(1)
    frames = torch.arange(size or int(ends[:, -1].max()), device=durations.device)
    return ((frames >= (ends - durations)[:, :, None]) & (frames < ends[:, :, None])).float()


def predict_f0_energy(
    model: KModel, d: Tensor, alignment: Tensor, style_prosodic: Tensor, frames: Tensor | None = None
) -> tuple[Tensor, Tensor]:
    """F0 in Hz and energy, each [B, 2F] and 0 in the padding, from d [B, T, 640] on the alignment's frames.

    `frames` [B] on the CPU are those of each sentence, if they are known; without them the call waits for the device.
    """
    predictor, size = model.predictor, alignment.shape[-1]
    frames = frame_lengths(alignment).cpu() if frames is None else frames
    if int(frames.min()) == size:
        # Kokoro's own, equal to the last bit: the source sums F0 to phases, so 1e-5 Hz soon changes the waveform.
        return predictor.F0Ntrain(d.transpose(1, 2) @ alignment, style_prosodic)
    shared = predictor.shared.padded(alignment.transpose(1, 2) @ d, frames).transpose(1, 2)
    curves = []
    for blocks, project in [(predictor.F0, predictor.F0_proj), (predictor.N, predictor.N_proj)]:
        x, keep = shared, ~text_mask(frames, size, shared.device)[:, None, :]
        for block in blocks:
            x, keep = _adain_block(block, x, style_prosodic, keep)
        curves.append((project(x) * keep).squeeze(1))
    return curves[0], curves[1]


def frame_lengths(alignment: Tensor) -> Tensor:
    """Frames of each sentence [B] of an alignment [B, T, F]."""
    return alignment.sum((1, 2)).round().long()


def decode_audio(
    model: KModel,
    input_ids: Tensor,
    lengths: Tensor,
    alignment: Tensor,
    f0: Tensor,
    energy: Tensor,
    style_acoustic: Tensor,
    crop: tuple[int | Sequence[int], int] | None = None,
) -> Tensor:
    """Audio [B, 600 · frames] of the whole sentences, or of `crop` = (first frame(s), frames) of each.

    The text features are computed on the whole sentence and then cropped, so that a crop has its context. f0 and
    energy [B, 2F] are given whole. Whole sentences of unequal length go through the decoder one by one: its
    instance norms would include the padding. The source draws new phases and noise: see `seeded_source`.
    """
    asr = _encode_text(model.text_encoder, input_ids, lengths) @ alignment
    if crop is None:
        frames = frame_lengths(alignment).tolist()
        if len(set(frames)) == 1:
            return model.decoder(asr, f0, energy, style_acoustic).squeeze(1)
        audio = asr.new_zeros(len(frames), max(frames) * FRAME_SAMPLES)
        for item, count in enumerate(frames):
            one = slice(item, item + 1)
            curves = f0[one, : 2 * count], energy[one, : 2 * count]
            part = model.decoder(asr[one, :, :count], *curves, style_acoustic[one])
            audio[item, : count * FRAME_SAMPLES] = part.squeeze(1)
        return audio
    first, count = crop
    starts = [first] * len(asr) if isinstance(first, int) else list(first)
    asr = torch.stack([x[:, s : s + count] for x, s in zip(asr, starts, strict=True)])
    f0, energy = (
        torch.stack([x[2 * s : 2 * (s + count)] for x, s in zip(curve, starts, strict=True)])
        for curve in (f0, energy)
    )
    return model.decoder(asr, f0, energy, style_acoustic).squeeze(1)


@contextmanager
def seeded_source(model: KModel, seed: int) -> Iterator[None]:
    """Inside, the source's random phases and noise (and any dropout) are drawn from this seed, outside as before."""
    with forked_generators(model.device):
        torch.manual_seed(seed)
        yield


@contextmanager
def forked_generators(device: torch.device) -> Iterator[None]:
    """Restore the random generators of the CPU and of `device` afterwards; those of other devices are not touched."""
    with torch.random.fork_rng([device] if device.type == "cuda" else []):
        yield


def fold_weight_norm(model: KModel, learned: Container[str] = ()) -> KModel:
    """Replace weight_g and weight_v by their weight, in place, except where one of the two is a `learned` tensor.

    The weight is then not computed at each call; but a folded convolution can be neither trained nor exported.
    """
    for name, module in model.named_modules():
        pair = (f"{name}.weight_g", f"{name}.weight_v")
        if hasattr(module, "weight_g") and not any(tensor in learned for tensor in pair):
            torch.nn.utils.remove_weight_norm(module)
            module.weight.requires_grad_(False)  # a new Parameter would get a gradient
    return model


def convolve_in_bfloat16(model: KModel) -> KModel:
    """Let the convolutions of the decoder's blocks compute in bfloat16, in place; their outputs are float32.

    Except those with the phases of the source as input, and the last one with log magnitude and phase as output. Each
    has its own autocast: one around all of them would also round the operations between them, and would save no cast,
    because each weight is used once a step.
    """

    def rounded(convolve: Callable[[Tensor], Tensor]) -> Callable[[Tensor], Tensor]:
        def forward(x: Tensor) -> Tensor:
            with torch.autocast(x.device.type, torch.bfloat16):
                return convolve(x).float()

        return forward

    for name, module in model.decoder.named_modules():
        convolves = isinstance(module, torch.nn.Conv1d | torch.nn.ConvTranspose1d)
        if convolves and "noise_convs" not in name and not name.endswith("conv_post"):
            module.forward = rounded(module.forward)
    return model


def _encode_text(encoder: TextEncoder, input_ids: Tensor, lengths: Tensor) -> Tensor:
    """Kokoro's `TextEncoder.forward`, without its wait for the GPU at its LSTM: tokens [B, T] → [B, 512, T]."""
    padding = text_mask(lengths, input_ids.shape[1], input_ids.device)[:, None]
    x = encoder.embedding(input_ids).transpose(1, 2).masked_fill(padding, 0.0)
    for block in encoder.cnn:
        x = block(x).masked_fill(padding, 0.0)
    return encoder.lstm.padded(x.transpose(1, 2), lengths).transpose(1, 2).contiguous()


def _encode_durations(encoder: DurationEncoder, d_en: Tensor, style: Tensor, lengths: Tensor) -> Tensor:
    """Kokoro's `DurationEncoder.forward`, without its wait for the GPU at each LSTM: d_en [B, 512, T] → [B, T, 640]."""
    padding = text_mask(lengths, d_en.shape[-1], d_en.device)[:, None]
    styles = style.expand(
        d_en.shape[-1], -1, -1
    )  # by token, which fixes the order in which its gradient is summed
    x = torch.cat([d_en.permute(2, 0, 1), styles], dim=2).permute(1, 2, 0).masked_fill(padding, 0.0)
    for block in encoder.lstms:
        rows = x.transpose(1, 2)
        if isinstance(block, AdaLayerNorm):
            normed = block(rows, style).transpose(1, 2)
            x = torch.cat([normed, styles.permute(1, 2, 0)], dim=1).masked_fill(padding, 0.0)
        else:
            x = block.padded(rows, lengths).transpose(1, 2)
    return x.transpose(1, 2)


def _adain_block(block: AdainResBlk1d, x: Tensor, style: Tensor, keep: Tensor) -> tuple[Tensor, Tensor]:
    """AdainResBlk1d over padded [B, C, L], with keep [B, 1, L] False in the padding; and the new keep.

    Padding must be 0 before each convolution, as beyond the edge of a single sentence, and not count in a norm.
    """
    y = block.actv(_adain(block.norm1, x, style, keep)) * keep
    if block.upsample_type != "none":
        keep = keep.repeat_interleave(2, dim=-1)
    y = block.conv1(block.dropout(block.pool(y) * keep))
    y = block.actv(_adain(block.norm2, y, style, keep)) * keep
    y = block.conv2(block.dropout(y))
    return (y + block._shortcut(x)) * 0.5**0.5, keep


def _adain(adain: AdaIN1d, x: Tensor, style: Tensor, keep: Tensor) -> Tensor:
    gamma, beta = adain.fc(style)[:, :, None].chunk(2, dim=1)
    count = keep.sum(-1, keepdim=True)
    mean = (x * keep).sum(-1, keepdim=True) / count
    variance = ((x - mean).square() * keep).sum(-1, keepdim=True) / count
    # Its own scale and shift are 1 and 0 by design (export.ADAIN_NORM).
    return (1 + gamma) * (x - mean) * torch.rsqrt(variance + adain.norm.eps) + beta
