from __future__ import annotations

import string
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from made_up import call, load_program, recording

from moien.audio import write_wav
from moien.corpus.datadir import (
    Utterance,
    clean_text,
    read_datadir,
    read_dropped,
    read_table,
    write_datadir,
    write_dropped,
)
from moien.errors import WrongData

validate = load_program("utils/validate_data_dir.py").main
fix = load_program("utils/fix_data_dir.py").main
subset = load_program("utils/subset_data_dir.py").main


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """A data directory of four utterances by two speakers, with audio."""
    (tmp_path / "wav").mkdir()
    utterances = []
    for number, speaker in enumerate(["ann", "ann", "bob", "bob"]):
        audio = tmp_path / "wav" / f"{speaker}-{number}.wav"
        samples = recording(seed=number)
        write_wav(audio, samples)
        utterances.append(
            Utterance(
                f"{speaker}-{number}", speaker, f"Saz {number}.", audio, len(samples), "exact", f"p{number}"
            )
        )
    write_datadir(tmp_path / "train", utterances)
    return tmp_path / "train"


NAMES = st.text(string.ascii_letters + string.digits + "_éß", min_size=1, max_size=8)


@given(
    st.dictionaries(
        st.tuples(NAMES, NAMES), st.tuples(st.text(min_size=1), st.integers(1, 10**7)), min_size=1, max_size=8
    )
)
def test_what_is_written_comes_back(tmp_path_factory, corpus):
    folder = tmp_path_factory.mktemp("data")
    utterances = [
        Utterance(f"{who}-{name}", who, text, folder / f"{name}.wav", samples, "exact", f"p-{name}")
        for (who, name), (text, samples) in corpus.items()
        if clean_text(text)
    ]
    if not utterances:
        return
    write_datadir(folder / "train", utterances)
    back = {utt.id: utt for utt in read_datadir(folder / "train")}
    assert list(back) == sorted(back, key=str.encode)
    for utt in utterances:
        found = back[utt.id]
        assert found.text == clean_text(utt.text) and found.speaker == utt.speaker
        assert (found.samples, found.status, found.prompt) == (utt.samples, utt.status, utt.prompt)
        assert found.audio.resolve() == utt.audio.resolve()


def test_tables_are_as_kaldi_wants_them(data):
    assert (data / "text").read_bytes().endswith(b"\n")
    assert (data / "spk2utt").read_text() == "ann ann-0 ann-1\nbob bob-2 bob-3\n"
    assert (data / "utt2dur").read_text().splitlines()[0] == "ann-0 2.200000"
    assert (data / "wav.scp").read_text().splitlines()[0] == "ann-0 ../wav/ann-0.wav"


def test_a_data_directory_can_be_moved(data, tmp_path):
    moved = tmp_path.rename(tmp_path.with_name(f"{tmp_path.name}-moved"))
    try:
        assert all(utt.audio.is_file() for utt in read_datadir(moved / "train"))
    finally:
        moved.rename(tmp_path)


def test_audio_elsewhere_is_named_absolutely(tmp_path):
    write_datadir(tmp_path / "a" / "train", [Utterance("s-1", "s", "x", tmp_path / "elsewhere.wav")])
    assert read_datadir(tmp_path / "a" / "train")[0].audio == tmp_path / "elsewhere.wav"


