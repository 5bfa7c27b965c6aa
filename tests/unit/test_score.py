"""From recordings to `scores.json`: what can be scored, rows, statistics, cache. Metrics: test_score_checks.py."""

from __future__ import annotations

import json
import math
from dataclasses import fields

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from made_up import speech
from test_architecture import imports, modules

from moien.audio import SAMPLE_RATE, read_audio, resample, write_wav
from moien.corpus.datadir import Utterance, read_datadir, write_datadir
from moien.errors import WrongData
from moien.recipe.settings import ROOT
from moien.score import cache
from moien.score.bootstrap import bootstrap
from moien.score.clip import Clip
from moien.score.judges import Judges
from moien.score.metrics import METRICS
from moien.score.run import Task, score_rows, score_sentences
from moien.score.scored import ScoredSentence
from moien.score.sentences import (
    Problem,
    Sentence,
    find_problems,
    open_clip,
    pair_folders,
    read_sentences,
    usable,
)
from moien.score.speakers import ENCODERS, embed, leave_one_out, speaker_centroids
from moien.score.summary import comparisons, gain, gains, scores_json


@pytest.mark.parametrize(
    ("samples", "message"),
    [
        (np.zeros(0), "no speech"),
        (np.zeros(24_000), "no speech"),
        (np.full(24_000, np.nan), "no numbers"),
        (np.eye(1, 24_000, 12_000)[0], "only clicks"),
    ],
)
def test_what_cannot_be_scored_says_so(samples, message):
    with pytest.raises(WrongData, match=message) as caught:
        Clip(samples, name="utt7")
    assert "utt7" in str(caught.value)


@pytest.mark.parametrize("offset", [-0.05, 0.02, 0.3])
def test_an_offset_is_a_score_of_its_own_and_changes_no_other(offset):
    samples = speech(1.0, level=0.1)
    clean, shifted = (Clip(samples - samples.mean() + dc) for dc in (0.0, offset))
    assert np.abs(clean.samples - shifted.samples).max() < 1e-5
    assert shifted.offset - clean.offset == pytest.approx(offset / 0.1, rel=0.01)
    flat = Clip(np.clip(speech(1.0) * 3 + 0.5, -1, 1))
    assert flat.clipped > 0  # of the file as it is


def test_bootstrap_agrees_with_the_normal_interval():
    values = np.random.default_rng(3).normal(5, 2, 200)
    found = bootstrap(values)
    half = 1.96 * values.std(ddof=1) / math.sqrt(200)
    assert found.mean == pytest.approx(values.mean()) and found.n == 200
    assert (found.low, found.high) == pytest.approx(
        (values.mean() - half, values.mean() + half), abs=0.15 * half
    )
    assert bootstrap(values) == found


@settings(max_examples=50, deadline=None)
@given(st.lists(st.floats(-1e3, 1e3) | st.just(math.nan), max_size=20))
def test_bootstrap_holds_for_any_numbers(values):
    found = bootstrap(values, resamples=100)
    known = [value for value in values if not math.isnan(value)]
    assert found.n == len(known)
    if known:
        assert min(known) - 1e-9 <= found.low <= found.high <= max(known) + 1e-9
    else:
        assert math.isnan(found.mean)


def scored(stock, trained):
    """Sentences with made-up values of two metrics: MCD and duration ratio."""
    return [
        ScoredSentence(
            str(number),
            "s",
            "t",
            {
                "natural": {"mcd_db": 0.0, "duration_ratio": 1.0},
                "stock": {"mcd_db": s, "duration_ratio": 1.3},
                "trained": {"mcd_db": t, "duration_ratio": 1 / 1.3},
            },
        )
        for number, (s, t) in enumerate(zip(stock, trained, strict=True))
    ]


def test_gains_are_paired():
    """Sentences differ by 10 dB, the two voices by 0.5 in each: only a paired comparison can be sure."""
    sentences = scored(stock=[5.0, 10.0, 15.0], trained=[4.5, 9.4, 14.6])
    found = gains(sentences, "trained", "stock", 500, 0)
    assert found["mcd_db"].mean == pytest.approx(0.5) and found["mcd_db"].low > 0
    assert found["mcd_db"].better == 1
    assert found["duration_ratio"].mean == pytest.approx(0)  # as much too fast as the other is too slow


def test_the_sentences_that_a_difference_needs_would_show_it():
    """Power: with `needed` sentences of this mean and spread, four in five tries leave zero out of the interval."""
    draws = np.random.default_rng(5)
    needed = gain(0.3 + np.array([-1.0, 1.0] * 50), 100, 0).needed
    assert needed == pytest.approx((2.8 / 0.3) ** 2, abs=2)
    tries = [bootstrap(draws.normal(0.3, 1.0, needed), 300, 0).low > 0 for _ in range(200)]
    assert 0.7 < np.mean(tries) < 0.9


