from __future__ import annotations

import json
import shutil
import struct
import subprocess
import sys
from collections import Counter
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import soundfile
from hypothesis import given
from hypothesis import strategies as st
from made_up import recording, speech
from stopwatch import assert_linear

from moien.audio import SAMPLE_RATE, read_audio, speech_level, write_wav
from moien.corpus.datadir import Utterance
from moien.corpus.preparation import (
    Cut,
    assign_splits,
    beyond_minutes,
    find_cut,
    gains,
    measure,
    prepare,
    prompt_keys,
    room_tone,
    shift_segments,
)
from moien.corpus.settings import DataSettings
from moien.corpus.vad import speech_span
from moien.errors import WrongData

needs_sox = pytest.mark.skipif(shutil.which("sox") is None, reason="the program sox is not installed")
SETTINGS = DataSettings()  # type: ignore[call-arg]


def with_settings(**changes: object) -> DataSettings:
    return DataSettings.model_validate(changes)


def utterances(count: int, start: int = 0) -> list[Utterance]:
    return [Utterance(f"s-{n}", "s", f"Saz {n}", Path(f"{n}.wav")) for n in range(start, start + count)]


def test_fewer_minutes_are_part_of_more():
    made = [replace(utt, samples=24_000 * 20) for utt in utterances(30)]  # ten minutes
    everything = {utt.id for utt in made}
    two, five = (everything - beyond_minutes(made, minutes) for minutes in (2, 5))
    assert len(two) == 6
    assert len(five) == 15
    assert two < five
    assert everything - beyond_minutes(made[::-1], 2) == two
    assert beyond_minutes(made, 10) == set()
    assert len(everything - beyond_minutes(made, 0.1)) == 1, "something must be left"


def test_every_speaker_keeps_an_utterance_of_train():
    made = [
        replace(utt, samples=24_000 * 20) for utt in [*utterances(30), *talk("guest", 2), *talk("other", 1)]
    ]
    for minutes in (0.1, 1, 5):
        kept = {utt.id for utt in made} - beyond_minutes(made, minutes)
        assert {utt.speaker for utt in made if utt.id in kept} == {"s", "guest", "other"}
        assert minutes * 3 <= len(kept) <= minutes * 3 + 3


# --- finding speech


@pytest.mark.parametrize("rate", [16_000, 22_050, 24_000, 48_000])
def test_speech_is_found_to_the_hundredth_of_a_second(rate):
    span = speech_span(recording(1.2, 0.4, 0.6, rate), rate)
    assert span is not None
    assert span[0] / rate == pytest.approx(0.4, abs=0.02)
    assert span[1] / rate == pytest.approx(1.6, abs=0.02)


def test_a_pause_inside_stays():
    samples = np.concatenate([recording(1.0, 0.3, 0.7), recording(1.0, 0.7, 0.3, seed=1)])
    span = speech_span(samples, SAMPLE_RATE)
    assert span is not None and (span[1] - span[0]) / SAMPLE_RATE == pytest.approx(3.4, abs=0.05)


def test_a_soft_release_and_onset_are_not_cut():
    """Noise 30 dB below speech, 60 ms before and after a 40 ms gap: what a final -t or an initial h is like."""
    samples = recording(1.2, 0.4, 0.6)
    soft = 0.004 * np.random.default_rng(0).standard_normal(1440).astype(np.float32)
    for at in (int(0.3 * SAMPLE_RATE), int(1.64 * SAMPLE_RATE)):
        samples[at : at + len(soft)] += soft
    span = speech_span(samples, SAMPLE_RATE)
    assert span is not None
    assert span[0] / SAMPLE_RATE <= 0.3 and span[1] / SAMPLE_RATE >= 1.7


def test_noise_is_no_speech(tmp_path):
    noise = 0.05 * np.random.default_rng(0).standard_normal(SAMPLE_RATE).astype(np.float32)
    write_wav(tmp_path / "n.wav", noise)
    assert measure(Utterance("n-1", "n", "x", tmp_path / "n.wav"), SETTINGS) == "no speech in it"


