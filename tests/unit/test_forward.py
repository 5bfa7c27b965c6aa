"""The trainable forward is KModel's, alone and in a padded batch, and gradients reach every part."""

from __future__ import annotations

import copy
from itertools import accumulate

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

from moien.kokoro import forward
from moien.kokoro.base import load_pack
from moien.kokoro.lstm import PaddedLSTM
from moien.kokoro.symbols import encode

SENTENCES = ["mɔiən!", "viː ɡeːt ət?"]
TOLERANCE = 1e-5


@pytest.fixture(scope="module")
def styles(base):
    """The style of each sentence [2, 256]: two voices, each at the sentence's own length."""
    packs = [load_pack(base.voices[name]) for name in ("jf_alpha", "jm_kumo")]
    return torch.cat([pack[len(text) - 1] for pack, text in zip(packs, SENTENCES, strict=True)])


@pytest.fixture(scope="module")
def batch():
    """Padded tokens [2, T] and lengths [2]."""
    tokens = [torch.tensor(encode(text)) for text in SENTENCES]
    lengths = torch.tensor([len(t) for t in tokens])
    return torch.nn.utils.rnn.pad_sequence(tokens, batch_first=True), lengths


def speak(model, ids, lengths, style, durations=None):
    """Every step of the forward; durations [B, T] as predicted if none are given."""
    d_en = forward.encode_phonemes(model, ids, lengths)
    logits, d = forward.predict_durations(model, d_en, style[:, 128:], lengths)
    if durations is None:
        durations = forward.durations_from_logits(logits) * ~forward.text_mask(lengths)
    alignment = forward.expand(durations)
    f0, energy = forward.predict_f0_energy(model, d, alignment, style[:, 128:])
    with forward.seeded_source(model, 3):
        audio = forward.decode_audio(model, ids, lengths, alignment, f0, energy, style[:, :128])
    return logits, durations, f0, energy, audio


@pytest.fixture(scope="module")
def alone(model, batch, styles):
    """Each sentence by itself."""
    ids, lengths = batch
    with torch.no_grad():
        return [
            speak(model, ids[i : i + 1, :n], lengths[i : i + 1], styles[i : i + 1])
            for i, n in enumerate(lengths.tolist())
        ]


def test_padded_lstms_are_kokoros(model):
    """Gradients too, over sentences of unequal length."""
    ours = copy.deepcopy(model.predictor.lstm).requires_grad_(True)
    stock = copy.deepcopy(ours)
    assert type(ours) is PaddedLSTM
    stock.__class__ = torch.nn.LSTM
    lengths = torch.tensor([5, 9, 1])
    results = []
    for lstm in (ours, stock):
        x = torch.randn(3, 9, 640, generator=torch.Generator().manual_seed(0), requires_grad=True)
        packed = pack_padded_sequence(x, lengths, batch_first=True, enforce_sorted=False)
        y = pad_packed_sequence(lstm(packed)[0], batch_first=True)[0]
        y[:, :, ::3].square().sum().backward()
        results.append([y, x.grad, *(weight.grad for weight in lstm.parameters())])
    for one, other in zip(*results, strict=True):
        assert (one - other).abs().max() <= 1e-5 * other.abs().max() > 0
    assert torch.allclose(ours(x)[0], stock(x)[0], atol=1e-5)  # what is not packed


def test_equals_kmodel(model, batch, styles, alone):
    model = copy.deepcopy(model)
    for module in model.modules():
        if isinstance(module, PaddedLSTM):
            module.__class__ = torch.nn.LSTM  # Kokoro's own
    ids, lengths = batch
    for i, (n, ours) in enumerate(zip(lengths.tolist(), alone, strict=True)):
        with forward.seeded_source(model, 3):
            audio, durations = model.forward_with_tokens(ids[i : i + 1, :n], styles[i : i + 1])
        assert torch.equal(ours[1][0], durations)
        assert (ours[4][0] - audio).abs().max() <= TOLERANCE
        assert audio.abs().max() > 0.05  # it says something


def test_padded_batch_equals_each_alone(model, batch, styles, alone):
    ids, lengths = batch
    with torch.no_grad():
        logits, durations, f0, energy, audio = speak(model, ids, lengths, styles)
    for i, (n, one) in enumerate(zip(lengths.tolist(), alone, strict=True)):
        frames = int(one[1].sum())
        assert torch.allclose(logits[i, :n], one[0][0], atol=1e-4)
        assert torch.equal(durations[i, :n], one[1][0]) and not durations[i, n:].any()
        assert torch.allclose(f0[i, : 2 * frames], one[2][0], atol=5e-3)  # of some hundred Hz
        assert torch.allclose(energy[i, : 2 * frames], one[3][0], atol=1e-4)
        assert not f0[i, 2 * frames :].any() and not energy[i, 2 * frames :].any()
        assert not audio[i, 600 * frames :].any()


