"""Bad corpora: each fault is named with its place, and nothing is lost in silence."""

from __future__ import annotations

import importlib
import json
import shlex
from pathlib import Path

import numpy as np
import pytest
import soundfile
from click.testing import Result
from made_up import call, ljspeech_corpus, load_program, recording

from moien.audio import write_wav
from moien.corpus.datadir import read_datadir, read_dropped

ljspeech = load_program("local/ljspeech.py").main
GOOD = [f"g{n:02d}" for n in range(14)]


def write_bad_wavs(folder: Path) -> dict[str, str]:
    """One recording for each fault; name → what stage 1 must say of it."""
    wavs = folder / "wavs"
    good = recording(rate=22_050)
    (wavs / "empty.wav").touch()
    write_wav(wavs / "cut.wav", good, 22_050)
    (wavs / "cut.wav").write_bytes((wavs / "cut.wav").read_bytes()[:30_000])
    soundfile.write(
        wavs / "nan.wav", np.where(np.arange(len(good)) == 9, np.nan, good), 22_050, subtype="FLOAT"
    )
    write_wav(wavs / "silent.wav", 0 * good, 22_050)
    write_wav(wavs / "clipped.wav", np.clip(8 * good, -1, 1), 22_050)
    write_wav(wavs / "slow.wav", recording(rate=8_000), 8_000)
    write_wav(wavs / "long.wav", recording(39.0, 0.5, 0.5, 22_050), 22_050)
    write_wav(wavs / "session.wav", np.tile(good, 30), 22_050)
    write_wav(wavs / "short.wav", recording(0.3, 0.5, 0.5, 22_050), 22_050)
    (wavs / "text.wav").write_text("404: not found")
    write_wav(wavs / "no_text.wav", good, 22_050)
    return {
        "empty": "the file is empty (0 bytes)",
        "cut": "the audio breaks off: 29956 of 97020 bytes",
        "nan": "there are NaN or infinite samples",
        "silent": "silent",
        "clipped": "clipped: ",
        "slow": "sampling rate below data.min_rate: 8000 Hz",
        "long": "longer than data.max_seconds: 39",
        "session": "longer than data.max_raw_seconds: 66",
        "short": "shorter than data.min_seconds: 0.4",
        "text": "not readable as audio",
    }


def run_stage(tmp_path: Path, folder: Path, *settings: str) -> Result:
    recipe = tmp_path / "recipe"
    recipe.mkdir(exist_ok=True)
    (recipe / "params.yaml").write_text(
        f"language: lb\nsystem: {{work_dir: {tmp_path / 'work'}, nj: 1}}\n"
        f"corpus: {{program: local/ljspeech.py, options: {{folder: {folder}}}}}\n"
        "data: {test_prompts: [1, 2], dev_prompts: [1, 2]}\n"
    )
    options = [part for setting in settings for part in ("--set", setting)]
    return call(importlib.import_module("steps.data").main, "--recipe", recipe, *options)


def test_every_bad_recording_is_dropped_by_its_reason(tmp_path):
    folder = ljspeech_corpus(tmp_path / "corpus", GOOD)
    expected = write_bad_wavs(folder)
    stereo = np.stack([recording(rate=22_050, seed=3)] * 2, axis=1)
    soundfile.write(folder / "wavs" / "stereo.wav", stereo, 22_050)
    with (folder / "metadata.csv").open("a") as table:
        for name in (*expected, "stereo", "no_audio"):
            table.write(f"{name}|E Saz mat {name}.\n")
    done = run_stage(tmp_path, folder, "max_dropped=0.5")
    assert done.exit_code == 0, done.stderr
    output = tmp_path / "work" / "data" / "recipe"
    counts = json.loads((output / "manifest.json").read_text())["counts"]
    assert counts["kept"] == len(GOOD) + 1  # stereo is mixed down and kept
    dropped = counts["dropped_utterances"]
    for name, reason in expected.items():
        assert dropped.pop(f"speaker-{name}").startswith(reason)
    assert dropped.pop("no_audio").startswith("a text without audio: ")
    assert not dropped
    assert "data: in 26, kept 15, dropped 11" in done.stdout
    kept = [utt for split in ("train", "dev", "test") for utt in read_datadir(output / split)]
    assert sorted(utt.id for utt in kept) == sorted(f"speaker-{name}" for name in (*GOOD, "stereo"))
    assert not (output / "raw").exists()

    done = run_stage(tmp_path, folder)  # the default tolerates one in ten
    assert done.exit_code == 1
    assert "11 of 26 utterances were dropped, more than max_dropped = 0.1" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_corpus_without_one_good_recording_is_an_error(tmp_path):
    folder = ljspeech_corpus(tmp_path / "corpus", ["a", "b"])
    for name in ("a", "b"):
        write_wav(folder / "wavs" / f"{name}.wav", np.zeros(24_000, np.float32))
    done = run_stage(tmp_path, folder, "max_dropped=1")
    assert done.exit_code == 1 and "kept 0, dropped 2" in done.stdout
    assert "2 of 2 utterances were dropped" in done.stderr and "Traceback" not in done.stderr
    assert not (tmp_path / "work" / "data" / "recipe").exists()


