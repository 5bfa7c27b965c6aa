from __future__ import annotations

import importlib
import json
from pathlib import Path

import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

from moien.cli import main as moien
from moien.corpus.datadir import Utterance, write_datadir
from moien.errors import WrongCall, WrongData
from moien.recipe.settings import ROOT, load_settings
from moien.recipe.stages import BY_NAME, StageRun
from moien.text import (
    Phonemes,
    Word,
    assemble,
    load_frontend,
    open_frontend,
    prepare_frontend,
    read_phonemes,
    write_phonemes,
)
from moien.text.settings import G2PSettings
from moien.text.words import clean, tokenise


def test_words_know_where_they_lie() -> None:
    said = assemble("x", ["“", Word("Moien", "mˈojən", "lexicon"), "”", ",", Word("du", "duː", "guess"), "!"])
    assert said.phonemes == "“mˈojən”, duː!"
    assert [said.phonemes[w.start : w.end] for w in said.words] == ["mˈojən", "duː"]


def test_assemble_refuses_silence_and_foreign_symbols() -> None:
    for pieces in ([], ["."], [Word("x", "", "guess")]):
        with pytest.raises(WrongData):
            assemble("x", pieces)
    with pytest.raises(WrongData, match="'g'"):
        assemble("x", [Word("Gas", "gas", "guess")])


def test_clean_makes_one_form_of_every_spelling() -> None:
    assert clean("d’La\u00adnd  a\u0308nner\n...") == "d'Land änner …"
    assert clean("do - hei -- 1914-18") == "do — hei — 1914-18"


def test_quotation_marks_take_turns_and_numbers_stay_whole() -> None:
    pieces = list(tokenise("„Jo“, 3,5 (11:30) a.b c."))
    assert [text for _, text in pieces] == ["“", "Jo", "”", ",", "3,5", "(", "11:30", ")", "a.b", "c", "."]
    assert [text for kind, text in pieces if kind == "pause"] == ["“", "”", ",", "(", ")", "."]
    assert [text for kind, text in pieces if kind == "word"] == ["Jo", "3,5", "11:30", "a.b", "c"]


BRAILLE = "".join(map(chr, range(0x2800, 0x2900)))  # refused


@given(st.text(st.characters(categories=["L", "N", "P", "S", "Zs"], exclude_characters=BRAILLE)))
def test_tokenise_loses_no_letter_digit_or_symbol(text: str) -> None:
    cleaned = clean(text)
    words = "".join(token for kind, token in tokenise(cleaned) if kind == "word")
    for character in cleaned:
        if character.isalnum():
            assert character in words
    assert sum(map(str.isalnum, words)) == sum(map(str.isalnum, cleaned))


def test_phonemes_survive_the_disk(tmp_path: Path) -> None:
    said = {"u1": Phonemes("Äddi!", "ˈædiː!", (Word("Äddi", "ˈædiː", "guess", 0, 5),))}
    write_phonemes(tmp_path / "train.jsonl", said)
    assert read_phonemes(tmp_path / "train.jsonl") == said
    with (tmp_path / "train.jsonl").open("a") as file:
        file.write('{"id": "u2"}\n')
    with pytest.raises(WrongData, match=r"train\.jsonl:2"):
        read_phonemes(tmp_path / "train.jsonl")


def test_front_ends_by_language(tmp_path: Path) -> None:
    assert load_frontend(G2PSettings(), "de")("Zug").phonemes == "ʦˈuːk"
    assert load_frontend(G2PSettings(front_end="espeak"), "lb")("Haus").words[0].source == "guess"
    with pytest.raises(WrongCall):
        load_frontend(G2PSettings(), "xx")
    with pytest.raises(WrongData):
        open_frontend(tmp_path)
    (tmp_path / "frontend.json").write_text('{"front_end": "other", "language": "lb", "symbols": {}}')
    with pytest.raises(WrongData, match="other"):
        open_frontend(tmp_path)


def test_command_g2p() -> None:
    run = CliRunner().invoke
    assert run(moien, ["g2p", "Moien!"]).stdout == "mˈojən!\n"
    assert run(moien, ["g2p", "12"]).stdout == "ʦwˈiələf\n"
    assert run(moien, ["g2p", "--language", "de", "Zug"]).stdout == "ʦˈuːk\n"
    assert run(moien, ["g2p"]).exit_code == 2
    assert run(moien, ["g2p", "--language", "xx", "x"]).exit_code == 2
    cyrillic = run(moien, ["g2p", "ж"])
    assert cyrillic.exit_code == 1 and "CYRILLIC SMALL LETTER ZHE" in cyrillic.output
    assert run(moien, ["g2p", ""]).exit_code == 1


