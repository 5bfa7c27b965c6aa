"""Words outside the lexicon: clitics, letters, compounds, endings, French, and the model that is asked last."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from stopwatch import assert_linear

from moien.errors import WrongData
from moien.kokoro.symbols import VOCAB
from moien.text.lb.compounds import Counts, Splitter, join
from moien.text.lb.foreign import french, read_french
from moien.text.lb.heldout import held_out
from moien.text.lb.merge import Entry
from moien.text.lb.model import MODEL, LetterModel
from moien.text.lb.parts import count_parts
from moien.text.lb.unknown import UnknownWords
from tools.train_g2p import Spelt, train

# As LOD writes them.
_WRITTEN = (
    "land lˈɑnt, kräiz kʁˈæːɪʦ, ass ɑs, gëtt ɡət, schoul ʃˈəʊl, kanner kˈɑnɐ, sonnen zˈonən, blumm blˈum, bank bˈɑŋk, "
    "kont kˈont, stad ʃtˈaːt, rot ʁˈoːt, haapt hˈaːpt, aarbecht ˈaːbəɕt, plaz plˈaːʦ, apel ˈɑpəl, eng eŋ"
)
WORDS = dict(pair.split() for pair in _WRITTEN.split(", "))


class Known:
    """A lexicon of a few words."""

    def lookup(self, word: str) -> Entry | None:
        said = WORDS.get(word.lower())
        return Entry(said, "lod") if said else None

    def without_n(self, word: str) -> Entry | None:
        said = WORDS.get(word.lower() + "n")
        return Entry(said[:-1], "lod") if said else None


@pytest.fixture(scope="module")
def unknown() -> UnknownWords:
    return UnknownWords(Known(), LetterModel.open(), Counts.open())


@pytest.mark.parametrize(
    ("word", "phonemes"),
    [
        ("d'Land", "dlˈɑnt"),  # voiced before l
        ("d'Kräiz", "tkʁˈæːɪʦ"),  # voiceless before k
        ("d'Schoul", "tʃˈəʊl"),
        ("D'Apel", "dˈɑpəl"),
        ("s'ass", "zɑs"),
        ("gëtt's", "ɡəts"),
        ("'t", "t"),
        ("d'", "d"),
        ("l'Apel", "lˈɑpəl"),
    ],
)
def test_clitics_belong_to_their_word_and_have_no_stress(
    unknown: UnknownWords, word: str, phonemes: str
) -> None:
    said = unknown.pronounce(word)
    assert (said.phonemes, said.source, said.confidence) == (phonemes, "clitic", 1.0)


def test_hyphens_join_known_words_with_one_main_stress(unknown: UnknownWords) -> None:
    said = unknown.pronounce("Kanner-Schoul")
    assert (said.phonemes, said.source) == ("kˈɑnɐʃˌəʊl", "compound")


@pytest.mark.parametrize(
    ("word", "phonemes"),
    [("TGV", "teːɡeːfˈɑʊ"), ("x", "ˈiks"), ("CFL", "ʦeːæfˈæl"), ("bcdf", "beːʦeːdeːˈæf")],
)
def test_what_has_no_vowel_is_spelled(unknown: UnknownWords, word: str, phonemes: str) -> None:
    assert unknown.pronounce(word)[:2] == (phonemes, "letters")


def test_spelling_on_request(unknown: UnknownWords) -> None:
    assert unknown.spell("ABBL").phonemes == "aːbeːbeːˈæl"
    assert unknown.spell("É").phonemes == "ˈeː"
    with pytest.raises(WrongData, match="CYRILLIC SMALL LETTER ZHE"):
        unknown.spell("AЖ")


@pytest.mark.parametrize("word", ["Женя", "東京", "a東", "d'東京", "-", "'", ""])
def test_what_cannot_be_spoken_is_an_error(unknown: UnknownWords, word: str) -> None:
    with pytest.raises(WrongData):
        unknown.pronounce(word)


@pytest.mark.parametrize(
    "word", ["Žižek", "Łódź", "Ångström", "Straße", "Señor", "Şahin", "ﬁnal", "Þór", "Nguyễn"]
)
def test_letters_with_marks_that_the_lexica_have_not_are_read_without_them(
    unknown: UnknownWords, word: str
) -> None:
    said = unknown.pronounce(word)
    assert set(said.phonemes) <= VOCAB.keys()
    assert said.phonemes.count("ˈ") == 1


@settings(max_examples=300, deadline=None)
@given(st.text(alphabet="abcdefghijklmnopqrstuvwxyzäëéöüàèêîôûçñß'-ÄË", min_size=1, max_size=30))
def test_any_word_of_latin_letters_gives_symbols_of_the_table_or_an_error(
    unknown: UnknownWords, word: str
) -> None:
    try:
        said = unknown.pronounce(word)
    except WrongData:
        assert not any(letter.isalpha() for letter in word)
        return
    assert said.phonemes
    assert set(said.phonemes) <= VOCAB.keys() - set(" ,.!?")
    assert 0 <= said.confidence <= 1
    assert said == unknown.pronounce(word)


@pytest.mark.parametrize("pattern", ["a", "schlëmm", "b", "ab'", "ab-", "d'"])
def test_reading_is_linear_in_the_length(unknown: UnknownWords, pattern: str) -> None:
    short, long = ((pattern * size)[:size] + "a" for size in (4_000, 40_000))
    assert unknown.pronounce(long).phonemes
    assert_linear(unknown.pronounce, short, long)


def test_equal_consonants_at_a_joint_are_said_once() -> None:
    assert join(["bˈɑŋk", "kˈont"]) == "bˈɑŋkˌont"
    assert join(["ʁˈoːt", "ʦˈaːn"]) == "ʁˈoːʦˌaːn"
    assert join(["hˈaːpt", "ʃtˈaːt"]) == "hˈaːptʃtˌaːt"


def test_compounds_are_split_where_their_parts_join_in_the_lexica() -> None:
    counts = Counts(
        {"3": (9, 10), "6": (9, 10), "7": (9, 10)}, {"4": (9, 10), "5": (9, 10), "6": (9, 10)}, {}
    )
    splitter = Splitter(WORDS.get, counts)
    schoulkanner = splitter.split("schoulkanner")
    assert schoulkanner is not None
    assert (schoulkanner.phonemes, schoulkanner.source) == ("ʃˈəʊlkˌɑnɐ", "compound")
    sonneblumm = splitter.compound("sonneblumm")
    assert sonneblumm is not None
    assert sonneblumm.phonemes == "zˈonəblˌum"  # Sonn(en): the n-rule takes the n
    linked = splitter.compound("aarbechtsplaz")
    assert linked is not None
    assert linked.phonemes == "ˈaːbəɕtsplˌaːʦ"
    assert splitter.compound("schoulx") is None


def test_endings_are_learned_from_the_lexicon() -> None:
    stems = "bʁ ʃt ʃpʁ tʁ ɡl fl kl pl ʁ l m n".split()
    spelt = "br st spr tr gl fl kl pl r l m n".split()
    lexicon = {s + "eeg": p + "ˈeːɕ" for s, p in zip(spelt, stems, strict=True)}
    lexicon |= {s + "eeger": p + "ˈeːʒɐ" for s, p in zip(spelt, stems, strict=True)}
    splitter = Splitter({"deeg": "dˈeːɕ"}.get, count_parts(lexicon))
    form = splitter.form("deeger")
    assert form is not None
    assert (form.phonemes, form.source) == ("dˈeːʒɐ", "affix")  # voiced before the vowel


@pytest.mark.parametrize(
    ("word", "phonemes"),
    [
        ("bordeaux", "boʁdˈoː"),
        ("provence", "pʁovˈɑ̃ːs"),
        ("chambon", "ʃɑ̃ːbˈɔ̃ː"),
        ("rhône", "ʁˈoːn"),
        ("orléans", "oʁleˈɑ̃ː"),
        ("marseille", "mɑʁsˈɛj"),
        ("picardie", "pikɑʁdˈiː"),
        ("grenoble", "ɡʁənˈobl"),
        ("isère", "izˈɛːʁ"),
        ("vosges", "vˈoʃ"),
        ("savoie", "sɑvwˈaː"),
        ("toulouse", "tulˈus"),
    ],
)
def test_french_spelling(word: str, phonemes: str) -> None:
    assert read_french(word).replace("ɔʁ", "oʁ") == phonemes


@pytest.mark.parametrize(
    "word", "schoul kanner haus lëtzebuerg aarbecht fréijoer wëssenschaft zäitung".split()
)
def test_luxembourgish_is_not_taken_for_french(word: str) -> None:
    assert french(word) == ""


def toy() -> list[Spelt]:
    sounds = {"m": "m", "t": "t", "sch": "ʃ", "l": "l", "k": "k", "aa": "aː", "u": "u", "ei": "ɑɪ", "i": "i"}
    consonants, vowels = ("m", "t", "sch", "l", "k"), ("aa", "u", "ei", "i")
    words = [(a, b, c) for a in consonants for b in vowels for c in consonants]
    return [Spelt("".join(w), "".join(sounds[s] for s in w)) for w in words]


def test_a_model_learns_a_regular_spelling_and_has_the_same_bytes_again(tmp_path: Path) -> None:
    words, parts = toy(), Counts({}, {}, {})
    train(words, parts, tmp_path / "a.zip")
    train(words, parts, tmp_path / "b.zip")
    assert (tmp_path / "a.zip").read_bytes() == (tmp_path / "b.zip").read_bytes()
    model = LetterModel.open(tmp_path / "a.zip")
    assert all(model.read(word).phonemes == said for word, said, _ in words)
    assert model.read("schaakim").phonemes == "ʃaːkim"  # never seen
    assert model.letters == set("mtschlkaueis")


def test_a_damaged_model_is_named(tmp_path: Path) -> None:
    file = tmp_path / "g2p.zip"
    file.write_bytes(MODEL.read_bytes()[:5000])
    with pytest.raises(WrongData, match="make g2p-model"):
        LetterModel.open(file)
    with pytest.raises(WrongData, match="make g2p-model"):
        Counts.open(file)


def test_the_package_carries_a_small_model() -> None:
    assert MODEL.stat().st_size < 3_000_000


def test_a_tenth_is_held_out() -> None:
    words = [f"{a}{b}{c}" for a in "bdfgklmnprst" for b in "aeiou" for c in "bdfgklmnprst"]
    assert 0.07 < sum(map(held_out, words)) / len(words) < 0.13
    assert held_out("Haus") == held_out("haus")