def test_whole_sentences_in_a_batch_sound_as_alone(model, batch, styles):
    """Given the same curves and noise; what pads the shorter one is not heard."""
    ids, lengths = batch
    durations = torch.tensor([[2] * n + [0] * (max(lengths) - n) for n in lengths.tolist()])
    alignment = forward.expand(durations)
    f0 = torch.full((2, 2 * alignment.shape[-1]), 150.0)
    with torch.no_grad():
        with forward.seeded_source(model, 1):
            both = forward.decode_audio(model, ids, lengths, alignment, f0, f0 / 100, styles[:, :128])
        n = int(lengths[0])
        curves = f0[:1, : 4 * n], f0[:1, : 4 * n] / 100
        with forward.seeded_source(model, 1):
            first = forward.decode_audio(
                model, ids[:1, :n], lengths[:1], alignment[:1, :n, : 2 * n], *curves, styles[:1, :128]
            )
    assert (both[0, : 1200 * n] - first[0]).abs().max() <= TOLERANCE


def test_crop_has_the_length_asked_and_its_own_place(model, batch, styles):
    ids, lengths = batch
    alignment = forward.expand(torch.full_like(ids, 3))
    f0 = torch.linspace(100, 200, 2 * alignment.shape[-1]).repeat(2, 1)
    args = (model, ids, lengths, alignment, f0, f0 / 100, styles[:, :128])
    with torch.no_grad(), forward.seeded_source(model, 1):
        same = forward.decode_audio(*args, crop=(4, 5))
    with torch.no_grad(), forward.seeded_source(model, 1):
        each = forward.decode_audio(*args, crop=([4, 9], 5))
    assert same.shape == each.shape == (2, 5 * 600)
    assert torch.allclose(same[0], each[0], atol=TOLERANCE)
    assert (same[1] - each[1]).abs().max() > 0.01


def test_gradients_reach_every_part(model, batch, styles):
    ids, lengths = batch
    model = copy.deepcopy(model).requires_grad_(True)
    style = styles.clone().requires_grad_(True)
    durations = torch.full_like(ids, 2) * ~forward.text_mask(lengths)
    logits, _, f0, energy, audio = speak(model, ids, lengths, style, durations)
    (logits.square().mean() + f0.mean() + energy.mean() + audio.square().mean()).backward()
    without = {name for name, p in model.named_parameters() if p.grad is None or not p.grad.abs().sum() > 0}
    # The pooler is no part of the way; the source is made without gradient (KModel's own no_grad).
    rest = {
        name for name in without if "pooler" not in name and "m_source" not in name and ".norm." not in name
    }
    rest = {
        name for name in rest if not name.endswith(("key.bias", "pool.bias"))
    }  # softmax, norm take them out
    assert not rest
    assert style.grad is not None and (style.grad.abs().sum(0) > 0).all()


def test_folded_weights_say_the_same(model, batch, styles, alone):
    ids, lengths = batch
    folded = forward.fold_weight_norm(copy.deepcopy(model))
    with torch.no_grad():
        audio = speak(folded, ids[:1, : lengths[0]], lengths[:1], styles[:1])[4]
    assert not any(name.endswith("weight_g") for name in folded.state_dict())
    assert (audio - alone[0][4]).abs().max() <= 1e-4


def test_convolutions_in_bfloat16_say_nearly_the_same_and_teach_nearly_the_same(model, batch, styles):
    ids, lengths = batch
    ids, lengths = ids[:1, : lengths[0]], lengths[:1]
    found = []
    for prepare in (lambda model: model, forward.convolve_in_bfloat16):
        ours = prepare(copy.deepcopy(model)).requires_grad_(True)
        *_, audio = speak(ours, ids, lengths, styles[:1], torch.ones_like(ids))
        audio.square().mean().backward()
        assert audio.dtype == torch.float32
        found.append((audio.detach(), {name: p.grad for name, p in ours.decoder.named_parameters()}))
    (audio, gradients), (rounded, others) = found
    assert 25 < 10 * torch.log10(audio.square().sum() / (audio - rounded).square().sum()) < 60
    for name in (name for name in gradients if ".conv" in name and name.endswith("weight_v")):
        assert others[name].dtype == torch.float32
        likeness = torch.cosine_similarity(gradients[name].flatten(), others[name].flatten(), dim=0)
        assert likeness > 0.9, name


def test_seeded_source_leaves_the_outside_alone(model):
    torch.manual_seed(5)
    before = torch.rand(1)
    torch.manual_seed(5)
    with forward.seeded_source(model, 1):
        inside = torch.rand(1)
    assert torch.equal(before, torch.rand(1)) and not torch.equal(before, inside)


@given(st.lists(st.integers(0, 50), min_size=1, max_size=20).filter(any))
def test_expand_gives_each_token_its_frames(durations):
    alignment = forward.expand(torch.tensor([durations]))[0]
    assert alignment.shape == (len(durations), sum(durations))
    assert alignment.sum(1).tolist() == durations and (alignment.sum(0) == 1).all()
    for end, row in zip(accumulate(durations), alignment, strict=True):
        assert not row[end:].any()


def test_durations_round_as_kmodel_and_never_vanish():
    logits = torch.full((1, 2, 50), -20.0)
    logits[0, 0, :7] = 20.0
    assert forward.durations_from_logits(logits).tolist() == [[7, 1]]
    assert forward.durations_from_logits(logits, speed=2.0).tolist() == [[4, 1]]