def test_corrections_count_in_every_language(tmp_path: Path) -> None:
    file = tmp_path / "lexicon.tsv"
    assert load_frontend(G2PSettings(), "de", file)("Zug").phonemes == "ʦˈuːk"
    file.write_text("# names\nzug\tʦˈyːk\ta test\n", encoding="utf-8")
    [word] = load_frontend(G2PSettings(), "de", file)("Zug").words
    assert (word.phonemes, word.source) == ("ʦˈyːk", "correction")
    arguments = ["g2p", "--language", "de", "--corrections", str(file), "Zug"]
    assert CliRunner().invoke(moien, arguments).stdout == "ʦˈyːk\n"
    for line in (
        "Haus\thaus",
        "Haus\tHaus\tcapital",
        "Haus\ta,b\tpause",
        "zwei Worte\ta\ta test",
        "zug\ta\tagain",
    ):
        file.write_text(f"zug\tʦˈyːk\ta test\n{line}\n", encoding="utf-8")
        with pytest.raises(WrongData, match=r"lexicon\.tsv:2"):
            prepare_frontend(G2PSettings(), "de", file)


def test_command_g2p_says_when_a_text_is_too_long_and_still_prints_it() -> None:
    result = CliRunner().invoke(moien, ["g2p", "Haus " * 120])
    assert result.exit_code == 0
    assert result.stdout.count("hˈæːʊs") == 120
    assert "note: 839 phonemes; Kokoro reads 510 at once" in result.stderr


def test_command_g2p_explains_and_reads_files(tmp_path: Path) -> None:
    (tmp_path / "texts.txt").write_text("De 3. Mee.\n\nHaus\n", encoding="utf-8")
    explained = CliRunner().invoke(moien, ["g2p", "--explain", "De 3. Mee."])
    [row] = [line.split() for line in explained.stdout.splitlines() if "date" in line]
    assert row[:3] == ["3.", "date", "drëtte"]
    arguments = ["g2p", "--json", "--explain", "--file", str(tmp_path / "texts.txt")]
    first, second = map(json.loads, CliRunner().invoke(moien, arguments).stdout.splitlines())
    assert [piece["text"] for piece in first["pieces"]] == ["De", "3.", "Mee", "."]
    assert second["phonemes"] == "hˈæːʊs" and second["words"][0]["source"].startswith("lod")


def test_command_check_g2p_shows_sources_and_fails_on_what_it_cannot_read(tmp_path: Path) -> None:
    table = tmp_path / "metadata.csv"
    table.write_text("a|D'Haus ass grouss.\nb|Xyzzabral\nc|ж\n", encoding="utf-8")
    page = tmp_path / "page.html"
    result = CliRunner().invoke(moien, ["check-g2p", str(table), "-o", str(page)])
    assert result.exit_code == 1 and f"{table}:3: cannot speak" in result.stderr
    assert "Xyzzabral" in result.stdout and "Xyzzabral" in page.read_text(encoding="utf-8")


def test_command_g2p_words_keeps_going_and_fails_at_the_end() -> None:
    lines = "Haus\n\nж\nd’Land\r\n".encode() + b"H\xe4us\n1999\n"
    result = CliRunner().invoke(moien, ["g2p", "--words"], input=lines)
    assert result.exit_code == 1
    assert result.stdout == "Haus\thˈæːʊs\nd’Land\tdlˈɑnt\n1999\tnˌonʦeŋhˌonɐtnˈeŋɑnonʦəɕ\n"
    assert "standard input:3: cannot speak" in result.stderr
    assert "standard input:5: not UTF-8" in result.stderr


def test_the_stage_counts_what_it_drops(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    texts = {"a": "D'Haus ass grouss.", "b": "Moien ж!", "c": "Haus " * 120, "d": "1 2 3"}
    for split in ("train", "dev", "test"):
        utterances = [Utterance(f"s-{split}-{k}", "s", text, tmp_path / "x.wav") for k, text in texts.items()]
        write_datadir(tmp_path / "data" / split, utterances)
    (tmp_path / "out").mkdir()
    settings = load_settings("mini", ["system.download_lexica=false"])
    run = StageRun(BY_NAME["g2p"], settings, tmp_path / "out", {"data": tmp_path / "data"})
    monkeypatch.syspath_prepend(ROOT)
    importlib.import_module("steps.g2p").main.callback.__wrapped__(run)
    assert run.tally.kept == 6
    assert run.tally.reasons == {"text that cannot be spoken": 3, "over 510 phonemes": 3}
    assert list(read_phonemes(tmp_path / "out" / "train.jsonl")) == ["s-train-a", "s-train-d"]
    survey = json.loads((tmp_path / "out" / "survey.json").read_text())
    assert survey["words"] == 18 and survey["sources"]["clitic"] == 3 and "guess" not in survey["sources"]
    assert "recipe mini" in (tmp_path / "out" / "survey.html").read_text()
    spoken = open_frontend(tmp_path / "out" / "frontend")("D'Haus ass grouss.")
    assert spoken == read_phonemes(tmp_path / "out" / "test.jsonl")["s-test-a"]
