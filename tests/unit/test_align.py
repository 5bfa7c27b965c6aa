"""The aligner on a synthetic language of tones and noise, whose boundaries are known to the sample."""

from __future__ import annotations

import json
import pickle
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from moien.align import Alignment, hmm, read_alignments, write_alignments
from moien.align.compare import coarse, compare, match, read_segments
from moien.align.confidence import fits, outliers
from moien.align.hmm import PhoneTime, fold_rare
from moien.align.item import Item
from moien.align.plot import plot_alignment
from moien.align.textgrid import read_phones, write_textgrid
from moien.align.true_pauses import keep_true_pauses
from moien.audio import SAMPLE_RATE, write_wav
from moien.corpus.datadir import Utterance
from moien.errors import WrongData
from moien.text import Phonemes, Word

TONES = {"a": (300, 1200), "i": (500, 2300), "u": (250, 700)}  # Hz
NOISES = {"s": 6000, "ʃ": 2500}


def sound(label: str, length: int, random: np.random.Generator) -> np.ndarray:
    """A vowel of two harmonics or a band of noise, with 5 ms of fade."""
    time = np.arange(length) / SAMPLE_RATE
    if label in TONES:
        wave = 0.2 * sum(np.sin(2 * np.pi * f * time) for f in TONES[label])
    else:
        wave = 0.15 * random.standard_normal(length) * np.sin(2 * np.pi * NOISES[label] * time)
    fade = np.minimum(1, np.minimum(np.arange(length), np.arange(length)[::-1]) / 120)
    return wave * fade


def speak(
    folder: Path, name: str, words: list[str], random: np.random.Generator
) -> tuple[Item, list[PhoneTime]]:
    """Write an utterance; its item, and when each phone really sounds."""
    parts, times = [np.zeros(2400)], []
    for word in words:
        for label in word:
            start, length = sum(map(len, parts)), int(random.integers(1900, 4500))
            parts.append(sound(label, length, random))
            times.append(PhoneTime(label, start / SAMPLE_RATE, (start + length) / SAMPLE_RATE))
        parts.append(np.zeros(int(random.choice([0, 4800]))))
    parts.append(np.zeros(2400))
    samples = np.concatenate(parts) + 1e-4 * random.standard_normal(sum(map(len, parts)))
    write_wav(folder / f"{name}.wav", samples)
    line, spoken = "", []
    for word in words:
        line += " " if line else ""
        spoken.append(Word(word.upper(), word, "lexicon", len(line), len(line) + len(word)))
        line += word
    utterance = Utterance(name, "x", " ".join(words), folder / f"{name}.wav")
    return Item("train", utterance, Phonemes(utterance.text, line, tuple(spoken))), times


Corpus = tuple[dict[str, Item], dict[str, list[PhoneTime]]]


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Corpus:
    folder, random = tmp_path_factory.mktemp("tones"), np.random.default_rng(1)
    items, truth = {}, {}
    for number in range(24):
        # never the same sound twice in a row: nobody could say where it changes
        line = [str(random.choice([*TONES, *NOISES]))]
        while len(line) < 15:
            line.append(str(random.choice(sorted({*TONES, *NOISES} - {line[-1]}))))
        words = ["".join(line[i : i + 3]) for i in range(0, 15, 3)]
        name = f"x-{number:02d}"
        items[name], truth[name] = speak(folder, name, words, random)
    return items, truth


@pytest.fixture(scope="module")
def aligned(corpus: Corpus, tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[PhoneTime]]:
    return hmm.align(corpus[0], tmp_path_factory.mktemp("viter"), seed=1)


def test_the_aligner_finds_boundaries_that_are_known(
    corpus: Corpus, aligned: dict[str, list[PhoneTime]]
) -> None:
    items, truth = corpus
    assert list(aligned) == list(items)
    for name, times in aligned.items():
        assert [p.label for p in times] == [p.label for p in truth[name]]
        assert all(p.start < p.end for p in times)
    agreement = compare(aligned, truth, {u: item.seconds for u, item in items.items()})
    assert len(agreement.fitting) == len(items)
    assert (
        agreement.within > 0.8 and agreement.median_ms < 8
    )  # a minute of speech: silence still swallows some ʃ


def test_the_same_seed_gives_the_same_times(
    corpus: Corpus, aligned: dict[str, list[PhoneTime]], tmp_path: Path
) -> None:
    assert hmm.align(corpus[0], tmp_path, seed=1) == aligned


