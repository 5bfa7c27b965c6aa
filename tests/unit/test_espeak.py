from __future__ import annotations

import json
import re
from functools import cache
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from moien.errors import WrongCall, WrongData
from moien.kokoro.symbols import VOCAB
from moien.recipe.settings import load_settings
from moien.text import open_frontend
from moien.text.espeak import EspeakFrontend, languages, set_voice, transcribe
from moien.text.ipa import Converter
from moien.text.words import clean, tokenise

# Languages whose tones espeak-ng writes, but for which there is no table; and those without a dictionary.
NO_TONES = {"chr", "my", "shn", "th"}
EMPTY = {"fo", "kaa", "xex"}

frontend = cache(EspeakFrontend)


@pytest.fixture(scope="module")
def english() -> EspeakFrontend:
    return EspeakFrontend("en-us")


def test_known_transcriptions() -> None:
    for text, language, phonemes in (
        ("house", "en-us", "hˈWs"),
        ("Zug", "de", "ʦˈuːk"),
        ("garçon", "fr", "ɡaʁsˈɔ\u0303"),  # two symbols: the vowel and its nasality
        ("dzień", "pl", "ʥˈɛɲ"),
    ):
        assert frontend(language)(text).phonemes == phonemes
    assert Converter()("g t͡ʃ e͡ɪ n\u0329 õ") == ("ɡ ʧ A n o\u0303", [])


@pytest.mark.parametrize(
    ("language", "text", "phonemes"),
    [
        ("da", "maj", "mˈɑj"),  # ? means that the vowel is short
        ("om", "Oshiiniyaa", "ˌoʃɪːnˌiʔˈaː"),  # here it is a sound
        ("ga", "gach", "ɡˈɑx"),
        ("uz", "Barcha", "bˈæɾʧæ"),
        ("ky", "Жаңы", "ʤɑŋˈɯ"),
        ("mi", "moutere", "mˌoutˈere"),
        ("en-gb-scotland", "Oceania", "ˌoːʃɪˈaːniə"),
        ("ar", "طالب", "tˈaːlab"),
        ("ru", "люди", "lʲˈudʲɪ"),
        ("fa", "قلم", "qalˈam"),
        ("uk", "Швейцарія", "ʃβɛjtsˈariːja"),
        ("et", "kass", "kˈaisʲsʲ"),
        ("cmn", "妈麻马骂吗", "mˈɑ→ mˈɑ↗ mˈɑ↓ mˈɑ↘ mˈɑ"),
        ("cmn", "是", "ʂˈɨ↘"),
        ("vi", "ma mà má mả mã mạ", "mˈaː mˌaː↘ mˈaː↗ mˈaː↓ mˈaːʔ↗ mˈaː↓ʔ"),
    ],
)
def test_left_overs_and_missing_sounds_become_the_sound_that_is_meant(
    language: str, text: str, phonemes: str
) -> None:
    assert frontend(language)(text).phonemes == phonemes


@given(st.text("aeSAZIOQTWY?:.;!\"',()—…“”KL19^_-`#[ˈː\u0361 "))
def test_a_mark_or_a_capital_in_ipa_is_never_a_symbol(ipa: str) -> None:
    symbols, unknown = Converter("fi")(ipa)
    assert set(symbols) <= {*"aeʃʒɲʔˈː ", *"ʲ"}
    assert set(unknown) <= set("AIOQTWY.;!\"',()—…“”KL19")
    assert ipa.count("A") == unknown.count("A") and ipa.count("(") == unknown.count("(")


@pytest.mark.parametrize("language", sorted(set(languages()) - EMPTY))
def test_numbers_and_letters_of_every_language_are_read_or_refused(language: str) -> None:
    """Kokoro's own capitals come out of ties only; whatever else is a capital, a digit or a mark is unknown."""
    texts = [*map(str, range(0, 31)), "100", "a", "e", "s", "t"]
    converter = Converter(language)
    for ipa in (transcribe(text, language) for text in texts):
        symbols, unknown = converter(ipa)
        assert set(symbols) <= VOCAB.keys() - set('?:;.,!"()—…“”ST')
        assert len(re.findall("[AIOWYQ]", symbols)) <= ipa.count("\u0361")
        assert not unknown or language in NO_TONES or "ɬ" in unknown, (ipa, unknown)


def test_a_language_without_a_dictionary_is_a_wrong_call() -> None:
    for language in EMPTY:
        with pytest.raises(WrongCall, match=f"no dictionary for '{language}'"):
            EspeakFrontend(language)


