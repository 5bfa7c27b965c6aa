from __future__ import annotations

import io
import json
import tarfile
from pathlib import Path

import pytest
import soundfile
import yaml
from made_up import ROOT, call, ljspeech_corpus, load_program, recording

from moien.audio import read_audio, write_wav
from moien.corpus.datadir import read_datadir, read_dropped
from moien.corpus.preparation import SEGMENTS
from moien.corpus.readers import as_arguments, find_folder, run_program, utterance_id
from moien.errors import WrongCall, WrongData

ljspeech = load_program("local/ljspeech.py").main
common_voice = load_program("local/common_voice.py").main
lod = load_program("local/lod.py").main


# --- how stage 1 runs a program


def test_options_become_arguments_and_never_a_shell_line():
    options = {
        "min_votes": 2,
        "all": True,
        "none": None,
        "off": False,
        "lang": ["a", "b"],
        "x": "'; rm -rf /",
    }
    expected = ["--min-votes", "2", "--all", "--lang", "a", "--lang", "b", "--x", "'; rm -rf /"]
    assert as_arguments(options) == expected


def test_a_program_runs_and_its_exit_code_decides(tmp_path, monkeypatch):
    folder = ljspeech_corpus(tmp_path / "corpus", ["a", "b"])
    run_program(ROOT / "local/ljspeech.py", {"folder": folder, "speaker": "ann"}, tmp_path / "raw")
    assert [utt.id for utt in read_datadir(tmp_path / "raw")] == ["ann-a", "ann-b"]
    with pytest.raises(WrongCall, match=r"ljspeech\.py failed with exit code 2"):
        run_program(ROOT / "local/ljspeech.py", {"fodler": folder}, tmp_path / "r2")
    with pytest.raises(WrongData, match="exit code 1"):
        run_program(ROOT / "local/ljspeech.py", {"folder": tmp_path / "none"}, tmp_path / "r2")
    with pytest.raises(WrongCall, match="no corpus program"):
        run_program(ROOT / "local/nothing.py", {}, tmp_path / "raw")


def test_a_folder_is_found_in_the_mirror(tmp_path, monkeypatch):
    (tmp_path / "mine").mkdir()
    monkeypatch.setenv("MOIEN_MIRROR", str(tmp_path))
    assert find_folder("mine") == find_folder(str(tmp_path / "mine")) == tmp_path / "mine"
    with pytest.raises(WrongData, match="no such corpus folder"):
        find_folder("yours")


def test_ids_carry_their_speaker_and_nothing_dangerous():
    assert utterance_id("ann", "ann-1") == "ann-1"
    assert utterance_id("ann", "../1 x") == "ann-.._1_x"


# --- LJ Speech


@pytest.mark.parametrize(
    ("table", "text", "speaker"),
    [
        ("a|Moien.\n", "Moien.", "speaker"),
        ("a|10|zéng\n", "zéng", "speaker"),
        ("a.wav|Moien|\n", "Moien", "speaker"),
        ("id|speaker|text\na|ann|Moien.\n", "Moien.", "ann"),
        ("id|text|status|prompt\na|Moien.|exact|p1\n", "Moien.", "speaker"),
        ("\ufeffa|Moien.\r\n\r\n", "Moien.", "speaker"),
    ],
)
def test_ljspeech_tables(tmp_path, table, text, speaker):
    folder = ljspeech_corpus(tmp_path / "lj", ["a"])
    (folder / "metadata.csv").write_text(table, encoding="utf-8")
    result = call(ljspeech, tmp_path / "raw", "--folder", folder)
    assert result.exit_code == 0, result.output
    (utt,) = read_datadir(tmp_path / "raw")
    assert (utt.id, utt.text, utt.speaker, utt.audio.resolve()) == (
        f"{speaker}-a",
        text,
        speaker,
        folder / "wavs/a.wav",
    )


def test_any_audio_format_anywhere_below(tmp_path):
    folder = tmp_path / "lj"
    for name, kind in (
        ("a.flac", "FLAC"),
        ("b.mp3", "MP3"),
        ("c.ogg", "OGG"),
        ("e.sph", "NIST"),
        ("f.aif", "AIFF"),
    ):
        (folder / kind).mkdir(parents=True)
        soundfile.write(folder / kind / name, recording(0.5), 24_000, format=kind)
    soundfile.write(folder / "d.opus", recording(0.5), 24_000, format="OGG", subtype="OPUS")
    (folder / "metadata.csv").write_text("".join(f"{n}|Moien {n}\n" for n in "abcdef"))
    assert call(ljspeech, tmp_path / "raw", "--folder", folder).exit_code == 0
    assert [read_audio(utt.audio)[0].size > 20_000 for utt in read_datadir(tmp_path / "raw")] == [True] * 6


