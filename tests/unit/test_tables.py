"""Tables and names as people write them: read right, or refused with file and line; nothing of the corpus changes."""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import unicodedata
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from made_up import call, load_program
from stopwatch import assert_linear

from moien.corpus.datadir import read_datadir, read_dropped
from moien.corpus.metadata import is_table, read_metadata
from moien.corpus.readers import read_named_texts, read_texts
from moien.errors import WrongData

ljspeech = load_program("local/ljspeech.py").main
SENTENCES = [
    "De Fuuss leeft iwwer d'Wiss.",
    "Muer fuere mer mam Zuch op Köln.",
    "D'Kanner spillen um 10 Auer am Gaart.",
    "Owes gëtt et kill a roueg.",
    "Wien huet de Schlëssel op den Dësch geluecht?",
    "D'Brout ass frësch, dat richt gutt.",
]


def touch(*paths: Path) -> None:
    for path in paths:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()


def corpus(folder: Path, files: list[str], table: str | bytes) -> Path:
    """A folder with empty recordings, which the program does not open, and a table."""
    folder.mkdir(parents=True, exist_ok=True)
    touch(*(folder / name for name in files))
    (folder / "metadata.csv").write_bytes(table if isinstance(table, bytes) else table.encode())
    return folder


def table_of(*columns: list[str], header: str = "") -> str:
    return "".join(
        f"{line}\n" for line in [*[header] * bool(header), *map("|".join, zip(*columns, strict=True))]
    )


IDS = [f"a{n:03d}" for n in range(6)]
WAVS = [f"wavs/{name}.wav" for name in IDS]
TWO = ["anna", "bert"] * 3


# --- columns


@pytest.mark.parametrize("separator", ["|", "\t"])
@pytest.mark.parametrize(
    "header",
    [
        "id|speaker|text",
        "filename|speaker|text",
        "Audio file|Speaker_Name|Transcription",
        "PATH|Client ID|Sentence",
        "wav|spk|transcript",
        "\ufeffbasename|speaker|raw_text",
        '"path"|"speaker"|"text"',
        "#id|speaker-id|normalized_text",
    ],
)
def test_known_names_of_columns(tmp_path, header, separator):
    table = table_of(IDS, TWO, SENTENCES, header=header).replace("|", separator)
    folder = corpus(tmp_path / "lj", WAVS, table.replace("\n", "\r\n"))
    result = call(ljspeech, tmp_path / "raw", "--folder", folder)
    assert result.exit_code == 0, result.output
    found = read_datadir(tmp_path / "raw")
    assert {utt.id: utt.text for utt in found} == {
        f"{who}-{name}": text for name, who, text in zip(IDS, TWO, SENTENCES, strict=True)
    }
    for part in ("6 rows; columns: id", "speakers: anna (3), bert (3)", f"anna: {SENTENCES[0]}"):
        assert part in result.output


LENGTHS = [str(len(text)) for text in SENTENCES]
SECONDS = ["3.45", "2.5", "4", "1,5", "2.25", "3"]
PHONEMES = ["də fˈuːs", "mˈuər", "tkˈɑnɐ", "ˈoːvəs", "viːn", "tbʁˈəʊt"]
MOODS = ["happy", "neutral", "happy", "neutral", "neutral", "sad"]