TABLES = {
    "an empty table": (b"", "metadata.csv: the table is empty"),
    "a header line alone": (b"id|text\n", "metadata.csv:1: no row below the header line"),
    "a column too few": (b"a|Eent.\nb\n", "metadata.csv:2: 1 columns, but most lines have 2: 'b'"),
    "a column too many": (b"a|Eent.\nb|Zwee.|zwee|2\n", "metadata.csv:2: 4 columns, but most lines have 2"),
    "a title above": (b"My voice\na|Eent.\nb|Zwee.\n", "metadata.csv:1: 1 columns, but most lines have 2"),
    "four columns, no header": (b"a|b|c|d\n", "metadata.csv:1: 4 columns without a header line"),
    "an id twice": (b"a|Eent.\nb|Zwee.\na|Dr.\n", "metadata.csv:3: a occurs twice, first in"),
    "a file twice": (
        b"a|Eent.\nb|Zwee.\nwavs/a.wav|Dr.\n",
        "metadata.csv:3: wavs/a.wav occurs twice, first in",
    ),
    "the header twice": (b"id|text\na|Eent.\nid|text\n", "metadata.csv:3: the header line is here again"),
    "latin-1": ("a|Eent.\nb|Méi.\n".encode("latin-1"), "metadata.csv:2: not UTF-8 (byte 0xe9)"),
    "commas": (b"a,Eent.\nb,Zwee.\n", "metadata.csv:1: no columns divided by | or tabs: 'a,Eent.'"),
    "only white space as text": (b"a| \nb|\t\n", "no usable utterance: 2 times an empty text, e.g. "),
    "texts of other audio": (
        b"c|Eent.\n",
        "no usable utterance: 1 times a text without audio, e.g. {0}/metadata.csv:1: c: no such file below {0} "
        "(2 audio files there, e.g. wavs/a.wav)",
    ),
}


@pytest.mark.parametrize("fault", TABLES)
def test_a_wrong_table_is_named_with_its_line(tmp_path, fault):
    content, message = TABLES[fault]
    folder = ljspeech_corpus(tmp_path / "corpus", ["a", "b"])
    (folder / "metadata.csv").write_bytes(content)
    result = call(ljspeech, tmp_path / "raw", "--folder", folder)
    assert result.exit_code == 1 and message.format(folder) in result.output


@pytest.mark.parametrize(
    ("encoding", "remedy"),
    [
        ("latin-1", "if it is latin-1: iconv -f latin1 -t utf-8"),
        ("utf-16", "iconv -f utf-16 -t utf-8"),
        ("utf-16-le", "iconv -f utf-16le -t utf-8"),
        ("utf-16-be", "iconv -f utf-16be -t utf-8"),
    ],
)
def test_another_encoding_comes_with_its_remedy(tmp_path, encoding, remedy):
    folder = ljspeech_corpus(tmp_path / "it's a corpus", ["a"])
    (folder / "metadata.csv").write_bytes("a|Méi.\n".encode(encoding))
    result = call(ljspeech, tmp_path / "raw", "--folder", folder)
    assert result.exit_code == 1
    assert "metadata.csv:1: not UTF-8" in result.output
    assert f"{remedy} {shlex.quote(str(folder / 'metadata.csv'))} > NEW" in result.output


def test_a_table_of_another_name_is_proposed(tmp_path):
    folder = ljspeech_corpus(tmp_path / "corpus", ["a"])
    (folder / "metadata.csv").rename(folder / "train.txt")
    result = call(ljspeech, tmp_path / "raw", "--folder", folder)
    assert result.exit_code == 1 and "metadata.csv: there is no such file" in result.output
    assert "name the table with --metadata: train.txt" in result.output


def test_a_subset_of_a_large_folder_is_a_corpus(tmp_path):
    """Recordings that the table does not name are printed, and do not count as dropped."""
    folder = ljspeech_corpus(tmp_path / "corpus", GOOD + [f"more{n}" for n in range(20)])
    lines = (folder / "metadata.csv").read_text(encoding="utf-8").splitlines(keepends=True)
    (folder / "metadata.csv").write_text("".join(lines[: len(GOOD)]), encoding="utf-8")
    done = run_stage(tmp_path, folder)
    assert done.exit_code == 0, done.stderr
    assert f"data: in {len(GOOD)}, kept {len(GOOD)}, dropped 0" in done.stdout
    result = call(ljspeech, tmp_path / "raw", "--folder", folder)
    assert "20 audio files are not in the table, e.g. wavs/more0.wav" in result.output


def test_an_empty_or_missing_folder_is_an_error(tmp_path):
    (tmp_path / "empty").mkdir()
    result = call(ljspeech, tmp_path / "raw", "--folder", tmp_path / "empty")
    assert result.exit_code == 1 and "metadata.csv: there is no such file" in result.output
    result = call(ljspeech, tmp_path / "raw", "--folder", tmp_path / "none")
    assert result.exit_code == 1 and "none: there is no such corpus folder" in result.output
    assert call(ljspeech, tmp_path / "raw").exit_code == 2


def test_one_missing_audio_and_one_empty_text_do_not_cost_the_corpus(tmp_path):
    folder = ljspeech_corpus(tmp_path / "corpus", ["a", "b", "c"])
    (folder / "wavs" / "a.wav").unlink()
    (folder / "metadata.csv").write_text("a|Eent.\nb|\nc|Dräi.\n")
    assert call(ljspeech, tmp_path / "raw", "--folder", folder).exit_code == 0
    assert [utt.id for utt in read_datadir(tmp_path / "raw")] == ["speaker-c"]
    reasons = {name: reason.partition(":")[0] for name, reason in read_dropped(tmp_path / "raw").items()}
    assert reasons == {"a": "a text without audio", "b": "an empty text"}


def test_two_files_for_one_id_are_not_guessed_between(tmp_path):
    folder = ljspeech_corpus(tmp_path / "corpus", ["a"])
    soundfile.write(folder / "a.flac", recording(), 24_000)
    result = call(ljspeech, tmp_path / "raw", "--folder", folder)
    assert result.exit_code == 1 and "two files for one id" in result.output
