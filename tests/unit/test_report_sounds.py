"""What the page shows of sounds, of learning and of the choice: lengths, F0, samples on the way, candidates."""

from __future__ import annotations

import json

import numpy as np
import pytest
from made_up import speech

from moien.align import Alignment, write_alignments
from moien.audio import write_wav
from moien.corpus.datadir import Utterance, write_datadir
from moien.kokoro.sounds import CLASSES, DIPHTHONGS, LIQUIDS, LONG, NASALS, PAUSES, SHORT, STOPS, class_of
from moien.kokoro.symbols import MODIFIERS, PAUSE_SYMBOLS, VOCAB, encode
from moien.report.choice import choice_table, in_words
from moien.report.durations import Sound, Timing, duration_plots, f0_plots, lengths, read_timings, sounds_of
from moien.report.learning import read_learning
from moien.report.plots import of_similar_length
from moien.report.scatter import LEFT, RIGHT, scatter
from moien.score.sentences import Sentence

CHOICE = {
    "chosen": 1,
    "runner_up": 0,
    "shut": [],
    "quality_kept": True,
    "sentences": ["a", "b"],
    "recorded": {"mcd_db": 0.0},
    "candidates": [
        {"predictor": 0.0, "decoder": 0.0, "scores": {"mcd_db": 11.0}},
        {"predictor": 0.3, "decoder": 0.4, "scores": {"mcd_db": 9.0, "of_tomorrow": 0.12345}},
        {"predictor": 1.0, "decoder": 0.4, "error": "there is no speech to score"},
    ],
}


def test_every_symbol_is_in_one_class_or_a_mark():
    classed = "".join(CLASSES.values())
    assert len(classed) == len(set(classed)) and not set(classed) & MODIFIERS
    assert set(classed) | MODIFIERS == set(VOCAB)
    assert set(CLASSES[PAUSES]) == PAUSE_SYMBOLS


def test_length_makes_a_vowel_long_and_nothing_else():
    assert [class_of(phone) for phone in ("a", "aː", "ɑ̃ː", "A", "lː", ",")] == [
        SHORT,
        LONG,
        LONG,
        DIPHTHONGS,
        LIQUIDS,
        PAUSES,
    ]


def test_neighbouring_vowels_are_one_sound_unless_the_second_is_stressed():
    """mˈɔɪən, — m | ɔɪə together, but teˈɑ: e and ɑ apart; of `, ` one pause; nothing at the ends."""
    assert sounds_of("“mˈɔɪən, teˈɑ.”") == [
        Sound(NASALS, 1, 2),
        Sound(DIPHTHONGS, 2, 6),
        Sound(NASALS, 6, 7),
        Sound(PAUSES, 7, 9),
        Sound(STOPS, 9, 10),
        Sound(SHORT, 10, 11),
        Sound(SHORT, 11, 13),
    ]
    assert [sound.kind for sound in sounds_of("da ɑn")] == [STOPS, SHORT, PAUSES, SHORT, NASALS]
    assert sounds_of(" .") == []


TIMING = Timing(
    "ma ˈɔɪ.",
    {
        "natural": [5, 4, 6, 2, 1, 3, 4, 8, 3],
        "trained": [9, 2, 9, 1, 1, 1, 2, 9, 9],
        "stock": [9, 8, 12, 4, 2, 6, 8, 9, 9],
    },
    2,
)


def test_lengths_are_ratios_of_sums_without_the_ends():
    """natural: m 4, a 6, pause 2, ɔɪ with its stress 8 frames of 25 ms; trained 2, 9, 1, 4; stock twice natural's."""
    made = lengths({"s": TIMING, "again": TIMING})
    assert made["rows"] == ["stock", "trained"]
    lines = {line["name"]: line for line in made["lines"]}
    assert list(lines) == [SHORT, DIPHTHONGS, NASALS, PAUSES, "all"]
    assert lines[DIPHTHONGS] == {
        "name": DIPHTHONGS,
        "count": 2,
        "natural_ms": 200.0,
        "ratios": [2.0, 0.5],
    }
    assert lines[SHORT]["ratios"] == [2.0, 1.5]
    assert (lines["all"]["count"], lines["all"]["natural_ms"], lines["all"]["ratios"]) == (
        8,
        125.0,
        [2.0, 0.8],
    )
    assert lengths({}) is None


