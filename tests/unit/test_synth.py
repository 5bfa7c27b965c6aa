"""Speaking: long texts, unknown speakers, the same samples for the same seed, the row of the pack."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from moien.errors import WrongCall, WrongData
from moien.kokoro.base import load_packs
from moien.kokoro.speak import TorchEngine
from moien.kokoro.symbols import PAUSE_SYMBOLS, VOCAB
from moien.synth import Synthesiser, split
from moien.text import Phonemes


@pytest.fixture(scope="module")
def voice(model, base):
    return Synthesiser(TorchEngine(model, load_packs(base)))


def test_speech_is_made_of_its_tokens(voice):
    speech = voice.speak(Phonemes("Moi!", "mɔi!", ()), "jf_alpha", seed=4)
    assert speech.audio.dtype == np.float32 and 0.05 < np.abs(speech.audio).max() <= 1
    assert len(speech.audio) == 600 * sum(speech.durations)
    assert len(speech.tokens) == len(speech.durations) == len("mɔi!") + 2
    again = voice.speak(Phonemes("", "mɔi!", ()), "jf_alpha", seed=4)
    other = voice.speak(Phonemes("", "mɔi!", ()), "jf_alpha", seed=5)
    assert np.array_equal(speech.audio, again.audio) and not np.array_equal(speech.audio, other.audio)


def test_the_pack_is_read_at_the_length_of_the_sentence(voice, model, monkeypatch):
    seen = []

    def forward(input_ids, style, speed):
        seen.append(style)
        return original(input_ids, style, speed)

    original = model.forward_with_tokens
    monkeypatch.setattr(model, "forward_with_tokens", forward)
    voice.speak(Phonemes("", "a.", ()), "jm_kumo", speed=2.0)
    assert (seen[0] == voice.engine.packs["jm_kumo"][1]).all()


def test_an_unknown_speaker_is_named_with_the_known_ones(voice):
    with pytest.raises(WrongCall, match=r"'anna'(.|\n)*jf_alpha, jf_gongitsune"):
        voice.speak(Phonemes("", "a.", ()), "anna")


def test_a_text_is_read_by_the_front_end(model, base):
    read = Synthesiser(TorchEngine(model, load_packs(base)), lambda text: Phonemes(text, "a", ()))
    assert read.speak("whatever", "jf_alpha").phonemes == "a"


@pytest.mark.parametrize(
    ("phonemes", "parts"),
    [
        ("aa. bb, cc dd", ["aa.", "bb,", "cc dd"]),
        ("aa bb cc dd", ["aa bb", "cc dd"]),
        ("aaaaaaaaaaaa", ["aaaaaaa", "aaaaa"]),
        (" aa. ", ["aa."]),
        ("aa. ……… bb bb", ["aa. ………", "bb bb"]),
    ],
)
def test_split_at_the_best_break(phonemes, parts):
    assert split(phonemes, limit=7) == parts


@pytest.mark.parametrize("phonemes", ["", "  ", "?!…"])
def test_nothing_to_speak_is_an_error(phonemes):
    with pytest.raises(WrongData, match="nothing to speak"):
        split(phonemes)


@given(st.text(sorted(VOCAB), max_size=300), st.integers(1, 60))
def test_split_loses_no_sound(phonemes, limit):
    def sounds(text):
        return [symbol for symbol in text if symbol not in PAUSE_SYMBOLS]

    if not sounds(phonemes):
        return
    parts = split(phonemes, limit)
    assert all(0 < len(part) <= limit for part in parts)
    assert sounds("".join(parts)) == sounds(phonemes)
