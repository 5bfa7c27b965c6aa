"""How much later the base model's boundaries are, by copy synthesis."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from moien.align.shift import DELAYS_MS, AverageVoice, ShiftClip, distances, find_shift
from moien.audio import SAMPLE_RATE
from moien.errors import WrongData
from moien.kokoro.base import load_packs
from moien.kokoro.speak import predict, render
from moien.kokoro.symbols import encode

SENTENCES = (
    "də vˈɛtɐ ɑs hˈaʊt nˈɑxmetəs zˈeɪɐ ʃˈeɪn, mə mˈuɐ ɡˈɪt ət kˈaːl.",
    "vˈou ɡˈeɪstə hˈin, vɑn də zˈɔndəs mˈɔɪəs nɔx kˈɛŋ ʦˈɑɪt hˈuəs?",
)


def babble(seed: int) -> np.ndarray:
    """Two seconds of bands of noise, a new one every 30 to 150 ms."""
    random, parts = np.random.default_rng(seed), []
    while sum(map(len, parts)) < 2 * SAMPLE_RATE:
        time = np.arange(random.integers(720, 3600)) / SAMPLE_RATE
        carrier = np.sin(2 * np.pi * random.uniform(200, 6000) * time)
        parts.append(random.uniform(0.01, 0.3) * random.standard_normal(len(time)) * carrier)
    return np.concatenate(parts)[: 2 * SAMPLE_RATE]


@pytest.mark.parametrize("delay_ms", [-30, 0, 45, 110])
def test_a_known_delay_is_found_through_another_level_and_noise(delay_ms: int) -> None:
    copy = babble(1)
    natural = 0.3 * np.roll(copy, delay_ms * SAMPLE_RATE // 1000) + 0.003 * babble(2)
    assert DELAYS_MS[distances(copy, natural).argmin()] == delay_ms


@pytest.mark.parametrize("shift", [0, 2, 3])
def test_the_base_finds_by_how_much_its_own_boundaries_were_moved(base, shift: int) -> None:  # type: ignore[no-untyped-def]
    """Speech of the base, whose boundaries are its own, on boundaries that are `shift` frames too early."""
    voice = AverageVoice(base, "cpu")
    model, pack = voice._model, next(iter(load_packs(base).values()))
    clips = {}
    for number, sentence in enumerate(SENTENCES):
        tokens = encode(sentence)
        own = predict(model, tokens, pack)
        audio = render(model, tokens, own.durations, own.f0, own.energy, pack, number).numpy()
        ends = torch.cumsum(own.durations[0], 0).double().numpy()
        inner = np.maximum(ends[:-1] - shift, np.arange(1, len(ends)))
        clips[sentence] = ShiftClip(tokens, np.concatenate([[0.0], inner, ends[-1:]]), audio)
    found, facts = find_shift(voice, clips, seed=1)
    assert found == shift and abs(facts["delay_ms"] - 25 * shift) <= 10
    assert all(abs(delay - 25 * shift) <= 15 for delay in facts["clips_ms"].values()), facts
    assert facts == find_shift(voice, clips, seed=1)[1]


@pytest.mark.parametrize("delay_ms", [-50, -90, 150, 200])
def test_a_delay_at_the_end_of_the_tried_range_is_an_error(delay_ms: int) -> None:
    class Delayed(AverageVoice):
        """Copies that are this much too early."""

        def __init__(self) -> None:
            """No base is needed."""

        def copy(self, clip: ShiftClip, seed: int) -> tuple[np.ndarray, np.ndarray]:
            return clip.samples, np.roll(clip.samples, delay_ms * SAMPLE_RATE // 1000)

    clips = {str(seed): ShiftClip([0, 1, 0], np.array([0.0, 1, 2, 3]), babble(seed)) for seed in range(2)}
    with pytest.raises(WrongData, match="at the end of the tried delays"):
        find_shift(Delayed(), clips, seed=1)
