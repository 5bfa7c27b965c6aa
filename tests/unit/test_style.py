"""The style a speaker starts from, through the real base model on a few tokens."""

from __future__ import annotations

import json
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
import torch

from moien.align import Alignment
from moien.features.mel import energy, log_mel
from moien.kokoro.speak import speak
from moien.kokoro.style import pack_row
from moien.kokoro.symbols import encode
from moien.style.embed import SpeakerEncoder
from moien.style.fit import FitClip, choose_evenly, fit_style, pack_similarities
from moien.style.settings import EmbeddingSettings

TOKENS = tuple(encode("mˈojən"))
SETTINGS = EmbeddingSettings(prosodic_steps=2, acoustic_steps=1, crop_frames=10)


@pytest.fixture(scope="module")
def world(base):  # type: ignore[no-untyped-def]
    """The base's model and packs, and two clips: another pack's own speech, so that there is a way to it."""
    from moien.kokoro.base import load_model, load_packs

    threads = torch.get_num_threads()
    torch.set_num_threads(1)  # on a busy machine, threads that wait for each other cost more than they give
    model, packs = load_model(base.weights, base.config), load_packs(base)
    target = packs["jf_alpha"]
    clips = []
    for seed in range(2):
        with torch.random.fork_rng():
            torch.manual_seed(seed)
            audio, durations = model.forward_with_tokens(
                torch.tensor([TOKENS]), pack_row(target, len(TOKENS))
            )
        loudness = energy(log_mel(audio)).numpy()
        f0 = np.full(len(loudness), 230, np.float32)
        clips.append(FitClip(TOKENS, tuple(durations.tolist()), f0, loudness, audio.numpy()))
    yield SimpleNamespace(model=model, packs=packs, clips=clips)
    torch.set_num_threads(threads)


def test_the_row_is_that_of_the_number_of_phonemes(world: SimpleNamespace) -> None:
    pack = torch.arange(510.0)[:, None, None].expand(510, 1, 256)
    assert pack_row(pack, 2 + 7)[0, 0] == 6  # seven phonemes between BOS and EOS
    assert pack_row(pack, 2)[0, 0] == 0  # and nothing at all still has a style
    assert pack_row(pack, 512).shape == (1, 256)


def test_speech_is_the_same_for_a_seed_and_leaves_the_generator_alone(world: SimpleNamespace) -> None:
    before = torch.get_rng_state()
    first = speak(world.model, TOKENS, world.packs["jf_alpha"], seed=1).audio
    assert torch.equal(before, torch.get_rng_state())
    np.testing.assert_array_equal(first, speak(world.model, TOKENS, world.packs["jf_alpha"], seed=1).audio)


def test_a_pack_is_nearest_to_itself(world: SimpleNamespace) -> None:
    encoder = SpeakerEncoder()
    packs = {name: world.packs[name] for name in ("jf_alpha", "jm_kumo")}
    centroids = {
        n: encoder.embed(speak(world.model, TOKENS, pack, seed=9).audio, 24000) for n, pack in packs.items()
    }
    found = pack_similarities(world.model, packs, [TOKENS], centroids, encoder, seed=3)
    for speaker, cosines in found.items():
        assert max(cosines, key=lambda name: cosines[name]) == speaker
        assert cosines[speaker] > 0.9
    json.dumps(found)


def test_fit_moves_every_row_alike_towards_the_clips(world: SimpleNamespace) -> None:
    pack = world.packs["jf_nezumi"]
    weights = {name: tensor.clone() for name, tensor in world.model.state_dict().items()}
    fitted, facts = fit_style(world.model, pack, world.clips, SETTINGS, seed=5)
    moves = (fitted - pack)[:, 0]
    assert fitted.shape == (510, 1, 256) and fitted.dtype == torch.float32 and not fitted.requires_grad
    torch.testing.assert_close(moves, moves[:1].expand(510, 256), atol=1e-6, rtol=0)
    assert 0 < facts["prosodic_distance"] < 1 and 0 < facts["acoustic_distance"] < 1
    assert facts["prosodic_loss_after"] < facts["prosodic_loss_before"]
    assert facts["acoustic_loss_after"] < facts["acoustic_loss_before"]
    for name, tensor in world.model.state_dict().items():
        assert torch.equal(tensor, weights[name]), name


def test_a_half_without_steps_stays_and_a_seed_gives_the_same_fit(world: SimpleNamespace) -> None:
    settings = SETTINGS.model_copy(update={"acoustic_steps": 0, "prosodic_steps": 1})
    fits = [fit_style(world.model, world.packs["jm_kumo"], world.clips, settings, seed=5) for _ in "ab"]
    assert torch.equal(fits[0][0], fits[1][0]) and fits[0][1] == fits[1][1]
    assert torch.equal(fits[0][0][..., :128], world.packs["jm_kumo"][..., :128])
    assert fits[0][1]["acoustic_loss_after"] == fits[0][1]["acoustic_loss_before"]
    assert not torch.equal(fits[0][0][..., 128:], world.packs["jm_kumo"][..., 128:])


def test_clips_are_chosen_evenly_among_the_better_aligned() -> None:
    all_of_them = [
        Alignment(f"a-{i:02d}", (0, 1, 0), (1, 98, 1), 100, confidence=0.9 if i % 2 else 0.5, shift_frames=2)
        for i in range(40)
    ]
    chosen = choose_evenly(all_of_them, clips=5, frames=60)
    assert [a.id for a in chosen] == ["a-01", "a-09", "a-17", "a-25", "a-33"]
    short = [replace(a, frames=20) for a in all_of_them]
    assert len(choose_evenly(short, clips=100, frames=60)) == 20
    assert choose_evenly([all_of_them[0], short[1]], clips=9, frames=60) == [all_of_them[0]]
