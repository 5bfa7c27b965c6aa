"""The Luxembourgish lexicon: notations, layers, their merging, the compiled file, homographs."""

from __future__ import annotations

import json
import subprocess
import sys
import unicodedata
from collections import Counter
from pathlib import Path

import pytest

from moien.errors import WrongData
from moien.fetch import find_in_mirror
from moien.kokoro.symbols import VOCAB
from moien.recipe.settings import ROOT
from moien.text.lb import layers as sources
from moien.text.lb.homographs import choose
from moien.text.lb.layers import CORRECTIONS, Layer, read_corrections, read_layers, read_lod, read_mfa
from moien.text.lb.lexicon import Lexicon, load
from moien.text.lb.merge import merge, replaced
from moien.text.lb.notation import from_mfa, marks, mend
from moien.text.lb.sounds import TABLE, from_lexicon, to_ipa
from moien.text.lb.stress import NUCLEUS


def test_the_table_of_sounds_is_total_and_comes_back_where_it_says_so() -> None:
    assert len({row.sound for row in TABLE}) == len(TABLE)
    for row in TABLE:
        assert all(symbol in VOCAB for symbol in row.kokoro), row
        assert row.reason
        if row.reversible:
            assert to_ipa(row.kokoro) == row.sound, row
    for ipa in ("ʃpʀoːχ", "dæːɪtʃlɑnt", "ʒɑ̃ːdaʀm", "tswaːŋ"):
        assert to_ipa(from_lexicon(ipa, "")) == unicodedata.normalize("NFD", ipa)


MENDED = {
    ("eenanachtzeg", "ˈeːnɑnɑχttsəɕ"): ("ˈeːnɑnɑχʦəɕ", "doubled consonant"),
    ("bankkont", "ˈbɑŋkkont"): ("bˈɑŋkont", "doubled consonant"),
    ("aarbechtszäit", "ˈaːbəɕtstsæːɪt"): ("ˈaːbəɕʦʦæːɪt", ""),  # two affricates are not one consonant twice
    ("modern", "moˈdɛʀn"): ("modˈɛʁn", "mark before the vowel, not the syllable"),
    ("apdikt", "ɑpdˈikt"): ("ɑpdˈikt", ""),
    ("absolut", "ɑpzoluˈt"): ("ɑpzolˈut", "mark after its vowel"),
    ("aktioun", "ɑkˈsi̯əʊn"): ("ɑksjˈəʊn", "i̯ written j"),
    ("manipulatioun", "mɑnipulɑsiˈ̯əʊn"): ("mɑnipulɑsjˈəʊn", "mark ̯ moved back to its i"),
    ("aktinium", "ɑktˈiːniu̯ m"): ("ɑktˈiːnjum", "mark ̯ moved back to its i"),
    ("fir", "ˈfiːɐ̯"): ("fˈiːɐ", "mark without symbol taken out (̯ ̥ ̩)"),
    ("buergmauer", "bˈuːɐ̯gmɑʊɐ"): ("bˈuːɐɡmɑʊɐ", "ASCII g"),
    ("euro", "ˈɔɪʀoː"): ("ˈoɪʁoː", "ɔɪ written oɪ"),
    ("haaptstad", "hˈaːptʃtaːt"): ("hˈaːptʃtaːt", ""),  # t and ʃ of two parts
    ("däitschland", "ˈdæːɪtʃlɑnt"): ("dˈæːɪʧlɑnt", "mark before the vowel, not the syllable"),
    ("aktioune", "ˈɑkˈsi̯əʊnə"): ("ɑksjˈəʊnə", "several ˈ: one kept, others ˌ or taken out"),
    ("gps", "ɡps"): ("", "no vowel"),
    ("routgefuer", "obschonn [ʀˈəʊtɡəzin"): ("", "symbol outside the table: ["),
}