# --- cutting


def test_edges_are_cut_to_the_settings():
    samples = recording(1.0, 0.5, 0.5)
    cut = find_cut(samples, (12_000, 36_000), SETTINGS)
    assert (cut.start, cut.end, cut.before, cut.after) == (12_000 - 1800, 36_000 + 1800, 0, 0)
    assert cut.shift_s == pytest.approx(-(12_000 - 1800) / SAMPLE_RATE)


def test_a_tight_recording_gets_room_tone_and_digital_zeros_go():
    samples = np.concatenate([recording(1.0, 0.01, 0.02), np.zeros(9600, np.float32)])
    voiced = (240, 24_240)
    cut = find_cut(samples, voiced, SETTINGS)
    assert cut.start == 0 and cut.before == 1200 - 240
    assert cut.end == 24_720 and cut.after == 1200 - 480
    assert cut.shift_s == pytest.approx(960 / SAMPLE_RATE)


def test_room_tone_is_the_quietest_that_is_not_zero():
    loud, soft, zero = (np.full(1000, v, np.float32) for v in (0.5, 0.001, 0.0))
    samples = np.concatenate([loud, soft, loud, zero])
    assert np.allclose(room_tone(samples, 400), 0.001)
    assert len(room_tone(samples, 0)) == 0
    assert not room_tone(zero, 400).any() and len(room_tone(zero, 400)) == 400
    assert len(room_tone(loud[:100], 400)) == 400


# --- level


def test_a_speaker_has_one_gain_and_only_outliers_another():
    levels = {"a-1": 0.2, "a-2": 0.2, "a-3": 0.16, "a-4": 0.02, "b-1": 0.01}
    speakers = {utt: utt[0] for utt in levels}
    gain = gains(levels, speakers, SETTINGS)
    after = {utt: gain[utt] * levels[utt] for utt in levels}
    assert gain["a-1"] == gain["a-2"]
    median = np.median([0.2, 0.2, 0.16, 0.02])
    assert after["a-3"] == pytest.approx(0.16 * SETTINGS.speech_level / median)
    assert after["a-4"] == pytest.approx(SETTINGS.speech_level * 10 ** (-3 / 20))
    assert after["b-1"] == pytest.approx(SETTINGS.speech_level)


@pytest.fixture(scope="module")
def prepared(tmp_path_factory):
    """Eight recordings of two speakers at other rates and levels, prepared by one process and by two."""
    raw = tmp_path_factory.mktemp("raw")
    made = []
    for n in range(8):
        rate, level = ((22_050, 0.15), (48_000, 0.02))[n % 2]
        path = raw / f"{n}.wav"
        write_wav(path, recording(1.0, 0.3, 0.2, rate, level, seed=n), rate)
        made.append(Utterance(f"{'ab'[n % 2]}-{n}", "ab"[n % 2], f"Saz {n}", path))
    results = {}
    for nj in (1, 2):
        out = tmp_path_factory.mktemp(f"nj{nj}")
        dropped: dict[str, str] = {}
        results[nj] = (out, *prepare(made, SETTINGS, out, nj, dropped.__setitem__), dropped)
    return results


def test_what_comes_out_is_what_the_base_speaks(prepared):
    _, done, cuts, dropped = prepared[1]
    assert len(done) == 8 and not dropped
    for utt in done:
        samples, rate = read_audio(utt.audio)
        assert rate == SAMPLE_RATE and len(samples) == utt.samples == cuts[utt.id].samples
        assert speech_level(samples) == pytest.approx(SETTINGS.speech_level, rel=0.3)
        span = speech_span(samples, rate)
        assert span is not None
        assert 0.05 <= span[0] / rate <= 0.1
        assert 0.05 <= (len(samples) - span[1]) / rate <= 0.1


