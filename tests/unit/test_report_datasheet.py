"""The data sheet says how much there is, by whom, how high, which sounds are rare, and what was lost."""

from __future__ import annotations

import json

import numpy as np
import pytest

from moien.audio import SAMPLE_RATE
from moien.corpus.datadir import Utterance, write_datadir
from moien.features.packed import Measured, write_packed
from moien.report import html
from moien.report.datasheet import datasheet
from moien.report.histogram import histogram
from moien.text import Phonemes, Word, write_phonemes

SPLITS = {"train": ["anna-1", "anna-2", "bob-1"], "dev": ["anna-3"], "test": ["bob-2"]}
SECONDS = {"anna-1": 1.0, "anna-2": 3.0, "bob-1": 2.0, "anna-3": 4.0, "bob-2": 5.0}


@pytest.fixture(scope="module")
def corpus(tmp_path_factory):
    """Five utterances of two speakers: anna at 200 Hz, bob at 100 Hz; `ʒ` stands in test alone."""
    folder = tmp_path_factory.mktemp("corpus")
    for split, names in SPLITS.items():
        utterances = [
            Utterance(
                name, name.split("-")[0], "Wuert", folder / f"{name}.wav", int(SECONDS[name] * SAMPLE_RATE)
            )
            for name in names
        ]
        write_datadir(folder / split, utterances)
        phonemes = "ma" * 6 if split == "train" else "maʒ"
        said = {name: Phonemes("Wuert", phonemes, (Word("Wuert", phonemes, ""),)) for name in names}
        write_phonemes(folder / f"{split}.jsonl", said)
        hz = {"anna": 200.0, "bob": 100.0}
        f0 = {name: np.array([0, hz[name.split("-")[0]], 0], np.float32) for name in names}
        write_packed(folder, split, [Measured(name, f0[name], f0[name]) for name in names])
    lost = {"anna-9": "too long: 31 s", "anna-8": "too long: 40 s", "bob-9": "silent"}
    (folder / "manifest.json").write_text(
        json.dumps({"stage": "data", "outputs": {}, "counts": {"dropped_utterances": lost}}), encoding="utf-8"
    )
    return folder


@pytest.fixture(scope="module")
def sheet(corpus, tmp_path_factory):
    return datasheet(corpus, corpus, corpus, corpus) | {
        "dropped": datasheet(corpus, *[corpus] * 3)["dropped"][:2]  # the same manifest stands for four stages
    }


def test_amounts_and_speakers(sheet):
    train, _, test = sheet["splits"]
    assert (train["utterances"], train["speakers"], train["minutes"]) == (3, 2, pytest.approx(0.1))
    assert test["speakers"] == 1 and sheet["speaker_count"] == 2
    anna, bob = sheet["speakers"]
    assert (anna["name"], anna["utterances"], anna["minutes"]) == ("anna", 3, pytest.approx(8 / 60))
    assert anna["f0"]["median"] == 200 and bob["f0"]["median"] == 100
    assert sheet["durations"]["median"] == 3.0 and sheet["durations"]["longest"] == 5.0


def test_sounds_that_training_lacks_are_named(sheet):
    sounds = {sound["symbol"]: sound for sound in sheet["phonemes"]}
    assert (sounds["m"]["train"], sounds["m"]["held_out"], sounds["m"]["share"]) == (18, 2, 100.0)
    assert (sounds["ʒ"]["train"], sounds["ʒ"]["held_out"], sounds["ʒ"]["share"]) == (0, 2, 0.0)
    page = html.render("datasheet.html.j2", corpus=sheet, language="lb")
    assert "which the training split does not have" in page and '<li class="rare"' in page


def test_what_was_dropped_is_listed_by_reason(sheet):
    assert sheet["dropped"] == [
        {"stage": "data", "reason": "silent", "utterances": ["bob-9"]},
        {"stage": "data", "reason": "too long", "utterances": ["anna-8", "anna-9"]},
    ]
    page = html.render("datasheet.html.j2", corpus=sheet, language="lb")
    assert "anna-8, anna-9" in page and "too long" in page


def test_the_sheet_is_plain_data(sheet):
    assert json.loads(json.dumps(sheet)) == sheet


def test_histograms_count_every_value_once():
    made = histogram("Length", [0.5, 1.5, 1.6, 99.0], np.arange(0.0, 4.0), "s", "utterances")
    heights = [bar["height"] for bar in made["bars"]]
    assert made["most"] == 2 and heights[0] == heights[2] == pytest.approx(heights[1] / 2)
    assert made["bars"][1]["label"] == "1 to 2 s: 2"
    assert made["summary"] == "4 utterances, most between 1 and 2 s"