@pytest.mark.parametrize(("entry", "expected"), MENDED.items(), ids=[word for word, _ in MENDED])
def test_entries_are_mended_or_rejected_and_it_is_said(
    entry: tuple[str, str], expected: tuple[str, str]
) -> None:
    phonemes, done = mend(entry[1], entry[0])
    assert phonemes == expected[0]
    assert expected[1] in done if expected[1] else not done


MFA_AS_LOD = {
    ("kritt", "k χ i t"): "kʀit",
    ("fir", "f i ɐ"): "fiːɐ",
    ("hire", "h iː ə ʁ ə"): "hiːʀə",
    ("ferm", "f ɛː ə ʀ m"): "fɛːʀm",
    ("wirtschaft", "v i χ t ʃ ɑ f t"): "viχtʃɑft",  # r or ch: the word has both, so it stays
    ("kurt", "k u χ t"): "kuʀt",
    ("awar", "ɑ v aː ɐ"): "ɑvaːʀ",
    ("eegene", "eː ʑ n ə"): "eːʑənə",
    ("zwanzegst", "ts w ɑ n ts ɕ s t"): "tswɑntsəɕst",
    ("sprooch", "ʃ p χ oː χ"): "ʃpʀoːχ",
    ("zuch", "ts u χ"): "tsuχ",
}


@pytest.mark.parametrize(("entry", "ipa"), MFA_AS_LOD.items(), ids=[word for word, _ in MFA_AS_LOD])
def test_mfa_in_the_notation_of_lod(entry: tuple[str, str], ipa: str) -> None:
    assert from_mfa(entry[1], entry[0]) == ipa


def test_mfa_gives_the_most_probable_of_what_is_different_in_lods_notation(tmp_path: Path) -> None:
    rows = [
        "sech\t0.13\t0.4\t1\t1\tz æ ɕ",
        "sech\t0.99\t0.1\t1\t1\tz e ɕ",
        "haus\th æːʊ s",
        "<unk>\t0.9\tspn",
    ]
    rows += ["dra\t0.36\td ʀ aː", "dra\t0.2\td ʁ aː", "dra\t0.5\td ʀ ɑ", "b\tb"]
    file = tmp_path / "mfa.dict"
    file.write_text("\n".join(rows) + "\n", encoding="utf-8")
    layer = read_mfa(file)
    assert layer.words == {"sech": "zeɕ", "haus": "hæːʊs", "dra": "dʁaː"}
    assert [(note.word, note.what, note.after) for note in layer.notes] == [
        ("b", "no vowel in the spelling: it is spelled", "")
    ]
    file.write_text("haus\tprobably\th æːʊ s\n", encoding="utf-8")
    with pytest.raises(WrongData, match=r"mfa\.dict:1"):
        read_mfa(file)


def test_corrections_are_checked_line_by_line(tmp_path: Path) -> None:
    file = tmp_path / "lexicon.tsv"
    good = "# names\nAugust\tɑʊɡˈust\tthe month\n\nze\tʦə\tweak\n"
    file.write_text(good, encoding="utf-8")
    assert read_corrections(file).words == {"August": "ɑʊɡˈust", "ze": "ʦə"}
    for line, message in (
        ("haus\thˈæːʊs", "is not `word<TAB>phonemes<TAB>reason`"),
        ("haus\thˈæːʊs\t ", "is not `word<TAB>phonemes<TAB>reason`"),
        ("rout\tʀˈəʊt\tred", "nearest are.*ʁ"),
        ("haus\tˈhæːʊs\thouse", "perhaps 'hˈæːʊs'"),
        ("gps\tɡps\tletters", "is not one word in the lexicon's notation"),
        ("ze\tʦə\tagain", "is here twice"),
    ):
        file.write_text(good + line + "\n", encoding="utf-8")
        with pytest.raises(WrongData, match=rf"lexicon\.tsv:5[^§]*{message}"):
            read_corrections(file)
    with pytest.raises(WrongData, match="cannot be read"):
        read_corrections(tmp_path / "none.tsv")


