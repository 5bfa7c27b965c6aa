"""The recogniser hears what is said, by whomever, and the edits between that and the text are counted right."""

from __future__ import annotations

import math
from itertools import pairwise

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from safetensors.torch import load_file, save_file
from torchaudio.functional import edit_distance

from moien.audio import SAMPLE_RATE
from moien.errors import WrongData
from moien.score.clip import Clip
from moien.score.judges import Judges
from moien.score.judges.aligner import best_path, states_of
from moien.score.judges.augment import augmented, log_mel, normalised
from moien.score.judges.recogniser import BATCH_FRAMES, batches, open_recogniser, train_recogniser
from moien.score.metrics.alignment_fit import alignment_fit
from moien.score.metrics.phone_deletions import phone_deletions
from moien.score.metrics.phone_error import phone_error
from moien.score.metrics.phone_insertions import phone_insertions
from moien.score.pair import Pair
from moien.score.phones import Edits, phone_edits, phones_of, words_missed, words_of

FORMANTS = {
    "a": (700, 1200),
    "i": (300, 2200),
    "u": (350, 800),
    "s": (4500, 6000),
    "ə": (500, 1500),
    "m": (250, 3000),
}


def say(phonemes: str, seed: int = 0) -> np.ndarray:
    """Each phone as two bands of noise of its own, 0.1 to 0.15 s long, with pauses between words and around them."""
    random = np.random.default_rng(seed)

    def pause() -> np.ndarray:
        return np.zeros(int(random.uniform(0.05, 0.15) * SAMPLE_RATE))

    parts = [pause()]
    for word in words_of(phonemes):
        for phone in word:
            count = int(random.uniform(0.1, 0.15) * SAMPLE_RATE)
            spectrum = np.fft.rfft(random.standard_normal(count))
            hz = np.fft.rfftfreq(count, 1 / SAMPLE_RATE)
            gain = sum(np.exp(-(((hz - centre) / 150) ** 2)) for centre in FORMANTS[phone])
            sound = np.fft.irfft(spectrum * gain, count)
            parts.append(0.1 * sound / sound.std() * np.hanning(count) ** 0.3)
        parts.append(pause())
    samples = np.concatenate(parts)
    return (samples + 2e-4 * random.standard_normal(len(samples))).astype(np.float32)


def sentences(count: int, seed: int) -> list[str]:
    """Words of two to four phones, no phone twice in a row."""
    random, phones = np.random.default_rng(seed), list(FORMANTS)
    found = []
    for _ in range(count):
        words = []
        for _ in range(4):
            word = [str(random.choice(phones))]
            while len(word) < random.integers(2, 5):
                word.append(str(random.choice([p for p in phones if p != word[-1]])))
            words.append("".join(word))
        found.append(" ".join(words) + ".")
    return found


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    path = tmp_path_factory.mktemp("recogniser") / "phones.safetensors"
    torch.set_num_threads(1)
    train_recogniser(
        ((say(text, n), text) for n, text in enumerate(sentences(30, 1))), path, seed=3, epochs=20
    )
    return path


@pytest.fixture(scope="module")
def judges(trained):
    return Judges(trained)


@pytest.fixture(scope="module")
def recogniser(judges):
    return judges.open_recogniser()


SAID = "mas uis, əma suma i?"


def edits(judges, samples, phonemes=SAID):
    return Pair(Clip(samples), Clip(samples), phonemes=phonemes, judges=judges).edits


def test_what_was_never_heard_before_is_understood(judges):
    found = [edits(judges, say(text, 100 + n), text) for n, text in enumerate(sentences(8, 2))]
    assert sum(e.error for e in found) / len(found) < 0.1


def test_phones_come_in_order_with_their_times(recogniser):
    samples = say("mas uis.", 7)
    heard = recogniser.phones(samples)
    assert [phone for phone, _, _ in heard] == list("masuis")
    times = [time for _, start, end in heard for time in (start, end)]
    assert times == sorted(times) and times[0] >= 0 and times[-1] <= len(samples) / SAMPLE_RATE + 0.05
    assert all(0.02 < start - before < 0.4 for (_, before, _), (_, start, _) in pairwise(heard))


def test_gain_and_a_leading_pause_do_not_count(recogniser):
    samples = say(SAID, 8)
    heard = [phone for phone, _, _ in recogniser.phones(samples)]
    late = np.concatenate([np.zeros(4800, np.float32), samples])
    for other in (samples * 0.2, late):
        assert [phone for phone, _, _ in recogniser.phones(other)] == heard