@pytest.mark.shared
def test_languages_of_the_udhr(shared_dir: Path) -> None:
    """Article 1 in 65 languages: the table of docs/new-language.md."""
    file = shared_dir.parent / "cases" / "c28-languages" / "udhr.txt"
    if not file.is_file():
        pytest.skip(f"needs {file}")
    refused = {}
    for line in file.read_text(encoding="utf-8").splitlines():
        language, _, text = line.partition("|")
        try:
            assert frontend(language)(text).phonemes
        except WrongData as error:
            refused[language] = error.message
    assert refused.keys() == {"ja"} and "CJK UNIFIED IDEOGRAPH" in refused["ja"]


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


def test_all_sounds_that_kokoro_lacks_are_named_with_a_setting_to_paste(tmp_path: Path) -> None:
    with pytest.raises(WrongData, match="'ɬ' in 'Mopitlo', 'K' in 'Tlhakole'") as raised:
        frontend("tn")("Mopitlo, Tlhakole.")
    setting = re.search("--set '(.*)'", str(raised.value))
    assert setting and setting[1] == 'g2p.symbols={"ɬ": "l", "K": "k"}'
    symbols = load_settings("mini", [setting[1]]).g2p.symbols
    mapped = EspeakFrontend("tn", symbols)
    assert mapped("Mopitlo").phonemes == "mʊpˈilʊ"
    mapped.save(tmp_path)
    assert open_frontend(tmp_path)("Mopitlo") == mapped("Mopitlo")


@pytest.mark.parametrize(
    ("language", "text", "phonemes"),
    [
        ("nb", "Den 1. mai er fri.", "deːn fˈœrsta mˈɑɪ ˌɛːr frˈiː."),
        ("nb", "Han er 3.", "han ˌɛːr trˈeː."),
        ("da", "Den 1. maj.", "dɛn fˈœɐsdə mˈɑj."),
        ("hu", "XIV. Lajos", "tˈizɛnnɛɟɛdik lˈɑjoʃ"),
        ("de", "Ludwig XIV. regierte.", "lˈʊdvɪç rˌøːmɪʃ fˈɪɾʦeːntə reːɡˈiːɾtə."),
        ("de", "am 3. Mai", "am dɾˈɪtə mˈI"),
        ("en-us", "Mr. Smith", "mˈɪstɚ smˈɪθ"),
        ("es", "Sr. García", "seɲˈoɾ ɡaɾθˈia"),
        ("da", "Det er f.eks. nu.", "de ɛɐ fˈʌeɡsˌempəl nˈu."),
        ("pt", "D. Pedro", "dˈe pˈedɹʊ"),
        ("es", "la 2.ª vez", "la seɣˈunda βˈeθ"),
        ("de", "Am 3. und 4. Mai", "am dɾˈɪtə ʊnt fˈiːɾtə mˈI"),
        ("nb", "bl.a. to", "bˌeːˈɛl ˈɑː tˈuː"),  # espeak-ng says punktum for each stop
    ],
)
def test_a_full_stop_inside_of_a_sentence_is_read_in_its_context(
    language: str, text: str, phonemes: str
) -> None:
    assert frontend(language)(text).phonemes == phonemes


@pytest.mark.parametrize(
    ("language", "text", "same"),
    [
        ("de", "ﬁx und ﬂott", "fix und flott"),
        ("fr", "ﬁn", "fin"),
        ("en-us", "Hawai\u02bbi", "Hawaii"),
        ("es", "5¾", "5 3/4"),
        ("fr", "n° 5", "numéro 5"),
        ("es", "n.º 5", "número 5"),
        ("de", "№ 5", "Numero 5"),
        ("de", "１２", "12"),
        ("pt", "−5", "-5"),
        ("de", "um -5 Grad", "um minus 5 Grad"),
        ("he", "ב־תל", "ב-תל"),
        ("ca", "gal·lès", "gal·lès"),
        ("ur", "۲۰", "20"),
        ("de", "Heinrich Ⅷ. und", "Heinrich VIII. und"),
        ("ml", "അവന്\u200d", "അവൻ"),
        ("hi", "क्\u200dष", "क्ष"),
    ],
)
def test_other_forms_of_the_same_text_are_read_alike(language: str, text: str, same: str) -> None:
    assert frontend(language)(text).phonemes == frontend(language)(same).phonemes


def test_characters_with_a_sound_of_their_own_change_the_reading() -> None:
    for language, text, without in (
        ("haw", "Hawai\u02bbi", "Hawaii"),
        ("haw", "\u02bbokina", "okina"),
        ("fa", "کتاب\u200cها", "کتابها"),
        *(("de", text, re.sub(r"[^\d m]", "", text)) for text in ("5¾", "5 °C", "5 m²", "5%", "n° 5", "5½")),
    ):
        assert frontend(language)(text).phonemes != frontend(language)(without).phonemes, text
    assert frontend("haw")("Hawai'i").phonemes == "hawˈaiʔi"