def test_our_own_corrections_are_sound() -> None:
    assert len(read_corrections(CORRECTIONS).words) > 30
    assert read_corrections(ROOT / "recipes" / "lb" / "lexicon.tsv").words


def layers() -> list[Layer]:
    lod = {"platin": "plɑtˈin", "platinnen": "plˈaːtinən", "syndikat": "sɛ\u0303ːdikˈaːt", "den": "dˈən"}
    lod["haus"] = "hæːʊs"
    mfa = {
        "platin": "plaːtin",
        "syndikat": "zyndikaːt",
        "platinnen": "plɑtinən",
        "haus": "hæːʊs",
        "diplom": "diploːm",
    }
    old = {"diplom": "diplom", "diplomen": "diplomən", "syndikat": "sindikaːt", "schoul": "ʃəʊl"}
    return [
        Layer("correction", {"den": "dən", "Haus": "hˈɑʊs"}),
        Layer("lod", lod, doubtful=frozenset(lod) - {"platin", "den"}),
        Layer("mfa", mfa),
        Layer("lod2021", old, doubtful=frozenset(old)),
    ]


def test_layers_are_merged_in_the_order_of_trust_with_stress() -> None:
    merged = {word: tuple(entry) for word, entry in merge(layers()).items()}
    assert merged == {
        "den": ("dən", "correction"),
        "Haus": ("hˈɑʊs", "correction"),
        "haus": ("hˈæːʊs", "lod"),  # MFA says the same
        "platin": ("plɑtˈin", "lod"),  # marked by hand
        "platinnen": ("plɑtˈinən", "mfa"),  # as platin, not as the program marked it
        "syndikat": ("zyndikˈaːt", "mfa"),  # MFA's sounds, with the program's stress
        "diplom": ("diplˈoːm", "mfa"),
        "diplomen": ("diplˈoːmən", "lod2021"),  # with MFA's stem
        "schoul": ("ʃˈəʊl", "lod2021"),
    }


def test_what_a_program_wrote_and_another_layer_replaced_is_reported() -> None:
    rows = {(note.layer, note.word): (note.what, note.after) for note in replaced(layers(), merge(layers()))}
    assert rows["lod", "syndikat"] == ("other sounds: from mfa", "zyndikˈaːt")
    assert ("lod", "platin") not in rows and ("lod", "haus") not in rows
    assert rows["lod2021", "diplomen"][0] == "other sounds: from lod2021"  # its own ending on MFA's stem


def test_held_out_words_are_in_no_layer_and_lend_no_stress() -> None:
    odd = [Layer("lod", {"haleren": "hɑlˈəʁən"}), Layer("mfa", {"haleres": "hɑləʁəs"}), *layers()[2:]]
    assert merge(odd)["haleres"].phonemes == "hɑlˈəʁəs"
    merged = merge([*layers()[:1], *odd], frozenset({"haleren", "diplom", "haus"}))
    assert {"haleren", "diplom", "haus", "Haus"}.isdisjoint(merged)
    assert merged["haleres"].phonemes == "hˈɑləʁəs"
    assert merged["diplomen"].phonemes.replace("ˈ", "") == "diplomən"