@pytest.mark.parametrize(
    ("columns", "look"),
    [
        ([IDS, SENTENCES, LENGTHS], "id|text|number"),
        ([IDS, SENTENCES, SECONDS], "id|text|number"),
        ([IDS, TWO, SENTENCES], "id|speaker|text"),
        ([IDS, SENTENCES, TWO], "id|text|speaker"),
        ([IDS, SENTENCES, ["coqui"] * 6], "id|text|speaker"),
        ([IDS, SENTENCES, MOODS], "id|text|speaker"),
        ([IDS, ["0", "1"] * 3, SENTENCES], "id|number|text"),
        ([IDS, ["anna"] * 6, ["Anna leeft.", "Moien Anna.", *SENTENCES[:4]]], "id|speaker|text"),
        ([IDS, SENTENCES, PHONEMES], "id|text|"),
        ([IDS, SENTENCES, SENTENCES[::-1]], "id|text|text"),
        ([IDS, TWO, SENTENCES, LENGTHS], "id|speaker|text|number"),
        ([SENTENCES, IDS], "text|id"),
        ([IDS, TWO], "id|speaker"),
        ([SENTENCES, IDS, TWO], "text|id|speaker"),
    ],
)
def test_columns_without_a_header_are_not_guessed(tmp_path, columns, look):
    folder = corpus(tmp_path / "lj", WAVS, table_of(*columns))
    result = call(ljspeech, tmp_path / "raw", "--folder", folder)
    assert result.exit_code == 1 and not (tmp_path / "raw").exists()
    message = f"metadata.csv:1: {len(columns)} columns without a header line, which look like {look}"
    assert message in result.output and "|".join(column[0] for column in columns) in result.output


def test_the_proposed_header_line_can_be_pasted(tmp_path):
    table = table_of(IDS, TWO, SENTENCES)
    folder = corpus(tmp_path / "lj", WAVS, table)
    line = call(ljspeech, tmp_path / "raw", "--folder", folder).output.split("add the first line ")[1]
    (folder / "metadata.csv").write_text(line + table, encoding="utf-8")
    assert call(ljspeech, tmp_path / "raw", "--folder", folder).exit_code == 0
    assert {utt.speaker for utt in read_datadir(tmp_path / "raw")} == {"anna", "bert"}


@pytest.mark.parametrize(
    ("texts", "spoken"),
    [
        (
            [
                "In 1465, Sweynheim and Pannartz began printing.",
                'and 36 (or more) in London, "of course"',
                "Dr. Who",
            ],
            [
                "In fourteen sixty-five, Sweynheim and Pannartz began printing.",
                "and thirty-six (or more) in London, of course",
                "Doctor Who",
            ],
        ),
        (["Moien.", "Äddi!", "Ech."], ["moien", "äddi", "ech"]),
        (["10", "21", "3"], ["zéng", "eenanzwanzeg", "dräi"]),
        (["2019年", "東京です。", "猫"], ["二零一九年", "東京です。", "猫"]),
        (["Haus", "Auto", "1 Kaz"], ["", "", "eng Kaz"]),
    ],
)
def test_ljspeech_without_a_header(tmp_path, texts, spoken):
    folder = corpus(tmp_path / "lj", WAVS, table_of(IDS[:3], texts, spoken))
    result = call(ljspeech, tmp_path / "raw", "--folder", folder)
    assert result.exit_code == 0, result.output
    expected = [other or text for text, other in zip(texts, spoken, strict=True)]
    assert [utt.text for utt in read_datadir(tmp_path / "raw")] == expected
    assert "columns: id, text, normalised (no header line)" in result.output


@pytest.mark.parametrize(
    ("header", "message"),
    [
        ("id|text|duration", "metadata.csv:1: unknown column duration: id|text|duration"),
        ("ID|text|prosody", "metadata.csv:1: unknown column prosody"),
        ("Datei|Satz|Stimme", "metadata.csv:1: unknown columns Datei, Satz, Stimme"),
        ("id|Satz|Stimme", "metadata.csv:1: unknown columns Satz, Stimme"),
        ("Path|Satz 1|n_chars2", "metadata.csv:1: unknown columns Satz 1, n_chars2"),
        ("файл|текст|диктор", "metadata.csv:1: unknown columns файл, текст, диктор"),
        ("id|text|sentence", "metadata.csv:1: two columns for the text: text and sentence"),
        ("speaker|text|status", "metadata.csv:1: no column has the id or path of the recordings"),
        ("id|speaker|status", "metadata.csv:1: no column has the text"),
    ],
)
def test_a_header_line_is_never_a_row(tmp_path, header, message):
    folder = corpus(tmp_path / "lj", WAVS, table_of(IDS, SENTENCES, SENTENCES, header=header))
    result = call(ljspeech, tmp_path / "raw", "--folder", folder)
    assert result.exit_code == 1 and message in result.output
    assert "name the columns in the first line" in result.output or "remove one of them" in result.output