# --- Common Voice

HEADER = "client_id\tpath\tsentence_id\tsentence\tup_votes\tdown_votes\tage\n"


def common_voice_corpus(folder: Path) -> Path:
    (folder / "clips").mkdir(parents=True)
    rows = []
    for number in range(8):
        client = ("a" * 128, "b" * 128)[number % 2]
        soundfile.write(folder / "clips" / f"cv_lb_{number}.mp3", recording(0.5), 24_000, format="MP3")
        votes = (2, 0) if number < 6 else (1, 0) if number == 6 else (5, 1)
        rows.append(f'{client}\tcv_lb_{number}.mp3\tx\tE "Saz {number}\t{votes[0]}\t{votes[1]}\t\n')
    (folder / "validated.tsv").write_text(HEADER + "".join(rows), encoding="utf-8")
    return folder


def test_common_voice_filters_votes_and_rare_speakers(tmp_path):
    folder = common_voice_corpus(tmp_path / "cv")
    result = call(common_voice, tmp_path / "raw", "--folder", folder, "--min-clips", 3)
    assert result.exit_code == 0 and "2 clips left out by votes; 0 speakers" in result.output
    found = read_datadir(tmp_path / "raw")
    assert len(found) == 6 and {utt.speaker for utt in found} == {"cv" + "a" * 12, "cv" + "b" * 12}
    assert found[0].text == 'E "Saz 0'  # quotation marks are text
    result = call(common_voice, tmp_path / "r2", "--folder", folder, "--min-clips", 4)
    assert result.exit_code == 1 and "no speaker has 4 clips, the most are 3" in result.output
    result = call(common_voice, tmp_path / "r3", "--folder", folder, "--min-up-votes", 9)
    assert result.exit_code == 1 and "none of 8 clips has the votes" in result.output


@pytest.mark.parametrize(
    ("before", "after", "message"),
    [
        ("up_votes", "ups", "validated.tsv:1: the header line has no up_votes"),
        ("Saz 1\t2\t0\t\n", "Saz 1\t2\t0\n", "validated.tsv:3: 6 columns, but the header has 7"),
        ("Saz 1\t2", "Saz 1\ttwo", "validated.tsv:3: 'two' is not a number of votes"),
        ("cv_lb_1.mp3", "cv_lb_0.mp3", "validated.tsv:3: cv_lb_0.mp3 occurs twice"),
    ],
)
def test_common_voice_names_the_line(tmp_path, before, after, message):
    folder = common_voice_corpus(tmp_path / "cv")
    table = folder / "validated.tsv"
    table.write_text(table.read_text().replace(before, after))
    result = call(common_voice, tmp_path / "raw", "--folder", folder, "--min-clips", 1)
    assert result.exit_code == 1 and message in result.output


def test_common_voice_counts_missing_clips(tmp_path):
    folder = common_voice_corpus(tmp_path / "cv")
    (folder / "clips" / "cv_lb_0.mp3").unlink()
    assert call(common_voice, tmp_path / "raw", "--folder", folder, "--min-clips", 1).exit_code == 0
    (reason,) = read_dropped(tmp_path / "raw").values()
    assert (
        reason.startswith("a text without audio: ") and "validated.tsv:2: cv_lb_0.mp3: no such file" in reason
    )


def test_common_voice_finds_converted_clips(tmp_path):
    folder = common_voice_corpus(tmp_path / "cv")
    for clip in list((folder / "clips").iterdir()):
        clip.rename(clip.with_suffix(".WAV"))
    result = call(common_voice, tmp_path / "raw", "--folder", folder, "--min-clips", 1)
    assert result.exit_code == 0 and len(read_datadir(tmp_path / "raw")) == 6


# --- LOD


def lod_file(path: Path, texts: list[str | None], column: str = "text", sound: bool = True) -> None:
    import pyarrow
    import pyarrow.parquet

    path.parent.mkdir(parents=True, exist_ok=True)
    write_wav(path.parent / "x.wav", recording(0.5))
    audio = {"bytes": (path.parent / "x.wav").read_bytes() if sound else None}
    rows = [{"audio": audio | {"path": f"w{n}.wav"}, column: text} for n, text in enumerate(texts)]
    pyarrow.parquet.write_table(pyarrow.Table.from_pylist(rows), path)