@pytest.mark.parametrize(
    ("language", "text", "character"),
    [
        ("lb", "5 °C", "°"),
        ("de", "a*b", "*"),
        ("de", "5·5", "·"),
        ("pl", "5 † 6", "†"),
        ("de", "人", "人"),  # espeak-ng says "Chinese letter"
        ("ja", "日本", "日"),
        ("or", "ବିଶ୍ୱ", "ୱ"),  # "letter b seven one"
        ("gn", "ko 20 ko", "2"),
        ("haw", "1955", "5"),  # espeak-ng says five
        ("ar", "\u28ff", "\u28ff"),  # it crashes
        ("de", "5➀", "➀"),
        (
            "de",
            "nach Москва",
            "М",
        ),  # espeak-ng says the names of the letters
        ("en-us", "to Москва", "М"),
        ("fr", "à -5 degrés", "-"),
        ("pl", "−5", "−"),  # it has an English name only
        ("cy", "5%", "%"),
        ("cmn", "½", "½"),
    ],
)
def test_a_character_that_espeak_drops_or_spells_is_an_error(
    language: str, text: str, character: str
) -> None:
    with pytest.raises(WrongData, match=f"cannot speak {re.escape(repr(character))}"):
        frontend(language)(text)


@pytest.mark.parametrize(
    ("language", "part"),
    [
        ("cmn", "人"),
        *((language, part) for language in ("de", "fr", "ru") for part in ("7", "b", "ba", "é", "ta-")),
    ],
)
def test_a_long_word_is_read_to_its_end(language: str, part: str) -> None:
    """espeak-ng alone drops what follows about 200 phonemes."""
    shorter = 0
    for count in (40, 90, 1000):
        one, two = (frontend(language)(part * count + end).phonemes for end in ("1", "2"))
        assert one != two and len(one) > 1.6 * shorter
        shorter = len(one)


def test_many_abbreviations_do_not_crash() -> None:
    for text in ("a." * 3000, "a.b. " * 300, "ab.cd.ef. " * 300, "1." * 3000):
        try:
            assert frontend("de")(text).phonemes
        except WrongData as error:
            assert "more than Kokoro reads at once" in error.message


def test_a_long_clause_is_read_to_its_end() -> None:
    words = [f"Wort{'a' * (number % 7)}n und" for number in range(300)]
    assert len(frontend("de")(" ".join(words)).phonemes) > 0.95 * sum(
        len(frontend("de")(word).phonemes) for word in words
    )


@given(
    st.sampled_from("de en-us fr es nb da hu el fa hi ko haw".split()),
    st.characters(categories=["S", "P", "N", "L"], max_codepoint=0x30FF),
    st.booleans(),
)
def test_no_character_is_left_out_in_silence(language: str, character: str, attached: bool) -> None:
    """Without it the phonemes are others, or it is an error; but for pauses and the few that are listed as silent."""
    text = f"5 5{character}" if attached else f"5 {character} 5"
    try:
        spoken = frontend(language)(text).phonemes
    except WrongData:
        return
    cleaned = clean(text)
    is_pause = any(kind == "pause" for kind, _ in tokenise(cleaned))
    if is_pause or set(cleaned) <= {*"5 -'./,:"} or character in "·՛ـ・¡¿‹›‚‛":
        return
    assert spoken != frontend(language)("5 5").phonemes


def test_words_and_signs_of_other_alphabets_that_are_known_are_read() -> None:
    assert frontend("de")("π und Ωδή").phonemes == "pˈi ʊnt oðˈi"
    assert frontend("ru")("СССР и 5 кг").phonemes  # spelled, as it should be
    assert frontend("ky")("датча").phonemes  # the names of its letters are their sounds


def test_corrections_come_first_and_are_saved(tmp_path: Path) -> None:
    words = {"moien": "mˈojən", "August": "ˈWɡʊst", "z.B.": "ʦʊm bˈIʃpiːl"}
    corrected = EspeakFrontend("de", corrections=words)
    spoken = corrected("Moien, z.B. im August AUGUST august")
    assert spoken.phonemes.startswith("mˈojən, ʦʊm bˈIʃpiːl ɪm ˈWɡʊst ")
    assert [word.source for word in spoken.words[:4]] == ["correction", "correction", "guess", "correction"]
    assert [word.source for word in spoken.words[4:]] == ["guess", "guess"]
    corrected.save(tmp_path)
    assert open_frontend(tmp_path)(spoken.text) == spoken
    facts = json.loads((tmp_path / "frontend.json").read_text(encoding="utf-8"))
    del facts["corrections"]  # as an older version wrote it
    (tmp_path / "frontend.json").write_text(json.dumps(facts), encoding="utf-8")
    assert open_frontend(tmp_path)("Moien") == EspeakFrontend("de")("Moien")


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
