"""Texts that belong to other recordings: by their lengths before the aligner, by their sounds after it."""

from __future__ import annotations

import functools
import multiprocessing
import re
from pathlib import Path

import numpy as np
import pytest

from moien.align.belong import NO_TEXT, misfits, recognised, refuse_lengths, refuse_sounds, row_gains
from moien.align.hmm import PhoneTime
from moien.align.item import Item
from moien.audio import SAMPLE_RATE, resample, write_wav
from moien.corpus.datadir import Utterance
from moien.errors import WrongData
from moien.recipe.settings import ROOT
from moien.text import Frontend, Phonemes, Word, load_frontend
from moien.text.espeak_voice import RATE
from moien.text.espeak_voice import speak as espeak
from moien.text.settings import G2PSettings

ROWS = 80


def made_up_corpus(seed: int, rows: int = ROWS) -> tuple[np.ndarray, np.ndarray]:
    """Log phones of the texts, and log seconds at a speaking rate that varies by 12 %."""
    random = np.random.default_rng(seed)
    length = random.normal(4, 0.3, rows)
    return length, length - 2.6 + random.normal(0, 0.12, rows)


def find(length: np.ndarray, seconds: np.ndarray) -> list[tuple[int, int, int]]:
    return [(s.start, s.stop, s.lag) for s in misfits(row_gains(length, seconds, ["x"] * len(length)))]


def moved(length: np.ndarray, lag: int, start: int = 0, stop: int = ROWS) -> np.ndarray:
    """The rows `[start, stop)` have the text of the row `-lag`, so that the right one is `lag` rows below."""
    return np.concatenate([length[:start], np.roll(length[start:stop], lag), length[stop:]])


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("lag", [-3, -2, -1, 1, 2, 5])
@pytest.mark.parametrize(("start", "stop"), [(0, ROWS), (40, ROWS), (25, 60)])
def test_a_shift_is_found_with_its_rows_and_its_size(seed: int, lag: int, start: int, stop: int) -> None:
    length, seconds = made_up_corpus(seed)
    ((first, last, found),) = find(moved(length, lag, start, stop), seconds)
    assert found == lag
    assert abs(first - start) <= 8 and abs(last - stop) <= 8


def test_two_lost_rows_are_two_stretches() -> None:
    length, seconds = made_up_corpus(1)
    wrong = np.delete(length, [20, 50])  # the table goes on without two of its texts
    stretches = find(np.append(wrong, length[:2]), seconds)
    assert [lag for _, _, lag in stretches] == [-1, -2]
    assert abs(stretches[0][0] - 20) <= 2 and abs(stretches[1][0] - 49) <= 4


@pytest.mark.parametrize("seed", range(5))
def test_texts_of_no_near_row_do_not_fit(seed: int) -> None:
    length, seconds = made_up_corpus(seed, 200)
    other, _ = made_up_corpus(seed + 100, 200)
    for wrong in (np.random.default_rng(seed).permutation(length), other):
        (first, last, lag) = find(wrong, seconds)[0]
        assert lag == NO_TEXT and last - first > 100


def odd(name: str, length: np.ndarray, seconds: np.ndarray, random: np.random.Generator) -> None:
    """What right corpora have, too."""
    some = random.random(ROWS) < 0.2
    if name == "a fifth of the texts is wrong":
        length[some] = random.permutation(length[some])
    elif name == "some are words":
        seconds[some] += np.log(6) - length[some] + 0.4
        length[some] = np.log(6)
    elif name == "a slow session":
        seconds[30:50] += 0.3
    elif name == "a list of words":
        length[30:50] = random.normal(np.log(6), 0.2, 20)
        seconds[30:50] = length[30:50] - 2.2 + random.normal(0, 0.15, 20)
    elif name == "all texts are equally long":
        seconds += 4 - length
        length[:] = 4
    elif name == "sorted by length":
        order = np.argsort(length)
        length[:], seconds[:] = length[order], seconds[order]
    elif name == "lively":
        seconds += random.normal(0, 0.2, ROWS)


@pytest.mark.parametrize("seed", range(10))
@pytest.mark.parametrize(
    "name",
    [
        "all is well",
        "a fifth of the texts is wrong",
        "some are words",
        "a slow session",
        "a list of words",
        "all texts are equally long",
        "sorted by length",
        "lively",
    ],
)
def test_a_right_corpus_is_never_refused(seed: int, name: str) -> None:
    length, seconds = made_up_corpus(seed)
    odd(name, length, seconds, np.random.default_rng(seed))
    assert find(length, seconds) == []
    for few in (1, 2, 3, 12):
        assert find(length[:few], seconds[:few]) == []