def test_the_compiled_file(tmp_path: Path) -> None:
    rest = Layer("mfa", {"hunn": "hun", "versammelen": "fɐzɑmələn", "kand": "kɑnt", "ël": "əl"})
    lexicon = Lexicon.build([*layers()[:2], rest, layers()[3]], tmp_path / "lb.bin")
    assert lexicon.lookup("Haus") == ("hˈɑʊs", "correction")  # this spelling
    assert lexicon.lookup("haus") == lexicon.lookup("HAUS") == ("hˈæːʊs", "lod")
    assert lexicon.lookup("Schoul") == ("ʃˈəʊl", "lod2021") and "Schoul" in lexicon
    for unknown in ("", "schou", "schoulen", "schoul\t", "\n", "\ud800", "ha\0us"):
        assert lexicon.lookup(unknown) is None and unknown not in lexicon
    assert lexicon.without_n("hu") == ("hu", "mfa")
    assert lexicon.without_n("versammele") == ("fɐzˈɑmələ", "mfa")
    assert lexicon.without_n("ka") is None and lexicon.without_n("vers") is None
    words = [word for word, _ in lexicon]
    assert words == sorted(words, key=str.encode) and len(words) == len(lexicon)
    assert list(lexicon.words("pl")) == ["platin", "platinnen"]
    assert list(lexicon.words()) == [word for word in words if word == word.lower()]
    assert list(lexicon.words("ë")) == ["ël"] and list(lexicon.words("zz")) == []
    again = Lexicon.build([*layers()[:2], rest, layers()[3]], tmp_path / "again.bin")
    assert again.file.read_bytes() == lexicon.file.read_bytes()
    assert [path.name for path in sorted(tmp_path.iterdir())] == ["again.bin", "lb.bin"]


def test_a_damaged_file_is_refused(tmp_path: Path) -> None:
    lexicon = Lexicon.build(layers(), tmp_path / "lb.bin")
    whole = lexicon.file.read_bytes()
    for content in (b"", b"haus\thaus\n", whole[:-4], b"another lexicon 2\n" + whole[18:]):
        (tmp_path / "bad.bin").write_bytes(content)
        with pytest.raises(WrongData, match=r"bad\.bin: not a whole lexicon"):
            Lexicon.open(tmp_path / "bad.bin")
    with pytest.raises(WrongData):
        Lexicon.open(tmp_path / "none.bin")


def test_without_network_and_mirror_the_layer_of_pypi_serves_and_the_loss_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> Path:
        raise WrongData("no network")

    monkeypatch.setattr(sources, "fetch", fail)
    monkeypatch.setenv("MOIEN_CACHE", str(tmp_path))
    lexicon, lost = load()
    assert lost.startswith("without LOD official and MFA dictionary") and "MOIEN_MIRROR" in lost
    assert lexicon.lookup("Dag") == ("dˈaːχ", "lod2021") and lexicon.lookup("huet") == ("huət", "correction")
    written = lexicon.file.stat().st_mtime_ns
    assert load()[0].file.stat().st_mtime_ns == written  # compiled once


@pytest.fixture(scope="module")
def real() -> list[Layer]:
    """All layers, from the mirror."""
    if find_in_mirror(sources.LOD.file) is None or find_in_mirror(sources.MFA.file) is None:
        pytest.skip("needs the lexica: name a folder with them in MOIEN_MIRROR")
    found, lost = read_layers()
    assert not lost
    return found


def test_every_symbol_of_every_layer_is_kokoros(real: list[Layer]) -> None:
    for layer in real:
        for word, phonemes in layer.words.items():
            assert not set(phonemes) - VOCAB.keys(), (layer.name, word)
            assert phonemes.count("ˈ") <= 1 and NUCLEUS.search(phonemes), (layer.name, word, phonemes)
            plain, places = marks(phonemes)
            assert all(NUCLEUS.match(plain, place) for place in places), (layer.name, word, phonemes)


def test_mfa_agrees_with_what_the_editors_of_lod_wrote(real: list[Layer]) -> None:
    *_, lod, mfa, old = real
    sure = [word for word in lod.words if word not in lod.doubtful and word in mfa.words]
    assert len(sure) > 6000
    agreed = {
        layer.name: sum(marks(lod.words[w])[0] == layer.words[w] for w in words) / len(words)
        for layer in (mfa, old)
        for words in [[w for w in sure if w in layer.words]]
    }
    assert agreed["mfa"] > 0.95
    assert 0.6 < agreed["lod2021"] < 0.8  # so it comes last