def test_f0_is_that_of_the_time_of_the_sound():
    """Frames 3 to 7 are m (two values a frame, two frames earlier than its tokens), 7 to 13 a, 15 to 24 ɔɪ."""
    f0 = np.zeros(72)
    f0[6:14], f0[14:20], f0[30:46] = 100, 200, 50  # a: half voiced
    one = {"s": {"natural": f0, "stock": np.repeat(f0 * 2, 2)}}
    # `stock` speaks at half the tempo, but its first token differs: an F0 of its own, for the same sounds
    ends = 2 * (np.cumsum([0, *TIMING.frames["stock"]]) - 2)
    theirs = np.zeros(200)
    for (low, high), hz in zip(((1, 2), (2, 3), (4, 7)), (200, 400, 100), strict=True):
        theirs[ends[low] : ends[high]] = hz
    one["s"]["stock"] = theirs
    plots = f0_plots({str(n): TIMING for n in range(4)}, {str(n): one["s"] for n in range(4)})
    assert [plot["row"] for plot in plots] == ["stock"]  # nobody measured the trained one's
    assert "r 1.00, slope 1.00 over 12 sounds" in plots[0]["words"]


def test_a_scatter_says_r_and_slope():
    natural = np.arange(20.0) * 25
    plot = scatter("Length", "ms", "trained", [(n, 100 + n / 2) for n in natural] * 2)
    assert (
        "r 1.00, slope 0.50 over 40 sounds: of a difference between recorded sounds, 50 % is" in plot["words"]
    )
    assert len(plot["dots"]) <= 20 and all(LEFT <= dot["x"] <= RIGHT for dot in plot["dots"])
    assert plot["dots"][0]["r"] > 2 and plot["ticks"][0] == {"x": 44.0, "y": 270.0, "label": "0"}
    logs = scatter(
        "F0", "Hz", "trained", [(100 * 2**x, 400 * 2**-x) for x in np.linspace(0, 1, 30)], log=True
    )
    assert "r -1.00, slope -1.00" in logs["words"] and "nothing is there" in logs["words"]
    assert [tick["label"] for tick in logs["ticks"]] == ["200", "300"] or len(logs["ticks"]) >= 2
    assert scatter("F0", "Hz", "trained", [(100.0, 100.0)] * 30) is None
    assert scatter("F0", "Hz", "trained", [(100.0, 100.0), (120.0, 90.0)]) is None


def test_durations_are_drawn_without_pauses():
    plots = duration_plots({str(n): TIMING for n in range(4)})
    assert [(plot["row"], plot["title"]) for plot in plots] == [
        ("stock", "Length of sounds"),
        ("trained", "Length of sounds"),
    ]
    assert "slope 2.00 over 12 sounds" in plots[0]["words"]


def test_timings_are_of_what_was_recorded_as_it_was_spoken(tmp_path):
    tokens = tuple(encode("da"))
    write_alignments(tmp_path / "test.jsonl", [Alignment(i, tokens, (1, 2, 3, 4), 10, 1.0, 2) for i in "abc"])
    lines = [
        {"id": "a", "phonemes": "da", "durations": {"trained": [4, 3, 2, 1]}},
        {"id": "b", "phonemes": "di", "durations": {"trained": [4, 3, 2, 1]}},  # stage 2 has changed its mind
        {"id": "c", "phonemes": "da", "durations": {"trained": [4, 3, 2, 1, 4, 3, 2, 1]}},  # in two goes
        {"id": "eval-001", "phonemes": "da", "durations": {"trained": [4, 3, 2, 1]}},
    ]
    (tmp_path / "index.jsonl").write_text(
        "".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8"
    )
    assert read_timings(tmp_path, tmp_path) == {
        "a": Timing("da", {"natural": (1, 2, 3, 4), "trained": [4, 3, 2, 1]}, 2)
    }


