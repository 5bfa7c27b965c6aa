"""`moien score` on two folders: numbers where they pair, a name and exit code 1 where something is broken."""

from __future__ import annotations

import json

import numpy as np
import pytest
import soundfile
from made_up import call, speech

from moien.audio import SAMPLE_RATE, write_wav
from moien.cli import main
from moien.score.metrics import METRICS


@pytest.fixture
def folders(tmp_path, monkeypatch):
    monkeypatch.setenv("MOIEN_CACHE", str(tmp_path / "cache"))
    for name in ("natural", "synthetic"):
        (tmp_path / name).mkdir()
        for number in range(3):
            write_wav(tmp_path / name / f"{number}.wav", speech(0.8, seed=number))
    (tmp_path / "metadata.csv").write_text("id|text\n0|Moien.\n1|Äddi.\n2|Merci.\n", encoding="utf-8")
    return tmp_path


def run(folder, *options):
    rows = ("--natural", folder / "natural", "--synthetic", folder / "synthetic")
    return call(main, "score", *rows, "--language", "de", *options)


def broken(folder, name):
    """Break the synthetic recording 1 in the way that `name` says."""
    wav = folder / "synthetic" / "1.wav"
    if name == "no natural":
        (folder / "natural" / "1.wav").unlink()
    elif name == "no synthetic":
        wav.unlink()
    elif name == "silent":
        write_wav(wav, np.zeros(SAMPLE_RATE))
    elif name == "empty":
        wav.write_bytes(b"")
    elif name == "cut":
        wav.write_bytes(wav.read_bytes()[:30])
    elif name == "not a number":
        soundfile.write(wav, np.full(SAMPLE_RATE, np.nan, np.float32), SAMPLE_RATE, subtype="FLOAT")
    elif name == "other rate":
        write_wav(wav, speech(0.8, seed=1), 8_000)
    elif name == "no text":
        (folder / "metadata.csv").write_text("0|Moien.\n2|Merci.\n", encoding="utf-8")


@pytest.mark.parametrize(
    "name",
    ["no natural", "no synthetic", "silent", "empty", "cut", "not a number", "other rate", "no text"],
)
def test_what_is_broken_is_named(folders, name):
    broken(folders, name)
    result = run(folders, "--text", folders / "metadata.csv", "--json", folders / "scores.json")
    assert result.exit_code == 1, result.output
    assert "1 of 3 sentences cannot be scored: 1:" in result.output and "Traceback" not in result.output
    assert not (folders / "scores.json").exists()


def test_the_rest_is_scored_if_asked(folders, forked_pools):
    broken(folders, "silent")
    result = run(
        folders, "--text", folders / "metadata.csv", "--json", folders / "scores.json", "--keep-going"
    )
    assert result.exit_code == 0, result.output
    said = " ".join(result.output.split())
    assert "On 2 test sentences" in said and "1 more could not be scored" in said
    scores = json.loads((folders / "scores.json").read_text(encoding="utf-8"))
    assert list(scores["rows"]) == ["natural", "synthetic"]
    assert [problem["id"] for problem in scores["missing"]] == ["1"]
    for row in scores["rows"].values():
        assert list(row) == list(METRICS)
        assert set(row["mcd_db"]) == {"mean", "low", "high", "n"} and row["mcd_db"]["n"] == 2
    for name in ("mcd_db", "log_f0_rmse", "voicing_error"):  # the same recordings
        assert scores["rows"]["synthetic"][name]["mean"] == pytest.approx(0, abs=1e-6)
    # each voice against the other recording, never against itself
    assert scores["rows"]["natural"]["similarity"]["mean"] < 0.999


def test_wrong_calls(folders):
    assert call(main, "score", "--natural", folders / "natural").exit_code == 2
    assert run(folders, "--recogniser", folders / "metadata.csv").exit_code == 2
    (folders / "metadata.csv").write_text("nothing here\n", encoding="utf-8")
    result = run(folders, "--text", folders / "metadata.csv")
    assert result.exit_code == 1 and "no line id|text" in result.output