def test_a_first_row_without_audio_is_no_header_line(tmp_path):
    folder = corpus(tmp_path / "lj", WAVS[1:], table_of(IDS, SENTENCES))
    assert call(ljspeech, tmp_path / "raw", "--folder", folder).exit_code == 0
    assert len(read_datadir(tmp_path / "raw")) == 5 and list(read_dropped(tmp_path / "raw")) == [IDS[0]]


@pytest.mark.parametrize(
    ("columns", "header", "message"),
    [
        (
            [IDS, SENTENCES, ["lb"] * 4 + ["fr"] * 2],
            "id|text|lang",
            "metadata.csv:6: the language is fr, that of the rows above lb",
        ),
        (
            [IDS, SENTENCES, ["anna", "", *TWO[2:]]],
            "id|text|speaker",
            "metadata.csv:3: no speaker, but other rows have one",
        ),
        (
            [IDS, SENTENCES, ["A.B", "A B", *TWO[2:]]],
            "id|text|speaker",
            "metadata.csv:3: the speakers 'A.B' and 'A B' would both be A_B",
        ),
    ],
)
def test_speakers_and_languages_do_not_become_one(tmp_path, columns, header, message):
    folder = corpus(tmp_path / "lj", WAVS, table_of(*columns, header=header))
    result = call(ljspeech, tmp_path / "raw", "--folder", folder)
    assert result.exit_code == 1 and message in result.output


def test_one_speaker_in_two_unicode_forms_is_one(tmp_path):
    forms = [unicodedata.normalize(form, "Zoé") for form in ("NFC", "NFD")] * 3
    folder = corpus(tmp_path / "lj", WAVS, table_of(IDS, forms, SENTENCES, header="id|speaker|text"))
    assert call(ljspeech, tmp_path / "raw", "--folder", folder).exit_code == 0
    assert {utt.speaker for utt in read_datadir(tmp_path / "raw")} == {"Zoé"}


def test_one_language_is_printed_and_not_used(tmp_path):
    folder = corpus(
        tmp_path / "lj", WAVS, table_of(IDS, SENTENCES, ["lb"] * 6, header="basename|text|locale")
    )
    result = call(ljspeech, tmp_path / "raw", "--folder", folder)
    assert result.exit_code == 0 and "id (basename), text, language (locale, not used)" in result.output


@pytest.mark.parametrize(
    ("line", "text"),
    [
        ('a|"Hie sot: ""Moien!"""', 'Hie sot: "Moien!"'),
        ('a|"Moien," sot hien, "äddi"', '"Moien," sot hien, "äddi"'),
        ('"a"|"Moien."', "Moien."),
        ("a|Moien.|", "Moien."),
        ("|a|Moien.|", "Moien."),
        (" a |  Moien.\u00a0", "Moien."),
    ],
)
def test_quotation_marks_and_empty_columns(line, text):
    rows = read_metadata([line, line.replace("a", "b", 1)], "x").rows
    assert [(row.id, row.text) for row in rows] == [("a", text), ("b", text)]


# --- the same tables for `moien score --text` and `moien check-g2p`


def test_texts_for_scoring_and_checking():
    table = table_of(
        ["s1.2", "x/b.WAV", "c"], TWO[:3], SENTENCES[:3], header="path|speaker|sentence"
    ).encode()
    assert read_named_texts(table, "t") == dict(zip(["s1.2", "b", "c"], SENTENCES, strict=False))
    assert next(read_texts(table, "t")) == (2, "s1.2", SENTENCES[0])
    plain = "\n".join(["Moien.", "", "Et ass 10 Auer.\r"]).encode()
    assert list(read_texts(plain, "t")) == [(1, "", "Moien."), (3, "", "Et ass 10 Auer.")]
    assert not is_table(["Moien, wéi geet et?"]) and not is_table([])
    for wrong, message in (
        (table_of(IDS, TWO, SENTENCES), "t:1: 3 columns without a header line"),
        ("a|Eent.\nx/a.wav|Zwee.\n", "t:2: a occurs twice"),
        ("Moien.\n", "t:1: there is no line id|text"),
        ("a|Méi\n".encode("latin-1"), "t:1: not UTF-8 (byte 0xe9)"),
    ):
        with pytest.raises(WrongData) as error:
            read_named_texts(wrong if isinstance(wrong, bytes) else wrong.encode(), "t")
        assert str(error.value).startswith(message)


