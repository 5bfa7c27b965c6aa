from __future__ import annotations

from pathlib import Path

import pytest

from moien.errors import WrongCall, WrongData
from moien.kokoro.symbols import VOCAB
from moien.text import open_frontend
from moien.text.espeak import EspeakFrontend, languages, set_voice, to_kokoro, transcribe


@pytest.fixture(scope="module")
def english() -> EspeakFrontend:
    return EspeakFrontend("en-us")


def test_known_transcriptions() -> None:
    assert to_kokoro(transcribe("house", "en-us")) == "hˈWs"
    assert to_kokoro(transcribe("Zug", "de")) == "ʦˈuːk"
    assert to_kokoro(transcribe("garçon", "fr")) == "ɡaʁsˈɔ\u0303"  # two symbols: the vowel and its nasality
    assert to_kokoro("g t^ʃ e^ɪ n\u0329") == "ɡ ʧ A n"


def test_punctuation_stays_where_it_was(english: EspeakFrontend) -> None:
    said = english("Well: yes, (no) “maybe”; so… what?! 1999—ok.")
    marks = "".join(c for c in said.phonemes if c in ';:,.!?—…"()“”')
    assert marks == ":,()“”;…?!—."
    assert ", (n" in said.phonemes and ") “m" in said.phonemes


def test_numbers_and_percent_are_spoken(english: EspeakFrontend) -> None:
    assert [word.text for word in english("It costs 3.5% 21").words] == ["It", "costs", "3.5%", "21"]
    assert english("3.5%").phonemes.count(" ") == 3  # three point five percent


def test_linked_words_lose_nothing(english: EspeakFrontend) -> None:
    said = english("all of the people")  # espeak-ng links two of them: the clause stays in one piece
    assert "ʌvðə" in said.phonemes
    assert "".join(w.phonemes for w in said.words).replace(" ", "") == said.phonemes.replace(" ", "")


@pytest.mark.parametrize("text", ["", "   ", "...", "?!", "a\x00b", "broken \ufffd"])
def test_what_cannot_be_spoken_is_an_error(english: EspeakFrontend, text: str) -> None:
    with pytest.raises(WrongData):
        english(text)


def test_emoji_is_spoken_or_an_error_never_left_out(english: EspeakFrontend) -> None:
    assert english("\N{GRINNING FACE}").phonemes == "ɡɹˈɪnɪŋ fˈAs"  # English espeak-ng knows its name
    with pytest.raises(WrongData, match="GRINNING FACE"):
        EspeakFrontend("lb")("Moien \N{GRINNING FACE}")


def test_a_symbol_that_kokoro_lacks_is_named_and_can_be_mapped(tmp_path: Path) -> None:
    with pytest.raises(WrongData, match="ɬ"):
        EspeakFrontend("cy")("Llan")
    mapped = EspeakFrontend("cy", {"ɬ": "l"})
    assert mapped("Llan").phonemes == "lˈan"
    mapped.save(tmp_path)
    assert open_frontend(tmp_path)("Llan") == mapped("Llan")


def test_unknown_language_and_variant_are_wrong_calls() -> None:
    with pytest.raises(WrongCall, match="no language 'lux'"):
        EspeakFrontend("lux")
    with pytest.raises(WrongCall, match="no variant 'f99'"):  # espeak-ng alone would take the plain voice
        set_voice("lb+f99")


def test_european_languages_stay_inside_the_table() -> None:
    assert {"lb", "de", "fr", "nl", "pl", "fi"} <= set(languages())
    text = "Bonjour straße ciudad żaba öl håll país coração perro 21 giorno Pferd zucchero"
    for language in "af ca da de en es et fi fr hr hu it lb lt nb nl pl pt ro sv".split():
        assert set(EspeakFrontend(language)(text).phonemes) <= VOCAB.keys(), language
