from __future__ import annotations

import itertools
import json
import subprocess
import sys
import wave
from pathlib import Path

import numpy as np
import pytest
from made_up import load_program

from moien.corpus.datadir import read_datadir, read_lines
from moien.recipe.settings import ROOT

corpus = load_program("local/espeak_corpus.py")
SENTENCES = "# a comment\nD'Haus ass grouss, an de Gaart ass kleng.\n\nMoien, wéi ass et?\nDe Bam ass al.\n"


def run(*arguments: object) -> subprocess.CompletedProcess[str]:
    """In a process of its own, as stage 1 does: here another test may have loaded espeak-ng already."""
    command = [sys.executable, ROOT / "local" / "espeak_corpus.py", *arguments]
    return subprocess.run([str(c) for c in command], capture_output=True, text=True, check=False)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("tiny")
    (folder / "sentences.txt").write_text(SENTENCES, encoding="utf-8")
    result = run(folder / "out", "--sentences", folder / "sentences.txt")
    assert result.returncode == 0, result.stderr
    return folder / "out"


def test_voices_take_turns_and_share_no_prompt(made: Path) -> None:
    utterances = read_datadir(made)
    assert {u.speaker for u in utterances} == {"espeak_f2", "espeak_m3"}
    assert sorted(u.prompt for u in utterances) == [f"{made.parent.name}-000{i}" for i in (1, 2, 3)]
    assert all(u.id == f"{u.speaker}-{u.prompt}" and u.audio.is_file() for u in utterances)


def test_segments_cover_the_audio_and_silence_is_silent(made: Path) -> None:
    found = {}
    for line in read_lines(made / "reference_segments.jsonl"):
        item = json.loads(line)
        found[item["id"]] = item["segments"]
    for utterance in read_datadir(made):
        with wave.open(str(utterance.audio)) as file:
            rate, samples = file.getframerate(), np.frombuffer(file.readframes(file.getnframes()), np.int16)
        segments = found[utterance.id]
        assert rate == 22_050 and np.abs(samples).max() > 3000
        for (start, length, _), (following, _, _) in itertools.pairwise(segments):
            assert abs(start + length - following) < 1e-4
        assert abs(sum(segments[-1][:2]) - len(samples) / rate) < 1e-4
        powers: dict[bool, list[float]] = {True: [], False: []}  # of silences, of phones
        for start, length, label in segments:
            if length > 0.02:
                part = samples[int(start * rate) : int((start + length) * rate)].astype(float)
                powers[label == "_"].append(float(np.mean(np.square(part))))
        assert np.mean(powers[True]) < 0.01 * np.mean(powers[False])
    labels = [label for _, _, label in found[f"espeak_f2-{made.parent.name}-0001"]]
    assert labels[:4] == ["d", "h", "ɑʊ", "z"] and labels[-1] == "_"
    comma = labels.index("əʊ") + 1
    assert labels[comma : comma + 3] == ["s", "_", "ɑ"]


def test_the_same_bytes_at_every_run_whatever_was_spoken_before(made: Path) -> None:
    again = made.parent / "again"
    run(again, "--sentences", made.parent / "sentences.txt")
    for path in sorted(made.rglob("*")):
        if path.is_file():
            assert path.read_bytes() == (again / path.relative_to(made)).read_bytes(), path.name


@pytest.mark.parametrize(
    ("text", "options", "code", "message"),
    [
        ("", (), 1, "no sentence"),
        ("a b\n\na b\n", (), 1, "s.txt:3: the same sentence is in"),
        ("a\n\N{GRINNING FACE}\n", (), 1, "s.txt:2: espeak-ng has no sound"),
        ("a b\n", ("--voice", "xx+f2"), 2, "no language 'xx'"),
        ("a b\n", ("--voice", "lb+zz"), 2, "no variant 'zz'"),
        ("a b\n", ("--voice", "lb+f2", "--voice", "de+f2"), 2, "would be one speaker"),
    ],
)
def test_errors_say_where(
    tmp_path: Path, text: str, options: tuple[str, ...], code: int, message: str
) -> None:
    (tmp_path / "s.txt").write_text(text, encoding="utf-8")
    result = run(tmp_path / "out", "--sentences", tmp_path / "s.txt", *options)
    assert result.returncode == code and message in result.stderr


def test_latin_1_and_missing_files_are_named(tmp_path: Path) -> None:
    (tmp_path / "s.txt").write_bytes("Gutt.\nMëttwoch.\n".encode("latin-1"))
    result = run(tmp_path / "out", "--sentences", tmp_path / "s.txt")
    assert result.returncode == 1 and "s.txt:2" in result.stderr
    assert run(tmp_path / "out", "--sentences", tmp_path / "none.txt").returncode == 1


def test_nothing_to_speak_is_in_the_corpus() -> None:
    sentences = {text for _, text in corpus.read_sentences(ROOT / "recipes" / "mini" / "sentences.txt")}
    assert 60 <= len(sentences) <= 80
    for recipe in ("mini", "lb"):
        texts = read_lines(ROOT / "recipes" / recipe / "eval.txt")
        assert len(texts) >= 8 and not sentences & set(texts)