def test_commands_name_the_line_that_is_not_utf_8(tmp_path):
    from moien.cli import main

    (tmp_path / "t.csv").write_bytes("id|text\na|Gréiss\n".encode("latin-1"))
    folders = ["--natural", tmp_path, "--synthetic", tmp_path]
    for command in (["check-g2p", tmp_path / "t.csv"], ["score", *folders, "--text", tmp_path / "t.csv"]):
        result = call(main, *command)
        assert result.exit_code == 1 and "t.csv:2: not UTF-8" in result.output


# --- names


@pytest.mark.parametrize(
    ("name", "file"),
    [
        ("a", "wavs/a.wav"),
        ("a.wav", "wavs/a.WAV"),
        ("a.WAV", "wavs/a.wav"),
        ("a.mp3", "wavs/a.wav"),
        ("A001", "wavs/a001.Wav"),
        ("wavs/a.wav", "wavs/a.flac"),
        ("./wavs/a.wav", "wavs/a.wav"),
        ("../wavs/a.wav", "wavs/a.wav"),
        ("wavs\\a.wav", "wavs/a.wav"),
        ("C:\\me\\corpus\\wavs\\a.wav", "wavs/a.wav"),
        ("/home/me/corpus/wavs/a.wav", "wavs/a.wav"),
        ("Wavs/a", "wavs/a.wav"),
        ("clips/a.wav", "wavs/a.wav"),
        ("s1.2", "deep/below/s1.2.wav"),
        ("s1.2.wav", "s1.2.ogg"),
        (unicodedata.normalize("NFC", "méi"), unicodedata.normalize("NFD", "wavs/méi.wav")),
        (unicodedata.normalize("NFD", "méi.wav"), unicodedata.normalize("NFC", "wavs/méi.wav")),
        ("it's a (1)", "wavs/it's a (1).wav"),
    ],
)
def test_names_find_their_file(tmp_path, name, file):
    folder = corpus(tmp_path / "lj", [file, "wavs/other.wav"], f"{name}|Moien.\nother|Äddi.\n")
    result = call(ljspeech, tmp_path / "raw", "--folder", folder)
    assert result.exit_code == 0, result.output
    found = [utt.audio.resolve() for utt in read_datadir(tmp_path / "raw") if utt.text == "Moien."]
    assert found == [folder / file]


def test_an_absolute_path_may_lead_elsewhere(tmp_path):
    touch(tmp_path / "elsewhere/a.wav")
    folder = corpus(
        tmp_path / "lj", ["b.wav"], f"{tmp_path}/elsewhere/a.wav|Moien.\n{tmp_path}/lj/b.wav|Äddi.\n"
    )
    assert call(ljspeech, tmp_path / "raw", "--folder", folder).exit_code == 0
    found = {utt.audio.resolve() for utt in read_datadir(tmp_path / "raw")}
    assert found == {tmp_path / "elsewhere/a.wav", folder / "b.wav"}


@pytest.mark.parametrize(
    "style", ["{}/001.wav", "{}/001", "{}\\001.WAV", "/home/me/x/{}/001.wav", "./{}/001.flac"]
)
def test_folders_tell_equal_names_apart(tmp_path, style):
    files = ["anna/001.wav", "bert/001.wav"]
    table = "".join(f"{style.format(who)}|{who}|Saz vun {who}.\n" for who in ("anna", "bert"))
    folder = corpus(tmp_path / "lj", files, "id|speaker|text\n" + table)
    result = call(ljspeech, tmp_path / "raw", "--folder", folder)
    assert result.exit_code == 0, result.output
    found = {(utt.id, utt.text, utt.audio.resolve()) for utt in read_datadir(tmp_path / "raw")}
    assert found == {(f"{who}_001", f"Saz vun {who}.", folder / f"{who}/001.wav") for who in ("anna", "bert")}