def test_the_number_of_processes_changes_no_byte(prepared):
    one, two = ({p.name: p.read_bytes() for p in (prepared[nj][0] / "wav").iterdir()} for nj in (1, 2))
    assert len(one) == 8 and one == two


def test_the_gain_gives_way_to_clipping(tmp_path):
    samples = recording(1.0, 0.2, 0.2, level=0.02)
    samples[20_000] = 0.9
    write_wav(tmp_path / "a.wav", samples)
    (tmp_path / "out").mkdir()
    done, _ = prepare(
        [Utterance("a-1", "a", "x", tmp_path / "a.wav")], SETTINGS, tmp_path / "out", 1, pytest.fail
    )
    after, _ = read_audio(done[0].audio)
    assert 0.98 < np.abs(after).max() <= 0.9901


# --- offset and channels

TIME = np.arange(int(2.2 * SAMPLE_RATE)) / SAMPLE_RATE
OFFSETS = {  # as shares of the speech level
    **{f"{percent} %": percent / 100 + 0 * TIME for percent in (-6, 0.5, 1, 3, 6, 20, 200)},
    "drift": 0.5 * TIME,
    "settles": 0.5 * np.exp(-TIME / 0.1),
    "sways": 0.3 * np.sin(2 * np.pi * 0.4 * TIME),
    "rumble": 0.1 * np.sin(2 * np.pi * 8 * TIME),
}


def cut_of(path: Path, samples: np.ndarray, subtype: str = "PCM_16") -> Cut:
    soundfile.write(path, samples, SAMPLE_RATE, subtype=subtype)
    cut = measure(Utterance("a-1", "a", "x", path), SETTINGS)
    assert isinstance(cut, Cut), cut
    return cut


def assert_same_cut(found: Cut, expected: Cut) -> None:
    for name in ("start", "end", "before", "after"):
        assert abs(getattr(found, name) - getattr(expected, name)) <= 240, name  # 10 ms
    assert 20 * np.log10(found.level / expected.level) == pytest.approx(0, abs=0.1)


@pytest.mark.parametrize("level", [0.01, 0.08])
@pytest.mark.parametrize("kind", OFFSETS)
def test_an_offset_changes_neither_cut_nor_level(tmp_path, kind, level):
    samples = recording(level=level)
    with_offset = samples + speech_level(samples) * OFFSETS[kind]
    assert_same_cut(cut_of(tmp_path / "b.wav", with_offset), cut_of(tmp_path / "a.wav", samples))


@pytest.mark.parametrize("steps", [-20, 1, 3])
def test_an_offset_of_whole_steps_in_8_bits_changes_neither_cut_nor_level(tmp_path, steps):
    samples = recording(level=0.08)
    with_offset = cut_of(tmp_path / "b.wav", samples + steps / 128, "PCM_U8")
    assert_same_cut(with_offset, cut_of(tmp_path / "a.wav", samples, "PCM_U8"))


@pytest.mark.parametrize("kind", OFFSETS)
def test_an_offset_in_one_channel_changes_neither_cut_nor_level(tmp_path, kind):
    samples = recording()
    other = samples + speech_level(samples) * OFFSETS[kind]
    assert_same_cut(
        cut_of(tmp_path / "b.wav", np.stack([samples, other], 1)), cut_of(tmp_path / "a.wav", samples)
    )


def test_what_is_written_has_no_offset(tmp_path):
    written = {}
    for name, offset in (("without", 0.0), ("with", 0.1)):
        soundfile.write(tmp_path / f"{name}.wav", recording() + offset, SAMPLE_RATE)
        utterance = Utterance("a-1", "a", "x", tmp_path / f"{name}.wav")
        (tmp_path / name).mkdir()
        done, _ = prepare([utterance], SETTINGS, tmp_path / name, 1, pytest.fail)
        written[name], _ = read_audio(done[0].audio)
    assert abs(float(written["with"].mean())) < 1e-4
    assert speech_level(written["with"]) == pytest.approx(SETTINGS.speech_level, rel=0.01)
    assert np.abs(written["with"] - written["without"]).max() < 1e-3


