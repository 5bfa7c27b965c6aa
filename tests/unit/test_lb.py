"""The whole front end for Luxembourgish, with the layers that PyPI ships; the golden sentences need all layers."""

from __future__ import annotations

import json
import os
import re
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from stopwatch import assert_linear

from moien.corpus.datadir import read_lines
from moien.errors import WrongData
from moien.kokoro.symbols import VOCAB
from moien.recipe.settings import ROOT
from moien.text import explain, open_frontend
from moien.text.lb import LBG2P, LuxembourgishFrontend
from moien.text.lb.layers import CORRECTIONS, read_layers
from moien.text.lb.lexicon import Lexicon, load
from moien.text.lb.phonology import Switches
from moien.text.lb.sounds import from_espeak, from_lexicon
from moien.text.phonemes import Word

EXAMPLES = int(os.environ.get("MOIEN_EXAMPLES", "300"))  # make test-slow: 10,000
GOLDEN = ROOT / "tests" / "golden" / "lb_sentences.tsv"


@pytest.fixture(scope="module")
def frontend(tmp_path_factory: pytest.TempPathFactory) -> LuxembourgishFrontend:
    layers, _ = read_layers((CORRECTIONS,), files={})
    lexicon = Lexicon.build(layers, tmp_path_factory.mktemp("lexicon") / "lexicon.bin")
    return LuxembourgishFrontend(lexicon, Switches())


@pytest.mark.parametrize(
    ("text", "phonemes", "source"),
    [
        ("Däitsch", "dˈæːɪʧ", "lod2021"),
        ("Haaptstad", "hˈaːptʃtaːt", "lod2021"),
        ("verkafen", "fɐkˈaːfən", "lod2021"),
        ("d'Land", "dlˈɑnt", "clitic"),
        ("d’Kräiz", "tkʁˈæːɪʦ", "clitic"),
        ("CFL", "ʦeːæfˈæl", "letters"),
    ],
)
def test_words_and_where_they_come_from(
    frontend: LuxembourgishFrontend, text: str, phonemes: str, source: str
) -> None:
    word = frontend(text).words[0]
    assert (word.phonemes, word.source) == (phonemes, source)


def test_every_word_knows_its_place_in_the_text(frontend: LuxembourgishFrontend) -> None:
    text = "„Moien“, sot hien, 7\u00a0km ewech: 1999!"
    said = frontend(text)
    places = [(w.text, text[w.text_start : w.text_end], w.rule) for w in said.words]
    assert places[:3] == [("Moien", "Moien", "word"), ("sot", "sot", "word"), ("hien", "hien", "word")]
    assert [text for _, text, _ in places[3:]] == ["7\u00a0km", "7\u00a0km", "ewech", "1999"]
    assert places[-1] == ("nonzénghonnertnéngannonzeg", "1999", "year")
    assert all(said.phonemes[w.start : w.end] == w.phonemes for w in said.words)


def test_explain_leaves_nothing_out(frontend: LuxembourgishFrontend) -> None:
    text = "Moien, (d'EU)\u00ad huet 2,50 € \N{ZERO WIDTH JOINER}… elo!"
    rows = explain(frontend(text))
    assert re.sub(r"\s", "", "".join(row["text"] for row in rows)) == re.sub(r"\s", "", text)
    assert {row["rule"] for row in rows} >= {"word", "pause", "letters", "money"}


@pytest.mark.parametrize("text", ["日本", "Moien Привет!", "", "…", "\x00"])
def test_what_cannot_be_spoken_is_an_error(frontend: LuxembourgishFrontend, text: str) -> None:
    with pytest.raises(WrongData):
        frontend(text)


@settings(deadline=None, max_examples=EXAMPLES)
@given(st.text(min_size=1, max_size=60))
def test_any_text_gives_symbols_of_the_table(frontend: LuxembourgishFrontend, text: str) -> None:
    for piece in frontend.read(text):
        assert set(piece.phonemes if isinstance(piece, Word) else piece) <= VOCAB.keys()


@settings(deadline=None, max_examples=EXAMPLES)
@given(st.text("aäbcdeéëfghijklmnoöpqrstuüvwxyzßàèçABCDEÉ'-.,!? 0123456789%()", min_size=1, max_size=40))
def test_no_spelling_is_lost(frontend: LuxembourgishFrontend, text: str) -> None:
    said = [piece for piece in frontend.read(text) if isinstance(piece, Word)]
    assert all(word.phonemes for word in said)
    heard = "".join(text[word.text_start : word.text_end] for word in said)
    assert sum(map(str.isalnum, heard)) >= sum(map(str.isalnum, text))