def test_the_report_counts_what_was_mended_and_rejected(real: list[Layer]) -> None:
    counts = Counter((note.layer, note.what) for layer in real for note in layer.notes)
    assert counts["lod", "clitic d': it is looked up without"] == 4215
    assert counts["lod", "mark ̯ moved back to its i"] > 500 and counts["lod2021", "ASCII g"] > 6000
    rejected = {note.word for layer in real for note in layer.notes if not note.after}
    assert {"routgefuer", "gps", "covid-19", "'s'"} <= rejected
    assert all(note.after or note.what for layer in real for note in layer.notes)


def test_the_whole_lexicon_takes_little_memory_and_a_probe_or_two_a_word(
    real: list[Layer], tmp_path: Path
) -> None:
    lexicon = Lexicon.build(real, tmp_path / "lb.bin")
    assert len(lexicon) > 65_000
    expected = (
        "Haus hˈæːʊs, Auto ˈɑʊtoː, Lëtzebuerg lˈəʦəbuːɐɕ, zwanzeg ʦwˈɑnʦəɕ, Regioun ʁeʒjˈəʊn, Beggen bˈæɡən, "
        "Portugal pˈɔʁtuɡɑl, den dən, Joer jˈoːɐ, Kanner kˈɑnɐ, Trier tʁˈiːɐ, Juni jˈuːniː, August ɑʊɡˈust"
    )
    for word, phonemes in (pair.split() for pair in expected.split(", ")):
        entry = lexicon.lookup(word)
        assert entry and entry.phonemes == phonemes, (word, entry)
    code = (
        "import re, sys; from pathlib import Path; from moien.text.lb.lexicon import Lexicon;"
        "Lexicon.open(Path(sys.argv[1])).lookup('Haus');"
        "print(re.search(r'VmHWM:\\s+(\\d+)', Path('/proc/self/status').read_text())[1])"
    )
    run = [sys.executable, "-c", code, str(lexicon.file)]
    assert int(subprocess.run(run, capture_output=True, text=True, check=True).stdout) < 100_000  # kilobytes
    words = [word for word, _ in lexicon][::7]
    slots, probes = lexicon._slots, 0

    class Counted:
        def __getitem__(self, slot: int) -> int:
            nonlocal probes
            probes += 1
            return slots[slot]

    lexicon._slots = Counted()  # type: ignore[assignment]
    assert all(lexicon.lookup(word) for word in words)
    assert len(words) <= probes < 2 * len(words)


@pytest.mark.parametrize(
    ("text", "index", "phonemes"),
    [
        ("Ech hunn eng dréchen Haut", 4, None),
        ("Seng Haut ass dréchen", 1, "hˈæːʊt"),
        ("d'Haut ass dréchen", 0, "thˈæːʊt"),
        ("Haut ass Méindeg", 0, None),
        ("Eng Band spillt", 1, "bˈænt"),
        ("De Band ass déck", 1, None),
        ("Hie wunnt zu Wien", 3, "vˈiːn"),
        ("Wien ass do", 0, None),
        ("vu wien ass dat", 1, None),
        ("No der OP ass hien heem", 2, None),
        ("OP DER MUSEL", 0, "op"),
        ("Si gouf no der EM gewielt", 4, None),
    ],
)
def test_homographs(text: str, index: int, phonemes: str | None) -> None:
    assert choose(text.split(), index) == phonemes


def test_lod_says_what_is_wrong_with_its_file(tmp_path: Path) -> None:
    (tmp_path / "lod.json").write_text("{", encoding="utf-8")
    with pytest.raises(WrongData, match=r"lod\.json: not JSON"):
        read_lod(tmp_path / "lod.json")
    (tmp_path / "lod.json").write_text(json.dumps({"d'land": "d̥lɑnt", "kand": "kˈɑnt", "haus": "ˈhæːʊs"}))
    layer = read_lod(tmp_path / "lod.json")
    assert layer.words == {"kand": "kˈɑnt", "haus": "hˈæːʊs"} and layer.doubtful == {"haus"}