def test_a_difference_that_is_none_needs_no_number():
    assert gain(np.array([math.nan, 1.0]), 100, 0).needed is None
    assert gain(np.zeros(5), 100, 0).needed is None and gain(np.zeros(5), 100, 0).better == 0
    assert math.isnan(gain(np.array([math.nan]), 100, 0).better)


def test_each_row_is_compared_with_the_one_above_and_trained_with_stock():
    assert comparisons(["natural", "stock", "trained"]) == [("stock", "natural"), ("trained", "stock")]
    assert comparisons(["natural", "stock", "other", "trained"])[-2:] == [
        ("trained", "other"),
        ("trained", "stock"),
    ]
    assert comparisons(["natural", "synthetic"]) == [("synthetic", "natural")]


def test_scores_json_has_null_where_there_is_nothing():
    sentences = scored(stock=[math.nan], trained=[1.23456789])
    found = scores_json("r", "./run.sh", sentences, [Problem("b", "silent")], resamples=100, seed=0)
    assert found["rows"]["stock"]["mcd_db"] == {"mean": None, "low": None, "high": None, "n": 0}
    assert found["rows"]["trained"]["mcd_db"]["mean"] == 1.234568
    assert found["gains"]["trained"]["stock"]["mcd_db"] == {
        "mean": None,
        "low": None,
        "high": None,
        "n": 0,
        "better": None,
        "needed": None,
    }
    assert found["versa"]["stock"] == {"mcd": None} and found["versa"]["trained"] == {"mcd": 1.234568}
    assert found["missing"] == [{"id": "b", "reason": "silent"}]
    assert json.loads(json.dumps(found, allow_nan=False)) == found
    assert sentences[0].as_json()["rows"]["stock"]["mcd_db"] is None


def test_scores_of_a_sentence_can_be_read_again():
    (sentence,) = scored(stock=[math.nan], trained=[1.5])
    again = ScoredSentence.from_json(json.loads(json.dumps(sentence.as_json())))
    assert again.rows["trained"] == pytest.approx(sentence.rows["trained"], abs=1e-6)
    assert math.isnan(again.rows["stock"]["mcd_db"])


@pytest.fixture
def decoded(tmp_path, man, woman):
    """A folder as stage 7 leaves it, one test sentence and one that nobody recorded, and its test split."""
    write_wav(tmp_path / "n.wav", man.samples)
    write_datadir(tmp_path / "test", [Utterance("s-1", "s", "Moien", tmp_path / "n.wav")])
    lines = []
    for kind, name in (("test", "s-1"), ("eval", "eval-001")):
        for row, clip in (("stock", woman), ("trained", man)):
            (tmp_path / "decode" / row).mkdir(parents=True, exist_ok=True)
            write_wav(tmp_path / "decode" / row / f"{name}.wav", clip.samples)
        lines.append({"id": name, "kind": kind, "speaker": "s", "text": "Moien", "phonemes": "mˈɔɪən"})
    text = "".join(json.dumps(line) + "\n" for line in lines)
    (tmp_path / "decode" / "index.jsonl").write_text(text, encoding="utf-8")
    return tmp_path


@pytest.fixture
def own_cache(tmp_path, monkeypatch):
    monkeypatch.setenv("MOIEN_CACHE", str(tmp_path / "cache"))


def test_rows_are_scored_in_processes_as_alone_and_once(decoded, own_cache, forked_pools, monkeypatch):
    sentences = read_sentences(decoded / "decode", decoded / "test")
    assert [s.natural is not None for s in sentences] == [True, False]
    centroids = {"s-1": speaker_centroids(read_datadir(decoded / "test"), clips_per_speaker=1)["s"]}
    (found,) = score_sentences(sentences[:1], centroids, jobs=1)
    rows = ("natural", "stock", "trained")
    alone = score_rows(Task(sentences[0], rows, centroids["s-1"]))
    assert found.as_json()["rows"] == {row: facts["rows"] for row, facts in alone.items()}
    assert tuple(found.rows) == rows and list(found.rows["stock"]) == list(METRICS)
    for name in ("mcd_db", "log_f0_rmse", "voicing_error"):  # stock is the woman, trained the man himself
        assert found.rows["natural"][name] == 0
        assert found.rows["trained"][name] < found.rows["stock"][name]

    monkeypatch.setattr("moien.pool.ProcessPoolExecutor", None)  # nothing may be computed again
    (again,) = score_sentences(sentences[:1], centroids, jobs=1)
    assert again.as_json() == found.as_json()
    with pytest.raises(TypeError):  # another speaker: other scores
        list(score_sentences(sentences[:1], {}, jobs=1))