@pytest.mark.parametrize("run", ["a", "ʰ", "1", "d'", "é-", "Zz", "\x07", ".", "1.", "„", "www.", "\u0301"])
def test_time_is_in_proportion_to_the_length(frontend: LuxembourgishFrontend, run: str) -> None:
    text = run * (40_000 // len(run))
    assert_linear(frontend.read, text[:4_000], text)


def test_a_saved_front_end_reads_the_same(frontend: LuxembourgishFrontend, tmp_path: Path) -> None:
    frontend.save(tmp_path / "a")
    rules = "stress weak_forms final_devoicing r_vocalisation r_fricative clitics linking pauses"
    facts = {
        "front_end": "lb",
        "language": "lb",
        "symbols": {},
        "phonology": dict.fromkeys(rules.split(), True),
    }
    assert (tmp_path / "a" / "frontend.json").read_text("utf-8") == json.dumps(facts) + "\n"
    opened = open_frontend(tmp_path / "a")
    text = "D'Regierung huet 1999 zwou Milliounen Euro fir d'Schoulen ausginn."
    assert opened(text) == frontend(text)
    opened.save(tmp_path / "b")
    for name in ("frontend.json", "lexicon.bin"):
        assert (tmp_path / "a" / name).read_bytes() == (tmp_path / "b" / name).read_bytes()
    whole = (tmp_path / "a" / "lexicon.bin").read_bytes()
    (tmp_path / "b" / "lexicon.bin").write_bytes(whole[:-1])
    with pytest.raises(WrongData, match="not a whole lexicon"):
        open_frontend(tmp_path / "b")


def test_misakis_interface(frontend: LuxembourgishFrontend) -> None:
    text = "Den 3. Mee 1999 (e Méindeg) huet d'EU 2,50 € bezuelt; „gutt“."
    phonemes, tokens = LBG2P(frontend=frontend)(text)
    assert phonemes == frontend(text).phonemes
    assert "".join(token.phonemes + token.whitespace for token in tokens).strip() == phonemes
    assert [token.text for token in tokens][:5] == ["Den", "3.", "Mee", "1999", "("]
    assert LBG2P(frontend=frontend)("日本")[0] == ""
    assert LBG2P(unk="ə", frontend=frontend)("Moien 日本")[0].endswith(" ə")


def test_sounds_are_mapped() -> None:
    assert from_lexicon("ʒ ɑ̃ː d aː ʀ m", "gendarm") == "ʒɑ\u0303ːdaːʁm"
    assert from_lexicon("ʦ iː ʑ ə l n̩ d̥ g", "x") == "ʦiːʒəlndɡ"
    assert from_espeak("ʃˈyːlʁ") == "ʃˈyːlɐ"
    assert from_espeak("mˈɑɳeːʀ") == "mˈɑŋɐ"
    assert from_espeak("ʦˈuX") == "ʦˈuχ"


@pytest.fixture(scope="module")
def complete() -> LuxembourgishFrontend:
    lexicon, lost = load(download=False)
    if lost:
        pytest.skip("needs the lexica: name a folder with them in MOIEN_MIRROR")
    return LuxembourgishFrontend(lexicon, Switches())


@pytest.mark.parametrize("line", [line for line in read_lines(GOLDEN) if not line.startswith("#")])
def test_golden_sentences(complete: LuxembourgishFrontend, line: str) -> None:
    text, phonemes = line.split("\t")[:2]
    assert complete(text).phonemes == phonemes


@pytest.mark.shared
def test_few_words_of_the_real_corpus_are_guessed(complete: LuxembourgishFrontend, shared_dir: Path) -> None:
    frontend = LuxembourgishFrontend.load(corrections=ROOT / "recipes" / "lb" / "lexicon.tsv")
    words = []
    for line in read_lines(shared_dir / "marylux" / "metadata.csv")[1:]:
        words += frontend(line.split("|")[1]).words
    assert sum(word.source == "guess" for word in words) / len(words) <= 0.02


def test_stock_kokoro_speaks_a_paragraph_with_numbers_and_dates(frontend, model, base) -> None:  # type: ignore[no-untyped-def]
    from kokoro import KPipeline

    paragraph = (
        "Den 24. Februar 1999, um 11:30 Auer, huet d'Stad 2,50 € pro m² verlaangt: 45 % méi wéi 1980. Um Enn waren et "
        "3 Mio. €! D'Leit, 21 Famillen aus der A. Stroossen, hunn (an der Woch drop) 16-mol protestéiert; den 3. Mee "
        "2026 huet d'Geriicht d'Decisioun geholl… D'Gemeng Käerch, déi 13. am Kanton, bezilt 1.250,75 € an 5 Joer. "
        "Dat sinn 0,3 % vum Budget: ee Sand, seet de Buergermeeschter, deen 1958 gebuer ass an zanter 2011 do ass."
    )
    pipeline = KPipeline(lang_code="e", repo_id="hexgrad/Kokoro-82M", model=False)
    pipeline.g2p = LBG2P(frontend=frontend)
    phonemes, tokens = pipeline.g2p(paragraph)
    parts = [result.phonemes for result in pipeline.generate_from_tokens(tokens, voice="")]
    assert len(phonemes) > 510 and " ".join(parts) == phonemes
    assert all(len(part) <= 510 and part[-1] in ".!?…:;," for part in parts)
    voice = str(next(iter(base.voices.values())))
    [spoken] = KPipeline.generate_from_tokens(
        pipeline, pipeline.g2p("Den 3. Mee 1999, zwou Auer.")[1], voice=voice, model=model
    )
    assert spoken.audio is not None and spoken.audio.abs().max() > 0.05
    assert spoken.tokens[0].start_ts is not None