def test_clipping_is_judged_before_the_offset_goes(tmp_path):
    loud = np.clip(recording(level=0.2) * 2 + 0.6, -1, 1)
    assert np.abs(loud - loud.mean()).max() < 0.98 * 2
    soundfile.write(tmp_path / "a.wav", loud, SAMPLE_RATE)
    assert "clipped" in str(measure(Utterance("a-1", "a", "x", tmp_path / "a.wav"), SETTINGS))


def test_an_offset_alone_is_silence(tmp_path):
    soundfile.write(tmp_path / "a.wav", np.full(SAMPLE_RATE, 0.3), SAMPLE_RATE)
    assert measure(Utterance("a-1", "a", "x", tmp_path / "a.wav"), SETTINGS) == "silent"


@pytest.mark.parametrize(
    ("left", "right"), [(1, -1), (0.9, -1), (1, -0.3), (1, 0), (0, 1), (1, 1), (1, 0.9)], ids=str
)
def test_speech_in_any_channel_is_found_as_in_mono(tmp_path, left, right):
    samples = recording()
    stereo = np.stack([left * samples, right * samples], 1)
    assert_same_cut(
        cut_of(tmp_path / "s.wav", stereo / np.abs([left, right]).max()),
        replace(
            mono := cut_of(tmp_path / "m.wav", samples), level=mono.level * (1.9 / 2 if right == 0.9 else 1)
        ),
    )


# --- a session in one file


def _wav(path: Path, data: int) -> None:
    header = struct.pack("<4sI4s4sIHHIIHH4sI", b"RIFF", min(data + 36, 2**32 - 1), b"WAVE", b"fmt ", 16, 1, 2,
                         48_000, 192_000, 4, 16, b"data", data)  # fmt: skip
    path.write_bytes(header)


def _sphere(path: Path) -> None:
    fields = [
        "sample_count -i 172800000",
        "sample_n_bytes -i 3",
        "channel_count -i 2",
        "sample_rate -i 48000",
    ]
    path.write_bytes("\n".join(["NIST_1A", "   1024", *fields, "end_head", ""]).encode().ljust(1024))


@pytest.mark.parametrize("kind", ["wav", "wav from a pipe", pytest.param("sph", marks=needs_sox)])
def test_an_hour_of_stereo_is_dropped_before_it_is_read(tmp_path, kind):
    path = tmp_path / f"hour.{kind[:3]}"
    if kind == "sph":
        _sphere(path)
    else:
        _wav(path, 0xFFFFFFFF if "pipe" in kind else 3600 * 192_000)
    with path.open("ab") as file:  # zeros that take no space
        file.truncate(path.stat().st_size + 3600 * (288_000 if kind == "sph" else 192_000))
    code = f"""
import re
from pathlib import Path
from moien.corpus.preparation import Utterance, DataSettings, measure
peak = lambda: int(re.search(r"VmHWM:\\s+(\\d+)", Path("/proc/self/status").read_text())[1]) / 1000
before = peak()
print(measure(Utterance("a-1", "a", "x", Path({str(path)!r})), DataSettings()), peak() - before, sep="|")
"""
    made = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    reason, megabytes = made.stdout.split("|")
    assert reason == "longer than data.max_raw_seconds: 3600.0 s"
    assert float(megabytes) < 100


# --- splits


@given(st.integers(40, 120), st.integers(1, 60))
def test_added_utterances_move_nobody(count, more):
    settings = with_settings(test_prompts=[0, 1000], dev_prompts=[0, 1000], test_percent=10, dev_percent=10)
    before = assign_splits(utterances(count), settings)
    after = assign_splits(utterances(count + more), settings)
    assert {utt: after[utt] for utt in before} == before