def test_the_strip_keeps_the_first_and_the_last_of_many_samples(tmp_path):
    write_wav(tmp_path / "d.wav", speech(0.5))
    write_datadir(tmp_path / "dev", [Utterance("s-d", "s", "Moien.", tmp_path / "d.wav")])
    row = {"dev": {"duration_bins": 0.5}, "utterance": "s-d"}
    history = [
        row | {"phase": phase, "step": step, "sample": f"{phase}-{step}.wav"}
        for phase, steps in (("prosody", 20), ("acoustic", 30))
        for step in range(1, steps + 1)
    ]
    found = read_learning(tmp_path, tmp_path / "dev", history)
    names = list(found.sentence.spoken)
    assert len(names) == 8 and (names[0], names[-1]) == ("prosody 1", "acoustic 30")
    assert found.sentence.spoken["acoustic 30"] == tmp_path / "samples" / "acoustic-30.wav"
    assert found.sentence.natural.resolve() == tmp_path / "d.wav" and found.sentence.text == "Moien."
    assert found.captions["prosody 1"] == "dev: duration bins 0.5"
    twice = read_learning(tmp_path, tmp_path / "dev", history[:1] * 2)
    assert list(twice.sentence.spoken) == ["prosody 1", "prosody 1′"]
    others = [row | {"utterance": "t-d", "sample": "t.wav"} for row in history[:10]]
    assert read_learning(tmp_path, tmp_path / "dev", others + history) == found
    assert read_learning(tmp_path, tmp_path / "dev", []) is None


def test_candidates_stand_with_the_chosen_one_first_whatever_their_scores():
    table = choice_table(CHOICE)
    assert table["tried"] == ["predictor", "decoder"]
    assert table["scores"] == ["Mel-cepstral distortion", "of tomorrow"]
    assert [(row["mark"], row["cells"]) for row in table["rows"]] == [
        ("chosen", ["9.00", "0.123"]),
        ("runner-up", ["11.00", "–"]),
        ("", ["–", "–"]),
    ]
    assert table["rows"][2]["error"] == "there is no speech to score"
    assert [(other["row"], other["cells"][0]) for other in table["others"]] == [("natural", "0.00")]


def test_what_no_candidate_was_good_enough_for_is_said():
    assert in_words(CHOICE).endswith("α 0.3 for the predictor and 0.4 for the decoder.")
    said = in_words(CHOICE | {"shut": ["opinion"], "quality_kept": False})
    assert "No candidate passed for its opinion" in said and "did harm" in said
    alone = choice_table(CHOICE | {"runner_up": None, "chosen": 0, "candidates": CHOICE["candidates"][:1]})
    assert [row["mark"] for row in alone["rows"]] == ["chosen"]


@pytest.mark.parametrize(
    ("seconds", "chosen"),
    [((1.0, 2.9, 3.0, 9.0, 3.2), (1, 2, 4)), ((6.0, 8.0, 5.0, 7.0), (0, 2, 3)), ((2.0,), (0,))],
)
def test_spectrograms_are_of_sentences_of_similar_length(tmp_path, seconds, chosen):
    """The nearest to the median; of long ones those nearest to 4 s."""
    sentences = []
    for n, length in enumerate(seconds):
        write_wav(tmp_path / f"{n}.wav", np.zeros(int(24_000 * length), np.float32))
        sentences.append(Sentence(str(n), "s", "", {}, tmp_path / f"{n}.wav"))
    assert [int(s.id) for s in of_similar_length(sentences)] == list(chosen)