def test_with_a_card_only_this_process_opens_its_models(decoded, own_cache, monkeypatch):
    """`cpu:0` is the CPU by another name, which counts as a card: the scores are the same."""
    sentences = read_sentences(decoded / "decode", decoded / "test")[:1]
    centroids = {"s-1": speaker_centroids(read_datadir(decoded / "test"), clips_per_speaker=1)["s"]}
    rows = ("natural", "stock", "trained")
    alone = score_rows(Task(sentences[0], rows, centroids["s-1"]))
    in_pool = []

    def in_parallel(work, items, jobs, label, torch):
        in_pool.extend((set(work.keywords["metrics"]), item.judges) for item in items)
        return map(work, items)

    monkeypatch.setattr("moien.score.run.in_parallel", in_parallel)
    (found,) = score_sentences(sentences, centroids, 4, Judges(device="cpu:0"))
    assert found.as_json()["rows"] == {row: facts["rows"] for row, facts in alone.items()}
    assert found.as_json()["details"] == {row: facts["details"] for row, facts in alone.items()}
    assert list(found.rows["stock"]) == list(METRICS)
    [(names, judges)] = in_pool
    assert judges == Judges() and not any(METRICS[name].judged for name in names)


def test_the_cache_tells_apart_what_matters(decoded):
    wavs = [decoded / "n.wav", decoded / "decode" / "stock" / "s-1.wav"]
    one, two = {"a": np.ones(3)}, {"a": 2 * np.ones(3)}
    keys = [
        cache.key(*wavs, one, "a", "", Judges()),
        cache.key(*wavs[::-1], one, "a", "", Judges()),
        cache.key(*wavs, {}, "a", "", Judges()),
        cache.key(*wavs, {"b": one["a"]}, "a", "", Judges()),
        cache.key(*wavs, one | {"b": one["a"]}, "a", "", Judges()),
        cache.key(*wavs, two, "a", "", Judges()),
        cache.key(*wavs, one, "b", "", Judges()),
        cache.key(*wavs, one, "a", "text", Judges()),
        cache.key(*wavs, one, "a", "", Judges(recogniser=wavs[0])),
        cache.key(*wavs, one, "a", "", Judges(recogniser=wavs[1])),
        *(
            cache.key(*wavs, one, "a", "", Judges(**{field.name: "a@1"}))
            for field in fields(Judges)
            if field.name != "recogniser"
        ),
    ]
    assert len(set(keys)) == len(keys)
    assert cache.key(*wavs, {"a": np.ones(3)}, "a", "", Judges()) == keys[0]


@pytest.mark.parametrize(
    ("sources", "start"),
    [
        (cache.SOURCES, ["moien.score.metrics", "moien.score.speakers"]),
        (cache.RECOGNISER, ["moien.score.judges.recogniser"]),
    ],
)
def test_a_change_of_any_code_that_scores_makes_other_keys(sources, start):
    known, found, reached = modules(), {}, list(start)
    while reached:
        name = reached.pop()
        if name not in found and name.split(".")[1] not in (
            "corpus",
            "errors",
            "files",
            "progress",
            "section",
        ):
            found[name] = known[name]
            reached += imports(known[name], known) - {"moien"}
    named = {path for pattern in sources for path in (ROOT / "moien").glob(pattern)}
    assert set(found.values()) <= named, set(found.values()) - named
    assert all(list((ROOT / "moien").glob(pattern)) for pattern in sources)


def test_a_missing_wav_names_the_sentence(decoded):
    (decoded / "decode" / "stock" / "s-1.wav").unlink()
    sentences = read_sentences(decoded / "decode", decoded / "test")
    (problem,) = find_problems(sentences)
    assert problem.id == "s-1" and "s-1.wav" in problem.reason
    with pytest.raises(WrongData, match=r"1 of 2 sentences cannot be scored: s-1: .*s-1\.wav"):
        usable(sentences, [problem], keep_going=False)
    assert [s.id for s in usable(sentences, [problem], keep_going=True)] == ["eval-001"]


def test_a_changed_test_split_is_an_error(decoded):
    write_datadir(decoded / "test", [Utterance("s-2", "s", "Moien", decoded / "n.wav")])
    with pytest.raises(WrongData, match="s-1 is not in"):
        read_sentences(decoded / "decode", decoded / "test")


def test_no_sentence_is_an_error():
    with pytest.raises(WrongData, match="no sentence to score"):
        usable([], [], keep_going=True)


