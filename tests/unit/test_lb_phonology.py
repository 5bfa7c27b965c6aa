from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from stopwatch import assert_linear

from moien.errors import WrongData
from moien.kokoro.symbols import PAUSE_SYMBOLS, VOCAB
from moien.text.lb.n_rule import n_departures
from moien.text.lb.phonology import RULES as WORD_RULES
from moien.text.lb.phonology import Pieces, Switches, apply
from moien.text.lb.stress import NUCLEUS, WEAK
from moien.text.phonemes import Word, assemble

GOLDEN = Path(__file__).parents[1] / "golden" / "lb_phonemes.tsv"
RULES = [*WORD_RULES, "pauses"]
OFF = dict.fromkeys(RULES, False)
ALL_OFF = Switches(**OFF)


def only(*rules: str) -> Switches:
    return Switches(**OFF | dict.fromkeys(rules, True))


def golden() -> Iterator[tuple[str, ...]]:
    for line in GOLDEN.read_text(encoding="utf-8").splitlines():
        if not line.startswith("#"):
            yield tuple(line.split("\t"))


def parse(given: str) -> Pieces:
    pieces: Pieces = []
    for token in given.split():
        text, equals, rest = token.partition("=")
        phonemes, _, source = rest.partition("=")
        pieces.append(Word(text, phonemes, source or "lod") if equals else token)
    return pieces


def spoken(pieces: Pieces) -> str:
    return " ".join(piece if isinstance(piece, str) else piece.phonemes for piece in pieces)


@pytest.mark.parametrize(("rule", "given", "expected", "reason"), golden())
def test_golden(rule: str, given: str, expected: str, reason: str) -> None:
    rules = Switches() if rule == "all" else only(rule)
    assert spoken(apply(parse(given), rules)) == expected, reason


def test_every_rule_has_lines_where_it_applies_and_where_it_does_not() -> None:
    lines = list(golden())
    assert len(lines) >= 110
    for rule in RULES:
        changed = [spoken(parse(given)) != expected for name, given, expected, _ in lines if name == rule]
        assert sum(changed) >= 5 and not all(changed), rule


def test_the_switches_name_the_rules_in_their_order() -> None:
    assert [field.name for field in fields(Switches)] == RULES


TEXTS = [
    *sorted(WEAK),
    "Dag",
    "Nuecht",
    "Bierg",
    "Kuerf",
    "d'Land",
    "D'Kräiz",
    "s'ass",
    "Garage",
    "x",
    "-",
    "",
]
SOUNDS = [symbol for symbol in "ptkbdɡfvszʃʒχʁɕhmnŋljwʦʧʣʤɑaæeəɐiouɛɜɪʊːˈˌ\u0303" if symbol in VOCAB]
WORDS = st.builds(
    Word,
    st.sampled_from(TEXTS) | st.text(max_size=6),
    st.text(SOUNDS, min_size=1, max_size=9)
    | st.sampled_from(["daːχ", "nuəɕt", "zæɕ", "ziː", "d", "aːʁ", "ɔʁʒ"]),
    st.sampled_from(["lod", "mfa", "compound", "guess", "correction", "letters"]),
).filter(lambda word: word.phonemes.strip("ˈˌ"))
PIECES = st.lists(WORDS | st.sampled_from(sorted(PAUSE_SYMBOLS - {" "})), max_size=9)
RULE_SETS = st.builds(lambda on: only(*on), st.sets(st.sampled_from(RULES)))


@settings(deadline=None, max_examples=400)
@given(PIECES, RULE_SETS)
def test_symbols_stay_kokoros_and_words_stay_words(pieces: Pieces, rules: Switches) -> None:
    said = apply(pieces, rules)
    before, after = ([p for p in x if isinstance(p, Word)] for x in (pieces, said))
    assert [w.text for w in before] == [w.text for w in after]
    assert all(w.phonemes and set(w.phonemes) <= VOCAB.keys() for w in after)
    assert {p for p in said if isinstance(p, str)} <= {p for p in pieces if isinstance(p, str)}


@settings(deadline=None, max_examples=400)
@given(PIECES, RULE_SETS)
def test_applying_the_rules_twice_changes_nothing_more(pieces: Pieces, rules: Switches) -> None:
    once = apply(pieces, rules)
    assert apply(once, rules) == once


@given(PIECES)
def test_without_rules_nothing_changes(pieces: Pieces) -> None:
    assert apply(pieces, ALL_OFF) == pieces


