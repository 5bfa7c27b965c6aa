from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from moien.datadir import read_lines
from moien.errors import WrongData
from moien.kokoro.symbols import VOCAB
from moien.text import open_frontend
from moien.text.lb import LuxembourgishFrontend
from moien.text.lb.lexicon import UNSTRESSED, load_lexicon, read_lexicon
from moien.text.lb.normalise import speakable
from moien.text.lb.numbers import JOINT, LARGEST, cardinal, ordinal, settle_n, year
from moien.text.lb.sounds import from_espeak, from_lexicon, stress
from moien.text.tokens import clean


@pytest.fixture(scope="module")
def frontend() -> LuxembourgishFrontend:
    return LuxembourgishFrontend.load()


def spoken(text: str) -> str:
    return speakable(clean(text)).replace(JOINT, "")


CARDINALS = """0 null|1 eent|2 zwee|7 siwen|13 dräizéng|16 siechzéng|18 uechtzéng|21 eenanzwanzeg|
45 fënnefavéierzeg|81 eenanachtzeg|99 néngannonzeg|100 honnert|101 honnerteent|200 zweehonnert|
1000 dausend|2026 zweedausendsechsanzwanzeg|21000 eenanzwanzegdausend|101000 honnerteendausend|
1000000 eng Millioun|2000001 zwou Milliounen eent|-5 minus fënnef"""


@pytest.mark.parametrize("row", CARDINALS.replace("\n", "").split("|"))
def test_cardinals(row: str) -> None:
    number, words = row.split(" ", 1)
    assert settle_n(cardinal(int(number))).replace(JOINT, "") == words


def test_years_and_ordinals() -> None:
    assert year(1999).replace(JOINT, "") == "nonzénghonnertnéngannonzeg"
    assert year(1815).replace(JOINT, "") == "uechtzénghonnertfofzéng"
    assert year(1900).replace(JOINT, "") == "nonzénghonnert"
    assert year(2026).replace(JOINT, "") == "zweedausendsechsanzwanzeg"
    numbers = (1, 2, 3, 8, 12, 16, 20, 21, 100, 101)
    assert [ordinal(n).replace(JOINT, "") for n in numbers] == (
        "éischt zweet drëtt aacht zwieleft siechzéngt zwanzegst eenanzwanzegst honnertst honnertéischt".split()
    )


@given(st.integers(0, 999_999))
def test_no_two_numbers_sound_the_same_and_the_n_rule_holds_inside(number: int) -> None:
    word = settle_n(cardinal(number)).replace(JOINT, "")
    assert re.fullmatch(r"\w+", word)
    units = "eent|een|zwee|dräi|véier|fënnef|sechs|siwen|aacht|néng"
    tens = "zwanzeg|drësseg|véierzeg|fofzeg|sechzeg|siwwenzeg|achtzeg|nonzeg"
    for link, ten in re.findall(rf"(?:{units})(an?)({tens})", word):
        assert link == ("an" if ten[0] in "zdan" else "a")
    assert settle_n(cardinal(number + 1)).replace(JOINT, "") != word


TEXTS = {
    "Den 24. Februar 2006, 11:30 Auer": "Den véieranzwanzegste Februar zweedausendsechs, eelef Auer drësseg",
    "1 Auer, 2 Auer": "eng Auer, zwou Auer",
    "7 km, 7 Haiser, 7 Joer": "siwe Kilometer, siwen Haiser, siwe Joer",
    "1 Joer, 1 Stonn, 2 Stonnen": "ee Joer, eng Stonn, zwou Stonnen",
    "2,50 € an $5": "zwee Euro fofzeg an fënnef Dollar",
    "5.233 Awunner": "fënnefdausendzweehonnertdräiandrësseg Awunner",
    "40 000 m": "véierzegdausend Meter",
    "18,33 m": "uechtzéng Komma dräi dräi Meter",
    "50%, 20 °C": "fofzeg Prozent, zwanzeg Grad Celsius",
    "5,2 Mrd. Liter": "fënnef Komma zwee Milliarden Liter",
    "1914-1918": "nonzénghonnertvéierzéng bis nonzénghonnertuechtzéng",
    "1980er": "nonzénghonnertachtzeger",
    "1:1": "eent zu eent",
    "am 19. Joerhonnert": "am nonzéngte Joerhonnert",
    "der 3. Klass, déi 5. Kéier, d'2. Buch": "der drëtter Klass, déi fënneft Kéier, d'zweet Buch",
    "9.2.2000": "néngten zweeten zweedausend",
    "z.B. an Dr. Weber, asw.": "zum Beispill an Dokter Weber, an sou weider.",
    "* 1801, † 1860": "gebuer uechtzénghonnerteent, gestuerwen uechtzénghonnertsechzeg",
    "CR343A": "CR dräihonnertdräiavéierzeg A",
    "0800": "null aacht null null",
    "-5 Grad": "minus fënnef Grad",
}