def test_the_number_of_cores_changes_no_time(
    corpus: Corpus, aligned: dict[str, list[PhoneTime]], tmp_path: Path
) -> None:
    (tmp_path / "items").write_bytes(pickle.dumps(corpus[0]))
    program = (
        "import os, pickle, sys; from pathlib import Path; os.sched_setaffinity(0, [min(os.sched_getaffinity(0))])\n"
        "from moien.align import hmm; folder = Path(sys.argv[1])\n"
        "found = hmm.align(pickle.loads((folder / 'items').read_bytes()), folder / 'work', seed=1)\n"
        "(folder / 'times').write_bytes(pickle.dumps(found))"
    )
    subprocess.run([sys.executable, "-c", program, str(tmp_path)], check=True)
    assert pickle.loads((tmp_path / "times").read_bytes()) == aligned


def test_a_text_that_was_not_spoken_is_an_outlier(corpus: Corpus) -> None:
    """Shuffle the labels of one utterance, keeping its boundaries: only the sounds can give it away."""
    times = dict(corpus[1])
    wrong = times["x-05"]
    swap = dict(zip("aiusʃ", "sʃaiu", strict=True))
    times["x-05"] = [PhoneTime(swap[p.label], p.start, p.end) for p in wrong]
    found = fits({u: corpus[0][u].utterance.audio for u in times}, times)
    reasons = outliers(found, sigmas=8)
    assert set(reasons) == {"x-05"}
    assert reasons["x-05"].startswith("the phones do not match the audio: ")
    assert found["x-05"].confidence < 0.1 < 0.5 < found["x-04"].confidence <= 1


def test_a_phone_that_is_far_too_long_is_an_outlier(corpus: Corpus) -> None:
    times = dict(corpus[1])
    first = times["x-07"][0]
    times["x-07"] = [PhoneTime(first.label, first.start, first.end + 3.0), *times["x-07"][1:]]
    found = fits({u: corpus[0][u].utterance.audio for u in times}, times)
    assert found["x-07"].slowest > 2 * max(fit.slowest for u, fit in found.items() if u != "x-07")


def test_rare_phones_share_the_model_of_their_base() -> None:
    fold = fold_rare([[["aː"] * 12, ["œː", "a"]]])
    assert fold == {"aː": "aː", "œː": "œ", "a": "a"}


def test_an_utterance_too_short_for_its_text_is_left_out(corpus: Corpus, tmp_path: Path) -> None:
    items = dict(corpus[0])
    broken, _ = speak(tmp_path, "x-99", ["a"], np.random.default_rng(2))
    text = " ".join(["usaiʃ"] * 60)
    words = (Word(text, text, "guess", 0, len(text)),)
    items["x-99"] = Item("train", broken.utterance, Phonemes(text, text, words))
    times = hmm.align(items, tmp_path / "work", seed=1)
    assert items.keys() - times == {"x-99"}


def tone(*parts: tuple[float, float]) -> np.ndarray:
    """(seconds, amplitude) pieces of a tone."""
    pieces = [a * np.sin(2 * np.pi * 200 * np.arange(round(s * SAMPLE_RATE)) / SAMPLE_RATE) for s, a in parts]
    return np.concatenate(pieces).astype(np.float32)


def test_a_release_that_was_called_silence_goes_back_to_its_phone() -> None:
    # t's closure 0.1-0.14, its release 0.14-0.2, then a pause to 0.4, i to 0.6, the edge
    samples = tone((0.1, 0.3), (0.04, 0), (0.06, 0.2), (0.2, 0.001), (0.2, 0.3), (0.1, 0))
    hmm_says = [PhoneTime("a", 0.0, 0.1), PhoneTime("t", 0.1, 0.14), PhoneTime("i", 0.4, 0.6)]
    times = keep_true_pauses(hmm_says, samples)
    assert times[1].end == pytest.approx(0.2, abs=0.011)
    assert times[2].start == pytest.approx(0.4, abs=0.011) and times[2].end == pytest.approx(0.6, abs=0.011)


def test_a_gap_without_quiet_is_no_pause() -> None:
    samples = tone((0.5, 0.3), (0.1, 0))
    times = keep_true_pauses([PhoneTime("a", 0.0, 0.2), PhoneTime("i", 0.26, 0.5)], samples)
    assert times[0].end == 0.26 and times[1] == PhoneTime("i", 0.26, 0.5)


def test_edges_belong_to_nobody() -> None:
    samples = tone((0.1, 0), (0.3, 0.3), (0.03, 0))
    times = keep_true_pauses([PhoneTime("a", 0.1, 0.4)], samples)
    assert times == [PhoneTime("a", 0.1, 0.4)]


def times_of(text: str, step: float = 0.1, offset: float = 0.0) -> list[PhoneTime]:
    return [
        PhoneTime(label, offset + i * step, offset + (i + 1) * step) for i, label in enumerate(text.split())
    ]


