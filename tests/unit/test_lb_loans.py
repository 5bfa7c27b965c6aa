"""French, English and names inside Luxembourgish, the -e of the n-rule, and readings that have a vowel."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from moien.text.lb import LuxembourgishFrontend
from moien.text.lb.foreign import SMALL, Entry, french_runs, read_french
from moien.text.lb.homographs import choose
from moien.text.lb.layers import TABLES, Layer, read_corrections, read_layers
from moien.text.lb.lexicon import Lexicon, load
from moien.text.lb.merge import Entry as Known
from moien.text.lb.merge import merge
from moien.text.lb.model import LetterModel
from moien.text.lb.phonology import Switches
from moien.text.lb.stress import NUCLEUS


@pytest.fixture(scope="module")
def frontend(tmp_path_factory: pytest.TempPathFactory) -> LuxembourgishFrontend:
    """With the tables and LOD 2021, which need no download."""
    layers, _ = read_layers(files={})
    lexicon = Lexicon.build(layers, tmp_path_factory.mktemp("lexicon") / "lexicon.bin")
    return LuxembourgishFrontend(lexicon, Switches())


@pytest.fixture(scope="module")
def complete() -> LuxembourgishFrontend:
    lexicon, lost = load(download=False)
    if lost:
        pytest.skip("needs the lexica: name a folder with them in MOIEN_MIRROR")
    return LuxembourgishFrontend(lexicon, Switches())


_LOD = {
    "plomm": "plˈom",
    "plomme": "plˈom",
    "plommen": "plˈomən",
    "brav": "bʁˈaːf",
    "brave": "bʁˈaːf",
    "braven": "bʁˈaːvən",
    "blond": "blˈont",
    "blonde": "blˈont",  # no blonden
    "pur": "pˈyːɐ",
    "pure": "pˈyːɐ",
    "etage": "etˈaːʃ",
    "etagen": "etˈaːʒən",
    "client": "kliˈɑ̃ː",
    "cliente": "kliˈɑ̃ːt",
    "clienten": "kliˈɑ̃ːən",
    "schéi": "ʃˈɜɪ",
    "schéie": "ʃˈɜɪə",
}


@pytest.mark.parametrize(
    ("word", "phonemes"),
    [
        ("plomme", "plˈomə"),  # as plommen
        ("brave", "bʁˈaːvə"),  # voiced before the vowel
        ("blonde", "blˈondə"),  # from the stem
        ("pure", "pˈyːʁə"),
        ("etage", "etˈaːʃ"),  # no stem: French
        ("cliente", "kliˈɑ̃ːt"),  # the stem has other sounds: French
        ("schéie", "ʃˈɜɪə"),
        ("plomm", "plˈom"),
    ],
)
def test_an_e_that_the_n_rule_left_is_spoken(word: str, phonemes: str) -> None:
    layers = [Layer("lod", _LOD), Layer("lod2021", {})]
    assert merge(layers)[word].phonemes == phonemes


def test_a_table_decides_against_the_rule_for_e() -> None:
    layers = [Layer("french", {"blonde": "blˈɔ̃ːt"}), Layer("lod", _LOD), Layer("lod2021", {})]
    assert merge(layers)["blonde"] == ("blˈɔ̃ːt", "french")


@pytest.mark.parametrize(
    ("word", "phonemes"),
    [
        ("Kolonne", "kolˈonə"),
        ("moderne", "modˈɛʁnə"),
        ("massive", "mɑsˈivə"),
        ("Tabelle", "tɑbˈælə"),
        ("Zigarette", "ʦiɡɑʁˈætə"),
        ("berühmte", "bəʁˈyːmtə"),
        ("finanzielle", "finɑnʦiˈælə"),
        ("progressive", "pʁoɡʁæsˈiːvə"),  # LOD has f before the vowel
        ("faméise", "fɑmˈɜɪzə"),  # LOD leaves out the s before -en
        ("Prozesse", "pʁoʦˈæsə"),  # in no lexicon
        ("permanente", "pɛʁmɑnˈæntə"),
        ("Permanente", "pɛʁmɑnˈɑ̃ːt"),  # the noun
        ("Gare", "ɡˈaːʁ"),
        ("Ambassade", "ɑ̃ːmbɑsˈaːt"),
        ("Garage", "ɡɑʁˈaːʃ"),
        ("Police", "pˈolis"),
        ("Chance", "ʃˈɑ̃ːs"),
        ("Campagne", "kˈɑ̃ːmpɑɲ"),
    ],
)
def test_the_e_of_the_real_lexica(complete: LuxembourgishFrontend, word: str, phonemes: str) -> None:
    assert complete(word).phonemes == phonemes


def test_words_of_the_normaliser_have_their_e(complete: LuxembourgishFrontend) -> None:
    assert "minˈutə" in complete("no 5 Min. Rou").phonemes
    assert "zəkˈonə" in complete("20 Sek. laang").phonemes


@pytest.mark.parametrize("file", TABLES, ids=lambda file: file.stem)
def test_the_tables_have_a_reason_and_a_vowel_in_each_line(file: Path) -> None:
    words = read_corrections(file).words
    assert len(words) > 100
    assert all(NUCLEUS.search(phonemes) for phonemes in words.values())
    lines = [line for line in file.read_text(encoding="utf-8").splitlines() if not line.startswith("#")]
    assert lines == sorted(lines, key=lambda line: line.partition("\t")[0])


def test_no_word_is_in_two_tables() -> None:
    words = [word for file in TABLES for word in read_corrections(file).words]
    assert len(words) == len(set(words))


@pytest.mark.parametrize(
    ("text", "phonemes", "source"),
    [
        ("Screenshot", "skʁˈiːnʃot", "english"),
        ("Coach", "kˈəʊʧ", "english"),
        ("Brunchen", "bʁˈɑnʧən", "english"),
        ("Dreamteam", "dʁˈiːmtiːm", "english"),
        ("Camille", "kɑmˈij", "name"),
        ("Antoine", "ɑ̃ːtwˈɑn", "name"),
        ("Juncker", "jˈuŋkɐ", "name"),
        ("Versailles", "vɛʁsˈɑj", "name"),
        ("Quichen", "kˈiʃən", "french"),
        ("Recherchen", "ʁəʃˈɛʁʃən", "french"),
        ("Crèche", "kʁˈɛːʃ", "french"),
        ("Sichen", "zˈiɕən", "lod2021"),  # Luxembourgish ch
    ],
)
def test_loans_and_names(frontend: LuxembourgishFrontend, text: str, phonemes: str, source: str) -> None:
    word = frontend(text).words[0]
    assert (word.phonemes, word.source) == (phonemes, source)


def test_a_compound_with_a_loan_is_split(frontend: LuxembourgishFrontend) -> None:
    word = frontend("Smartphoneschoul").words[0]
    assert (word.phonemes, word.source) == ("smˈaːʁtfəʊnʃˌəʊl".replace("ʁt", "χt"), "compound")


@pytest.mark.parametrize(
    ("text", "start"),
    [
        ("E-Bike", "ˈiː "),
        ("E-Learning", "ˈiː "),
        ("T-Shirt", "tˈiː "),
        ("T-Stéck", "tˈeː "),
        ("E wéi Emil", "ə "),
    ],
)
def test_letters_before_a_hyphen_that_are_english(
    frontend: LuxembourgishFrontend, text: str, start: str
) -> None:
    assert frontend(text).phonemes.startswith(start)
    assert choose(["E", "Bike"], 0) is None


_WORDS = {
    "Chambre": Known("ʃˈɑ̃ːmbʁ", "french"),
    "rue": Known("ʁˈy", "french"),
    "Rue": Known("ʁˈy", "french"),
    "Philippe": Known("filˈip", "name"),
    "social": Known("sosjˈaːl", "lod"),
    "Auto": Known("ˈɑʊtoː", "lod"),
    "ass": Known("ɑs", "lod"),
    "huet": Known("huət", "lod"),
    "Fort": Known("fˈɔχt", "lod"),
    "Dag": Known("dˈaːχ", "lod"),
    "mines": Known("mˈiːnəs", "mfa"),
    "Hollerich": Known("hˈoləʁiɕ", "mfa"),
    "maladie": Known("mɑlˈaːdjə", "mfa"),
}


def _lookup(word: str) -> Entry | None:
    return _WORDS.get(word)


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("Chambre des employés", {0: "ʃˈɑ̃ːmbʁ", 1: "de", 2: "ɑ̃ːplwɑjˈeː"}),
        ("Comité économique et social", {0: "komitˈeː", 1: "ekonomˈik", 2: "e", 3: "sosjˈaːl"}),
        ("huet la Révolution ass", {1: "lɑ", 2: "ʁevolysjˈɔ̃ː"}),
        ("société des mines", {0: "sosjetˈeː", 1: "de", 2: "mˈin"}),
        ("rue de l'Église", {0: "ʁˈy", 1: "də", 2: "leɡlˈis"}),
        ("Chambre de maladie", {0: "ʃˈɑ̃ːmbʁ", 1: "də", 2: "mɑlɑdˈiː"}),
        ("Rue du Fort", {1: "dy"}),
        ("Rue de Hollerich", {}),  # a place that only MFA has
        ("Philippe et ass", {}),  # et: it
        ("huet du Philippe", {}),  # du: you
        ("Philippe en Auto", {}),
        ("Philippe en Chambre", {}),  # en: a
        ("Chambre en crème", {0: "ʃˈɑ̃ːmbʁ", 1: "ɑ̃ː", 2: "kʁˈɛːm"}),
        ("Dag des Dag", {}),
        ("Chambre  et  social", {}),  # pauses between
        ("huet en de Dag", {}),
    ],
)
def test_french_runs(text: str, read: dict[int, str]) -> None:
    words = [word for part in text.split("  ") for word in (*part.split(), "")][:-1]
    assert french_runs(words, _lookup) == read


def test_french_in_a_sentence(complete: LuxembourgishFrontend) -> None:
    said = complete("D'Fédération des artisans et commerçants ass do, et ass gutt.")
    assert said.phonemes == "tfedeʁɑsjˈɔ̃ː de ɑʁtizˈɑ̃ː e komɛʁsˈɑ̃ː ɑs dˈoː, əd ɑs ɡˈut."
    assert {word.source for word in said.words[:5]} == {"french-run"}


@settings(deadline=None, max_examples=200)
@given(st.lists(st.sampled_from([*_WORDS, *SMALL, "de", "", "Wee", "l'eau"]), max_size=8))
def test_runs_have_phonemes_and_cross_no_pause(words: list[str]) -> None:
    for place, phonemes in french_runs(words, _lookup).items():
        assert words[place] and NUCLEUS.search(phonemes)


@pytest.mark.parametrize(
    ("word", "phonemes"),
    [("brioche", "bʁjˈoʃ"), ("constitutionnelle", "kɔ̃ːstitysjonˈæl"), ("chantilly", "ʃɑ̃ːtilˈiː")],
)
def test_french_rules(word: str, phonemes: str) -> None:
    assert read_french(word) == phonemes


@pytest.mark.parametrize("word", ["fred", "ned", "ted", "mudd", "skrp", "grzegorz", "wld", "ghent", "trnka"])
def test_a_reading_has_a_vowel(frontend: LuxembourgishFrontend, word: str) -> None:
    for piece in frontend(word.capitalize()).words:
        assert NUCLEUS.search(piece.phonemes)


@settings(deadline=None, max_examples=200)
@given(st.text("abdefgiklmnoprstuyéë", min_size=2, max_size=8))
def test_what_the_model_is_sure_of_has_a_vowel(word: str) -> None:
    reading = _MODEL.read(word)
    assert NUCLEUS.search(reading.phonemes) or reading.confidence == 0.0


_MODEL = LetterModel.open()


@pytest.mark.parametrize(("number", "end"), [("1001", "tˈæŋ"), ("2001 Stonnen", "tˈæŋ ʃtˈonən")])
def test_a_weak_word_at_the_end_of_a_number_has_its_stress(
    complete: LuxembourgishFrontend, number: str, end: str
) -> None:
    phonemes = complete(f"eng {number.split()[0]} Stonnen").phonemes
    assert "ˌˈ" not in phonemes
    assert re.search(f"{end.split()[0]} ʃtˈonən$", phonemes)