@pytest.mark.parametrize(("text", "words"), TEXTS.items())
def test_text_becomes_words(text: str, words: str) -> None:
    assert spoken(text) == words


@settings(deadline=None)
@given(st.from_regex(r"[0-9 .,:/%€-]{1,12}", fullmatch=True))
def test_digits_never_vanish(text: str) -> None:
    words = spoken(text)
    assert not re.search(r"\d", words)
    if re.search(r"\d", text):
        assert re.search(r"[a-z]", words)


def test_a_number_too_long_is_read_digit_by_digit() -> None:
    assert len(spoken(str(LARGEST + 1)).split()) == 13


@pytest.mark.parametrize(
    ("word", "phonemes", "source"),
    [
        ("Moien", "mˈojən", "lexicon"),
        ("Däitsch", "dˈæːɪʧ", "lexicon"),
        ("Haaptstad", "hˈaːptʃtaːt", "lexicon"),
        ("Regioun", "ʁeʒjˈəʊn", "lexicon"),
        ("verkafen", "fɐkˈaːfən", "lexicon"),
        ("hu", "hu", "rule"),  # hunn, its n taken by the Eifeler Regel
        ("d'Land", "dlˈɑnt", "rule"),
        ("d’Kräiz", "tkʁˈæːɪʦ", "rule"),
        ("gëtt's", "ɡəts", "rule"),
        ("zweeten", "ʦwˈeːtən", "rule"),
        ("CFL", "ʦeːæfˈæl", "rule"),
        ("Schüleranzuch", "ʃˌyːleːʁˈɑnʦuχ", "guess"),
    ],
)
def test_words(frontend: LuxembourgishFrontend, word: str, phonemes: str, source: str) -> None:
    said = frontend(word).words[0]
    assert (said.phonemes, said.source) == (phonemes, source)


def test_a_sentence(frontend: LuxembourgishFrontend) -> None:
    said = frontend("„Moien“, sot hien, 'de Bléck' ass 7 km ewech.")
    assert said.phonemes.startswith("“mˈojən”, zˈoːt hiən, də blˈek ɑs zˈiːvə kilomˈeːtɐ əvˈæɕ")
    assert [w.text for w in said.words] == "Moien sot hien de Bléck ass siwe Kilometer ewech".split()
    assert said.text == "„Moien“, sot hien, 'de Bléck' ass 7 km ewech."


@pytest.mark.parametrize(
    "text", ["\N{GRINNING FACE}", "Moien \N{GRINNING FACE}!", "日本", "a*b", "#", "_x_", "", "…"]
)
def test_what_cannot_be_spoken_is_an_error(frontend: LuxembourgishFrontend, text: str) -> None:
    with pytest.raises(WrongData):
        frontend(text)


@settings(deadline=None, max_examples=150)
@given(st.text("aäbcdeéëfghijklmnoöpqrstuüvwxyzßàèçABCDEÉ'-.,!? 0123456789%()", min_size=1, max_size=25))
def test_any_spelling_stays_in_the_table_or_is_refused(frontend: LuxembourgishFrontend, text: str) -> None:
    try:
        said = frontend(text)
    except WrongData:
        assert not any(len(run) > 1 for run in re.findall(r"[a-zäéëöü]+", text)), text
        return
    assert set(said.phonemes) <= VOCAB.keys()
    assert all(said.phonemes[w.start : w.end] == w.phonemes != "" for w in said.words)