def test_lod_unpacks_audio_and_counts_what_is_missing(tmp_path):
    lod_file(tmp_path / "lod" / "data" / "train-0.parquet", ["Haus", "Auto", None, " "], "transcription")
    result = call(lod, tmp_path / "raw", "--folder", tmp_path / "lod", "--speaker", "Max K.")
    assert result.exit_code == 0, result.output
    found = read_datadir(tmp_path / "raw")
    assert [(utt.id, utt.text) for utt in found] == [("Max_K-w0", "Haus"), ("Max_K-w1", "Auto")]
    assert read_audio(found[0].audio)[1] == 24_000
    dropped = read_dropped(tmp_path / "raw")
    assert dropped["Max_K-w2"] == "audio without a text: data/train-0.parquet:3" and len(dropped) == 2


def sound(kind: str = "WAV") -> bytes:
    file = io.BytesIO()
    soundfile.write(file, recording(0.5), 24_000, format=kind)
    return file.getvalue()


def parquet(path: Path, **columns: object) -> None:
    import pyarrow
    import pyarrow.parquet

    path.parent.mkdir(parents=True, exist_ok=True)
    pyarrow.parquet.write_table(pyarrow.table(columns), path)


@pytest.mark.parametrize("kind", ["WAV", "FLAC", "OGG", "MP3"])
def test_lod_reads_bytes_without_a_name(tmp_path, kind):
    parquet(tmp_path / "lod/a.parquet", audio=[sound(kind)] * 2, text=["Haus", "Auto"])
    result = call(lod, tmp_path / "raw", "--folder", tmp_path / "lod")
    assert result.exit_code == 0, result.output
    found = read_datadir(tmp_path / "raw")
    assert [utt.id for utt in found] == ["lod-a-000001", "lod-a-000002"]
    assert found[0].audio.suffix == f".{kind.lower()}" and read_audio(found[0].audio)[1] == 24_000


def test_lod_reads_texts_that_recur(tmp_path):
    import pyarrow

    texts = pyarrow.array(["Haus", "Auto", "Haus"]).dictionary_encode()
    parquet(tmp_path / "lod/a.parquet", audio=[sound()] * 3, text=texts)
    assert call(lod, tmp_path / "raw", "--folder", tmp_path / "lod").exit_code == 0
    assert [utt.text for utt in read_datadir(tmp_path / "raw")] == ["Haus", "Auto", "Haus"]


def test_lod_reads_paths_beside_the_table(tmp_path):
    (tmp_path / "lod/b").mkdir(parents=True)
    (tmp_path / "lod/b/x.wav").write_bytes(sound())
    parquet(tmp_path / "lod/a.parquet", audio=["b/x.wav", "b/y.wav"], text=["Haus", "Auto"])
    assert call(lod, tmp_path / "raw", "--folder", tmp_path / "lod").exit_code == 0
    assert [utt.audio.resolve() for utt in read_datadir(tmp_path / "raw")] == [tmp_path / "lod/b/x.wav"]
    (reason,) = read_dropped(tmp_path / "raw").values()
    assert "a.parquet:2: no bytes, and no file" in reason and reason.endswith("b/y.wav")


def test_lod_ids_come_from_the_table_where_names_recur(tmp_path):
    """Two folders with a shard of one name, and one inner name on several rows."""
    for part in ("men", "women"):
        rows = [{"bytes": sound(), "path": name} for name in ("audio.wav", "audio.wav", f"{part}.wav?key=1")]
        parquet(tmp_path / "lod" / part / "train.parquet", audio=rows, text=["Haus", "Auto", "Moien"])
    result = call(lod, tmp_path / "raw", "--folder", tmp_path / "lod")
    assert result.exit_code == 0, result.output
    expected = [f"lod-{part}_train-00000{n}" for part in ("men", "women") for n in (1, 2)]
    assert [utt.id for utt in read_datadir(tmp_path / "raw")] == sorted([*expected, "lod-men", "lod-women"])