def test_shares_are_near_the_percentages():
    settings = with_settings(
        test_percent=10, dev_percent=5, test_prompts=[0, 10_000], dev_prompts=[0, 10_000]
    )
    counts = Counter(assign_splits(utterances(4000), settings).values())
    assert counts["test"] == pytest.approx(400, rel=0.2)
    assert counts["dev"] == pytest.approx(200, rel=0.2)


def test_bounds_hold_and_the_order_of_utterances_decides_nothing():
    settings = with_settings(test_percent=50, test_prompts=[3, 5], dev_percent=0, dev_prompts=[2, 2])
    found = assign_splits(utterances(100), settings)
    assert Counter(found.values()) == {"train": 93, "test": 5, "dev": 2}
    assert assign_splits(utterances(100)[::-1], settings) == found


def test_halves_of_a_prompt_and_equal_words_stay_together():
    made = [replace(utt, prompt=f"p{n // 2}") for n, utt in enumerate(utterances(60))]
    made += [Utterance(f"t-{n}", "t", f"  SAZ   {n}!", Path("x")) for n in range(60)]
    found = assign_splits(made, with_settings(test_percent=20, dev_percent=20))
    assert set(found.values()) == {"train", "dev", "test"}
    for n in range(60):
        assert found[f"s-{n}"] == found[f"t-{n}"] == found[f"s-{n ^ 1}"]


def test_prompts_joined_by_words_are_one():
    made = [
        Utterance("s-1", "s", "one", Path("x"), prompt="b"),
        Utterance("s-2", "s", "two", Path("x"), prompt="b"),
        Utterance("s-3", "s", "two", Path("x"), prompt="a"),
        Utterance("s-4", "s", "?!", Path("x")),
        Utterance("s-5", "s", "!?", Path("x")),
    ]
    keys = prompt_keys(made)
    assert keys["s-1"] == keys["s-2"] == keys["s-3"] == "prompt a"
    assert keys == prompt_keys(made[::-1])
    assert keys["s-4"] != keys["s-5"]


def test_prompts_of_one_text_are_grouped_in_linear_time():
    def group(count: int) -> None:
        made = [Utterance(f"s-{n}", "s", "Moien.", Path(), prompt=f"p{count - n:06d}") for n in range(count)]
        assert len(set(prompt_keys(made).values())) == 1

    assert_linear(group, 300, 3000)


def test_only_certain_texts_are_for_evaluation():
    made = [replace(utt, status="exact" if n % 3 else "split-auto") for n, utt in enumerate(utterances(90))]
    made += [Utterance("s-900", "s", made[1].text, Path("x"), status="split-auto")]
    found = assign_splits(made, with_settings(eval_status=["exact"], test_percent=50, dev_percent=50))
    assert {utt.status for utt in made if found[utt.id] != "train"} == {"exact"}
    assert found["s-1"] == "train"  # its words were also read by a recording that is not certain


@pytest.mark.parametrize(("count", "status"), [(3, "exact"), (6, "exact"), (50, "doubtful")])
def test_too_few_prompts_is_an_error_with_numbers(count, status):
    made = [replace(utt, status=status) for utt in utterances(count)]
    with pytest.raises(WrongData, match="too few for 4 in test, 2 in dev"):
        assign_splits(made, with_settings(eval_status=["exact"]))


def talk(speaker: str, count: int, start: int = 0) -> list[Utterance]:
    """Utterances of a speaker, each with words of its own."""
    texts = range(start, start + count)
    return [Utterance(f"{speaker}-{n}", speaker, f"{speaker} {n}", Path("x")) for n in texts]


def speakers(made: list[Utterance], found: dict[str, str], *splits: str) -> set[str]:
    return {utt.speaker for utt in made if found[utt.id] in splits}