@settings(deadline=None, max_examples=300)
@given(PIECES)
def test_each_rule_changes_only_what_it_says(pieces: Pieces) -> None:
    """Beside marks of stress, every rule replaces single symbols; each may write only its own."""
    may_write = {
        "stress": "ˈ",
        "weak_forms": "əɕtziduvʦ",
        "final_devoicing": "ptkfsʃʦʧɕχ",
        "r_vocalisation": "ɐ",
        "r_fricative": "χ",
        "clitics": "dtzs",
        "linking": "bdɡvzʒʣʤʁ",
        "pauses": "",
    }
    for rule in RULES:
        said = apply(pieces, only(rule))
        if rule == "pauses":
            assert [p for p in said if isinstance(p, Word)] == [p for p in pieces if isinstance(p, Word)]
            continue
        assert [p for p in said if isinstance(p, str)] == [p for p in pieces if isinstance(p, str)]
        for old, new in zip(pieces, said, strict=True):
            if isinstance(old, Word) and isinstance(new, Word):
                if rule == "stress":
                    bare = [w.phonemes.replace("ˈ", "").replace("ˌ", "") for w in (old, new)]
                    assert bare[0] == bare[1]
                elif rule not in ("weak_forms", "r_vocalisation"):
                    assert len(old.phonemes) == len(new.phonemes)
                    pairs = zip(old.phonemes, new.phonemes, strict=True)
                    assert all(a == b or b in may_write[rule] for a, b in pairs), rule


def test_every_phrase_has_a_stress_if_it_has_a_vowel() -> None:
    for words in itertools.product(["wat", "et", "an", "t"], repeat=3):
        sounds = {"wat": "vaːt", "et": "ət", "an": "ɑn", "t": "t"}
        said = apply([Word(word, sounds[word], "lod") for word in words])
        phonemes = spoken(said)
        assert phonemes.count("ˈ") == bool(NUCLEUS.search(phonemes))


@pytest.mark.parametrize("piece", ["", " ", "a", "¿", Word("x", "g", "guess")])
def test_symbols_that_kokoro_does_not_have_are_an_error(piece: Word | str) -> None:
    with pytest.raises(WrongData):
        apply([Word("Jo", "jˈoː", "lod"), piece])


def test_the_result_can_be_put_together() -> None:
    said = apply(parse("Si=ziː hunn=hun sech=zæɕ eens=eːns ginn=ɡin ."))
    assert assemble("Si hunn sech eens ginn.", said).phonemes == "zi hun zəʒ ˈeːns ɡˈin."


def test_time_is_linear_in_words_and_in_their_length() -> None:
    sentence = parse("sech=zæɕ eens=ˈeːns ,")
    assert_linear(apply, sentence * 1_000, sentence * 10_000)
    for sound in ("t", "ʁ", "ɑ", "ɑʁ", "ˈ"):
        short, long = (Word("x" * n + "a", sound * n + "ɑ", "guess") for n in (10_000, 100_000))
        assert_linear(apply, [short] * 2, [long] * 2)


@pytest.mark.parametrize(
    ("given", "departures"),
    [
        ("den=dən Dësch=dˈəʃ", []),
        ("den=dən Fësch=fˈəʃ", ["den"]),
        ("de=də Fësch=fˈəʃ", []),
        ("vu=fu Esch=ˈæʃ", ["vu"]),
        ("vu=fu Lëtzebuerg=lˈəʦəbuːɐɕ", []),
        ("vun=fun Zolwer=ʦˈolvɐ", []),
        ("hunn=hun se=zə", []),
        ("hu=hu se=zə", []),
        ("hunn=hun , well=væl", []),
        ("hunn=hun kee=keː Brout=bʁˈəʊt", ["hunn"]),
        ("goufen=ɡˈəʊfən gebaut=ɡəbˈɑʊt", ["goufen"]),
        ("goufe=ɡˈəʊfə gebaut=ɡəbˈɑʊt", []),
        ("Italien=itˈaːljən gewënnt=ɡəvˈənt", []),
        ("freeën=fʁˈeːən .", []),
        ("hu=hu honnert=hˈonɐt", ["hu"]),
        ("Ech=əɕ hu=hu kee=keː , mä=mɛː", ["kee"]),
        ("hunn=hun “ Kaz=kˈaːʦ ” gesot=ɡəzˈoːt", []),
    ],
)
def test_departures_from_the_n_rule_are_listed(given: str, departures: list[str]) -> None:
    pieces = parse(given)
    found = n_departures(pieces)
    assert [departure.word for departure in found] == departures
    assert all(pieces[departure.place].text == departure.word for departure in found)  # type: ignore[union-attr]