def test_lod_keeps_speakers_apart(tmp_path):
    rows = [{"bytes": sound(), "path": f"{n}.wav"} for n in range(3)]
    parquet(tmp_path / "lod/a.parquet", audio=rows, text=["Haus", "Auto", "Moien"], speaker_id=[0, 1, 0])
    assert call(lod, tmp_path / "raw", "--folder", tmp_path / "lod").exit_code == 0
    assert [(utt.id, utt.speaker) for utt in read_datadir(tmp_path / "raw")] == [
        ("0", "0"),
        ("0-2", "0"),
        ("1", "1"),
    ]
    parquet(tmp_path / "lod/a.parquet", audio=rows, text=["Haus", "Auto", "Moien"], speaker_id=[0, None, 0])
    result = call(lod, tmp_path / "r2", "--folder", tmp_path / "lod")
    assert result.exit_code == 1 and "a.parquet:2: no `speaker_id`" in result.output


@pytest.mark.parametrize(
    ("columns", "message"),
    [
        ({"audio": [b"x"], "text": [7]}, "a.parquet: the column `text` is int64, not text"),
        (
            {"audio": [b"x"], "text": [["Haus"]]},
            "a.parquet: the column `text` is list<element: string>, not text",
        ),
        ({"audio": [7], "text": ["Haus"]}, "a.parquet: the column `audio` is int64, not {bytes, path}"),
        ({"audio": [{"array": [0.1]}], "text": ["Haus"]}, "a.parquet: the column `audio` is struct<array"),
        ({"audio": [{"bytes": [1, 2]}], "text": ["Haus"]}, "a.parquet: the column `audio` is struct<bytes"),
        (
            {"audio": [{"bytes": None, "path": None}], "text": ["Haus"]},
            "a.parquet:1: neither bytes nor a path",
        ),
        ({"audio": [None], "text": ["Haus"]}, "a.parquet:1: neither bytes nor a path"),
        ({"audio": [b"x"], "text": [None]}, "1 times audio without a text, e.g. a.parquet:1"),
        ({"audio": [], "text": []}, "no row in 1 parquet files"),
        (
            {"audio": [b"x"], "text": ["Haus"], "speaker": [["a"]]},
            "a.parquet: the column `speaker` is list<element: string>, not text",
        ),
        (
            {"audio": [b"x"], "wort": ["Haus"]},
            "a.parquet: no column `audio` or `text`; the columns are audio, wort",
        ),
    ],
)
def test_lod_names_file_and_column(tmp_path, columns, message):
    parquet(tmp_path / "lod/a.parquet", **columns)
    result = call(lod, tmp_path / "raw", "--folder", tmp_path / "lod")
    assert result.exit_code == 1 and message in result.output


def test_lod_says_what_is_wrong(tmp_path):
    folder = tmp_path / "lod"
    folder.mkdir()
    assert "no parquet file" in call(lod, tmp_path / "raw", "--folder", folder).output
    (folder / "a.parquet").write_text("version https://git-lfs.github.com/spec/v1")
    result = call(lod, tmp_path / "raw", "--folder", folder)
    assert result.exit_code == 1 and "a.parquet: not a parquet file" in result.output
    lod_file(folder / "a.parquet", ["Haus"] * 300)
    whole = (folder / "a.parquet").read_bytes()
    (folder / "a.parquet").write_bytes(whole[:500] + b"?" * 4000 + whole[4500:])
    assert call(lod, tmp_path / "raw", "--folder", folder).exit_code in (0, 1)  # no traceback
    lod_file(folder / "a.parquet", ["Haus"], "wort")
    assert call(lod, tmp_path / "raw", "--folder", folder, "--text-column", "wort").exit_code == 0
    lod_file(folder / "a.parquet", ["Haus"], sound=False)
    result = call(lod, tmp_path / "r2", "--folder", folder)
    assert (
        result.exit_code == 1 and "1 times a text without audio, e.g. a.parquet:1: no bytes" in result.output
    )


@pytest.mark.parametrize("arguments", [[], ["--repository", "x/y"], ["--folder", ".", "--repository", "x/y"]])
def test_lod_wants_one_source(tmp_path, arguments):
    result = call(lod, tmp_path / "raw", *arguments)
    assert result.exit_code == 2 and "either --folder" in result.output


# --- Marylux