@given(st.lists(st.integers(1, 4), max_size=8), st.integers(20, 40), st.booleans())
def test_every_speaker_is_in_train(guests, many, shared):
    """Guests of a few utterances, whose voice could not be trained if these were all in test and dev."""
    made = talk("host", many)
    for number, count in enumerate(guests):
        made += talk(f"guest{number}", count)
    if shared:  # the first guest has read what the host has read
        made = [replace(utt, prompt="p" if utt.id in ("host-0", "guest0-0") else "") for utt in made]
    settings = with_settings(test_percent=25, dev_percent=25)
    found = assign_splits(made, settings)
    assert speakers(made, found, "train") == {utt.speaker for utt in made}
    assert speakers(made, found, "test") and speakers(made, found, "dev")
    assert assign_splits(made[::-1], settings) == found


def test_a_guest_moves_to_train_and_nobody_else_moves():
    host, settings = talk("host", 60), with_settings(test_percent=20, dev_percent=20)
    alone = assign_splits(host, settings)
    moved = 0
    for number in range(20):
        guest = talk(f"guest{number}", 1)
        found = assign_splits(host + guest, settings)
        assert found.pop(guest[0].id) == "train"
        assert found == alone
        hidden = replace(guest[0], id="host-guest", speaker="host")
        moved += assign_splits([*host, hidden], settings)["host-guest"] != "train"
    assert moved >= 4  # by their hashes they would be in test or dev


def test_more_utterances_of_a_guest_move_no_other_speaker():
    host, settings = talk("host", 60), with_settings(test_percent=20, dev_percent=20)
    before = assign_splits(host + talk("guest", 1), settings)
    after = assign_splits(host + talk("guest", 5), settings)
    assert {utt.id: after[utt.id] for utt in host} == {utt.id: before[utt.id] for utt in host}


def test_where_all_have_one_prompt_there_is_nothing_to_test():
    made = [utt for number in range(30) for utt in talk(f"s{number}", 1)]
    with pytest.raises(WrongData, match="too few for 4 in test, 2 in dev and some of every speaker"):
        assign_splits(made, SETTINGS)


# --- reference segments


def test_segments_move_with_the_cut(tmp_path):
    cuts = {
        "a": Cut(2400, 26_400, 0, 0, 0.1, 0.5),  # 0.1 s cut in front
        "b": Cut(0, 24_000, 1200, 0, 0.1, 0.5),  # 0.05 s of room tone put in front
    }
    rows = [
        {"id": "a", "segments": [[0.0, 0.3, "_"], [0.3, 0.2, "m"], [0.9, 0.9, "_"]]},
        {"id": "b", "segments": [[-0.1, 0.1, "_"], [0.0, 0.2, "m"]]},
        {"id": "dropped", "segments": [[0.0, 1.0, "_"]]},
    ]
    (tmp_path / "raw.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    assert shift_segments(tmp_path / "raw.jsonl", tmp_path / "out.jsonl", cuts) == 2
    moved = [json.loads(line) for line in (tmp_path / "out.jsonl").read_text().splitlines()]
    assert moved == [
        {"id": "a", "segments": [[0.0, 0.2, "_"], [0.2, 0.2, "m"], [0.8, 0.2, "_"]]},
        {"id": "b", "segments": [[0.0, 0.05, "_"], [0.05, 0.2, "m"]]},
    ]


def test_no_segments_are_no_file(tmp_path):
    assert shift_segments(tmp_path / "none", tmp_path / "out", {}) == 0
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("line", ["{", '{"id": "a"}', '{"id": "a", "segments": [[0, 1]]}'])
def test_a_wrong_line_of_segments_is_named(tmp_path, line):
    (tmp_path / "raw").write_text(line + "\n")
    with pytest.raises(WrongData, match="raw:1: not a line of segments"):
        shift_segments(tmp_path / "raw", tmp_path / "out", {})


def test_made_up_speech_has_the_level_it_was_asked_for():
    assert speech_level(speech(1.0, level=0.07)) == pytest.approx(0.07, rel=1e-3)