def test_a_text_never_gets_the_file_of_another_folder(tmp_path):
    table = "id|speaker|text\nanna/001.wav|anna|Eent.\nanna/002.wav|anna|Zwee.\n"
    folder = corpus(tmp_path / "lj", ["anna/001.wav", "bert/002.wav"], table)
    result = call(ljspeech, tmp_path / "raw", "--folder", folder)
    assert result.exit_code == 0 and [utt.text for utt in read_datadir(tmp_path / "raw")] == ["Eent."]
    (reason,) = read_dropped(tmp_path / "raw").values()
    assert (
        "metadata.csv:3: anna/002.wav: no such file" in reason
        and "bert/002.wav is in another folder" in reason
    )


@pytest.mark.parametrize("name", ["a", "a.wav", "A.mp3"])
def test_the_copies_in_another_folder_are_not_meant(tmp_path, name):
    folder = corpus(tmp_path / "lj", ["original/a.wav", "wavs/a.wav", "z/wavs/a.wav"], f"{name}|Moien.\n")
    assert call(ljspeech, tmp_path / "raw", "--folder", folder).exit_code == 0
    assert read_datadir(tmp_path / "raw")[0].audio.resolve() == folder / "wavs/a.wav"


def test_a_name_of_two_files_is_refused(tmp_path):
    folder = corpus(tmp_path / "lj", ["anna/001.wav", "bert/001.wav", "x.wav"], "x|Eent.\n001|Zwee.\n")
    result = call(ljspeech, tmp_path / "raw", "--folder", folder)
    assert result.exit_code == 1
    assert "metadata.csv:2: two files for one id: anna/001.wav and bert/001.wav for 001" in result.output


def test_links_are_followed_and_a_circle_ends(tmp_path):
    touch(tmp_path / "elsewhere/a.wav", tmp_path / "elsewhere/deep/b.wav", tmp_path / "one/c.wav")
    folder = corpus(tmp_path / "lj", ["d.wav"], table_of(list("abcd"), SENTENCES[:4]))
    (folder / "wavs").symlink_to(tmp_path / "elsewhere")
    (tmp_path / "elsewhere" / "deep" / "back").symlink_to(folder)
    (folder / "again").symlink_to(".")
    (folder / "c.wav").symlink_to(tmp_path / "one/c.wav")
    (folder / "same").mkdir()
    (folder / "same" / "d.wav").symlink_to("../d.wav")  # the same file is not another one
    (folder / "nothing.wav").symlink_to("nowhere")
    (folder / "self").symlink_to("self")
    result = call(ljspeech, tmp_path / "raw", "--folder", folder)
    assert result.exit_code == 0, result.output
    assert [utt.audio.resolve().name for utt in read_datadir(tmp_path / "raw")] == [
        f"{n}.wav" for n in "abcd"
    ]


def test_a_format_that_is_not_read_is_named_with_a_remedy(tmp_path):
    folder = corpus(
        tmp_path / "my corpus", ["wavs/a.m4a", "wavs/b.M4A", "wavs/c.wav"], "a.wav|Eent.\nb|Zwee.\nc|Dräi.\n"
    )
    result = call(ljspeech, tmp_path / "raw", "--folder", folder)
    assert result.exit_code == 1
    assert "2 recordings are in a format that is not read (.m4a), e.g. wavs/a.m4a" in result.output
    assert f"for f in '{folder}/wavs'/*.m4a; do ffmpeg -i" in result.output


def test_a_file_name_that_is_not_utf_8_is_no_traceback(tmp_path):
    folder = corpus(tmp_path / "lj", [], "Gréiss|Moien.\n")
    try:
        (folder / os.fsdecode(b"Gr\xe9iss.wav")).touch()
    except OSError:
        pytest.skip("this file system has only names in UTF-8")
    result = call(ljspeech, tmp_path / "raw", "--folder", folder)
    assert result.exit_code == 1 and "Gréiss: no such file" in result.output and "Gr�iss.wav" in result.output