BREAKAGES = {
    "three columns in utt2spk": (
        "utt2spk",
        "ann-1 ann",
        "ann-1 ann x",
        "utt2spk:2: an utterance has one speaker",
    ),
    "an id twice": ("text", "ann-1 Saz 1.", "ann-0 Saz 1.", "text:2: ann-0 occurs twice"),
    "not sorted": (
        "text",
        "ann-0 Saz 0.\nann-1 Saz 1.",
        "ann-1 Saz 1.\nann-0 Saz 0.",
        "text:2: ann-0 is out",
    ),
    "a key without a value": ("text", "ann-1 Saz 1.", "ann-1", "text:2: a key and a value"),
    "a text of no utterance": ("text", "ann-1 Saz", "ann-9 Saz", "text:2: ann-9 is not in utt2spk"),
    "no text of an utterance": ("text", "ann-1 Saz 1.\n", "", "utt2spk:2: ann-1 is not in text"),
    "no audio of an utterance": (
        "wav.scp",
        "bob-3 ../wav/bob-3.wav\n",
        "",
        "utt2spk:4: bob-3 is not in wav.scp",
    ),
    "a pipe": ("wav.scp", "../wav/bob-3.wav", "rm -rf x |", "wav.scp:4: a pipe"),
    "another speaker in spk2utt": ("spk2utt", "ann ann-0 ann-1", "ann ann-0 bob-2", "spk2utt:1: ann bob-2"),
    "an utterance not in spk2utt": (
        "spk2utt",
        "ann ann-0 ann-1",
        "ann ann-0",
        "utt2spk:2: ann-1 is not in spk2utt",
    ),
    "twice in spk2utt": ("spk2utt", "ann-0 ann-1", "ann-0 ann-1 ann-1", "spk2utt:1: ann ann-1"),
    "no number": ("utt2samples", "ann-0 52800", "ann-0 many", "utt2samples:1: 'many' is not a number"),
    "double spaces": ("text", "Saz 1.", "Saz  1.", "text:2: not in Unicode NFC"),
    "not NFC": ("text", "Saz 1.", "Me\u0301i", "text:2: not in Unicode NFC"),
    "cut": ("text", "Saz 3.\n", "Saz", "text: the last line has no newline"),
    "a path as id": ("utt2spk", "ann-1 ann", "ann/../1 ann", "utt2spk:2: 'ann/../1' cannot be the name"),
    "speaker not in front": (
        "utt2spk",
        "ann-1 ann",
        "ann-1 bob",
        "utt2spk:2: the speaker bob is not the prefix",
    ),
}


@pytest.mark.parametrize("breakage", BREAKAGES)
def test_reading_and_validating_fail_closed(data, breakage):
    name, before, after, message = BREAKAGES[breakage]
    text = (data / name).read_text()
    assert before in text
    (data / name).write_text(text.replace(before, after))
    with pytest.raises(WrongData) as error:
        read_datadir(data)
    assert message in str(error.value)
    result = call(validate, data)
    assert result.exit_code == 1 and message in result.output


@pytest.mark.parametrize("name", ["wav.scp", "text", "utt2spk", "spk2utt"])
def test_a_missing_table_is_an_error(data, name):
    (data / name).unlink()
    assert call(validate, data).exit_code == 1


def test_latin_1_is_an_error_with_its_line(data):
    (data / "text").write_bytes("ann-0 Saz 0.\nann-1 Méi\nbob-2 x\nbob-3 y\n".encode("latin-1"))
    with pytest.raises(WrongData, match=r"text:2: not UTF-8 \(byte 0xe9\)"):
        read_datadir(data)


def test_an_empty_directory_is_an_error(tmp_path):
    (tmp_path / "utt2spk").touch()
    with pytest.raises(WrongData, match="no utterance"):
        read_datadir(tmp_path)
    with pytest.raises(WrongData, match="no such data directory"):
        read_datadir(tmp_path / "none")


@pytest.mark.parametrize("wrong", ["", "   "])
def test_an_empty_text_is_not_written(tmp_path, wrong):
    with pytest.raises(WrongData, match="utterance s-1: the text is empty"):
        write_datadir(tmp_path, [Utterance("s-1", "s", wrong, tmp_path / "a.wav")])


def test_two_utterances_of_one_id_are_not_written(tmp_path):
    with pytest.raises(WrongData, match="two utterances"):
        write_datadir(tmp_path, [Utterance("s-1", "s", "x", tmp_path / "a.wav")] * 2)


def test_dropped_comes_back(tmp_path):
    write_dropped(tmp_path, {"b": "no text: x:1", "a": "silent"})
    assert read_dropped(tmp_path) == {"a": "silent", "b": "no text: x:1"}
    assert read_dropped(tmp_path / "none") == {}


