"""Every stage, one after another, on a tiny base: what happens when it runs again, or cannot.

All tests of this run are in this file: `make test` gives a file to one process, and two would make two runs.
"""

from __future__ import annotations

import json
import shutil
import signal
import subprocess
import time
from dataclasses import replace
from pathlib import Path

import pytest
from micro import Micro, on_a_full_disk

from moien.recipe.settings import ROOT
from moien.recipe.stages import BY_NAME, STAGES
from moien.score.metrics import METRICS


def test_a_second_run_skips_everything_and_starts_no_process(micro: Micro) -> None:
    logs = {log: log.stat().st_mtime_ns for log in (micro.work_dir / "exp" / "micro" / "log").iterdir()}
    result = micro.run("--stage", "1")
    assert result.returncode == 0
    assert result.stdout.count("up to date") == len(STAGES) - 1
    assert logs == {log: log.stat().st_mtime_ns for log in logs}


def test_a_changed_setting_reaches_the_stages_that_read_it(micro: Micro) -> None:
    result = micro.run("--dry-run", "--set", "train.acoustic.lr=3e-5")
    assert "would skip stage 5 embedding" in result.stdout
    assert "would run stage 6 train: train.acoustic.lr was 0.0001, now 3e-05" in result.stdout
    assert "would run stage 8 score" in result.stdout


def test_a_run_is_compared_with_a_copy_that_was_kept(micro: Micro, tmp_path) -> None:
    from made_up import call

    from moien.cli import main

    run = micro.work_dir / "exp" / "micro"
    shutil.copytree(run / "score", tmp_path / "kept" / "score")
    result = call(main, "compare", tmp_path / "kept", run, "-o", tmp_path / "compare.html")
    said = " ".join(result.output.split())
    assert result.exit_code == 0 and "no clear difference" in said and "better than" not in said, said
    assert "<table" in (tmp_path / "compare.html").read_text(encoding="utf-8")
    assert call(main, "compare", run).exit_code == 2
    assert call(main, "compare", run, tmp_path).exit_code == 1


def test_the_exported_voice_speaks_only_while_it_is_that_of_the_training(micro: Micro, tmp_path) -> None:
    from made_up import call

    from moien.cli import main

    speaker = min(path.stem for path in (micro.output(BY_NAME["train"]) / "voices").glob("*.pt"))
    options = ("--speaker", speaker, "-o", tmp_path / "a.wav", "--set", f"system.work_dir={micro.work_dir}")
    words = ("say", "Moien!", "--recipe", micro.recipe, "--engine", "onnx", *options)
    done = call(main, *words)
    assert done.exit_code == 0 and (tmp_path / "a.wav").stat().st_size > 1000, done.output
    other = call(main, *words, "--set", "train.acoustic.lr=3e-5")
    assert other.exit_code == 1 and "stage train is changed" in " ".join(other.output.split()), other.output


def test_a_range_of_stages_runs_alone(micro: Micro) -> None:
    result = micro.run("--stage", "align", "--stop-stage=4", "--force")
    assert result.returncode == 0, result.stdout + result.stderr
    assert "stage 3 align: done" in result.stdout and "stage 4 features: done" in result.stdout
    # the same bytes again: nothing that comes after has to run
    assert "would skip stage 5 embedding: up to date" in micro.run("--dry-run", "--stage", "5").stdout


@pytest.mark.parametrize("sign", [signal.SIGINT, signal.SIGTERM])
def test_interrupted_it_ends_with_130_and_nothing_half_written(micro: Micro, sign: signal.Signals) -> None:
    process = subprocess.Popen(
        micro.command("--stage", "data", "--stop-stage", "data", "--force"),
        env=micro.environment,
        stdout=subprocess.PIPE,
        text=True,
        # whoever runs these tests in the background has shells ignore SIGINT, and children inherit that
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )
    temporary = micro.work_dir / "data" / ".micro.tmp"
    made = (micro.output(BY_NAME["data"]) / "manifest.json").stat().st_mtime_ns
    deadline = time.monotonic() + 60
    while not temporary.exists() and time.monotonic() < deadline:
        time.sleep(0.01)
    assert temporary.exists(), "the stage never began"
    process.send_signal(sign)
    process.communicate()
    assert process.returncode == 130
    assert not temporary.exists()
    assert (micro.output(BY_NAME["data"]) / "manifest.json").stat().st_mtime_ns == made