def test_two_names_that_would_be_one_id_are_refused(tmp_path):
    folder = corpus(tmp_path / "lj", ["a b.wav", "a_b.wav"], "a b|Eent.\na_b|Zwee.\n")
    result = call(ljspeech, tmp_path / "raw", "--folder", folder)
    assert result.exit_code == 1 and "two utterances have this id" in result.output


def test_names_in_any_script_stay_apart(tmp_path):
    names = ["कि", "का", "กำ", "กา", "é"]
    folder = corpus(tmp_path / "lj", [f"{name}.wav" for name in names], table_of(names, SENTENCES[:5]))
    assert call(ljspeech, tmp_path / "raw", "--folder", folder).exit_code == 0
    assert len(read_datadir(tmp_path / "raw")) == 5


def test_a_large_table_is_read_in_linear_time(tmp_path):
    folders = {}
    for count in (300, 3000):
        folders[count] = tmp_path / f"lj{count}"
        names = [f"c{n:06d}" for n in range(count)]
        table = table_of(
            [f"clips\\{name}.mp3" for name in names], [f"Saz {name}." for name in names], header="path|text"
        )
        corpus(folders[count], [f"wavs/{name}.wav" for name in names], table)

    def read(count: int) -> None:
        shutil.rmtree(tmp_path / "raw", ignore_errors=True)
        assert call(ljspeech, tmp_path / "raw", "--folder", folders[count]).exit_code == 0

    assert_linear(read, 300, 3000)
    assert len(read_datadir(tmp_path / "raw")) == 3000


# --- any corpus


def digest(folder: Path) -> dict[str, str]:
    """Every entry of a tree: links by target, files by content and time."""
    found = {}
    for path in sorted(folder.rglob("*")):
        state = path.lstat()
        data = (
            str(path.readlink()).encode()
            if path.is_symlink()
            else path.read_bytes()
            if path.is_file()
            else b""
        )
        found[str(path)] = f"{hashlib.sha256(data).hexdigest()} {state.st_mode} {state.st_mtime_ns}"
    return found


UNKNOWN = {"length", "duration", "n_chars", "Länge", "Datei", "Satz", "Stimme"}
CALLED = {
    "id": ["id", "path", "Audio File", "filename", "wav", "Datei"],
    "text": ["text", "Sentence", "transcription", "Satz"],
    "normalised": ["normalised", "normalized_text"],
    "speaker": ["speaker", "SPEAKER_NAME", "client_id", "Stimme"],
    "language": ["language", "locale"],
    "length": ["length", "duration", "n_chars", "Länge"],
}
STYLES = {
    "stem": lambda path: path.stem,
    "name": lambda path: path.name,
    "other ending": lambda path: f"{path.stem}.mp3",
    "path": str,
    "dot": lambda path: f"./{path}",
    "backslashes": lambda path: str(path).replace("/", "\\"),
    "from elsewhere": lambda path: f"/home/me/lj/{path}",
    "decomposed": lambda path: unicodedata.normalize("NFD", str(path)),
    "upper": lambda path: path.name.upper(),
}