def test_validating_a_good_directory(data):
    result = call(validate, data)
    assert result.exit_code == 0 and "4 utterances, 2 speakers: nothing wrong" in result.output


def test_validating_opens_every_recording(data, tmp_path):
    write_wav(tmp_path / "wav" / "ann-0.wav", recording(rate=16_000), 16_000)
    write_wav(tmp_path / "wav" / "ann-1.wav", 0 * recording(seed=1))
    (tmp_path / "wav" / "bob-2.wav").unlink()
    write_wav(tmp_path / "wav" / "bob-3.wav", recording(seconds=2))
    result = call(validate, data)
    assert result.exit_code == 1
    for fault in (
        "4 of 4 recordings are wrong",
        "ann-0: 16000 Hz, not 24000",
        "ann-1: all samples are zero",
        "bob-2: there is no such file",
        "bob-3: 72000 samples, but 52800 in utt2samples",
    ):
        assert fault in result.output
    assert call(validate, "--no-audio", data).exit_code == 0


def test_fixing_sorts_completes_and_names_what_it_leaves_out(data, tmp_path):
    lines = (data / "text").read_text().splitlines()
    (data / "text").write_text("\n".join(reversed(lines)).replace("Saz 1", "Me\u0301i  1"))
    (data / "spk2utt").unlink()
    (tmp_path / "wav" / "bob-3.wav").write_bytes(b"")
    (data / "wav.scp").write_text((data / "wav.scp").read_text() + "zoe-1 nowhere.wav\n")
    result = call(fix, data)
    assert result.exit_code == 0
    assert "left out bob-3: the file is empty" in result.output
    assert "left out zoe-1: not in text, utt2spk" in result.output
    assert call(validate, data).exit_code == 0
    assert [u.text for u in read_datadir(data)] == ["Saz 0.", "Méi 1.", "Saz 2."]
    assert read_table(data / "wav.scp")["ann-0"] == "../wav/ann-0.wav"
    [backup] = data.glob(".backup-*")
    assert "zoe-1" in (backup / "wav.scp").read_text()


def test_fixing_does_not_guess(data):
    (data / "utt2spk").write_text((data / "utt2spk").read_text() + "ann-0 bob\n")
    result = call(fix, data)
    assert result.exit_code == 1 and "utt2spk:5: ann-0 has another value above" in result.output


def test_fixing_an_empty_directory_changes_nothing(tmp_path):
    result = call(fix, tmp_path)
    assert result.exit_code == 1 and "nothing was changed" in result.output


def test_subsets_grow_and_keep_speakers(data, tmp_path):
    sizes = {}
    for count in (1, 2, 3):
        assert call(subset, data, tmp_path / f"s{count}", "--utterances", count).exit_code == 0
        sizes[count] = {utt.id for utt in read_datadir(tmp_path / f"s{count}")}
        assert len(sizes[count]) == count
    assert sizes[1] < sizes[2] < sizes[3]
    assert call(subset, data, tmp_path / "each", "--per-speaker", 1).exit_code == 0
    assert {utt.speaker for utt in read_datadir(tmp_path / "each")} == {"ann", "bob"}
    assert call(validate, tmp_path / "each").exit_code == 0
    (tmp_path / "ids").write_text("bob-2\n")
    assert call(subset, data, tmp_path / "named", "--list", tmp_path / "ids").exit_code == 0
    assert [utt.id for utt in read_datadir(tmp_path / "named")] == ["bob-2"]


def test_subsets_say_what_is_wrong(data, tmp_path):
    (tmp_path / "ids").write_text("ann-0\nnobody\n")
    for arguments, code, message in (
        ([], 2, "an option for the choice is missing"),
        (["--speaker", "eve"], 1, "there is no speaker eve"),
        (["--list", tmp_path / "ids"], 1, "ids:2: nobody is not in"),
    ):
        result = call(subset, data, tmp_path / "new", *arguments)
        assert result.exit_code == code and message in result.output
    assert call(subset, data, data, "--utterances", 1).exit_code == 2