def test_a_dropped_word_is_deletions_and_a_repeated_one_insertions(judges):
    complete, dropped, repeated = (
        Pair(clip := Clip(say(text, 9)), clip, phonemes=SAID, judges=judges)
        for text in (SAID, "mas uis suma i", "mas uis əma əma suma i")
    )
    assert phone_deletions(dropped) >= phone_deletions(complete) + 2 / 12
    assert phone_insertions(repeated) >= phone_insertions(complete) + 2 / 12
    assert phone_error(complete) < min(phone_error(dropped), phone_error(repeated))
    assert words_missed(SAID, dropped.edits) == [2]
    assert words_missed(SAID, complete.edits) == []


def test_noise_costs(judges):
    samples, random = say(SAID, 10), np.random.default_rng(1)
    noise = 0.08 * random.standard_normal(len(samples)).astype(np.float32)
    noisy = [
        Pair(clip := Clip(s), clip, phonemes=SAID, judges=judges)
        for s in (samples, samples + 0.1 * noise, samples + 12 * noise)
    ]
    errors, fits = [phone_error(pair) for pair in noisy], [alignment_fit(pair) for pair in noisy]
    assert errors == sorted(errors) and errors[-1] > errors[0] + 0.3
    assert fits == sorted(fits, reverse=True) and fits[-1] < fits[0] - 0.5


def test_the_second_opinion_hears_a_wrong_text(judges):
    clip = Clip(say(SAID, 11))
    right, one, all_ = (
        alignment_fit(Pair(clip, clip, phonemes=text, judges=judges))
        for text in (SAID, "mas uis, iui suma i?", "iua mas i umu suə")
    )
    assert 0 >= right > one > all_


def test_without_phonemes_or_recogniser_there_is_no_score(judges):
    clip = Clip(say(SAID))
    for pair in (Pair(clip, clip, judges=judges), Pair(clip, clip, phonemes=SAID)):
        assert all(
            math.isnan(m(pair)) for m in (phone_error, phone_insertions, phone_deletions, alignment_fit)
        )


def test_a_phone_that_training_lacks_is_an_error_but_no_crash(judges):
    found = edits(judges, say(SAID, 12), SAID.replace("uis", "uyθ"))
    assert {4, 5} <= set(found.missed)
    clip = Clip(say(SAID, 12))
    assert alignment_fit(Pair(clip, clip, phonemes=SAID.replace("u", "y"), judges=judges)) < 0
    assert math.isnan(alignment_fit(Pair(clip, clip, phonemes="yθ", judges=judges)))
    assert math.isnan(alignment_fit(Pair(clip, clip, phonemes=SAID * 30, judges=judges)))


def test_the_same_seed_gives_the_same_bytes_and_another_does_not(tmp_path):
    spoken = [(say(text, n), text) for n, text in enumerate(sentences(6, 4))]
    for name, seed in (("a", 1), ("b", 1), ("c", 2)):
        torch.manual_seed(ord(name))  # the caller's own random numbers have no part in it
        train_recogniser(iter(spoken), tmp_path / name, seed, epochs=1)
    a, b, c = ((tmp_path / name).read_bytes() for name in "abc")
    assert a == b != c
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a", "b", "c"]  # no half file


def test_nothing_to_train_on_says_so(tmp_path):
    with pytest.raises(WrongData, match="no speech"):
        train_recogniser([], tmp_path / "none", 0)
    with pytest.raises(WrongData, match="without phones"):
        train_recogniser([(say("ma"), "— !")], tmp_path / "none", 0)


def test_a_file_that_is_no_recogniser_says_so(tmp_path):
    path = tmp_path / "phones.safetensors"
    with pytest.raises(WrongData, match=str(path)):
        open_recogniser(path)
    path.write_bytes(b"junk" * 9)
    with pytest.raises(WrongData, match="not a phone recogniser"):
        open_recogniser(path)
    train_recogniser([(say("ma is"), "ma is")], path, 0, epochs=1)
    tensors, facts = load_file(path), {"phones": '["a", "i", "m", "s"]'}
    for name in ("body.0.weight", "aligner.weights", "aligner.prior"):
        save_file(tensors | {name: tensors[name][1:].clone()}, path, metadata=facts)
        with pytest.raises(WrongData, match="not a phone recogniser"):
            open_recogniser(path)
    save_file(tensors, path, metadata={"phones": '["a"]'})
    with pytest.raises(WrongData, match="not a phone recogniser"):
        open_recogniser(path)
    save_file(tensors, path)
    with pytest.raises(WrongData, match="not a phone recogniser"):
        open_recogniser(path)