def test_two_runs_of_one_recipe_do_not_mix(micro: Micro) -> None:
    import fcntl

    with (micro.work_dir / "exp" / "micro" / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        lock.write("process 12 on a-host")
        lock.flush()
        result = micro.run("--stage", "1", "--stop-stage", "1", "--force")
    assert result.returncode == 1
    assert "another run of this recipe is in progress (process 12 on a-host)" in result.stderr


def test_what_is_missing_is_named(micro: Micro, tmp_path) -> None:  # type: ignore[no-untyped-def]
    other = replace(micro, work_dir=tmp_path / "work")
    shutil.copytree(micro.work_dir / "data", other.work_dir / "data", symlinks=True)
    result = other.run("--stage", "3", "--stop-stage", "6")
    assert result.returncode == 1
    assert "stage 2 (g2p)" in result.stderr and "--stage 2" in result.stderr


def test_variants_are_made_from_the_stage_that_differs_and_judged_beside_the_recipe(micro: Micro) -> None:
    def variants(*texts: str) -> subprocess.CompletedProcess[str]:
        return micro.fork(ROOT / "tools" / "variants.py", micro.recipe, *texts, "--set", micro.folder)

    for wrong in (
        ["no name"],
        ["a: train.prosody.steps"],
        ["a: train.prosody.stops=2"],
        ["a b: seed=1", "a, b: seed=2"],
        ["a: seed=1", "--against", "b"],
    ):
        assert variants(*wrong).returncode == 2
    other = "another style: embedding.acoustic_steps=2 train.phases=[prosody]"
    choice = "all of it: train.choice.decoder=[0.9]"
    result = variants(other, choice)
    assert result.returncode == 0, result.stdout + result.stderr
    assert result.stdout.count("up to date") == 4 + 5  # data, g2p, align, features; embedding, too
    assert result.stdout.count("train: resumed at step 0 of phase 3") == 1, (
        "where only the choice differs, nothing is trained again"
    )
    rows = [line for line in result.stdout.splitlines() if line.startswith("|")]
    names = [row.split("|")[1].strip() for row in rows[2:]]
    assert names == ["natural", "micro", "stock", "another style", "all of it"]
    cells = [row.split("|", 2)[2] for row in rows[2:]]
    assert len(set(cells[:4])) == 4  # the last may have chosen the voice of the first: the untouched base
    made = micro.output(BY_NAME["score"]).parent / "variants"
    chosen = json.loads((made / "all-of-it" / "exp" / "micro" / "train" / "choice.json").read_text())
    assert [candidate["decoder"] for candidate in chosen["candidates"]] == [0, 0.9]
    spread = variants(f"again: MOIEN_CACHE={made / 'cache'}", "--spread")
    assert spread.returncode == 0, spread.stdout + spread.stderr
    log = (made / "again" / "exp" / "micro" / "log" / "train.log").read_text()
    assert (made / "cache").is_dir() and "resumed" not in log, "its variable, and a training of its own"
    voices, choices = spread.stdout.split("- micro: Chosen by scores on dev", 1)
    rows = [line.split("|")[1].strip() for line in voices.splitlines() if line.startswith("|")]
    assert rows[2:] == ["natural", "micro", "again", "**mean**", "**standard deviation**"]
    rows = [line.split("|") for line in choices.splitlines() if line.startswith("|")]
    own = json.loads((micro.output(BY_NAME["train"]) / "choice.json").read_text())
    tried = [f"predictor {row['predictor']:g}, decoder {row['decoder']:g}" for row in own["candidates"]]
    assert [row[1].strip() for row in rows[2:]] == tried
    at = [cell.strip() for cell in rows[0]].index(METRICS["similarity"].heading)
    assert rows[2][at].strip() == f"{own['candidates'][0]['scores']['similarity']:.3f} ± 0.0000"
    quiet = variants("a bad one: train.min_seconds=9999", other, "--jobs", "2")
    assert quiet.returncode == 1 and "up to date" not in quiet.stdout and "a bad one" in quiet.stderr
    wavs = {path.stat().st_ino for path in (micro.work_dir / "data" / "micro" / "wav").iterdir()}
    theirs = made / "another-style" / "data" / "micro" / "wav"
    assert wavs == {path.stat().st_ino for path in theirs.iterdir()}


def test_a_style_is_cloned_from_recordings_and_nothing_is_left_beside_it(micro: Micro, tmp_path) -> None:  # type: ignore[no-untyped-def]
    from moien.corpus.datadir import read_datadir
    from moien.kokoro.base import load_pack

    data = micro.work_dir / "data" / "micro"
    spoken = [u for split in ("train", "dev", "test") for u in read_datadir(data / split)]
    own = [u for u in spoken if u.speaker == spoken[0].speaker]
    (tmp_path / "recordings" / "wavs").mkdir(parents=True)
    for utterance in own:
        shutil.copyfile(utterance.audio, tmp_path / "recordings" / "wavs" / f"{utterance.id}.wav")
    table = tmp_path / "recordings" / "metadata.csv"
    table.write_text("".join(f"{u.id}|{u.text}\n" for u in own), encoding="utf-8")

    def clone() -> subprocess.CompletedProcess[str]:
        folder, output = tmp_path / "recordings", tmp_path / "voice.pt"
        return micro.fork("-m", "moien", "clone-style", folder, "--recipe", micro.recipe, "-o", output)

    result = clone()
    assert result.returncode == 0, result.stdout + result.stderr
    assert "similarity to the speaker: recordings 0." in result.stdout
    pack = load_pack(tmp_path / "voice.pt")
    assert pack.shape == (510, 1, 256) and pack.isfinite().all()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["recordings", "voice.pt"]

    lines = table.read_text(encoding="utf-8").splitlines()
    two = [
        line.replace("|", f"|{name}|", 1)
        for line, name in zip(lines, ["anna", "bob"] * len(lines), strict=False)
    ]
    table.write_text("\n".join(["id|speaker|text", *two]) + "\n", encoding="utf-8")
    refused = clone()
    assert refused.returncode == 1 and "2 speakers: anna, bob" in refused.stderr


@pytest.mark.parametrize("stage", [s.name for s in STAGES if s.output])
def test_a_full_disk_is_named_and_nothing_is_left_behind(micro: Micro, tiny_disk: Path, stage: str) -> None:
    on_a_full_disk(micro, tiny_disk, stage)