def test_stress_stands_before_the_vowel() -> None:
    assert stress("land", "lɑnt") == "lˈɑnt"
    assert stress("verspillen", "fɐʃpilən") == "fɐʃpˈilən"
    assert stress("ënnerscheed", "ənɐʃeːt") == "ˈənɐʃeːt"  # a spelt ë counts as a full vowel
    assert stress("studéieren", "ʃtudɜɪəʁən") == "ʃtudˈɜɪəʁən"
    assert stress("agent", "ɑʒænt") == "ɑʒˈænt"
    assert stress("et", "ət") == "ˈət"
    assert stress("x", "lˈɑnt") == "lˈɑnt"


def test_every_word_of_the_lexicon_is_in_the_table_and_stressed_once() -> None:
    lexicon = load_lexicon()
    assert len(lexicon) > 35_000
    assert set("".join(lexicon.values())) <= VOCAB.keys()
    assert {p.count("ˈ") for w, p in lexicon.items() if w not in UNSTRESSED} == {1}
    assert not any("ˈ" in p for w, p in lexicon.items() if w in UNSTRESSED)


def test_sounds_are_mapped() -> None:
    assert from_lexicon("ʒ ɑ̃ː d aː ʀ m", "gendarm") == "ʒɑ\u0303ːdaːʁm"
    assert from_lexicon("ʦ iː ʑ ə l n̩ d̥ g", "x") == "ʦiːʒəlndɡ"
    assert from_espeak("ʃˈyːlʁ") == "ʃˈyːlɐ"
    assert from_espeak("mˈɑɳeːʀ") == "mˈɑŋɐ"
    assert from_espeak("ʦˈuX") == "ʦˈuχ"


def test_saved_front_end_speaks_the_same_without_the_wheel(
    frontend: LuxembourgishFrontend, tmp_path: Path
) -> None:
    frontend.save(tmp_path)
    opened = open_frontend(tmp_path)
    text = "D'Regierung huet 1999 zwou Milliounen Euro fir d'Schoulen ausginn."
    assert opened(text) == frontend(text)
    first = (tmp_path / "lexicon.tsv").read_bytes()
    frontend.save(tmp_path)
    assert (tmp_path / "lexicon.tsv").read_bytes() == first
    with (tmp_path / "lexicon.tsv").open("a") as file:
        file.write("haus\n")
    with pytest.raises(WrongData, match=r"lexicon.tsv:\d+"):
        read_lexicon(tmp_path / "lexicon.tsv")


@pytest.mark.shared
def test_the_real_corpus_can_be_read_aloud(frontend: LuxembourgishFrontend, shared_dir: Path) -> None:
    refused = []
    for line in read_lines(shared_dir / "marylux" / "metadata.csv"):
        try:
            assert set(frontend(line.split("|")[1]).phonemes) <= VOCAB.keys()
        except WrongData as error:
            refused.append(error.message)
    assert len(refused) == 1 and "ASTERISK" in refused[0]


@pytest.mark.shared
def test_stress_agrees_with_the_official_dictionary(shared_dir: Path) -> None:
    """The place of the stress in words of several syllables, by vowels before it, where both count them alike."""
    vowel = re.compile("æːɪ|æːʊ|ɜɪ|əʊ|ɑɪ|ɑʊ|oɪ|iə|uə|[iyeøɛæaɑɔoœəuɐ]\u0303?ː?")
    mirrors = list(shared_dir.parent.rglob("lb_gold.json"))
    if not mirrors:
        pytest.skip("needs lb_gold.json beside the corpus")
    official = json.loads(mirrors[0].read_text(encoding="utf-8"))
    lexicon = load_lexicon()
    right = total = 0
    for word, ipa in official.items():
        ipa = re.sub("ɐ̯|(?<=ː)ɐ", "", ipa.replace("i̯", "j"))
        ours = re.sub("(?<=ː)ɐ|(?<=ɪ)ɐ", "", lexicon.get(word, "").replace("ˈɪ", "ɪ"))
        if (
            "ˈ" in ipa
            and "ˈ" in ours
            and len(vowel.findall(ipa)) == len(vowel.findall(ours.replace("ˈ", ""))) > 1
        ):
            total += 1
            place = [len(vowel.findall(s[: s.index("ˈ")])) for s in (ipa, ours)]
            right += place[0] == place[1]
    assert total > 10_000 and right / total > 0.75