def test_the_file_as_it_came_is_one_more_row(decoded, man):
    (decoded / "recorded").mkdir()
    write_wav(decoded / "recorded" / "s-1.wav", resample(man.samples, SAMPLE_RATE, 16_000), 16_000)
    sentences = read_sentences(decoded / "decode", decoded / "test")
    assert list(sentences[0].recordings) == ["natural", "recorded", "stock", "trained"]
    assert list(sentences[1].recordings) == ["stock", "trained"] and not find_problems(sentences)


@pytest.fixture
def folders(tmp_path):
    for folder, rate in (("natural", 22_050), ("synthetic", 24_000)):
        (tmp_path / folder).mkdir()
        for number in range(3):
            write_wav(tmp_path / folder / f"{number}.wav", speech(0.8, seed=number), rate)
    return tmp_path / "natural", tmp_path / "synthetic"


def test_folders_are_paired_by_name(folders):
    sentences, problems = pair_folders(*folders, {"0": "A", "1": "B", "2": "C"})
    assert [(s.id, s.text) for s in sentences] == [("0", "A"), ("1", "B"), ("2", "C")] and not problems
    assert list(sentences[0].recordings) == ["natural", "synthetic"]


def test_what_does_not_pair_is_named(folders):
    natural, synthetic = folders
    (natural / "0.wav").unlink()
    (synthetic / "2.wav").unlink()
    write_wav(synthetic / "1.wav", speech(0.8, seed=1), 8_000)
    write_wav(synthetic / "3.wav", speech(0.8, seed=1), 24_000)
    write_wav(natural / "3.wav", speech(0.8, seed=1), 22_050)
    sentences, problems = pair_folders(natural, synthetic, {"1": "B", "2": "C"})
    reasons = {}
    for problem in problems:
        reasons.setdefault(problem.id, []).append(problem.reason)
    assert reasons["0"][0] == f"no 0 in {natural}" and reasons["2"] == [f"no 2 in {synthetic}"]
    assert reasons["3"] == ["no text for it"]
    assert [s.id for s in sentences] == ["1", "3"]


def test_the_odd_sampling_rate_is_named(folders):
    write_wav(folders[1] / "1.wav", speech(0.8, seed=1), 8_000)
    _, (problem,) = pair_folders(*folders, {})
    assert problem.id == "1" and "8000 Hz, the others of the folder at 24000" in problem.reason


def test_folders_without_a_pair_or_without_audio(folders, tmp_path):
    (tmp_path / "empty").mkdir()
    with pytest.raises(WrongData, match="no audio"):
        pair_folders(folders[0], tmp_path / "empty", {})
    (tmp_path / "other").mkdir()
    write_wav(tmp_path / "other" / "x.wav", speech(0.8))
    with pytest.raises(WrongData, match="no file name of"):
        pair_folders(folders[0], tmp_path / "other", {})
    write_wav(tmp_path / "other" / "x.flac", speech(0.8))
    with pytest.raises(WrongData, match=r"two files for one id: x\.flac and"):
        pair_folders(folders[0], tmp_path / "other", {})


def test_centroids_are_of_unit_length_and_spread_over_the_clips(tmp_path):
    utterances = []
    for number in range(5):
        write_wav(tmp_path / f"{number}.wav", speech(1.0, seed=number))
        utterances.append(Utterance(f"s-{number}", "s", "t", tmp_path / f"{number}.wav"))
    two = speaker_centroids(utterances, clips_per_speaker=2)["s"]
    assert set(two) == set(ENCODERS)
    for encoder, centroid in two.items():
        vectors = [embed(Clip(*read_audio(utterances[i].audio)), encoder=encoder) for i in (0, 3)]
        assert np.linalg.norm(centroid) == pytest.approx(1)
        assert centroid @ sum(vectors) == pytest.approx(np.linalg.norm(sum(vectors)), rel=1e-5)


def test_a_recording_is_compared_with_the_others(tmp_path):
    sentences = []
    for number in range(3):
        write_wav(tmp_path / f"{number}.wav", speech(1.0, seed=number))
        sentences.append(Sentence(str(number), "s", "t", {}, tmp_path / f"{number}.wav"))
    found = leave_one_out(sentences)
    for encoder in ENCODERS:
        others = sum(embed(open_clip(s.natural, s.id), encoder=encoder) for s in sentences[1:])
        assert found["0"][encoder] @ others == pytest.approx(np.linalg.norm(others), rel=1e-5)


def test_a_sentence_lists_the_recording_first():
    sentence = Sentence("u", "s", "t", {"stock": "a", "trained": "b"}, "n")
    assert list(sentence.recordings) == ["natural", "stock", "trained"]
    assert list(Sentence("u", "s", "t", {"stock": "a"}).recordings) == ["stock"]