def test_an_augmented_clip_is_stretched_masked_and_still_of_mean_0():
    mel = log_mel(say(SAID))
    found = [augmented(mel, torch.Generator().manual_seed(seed)) for seed in range(20)]
    lengths = [len(f) / len(mel) for f in found]
    assert 0.8 < min(lengths) < 0.95 and 1.05 < max(lengths) < 1.21
    assert all(f.isfinite().all() and f.shape[1] == mel.shape[1] and f.mean().abs() < 2 for f in found)
    assert torch.equal(found[0], augmented(mel, torch.Generator().manual_seed(0)))
    assert normalised(mel + 3).sub(normalised(mel)).abs().max() < 1e-4


@given(st.lists(st.integers(10, 3000), min_size=1, max_size=50))
def test_every_utterance_is_in_one_batch(lengths):
    found = batches(lengths, torch.Generator().manual_seed(0))
    assert sorted(i for batch in found for i in batch) == list(range(len(lengths)))
    assert all(len(b) == 1 or len(b) * max(lengths[i] for i in b) <= BATCH_FRAMES for b in found)


@pytest.mark.parametrize(
    ("reference", "found", "expected"),
    [
        ("abcd", "abcd", Edits(0, 0, 0, 4, ())),
        ("abcd", "abd", Edits(0, 0, 1, 4, (2,))),
        ("abcd", "abxcd", Edits(0, 1, 0, 4, ())),
        ("abcd", "axcd", Edits(1, 0, 0, 4, (1,))),
        ("abcd", "", Edits(0, 0, 4, 4, (0, 1, 2, 3))),
        ("", "ab", Edits(0, 2, 0, 0, ())),
        ("abc", "xab", Edits(0, 1, 1, 3, (2,))),
        ("abab", "ababab", Edits(0, 2, 0, 4, ())),
    ],
)
def test_edits_by_hand(reference, found, expected):
    assert phone_edits(reference, found) == expected


TEXT = st.text("abc", max_size=12)


@given(TEXT, TEXT)
def test_edits_agree_with_torchaudio_and_with_the_lengths(reference, found):
    e = phone_edits(reference, found)
    assert e.substitutions + e.insertions + e.deletions == edit_distance(reference, found)
    assert e.length == len(reference) and len(found) == len(reference) - e.deletions + e.insertions
    assert len(e.missed) == e.substitutions + e.deletions and list(e.missed) == sorted(set(e.missed))
    assert (
        math.isnan(e.error) if not reference else e.error == edit_distance(reference, found) / len(reference)
    )


def test_phones_of_a_phoneme_string_are_symbols_without_marks():
    assert phones_of("(hˈɑʊs), kɑ̃ːˈtʰaː— ˌʦw!") == list("hɑʊskɑtaʦw")
    assert words_of("hˈɑʊs — a.") == [["h", "ɑ", "ʊ", "s"], ["a"]]


def test_a_word_is_missed_when_more_than_half_of_it_is_gone():
    edits = phone_edits("abcdef", "abxf")  # c, d and e are gone: one replaced, two deleted
    assert words_missed("ab cde — f", edits) == [1]
    assert words_missed("ab cd, ef", edits) == [1]
    assert words_missed("abcdef", edits) == []


def test_a_sentence_as_states():
    classes, owners = states_of([["a", "b"], [], ["a"]], {"a": 0, "b": 1})
    assert classes.tolist() == [2, 0, 0, 1, 1, 2, 0, 0, 2]
    assert owners.tolist() == [-1, 0, 0, 1, 1, -1, 2, 2, -1]


@given(st.integers(0, 1000), st.integers(1, 7))
def test_the_best_path_is_the_best_of_all(seed, frames):
    """Against all paths one by one, over silence a a silence b b silence."""
    optional = np.array([True, False, False, True, False, False, True])
    scores = np.random.default_rng(seed).standard_normal((frames, 7))

    def paths(state, left):
        if not left:
            return [[]] if state >= 5 else []
        step = [state, state + 1] + ([state + 2] if state + 1 < 7 and optional[state + 1] else [])
        return [[s, *rest] for s in step if s < 7 for rest in paths(s, left - 1)]

    everything = [[s, *rest] for s in (0, 1) for rest in paths(s, frames - 1)]
    found = best_path(scores, optional)
    if not everything:
        assert found is None
        return
    best = max(everything, key=lambda path: sum(scores[t, s] for t, s in enumerate(path)))
    assert found.tolist() == best