def test_speakers_and_their_rates_do_not_count() -> None:
    length, seconds = made_up_corpus(3)
    speakers = ["slow", "fast"] * (ROWS // 2)
    seconds[::2] += 0.5
    assert misfits(row_gains(length, seconds, speakers)) == []
    assert [s.lag for s in misfits(row_gains(moved(length, 1), seconds, speakers))] == [1]


@functools.cache
def frontend() -> Frontend:
    return load_frontend(G2PSettings(), "lb")


def speak(job: tuple[str, str, Path]) -> Phonemes:
    """An utterance by espeak-ng, in a process of its own; the phonemes of its text."""
    text, voice, wav = job
    write_wav(wav, 0.5 * resample(espeak(text, voice)[0], RATE))
    return frontend()(text)


@pytest.fixture(scope="module")
def spoken(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Item]:
    """The sentences of `mini`, in turns by two voices; the ids sort the speakers apart."""
    folder = tmp_path_factory.mktemp("spoken")
    lines = (ROOT / "recipes/mini/sentences.txt").read_text(encoding="utf-8").splitlines()
    texts = [line for line in lines if line and not line.startswith("#")]
    names = [f"{'ab'[i % 2]}-{i + 1}" for i in range(len(texts))]
    jobs = [
        (t, f"lb+{'fm'[i % 2]}3", folder / f"{n}.wav")
        for i, (t, n) in enumerate(zip(texts, names, strict=True))
    ]
    with multiprocessing.get_context("fork").Pool(1) as pool:
        phonemes = pool.map(speak, jobs)
    return {
        name: Item("train", Utterance(name, name[0], text, wav), said)
        for name, said, (text, _, wav) in zip(names, phonemes, jobs, strict=True)
    }


def with_texts(items: dict[str, Item], order: list[int]) -> dict[str, Item]:
    """Row i gets the text of row `order[i]`."""
    rows = list(items.values())
    return {u: Item("train", items[u].utterance, rows[j].phonemes) for u, j in zip(items, order, strict=True)}


def test_the_error_names_the_rows_and_the_shift(spoken: dict[str, Item]) -> None:
    refuse_lengths(spoken)
    rows = list(range(len(spoken)))
    names = list(spoken)
    for order, start, place in (
        ([*rows[1:], 0], 0, "1 row above"),
        ([*rows[-2:], *rows[:-2]], 0, "2 rows below"),
        ([*rows[:30], *rows[31:], 30], 30, "1 row above"),
    ):
        with pytest.raises(WrongData, match=r"are texts shifted by a row\?") as caught:
            refuse_lengths(with_texts(spoken, order))
        found = re.search(
            r"from (\S+) to (\S+) \((\d+) of 72 recordings\), the text (.*) fits", str(caught.value)
        )
        assert found and found[4] == place
        assert abs(names.index(found[1]) - start) <= min(start, 3) and int(found[3]) > 60 - start


Tones = tuple[dict[str, Item], dict[str, list[PhoneTime]]]


@pytest.fixture(scope="module")
def tones(tmp_path_factory: pytest.TempPathFactory) -> Tones:
    """Fifty utterances of equally many phones, each a tone of its own, and when they sound: lengths tell nothing."""
    folder, random = tmp_path_factory.mktemp("tones"), np.random.default_rng(2)
    items, times = {}, {}
    for number in range(50):
        u, line, parts, phones = (
            f"x-{number}",
            "".join(random.permutation(list("aiueosʃ"))),
            [np.zeros(2400)],
            [],
        )
        for label in line:
            seconds = np.arange(int(random.integers(2400, 3600))) / SAMPLE_RATE
            start = sum(map(len, parts)) / SAMPLE_RATE
            phones.append(PhoneTime(label, start, start + len(seconds) / SAMPLE_RATE))
            parts.append(0.2 * np.sin(2 * np.pi * 250 * 1.5 ** "aiueosʃ".index(label) * seconds))
        samples = np.concatenate([*parts, np.zeros(2400)])
        write_wav(folder / f"{u}.wav", samples + 1e-3 * random.standard_normal(len(samples)))
        said = Phonemes(line, line, (Word(line, line, "guess", 0, len(line)),))
        items[u], times[u] = Item("train", Utterance(u, "x", line, folder / f"{u}.wav"), said), phones
    return items, times


def test_texts_of_one_length_are_judged_by_their_sounds(tones: Tones) -> None:
    items, times = tones
    refuse_sounds(items, times)
    shares = recognised({u: item.utterance.audio for u, item in items.items()}, times)
    assert np.median(list(shares.values())) > 0.9

    wrong = with_texts(items, [*range(1, 50), 0])
    refuse_lengths(wrong)
    found = {
        u: [
            PhoneTime(label, p.start, p.end)
            for label, p in zip(wrong[u].phonemes.phonemes, phones, strict=True)
        ]
        for u, phones in times.items()
    }
    with pytest.raises(WrongData, match=r"0\.\d\d of the phones .* recognised.*\n.*shifted by a row\?"):
        refuse_sounds(wrong, found)
    few = list(wrong)[:20]  # too few to say
    refuse_sounds({u: wrong[u] for u in few}, {u: found[u] for u in few})
    refuse_sounds(wrong, {})
    refuse_lengths({})


def test_sounds_are_not_asked_where_the_lengths_speak_for_the_texts(spoken: dict[str, Item]) -> None:
    """The aligner may learn too little from noisy recordings."""
    random = np.random.default_rng(4)
    noise = {
        u: [
            PhoneTime(str(label), t / 20, (t + 1) / 20)
            for t, label in enumerate(random.choice(list("aiu"), 20))
        ]
        for u in spoken
    }
    shares = recognised({u: item.utterance.audio for u, item in spoken.items()}, noise)
    assert np.median(list(shares.values())) < 0.6
    refuse_sounds(spoken, noise)