@st.composite
def corpora(draw: st.DrawFn) -> dict[str, object]:
    """The parts of a corpus of which each is usual somewhere."""
    count = draw(st.integers(4, 8))
    stems = draw(
        st.lists(
            st.sampled_from([*IDS, "s1.2", "méi", "x y", "001", "A", "Zug_2"]), min_size=count, max_size=count
        )
    )
    speakers = draw(st.sampled_from([["anna"], ["anna", "bert"]]))
    who = [speakers[n % len(speakers)] for n in range(count)]
    layout = draw(st.sampled_from(["{stem}", "wavs/{stem}", "{who}/{stem}", "wavs/{who}/deep/{stem}"]))
    ending = draw(st.sampled_from([".wav", ".WAV", ".flac", ".Mp3"]))
    paths = [Path(layout.format(who=w, stem=s) + ending) for s, w in zip(stems, who, strict=True)]
    others = draw(st.permutations(["normalised", "speaker", "language", "length"]))
    columns = draw(st.permutations(["id", "text", *others[: draw(st.integers(0, 2))]]))
    if draw(st.booleans()):
        columns = sorted(columns, key=["id", "text", "normalised", "speaker", "language", "length"].index)
    return {
        "paths": paths,
        "who": who,
        "columns": columns,
        "style": draw(st.sampled_from(sorted(STYLES))),
        "header": [draw(st.sampled_from(CALLED[c])) for c in columns] if draw(st.booleans()) else None,
        "separator": draw(st.sampled_from("||\t,")),
        "newline": draw(st.sampled_from(["\n", "\r\n", "\r"])),
        "encoding": draw(st.sampled_from(["utf-8", "utf-8", "utf-8-sig", "latin-1", "utf-16"])),
        "linked": draw(st.booleans()),
        "missing": draw(st.booleans()),
    }


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(made=corpora())
def test_any_corpus_is_read_right_or_refused(tmp_path, made):
    home = tmp_path / "corpus"
    for old in (home, tmp_path / "raw"):
        shutil.rmtree(old, ignore_errors=True)
    folder = home / "lj"
    paths, columns, header = made["paths"], made["columns"], made["header"]
    touch(*(folder / path for path in paths[made["missing"] :]))
    if made["linked"] and (folder / "wavs").is_dir():
        (folder / "wavs").rename(home / "elsewhere")
        (folder / "wavs").symlink_to(home / "elsewhere")
    cells, expected = [], {}
    for number, (path, who) in enumerate(zip(paths, made["who"], strict=True)):
        text = f"Saz {number} vum {who}: {SENTENCES[number % 6]}"
        row = {"id": STYLES[made["style"]](path), "text": text, "normalised": f"{text} Gutt!", "speaker": who}
        row |= {"language": "lb", "length": str(len(text))}
        cells.append([row[column] for column in columns])
        # without a header line, the second of two texts is the normalised one
        spoken = row[
            "normalised" if "normalised" in columns and (header or columns[-1] != "text") else "text"
        ]
        if (folder / path).exists():
            expected[spoken] = (folder / path).resolve(), who if "speaker" in columns else "speaker"
    lines = [made["separator"].join(row) for row in [*[header] * bool(header), *cells]]
    table = made["newline"].join([*lines, ""])
    corpus(folder, [], table.encode(made["encoding"], "replace"))
    before = digest(home)
    result = call(ljspeech, tmp_path / "raw", "--folder", folder)
    assert digest(home) == before
    if result.exit_code:
        assert result.exit_code == 1 and re.search(r"error: .*metadata\.csv:\d+: ", result.output)
    else:
        found = {utt.text: (utt.audio.resolve(), utt.speaker) for utt in read_datadir(tmp_path / "raw")}
        assert found == expected
    stems = {path.stem.casefold() for path in paths}
    known = header and not UNKNOWN & set(header) and made["separator"] != ","
    if known and made["encoding"].startswith("utf-8") and len(stems) == len(paths):
        assert result.exit_code == 0, result.output


def test_the_other_programs_change_nothing_either(tmp_path):
    import pyarrow
    import pyarrow.parquet

    (tmp_path / "cv").mkdir()
    (tmp_path / "lod").mkdir()
    columns = "client_id\tpath\tsentence\tup_votes\tdown_votes"
    (tmp_path / "cv" / "validated.tsv").write_text(f"{columns}\nab\tx.mp3\tMoien.\t2\t0\n", encoding="utf-8")
    touch(tmp_path / "cv/clips/x.mp3")
    table = pyarrow.table({"audio": [{"bytes": b"RIFF", "path": "../x.wav"}], "text": ["Moien."]})
    pyarrow.parquet.write_table(table, tmp_path / "lod/a.parquet")
    before = digest(tmp_path)
    for name, options in (("common_voice", ["--min-clips", 1]), ("lod", [])):
        folder = tmp_path / ("cv" if name == "common_voice" else "lod")
        program = load_program(f"local/{name}.py").main
        result = call(program, tmp_path / "raw", "--folder", folder, *options)
        assert result.exit_code == 0, result.output
        shutil.rmtree(tmp_path / "raw")
        assert digest(tmp_path) == before