def test_a_constant_offset_does_not_count_and_a_late_boundary_does() -> None:
    ours, theirs = times_of("d ə ʦ uː n a m i"), times_of("d @ t s u n A m i", offset=0.07)
    theirs = [p for p in theirs if p.label != "s"]
    ours = [PhoneTime(p.label, t.start, t.end) for p, t in zip(ours, theirs, strict=True)]
    late = [*ours[:6], PhoneTime("m", ours[6].start + 0.03, ours[6].end), ours[7]]
    exact = compare({"u": ours}, {"u": theirs}, {"u": 2.0})
    assert exact.within == 1 and exact.median_ms == pytest.approx(0, abs=1e-6) and len(exact.differences) == 7
    assert compare({"u": late}, {"u": theirs}, {"u": 2.0}).within == pytest.approx(6 / 7)


def test_segments_longer_than_the_audio_are_counted_and_not_compared() -> None:
    ours, theirs = times_of("a b a b a b"), times_of("a b a b a b", step=0.2)
    agreement = compare({"u": ours, "v": ours}, {"u": theirs, "v": ours}, {"u": 1.0, "v": 1.0})
    assert (len(agreement.fitting), len(agreement.left_out)) == (1, 1)
    assert "100.0% of 5 boundaries" in str(agreement) and "left out: 1 utterances" in str(agreement)


def test_coarse_sounds_bridge_the_alphabets() -> None:
    assert [coarse(label) for label in ("ɑ̃ː", "a~", "AI", "{")] == ["a"] * 4
    assert coarse("ʁ") == coarse("R") and coarse("ʦ") == coarse("t") and coarse("p") == "p"
    assert match("abcd", "xabd") == [(0, 1), (1, 2), (3, 3)]


def test_bad_segments_are_named_with_their_line(tmp_path: Path) -> None:
    file = tmp_path / "reference_segments.jsonl"
    file.write_text(json.dumps({"id": "u", "segments": [[0, 0.1, "_"], [0.1, 0.2, "a"]]}) + "\nno json\n")
    with pytest.raises(WrongData, match=r"reference_segments\.jsonl:2"):
        read_segments(file)
    file.write_text(file.read_text().splitlines()[0] + "\n")
    assert read_segments(file) == {"u": [PhoneTime("a", 0.1, pytest.approx(0.3))]}


def test_alignments_come_back_as_they_were(tmp_path: Path) -> None:
    alignment = Alignment("u", (0, 5, 0), (3, 4, 2), 9, 0.25, 2)
    write_alignments(tmp_path / "a.jsonl", [alignment])
    assert read_alignments(tmp_path / "a.jsonl") == {"u": alignment}


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("{}", "not an alignment"),
        ("[1]", "not an alignment"),
        (
            '{"id": "u", "tokens": [0, 0], "durations": [1, 1], "frames": 3, "confidence": 1, "shift_frames": 0}',
            "sum",
        ),
        (
            '{"id": "u", "tokens": [0], "durations": [1, 1], "frames": 2, "confidence": 1, "shift_frames": 0}',
            "tokens",
        ),
    ],
)
def test_a_broken_alignment_is_named_with_its_line(tmp_path: Path, line: str, message: str) -> None:
    (tmp_path / "a.jsonl").write_text(line + "\n")
    with pytest.raises(WrongData, match=message) as caught:
        read_alignments(tmp_path / "a.jsonl")
    assert str(caught.value.where).endswith("a.jsonl:1")


def test_missing_alignments_name_the_stage(tmp_path: Path) -> None:
    with pytest.raises(WrongData) as caught:
        read_alignments(tmp_path / "none.jsonl")
    assert "stage 3" in str(caught.value)


def test_textgrid_and_picture(corpus: Corpus, tmp_path: Path) -> None:
    items, truth = corpus
    item, times = items["x-00"], truth["x-00"]
    write_textgrid(tmp_path / "u.TextGrid", item, times)
    back = read_phones(tmp_path / "u.TextGrid")
    assert [p.label for p in back] == [p.label for p in times]
    assert [p.start for p in back] == pytest.approx([p.start for p in times])
    assert item.phonemes.words[0].text in (tmp_path / "u.TextGrid").read_text(encoding="utf-8")
    alignment = Alignment("x-00", tuple(item.tokens), (1,) * len(item.tokens), len(item.tokens), 0.5, 2)
    plot_alignment(tmp_path / "u.png", item, alignment, times)
    assert (tmp_path / "u.png").read_bytes().startswith(b"\x89PNG")
    shutil.copy(tmp_path / "u.png", tmp_path / "v.TextGrid")
    with pytest.raises(WrongData, match="not a TextGrid"):
        read_phones(tmp_path / "v.TextGrid")
