"""From a phoneme string and seconds to frames: units, isotonic rounding, pauses, the shift."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from moien.align.hmm import PhoneTime
from moien.align.timing import align_tokens, divide, token_boundaries, whole_frames
from moien.align.tokens import split_units, spoken_words
from moien.errors import WrongData
from moien.kokoro.style import DURATION_BINS
from moien.kokoro.symbols import MODIFIERS, VOCAB


def labels(phonemes: str) -> list[str]:
    return [unit.label for unit in split_units(phonemes)]


def test_units_of_a_sentence() -> None:
    assert labels("ɡˈuːdə mˈɑ̃ʒ, ʦ↗") == ["ɡ", "uː", "d", "ə", "", "m", "ɑ̃", "ʒ", "", "", "ʦ"]
    units = split_units("ɡˈuːdə")
    assert [(unit.start, unit.end) for unit in units] == [(0, 1), (1, 4), (4, 5), (5, 6)]


def test_marks_without_a_phone_are_pauses() -> None:
    assert labels("aˈ") == ["a", ""]
    assert labels("ː a") == ["", "", "a"]
    assert labels("ˈ, a") == ["", "", "", "a"]


def test_words_are_what_stands_between_pauses() -> None:
    words = spoken_words(split_units("a bː, ˈi."))
    assert [[unit.label for unit in word] for word in words] == [["a"], ["bː"], ["i"]]


@given(st.text(st.sampled_from(sorted(VOCAB)), max_size=40))
def test_units_cover_any_string_without_gap(phonemes: str) -> None:
    units = split_units(phonemes)
    assert "".join(phonemes[unit.start : unit.end] for unit in units) == phonemes
    assert all(unit.end > unit.start for unit in units)
    for unit in units:
        assert unit.is_pause or len(set(unit.label) - MODIFIERS) == 1  # one base symbol each


boundaries_of = st.lists(st.floats(0, 60), min_size=1, max_size=30).map(
    lambda steps: np.concatenate([[0.0], np.cumsum(steps)])
)


@given(boundaries_of, st.integers(0, 5))
def test_whole_frames_sum_and_leave_no_token_out(boundaries: np.ndarray, shift: int) -> None:
    frames = int(np.ceil(boundaries[-1])) + len(boundaries)
    boundaries[-1] = frames
    durations = whole_frames(boundaries, shift)
    assert durations.sum() == frames
    assert durations.min() >= 1


@given(st.lists(st.integers(1, 50), min_size=1, max_size=30))
def test_whole_frames_leave_whole_frames_alone(durations: list[int]) -> None:
    assert whole_frames(np.concatenate([[0.0], np.cumsum(durations)])).tolist() == durations


def test_whole_frames_are_the_nearest_possible() -> None:
    # Three boundaries at the same place: the nearest integers a frame apart lie around it.
    assert whole_frames(np.array([0, 10.0, 10.0, 10.0, 20])).tolist() == [9, 1, 1, 9]


def test_a_shift_moves_every_inner_boundary_and_the_end_makes_room() -> None:
    boundaries = np.array([0.0, 4, 8, 12, 20])
    assert whole_frames(boundaries, 2).tolist() == [6, 4, 4, 6]
    assert whole_frames(np.array([0.0, 4, 8, 9, 10]), 2).tolist() == [6, 2, 1, 1]


def test_silence_goes_to_pauses_and_never_to_phones() -> None:
    phonemes = "a, b"  # BOS a , ␣ b EOS
    phones = [PhoneTime("a", 0.1, 0.2), PhoneTime("b", 0.5, 0.6)]
    shares = np.array([5.0, 2, 3, 1, 2, 4])
    boundaries = token_boundaries(split_units(phonemes), phones, shares, frames=30)
    # 40 frames a second; the pause of 12 frames is shared 3 : 1 by comma and space
    assert boundaries == pytest.approx([0, 4, 8, 17, 20, 24, 30])


def test_a_phone_is_shared_by_its_own_tokens_only() -> None:
    phones = [PhoneTime("d", 0.0, 0.1), PhoneTime("uː", 0.1, 0.3)]
    shares = np.array([1.0, 2, 1, 2, 1, 9])  # BOS d ˈ u ː EOS
    boundaries = token_boundaries(split_units("dˈuː"), phones, shares, frames=20)
    assert boundaries == pytest.approx([0, 0, 4, 6, 10, 12, 20])


def test_a_long_pause_is_split_over_its_tokens() -> None:
    parts = divide(90.0, np.array([8.0, 1.0]))
    assert parts.sum() == pytest.approx(90) and parts.max() < DURATION_BINS
    assert divide(200.0, np.array([1.0, 1.0])).tolist() == [100, 100]  # too long for both: to be counted


@given(st.floats(0, 300), st.lists(st.floats(0.01, 20), min_size=1, max_size=6))
def test_divide_loses_nothing(total: float, shares: list[float]) -> None:
    parts = divide(total, np.array(shares))
    assert parts.sum() == pytest.approx(total)
    assert parts.min() >= 0
    if total <= (DURATION_BINS - 1) * len(shares):
        assert parts.max() <= DURATION_BINS - 1 + 1e-6


def test_an_alignment_that_cannot_be_says_why() -> None:
    with pytest.raises(WrongData, match="more tokens than frames: 4 in 3"):
        align_tokens("u", [0, 1, 2, 0], np.array([0, 1.0, 2, 2, 3]), 0, 0.5)
    with pytest.raises(WrongData, match="a token over 50 frames: 90"):
        align_tokens("u", [0, 1, 0], np.array([0, 2.0, 92, 100]), 0, 0.5)
    good = align_tokens("u", [0, 1, 0], np.array([0, 2.0, 12, 20]), 2, 0.5)
    assert good.durations == (4, 10, 6) and good.frames == 20 and good.shift_frames == 2