@pytest.mark.shared
def test_marylux_from_the_mirror(shared_dir, tmp_path):
    marylux = load_program("local/marylux.py")
    result = call(marylux.main, tmp_path / "raw")
    assert result.exit_code == 0 and "Marylux: from the mirror" in result.output
    found = read_datadir(tmp_path / "raw")
    assert len(found) == 568 and sum(utt.status == "exact" for utt in found) == 425
    assert {utt.id for utt in found if utt.status == "exact"} == set(marylux.clips(marylux.EXACT))
    halves = [utt for utt in found if utt.prompt == "marylux_lb-wiki-0007"]
    assert [utt.id for utt in halves] == ["marylux_lb-wiki-0007", "marylux_lb-wiki-1007"]
    rows = (tmp_path / "raw" / SEGMENTS).read_text(encoding="utf-8").splitlines()
    segments = {row["id"]: row["segments"] for row in map(json.loads, rows)}
    assert len(segments) == 425
    for clip in list(segments)[:20]:  # the way over GitHub computes the same
        assert marylux.from_start([(d, label) for _, d, label in segments[clip]]) == segments[clip]


def test_marylux_from_github(tmp_path, monkeypatch):
    """A web of the same form: an archive with wavs and more, a YAML file of prompts."""
    marylux = load_program("local/marylux.py")
    wavs = tmp_path / "Marylux-648-fde7" / "dataset" / "wavs"
    wavs.mkdir(parents=True)
    for seed, clip in enumerate(marylux.clips("1-3 1003")):
        write_wav(wavs / f"{clip}.wav", recording(0.5, 0, 0, 22_050, seed=seed), 22_050)
    (wavs.parent / "README.md").write_text("not wanted")
    archive = tmp_path / marylux.AUDIO_URL[1:]
    archive.parent.mkdir(parents=True)
    with tarfile.open(archive, "w:gz") as tar:
        tar.add(wavs.parent.parent, "Marylux-648-fde7")
    segments = [{"lab": "_", "dur": 0.15}, {"lab": "n", "dur": 0.08}, {"lab": "_", "dur": 0.1}]
    prompts = [{"prompt": f"lb-wiki-{n:04d}", "text": f"Saz {n}.", "segments": segments} for n in (1, 2, 3)]
    texts = tmp_path / marylux.TEXTS_URL[1:]
    texts.parent.mkdir(parents=True)
    texts.write_text(yaml.safe_dump(prompts))
    monkeypatch.setenv("MOIEN_MIRROR", "")
    monkeypatch.setenv("MOIEN_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(marylux, "GITHUB", tmp_path.as_uri())
    monkeypatch.setattr(marylux, "EXACT", "1-2")
    monkeypatch.setattr(marylux, "DOUBTFUL", "3")
    result = call(marylux.main, tmp_path / "raw")
    assert result.exit_code == 1 and f"expected {marylux.SAMPLES_SHA256}" in result.output

    audio = {clip: wavs / f"{clip}.wav" for clip in marylux.clips("1-3")}
    times = [(s["dur"], s["lab"]) for s in prompts[0]["segments"]]
    pins = {
        "SAMPLES": marylux.sample_digest(audio),
        "TEXTS": marylux.content_digest({clip: f"Saz {n}." for n, clip in enumerate(audio, 1)}),
        "TIMES": marylux.content_digest(dict.fromkeys(marylux.clips("1-2"), times)),
    }
    for name, digest in pins.items():
        monkeypatch.setattr(marylux, f"{name}_SHA256", digest)
    texts.unlink()  # the second run needs no network
    result = call(marylux.main, tmp_path / "raw")
    assert result.exit_code == 0, result.output
    found = read_datadir(tmp_path / "raw")
    assert [utt.status for utt in found] == ["exact", "exact", "exact-durwarn"]
    rows = [json.loads(line) for line in (tmp_path / "raw" / SEGMENTS).read_text().splitlines()]
    assert rows[0]["segments"] == [[-0.15, 0.15, "_"], [0.0, 0.08, "n"], [0.08, 0.1, "_"]] and len(rows) == 2
    (tmp_path / "cache" / "marylux" / "wavs" / "marylux_lb-wiki-0002.wav").unlink()
    result = call(marylux.main, tmp_path / "r2")
    assert result.exit_code == 1 and "1 clips are missing" in result.output


def test_marylux_without_network_says_what_to_do(tmp_path, monkeypatch):
    marylux = load_program("local/marylux.py")
    monkeypatch.setenv("MOIEN_MIRROR", "")
    monkeypatch.setenv("MOIEN_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(marylux, "GITHUB", (tmp_path / "nowhere").as_uri())
    result = call(marylux.main, tmp_path / "raw")
    assert result.exit_code == 1 and "MOIEN_MIRROR" in result.output
    assert [path.name for path in (tmp_path / "cache").iterdir()] == ["marylux.lock"]
