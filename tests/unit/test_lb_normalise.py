"""The normaliser: golden lines, places in the text, any text at all, and time in proportion to the length."""

from __future__ import annotations

import csv
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from stopwatch import assert_linear

from moien.corpus.datadir import read_lines
from moien.text.lb.normalise import normalise
from moien.text.lb.numbers import JOINT, LARGEST, OPTIONAL_N, cardinal, fraction, ordinal, settle_n
from moien.text.lb.span import Span

GOLDEN = Path(__file__).parents[1] / "golden" / "lb_words.tsv"
with GOLDEN.open(encoding="utf-8", newline="") as _file:
    LINES = [tuple(row) for row in csv.reader(_file, delimiter="\t", quoting=csv.QUOTE_NONE)][1:]


def spoken(pieces: list[Span], pauses: bool = False) -> str:
    """The words; those that are spelled with - between their letters."""
    out: list[str] = []
    for piece in pieces:
        out += [
            "-".join(word) if piece.rule == "letters" else word.replace(JOINT, "") for word in piece.words
        ]
        out += [piece.pause] if pauses and piece.pause else []
    return " ".join(out)


def check_places(text: str, pieces: list[Span]) -> None:
    """In order, apart, over everything but white space."""
    last = 0
    for piece in pieces:
        assert last <= piece.start < piece.end <= len(text), (text, piece)
        assert not text[last : piece.start].strip(), (text, piece)
        assert bool(piece.words) + bool(piece.pause) <= 1
        assert piece.words or piece.rule in ("pause", "silent", "unreadable"), piece
        assert all(word and OPTIONAL_N not in word and not word.isspace() for word in piece.words), piece
        last = piece.end
    assert not text[last:].strip(), text


@pytest.mark.parametrize(("kind", "text", "words"), LINES, ids=[f"{k}:{t}" for k, t, _ in LINES])
def test_golden_line(kind: str, text: str, words: str) -> None:
    pieces = normalise(text)
    assert spoken(pieces, pauses=kind == "pause") == words
    check_places(text, pieces)


def test_every_class_has_five_golden_lines() -> None:
    assert len(LINES) >= 200
    assert min(Counter(kind for kind, _, _ in LINES).values()) >= 5


@pytest.mark.parametrize(
    ("text", "rules"),
    [
        ("Den 24. Februar 2006, 11:30 Auer", "word date word year pause time"),
        ("2,50 € an 5 km", "money word unit"),
        ("A4 CSV Привет *", "letters cardinal letters unreadable silent"),
        ("info@lod.lu", "email email email email letters"),
        ("Louis XIV. huet d'2. Plaz", "word roman word ordinal word"),
    ],
)
def test_a_piece_names_its_rule(text: str, rules: str) -> None:
    assert [piece.rule for piece in normalise(text)] == rules.split()


def test_places_are_those_of_the_text_as_it_was_given() -> None:
    text = "  Mo\u00adien,\u00a0de\u0301i 5\u202f233 \ufb01x\u2060!"
    pieces = [(text[p.start : p.end], p.words, p.pause) for p in normalise(text)]
    assert pieces == [
        ("Mo\u00adien", ("Moien",), ""),
        (",", (), ","),
        ("de\u0301i", ("déi",), ""),
        ("5\u202f233", (f"fënnef{JOINT}dausend{JOINT}zwee{JOINT}honnert{JOINT}dräiandrësseg",), ""),
        ("\ufb01x", ("fix",), ""),
        ("\u2060", (), ""),
        ("!", (), "!"),
    ]


def test_the_n_of_a_made_word_hears_the_name_of_a_letter() -> None:
    assert spoken(normalise("7 FC")) == "siwen F-C"  # äff
    assert spoken(normalise("7 KP")) == "siwe K-P"
    assert spoken(normalise("7 QB")) == "siwe Q-B"  # ku


def test_numbers() -> None:
    assert cardinal(LARGEST).count("Billioune") == 1
    assert len(cardinal(LARGEST + 1).split()) == 16
    assert settle_n(cardinal(102, "f")) == f"honnert{JOINT}zwou"
    assert settle_n(cardinal(201, "m") + " Auer").replace(JOINT, "") == "zweehonnerteen Auer"
    assert fraction(7, 100).replace(JOINT, "").startswith("siwe")
    assert ordinal(1000) == "dausendst"


ALPHABET = "aäéëzndk ABCXIVM019.,:;-–/'’\"„“”()€$%°½²#@&*+=…\n\u00ad\u0301\ufe0f\u200dλ日ﬁ😀\x00\ue000\u2060"


@settings(deadline=None, max_examples=600)
@given(st.text(max_size=60) | st.text(ALPHABET, max_size=40))
@example("C'²")  # a digit to Python's isdigit, none to int
@example("d'①. *⁵ -₃ #᧚")
@example("\x80\u1ab0 \x81 \x85\u0301 Ã\x80\u0301 &#x80; &#0; &bne; </p>\n<3")
def test_any_text_keeps_every_character_in_one_place(text: str) -> None:
    check_places(text, normalise(text))


@settings(deadline=None, max_examples=300)
@given(st.from_regex(r"[0-9 .,:/%€h+'-]{1,14}", fullmatch=True))
def test_every_digit_is_said(text: str) -> None:
    for piece in normalise(text):
        if any(c.isdigit() for c in text[piece.start : piece.end]):
            assert piece.words and not any(c.isdigit() for word in piece.words for c in word), (text, piece)


@settings(deadline=None, max_examples=200)
@given(
    st.lists(st.sampled_from([row[1] for row in LINES]), min_size=1, max_size=8),
    st.sampled_from([" ", ", ", "\n", ""]),
)
def test_golden_lines_in_a_row(texts: list[str], between: str) -> None:
    check_places(between.join(texts), normalise(between.join(texts)))


@pytest.mark.parametrize(
    "unit",
    [
        "0",
        "1.",
        "a.",
        "A-",
        "@",
        "x1",
        "\u0301",
        "I",
        " 000",
        "-1",
        "😀",
        "1/",
        "a@",
        "'",
        "1.000.",
        "www.",
        "12:",
        "7",
        ".",
        "a",
        "1.\n",
        "1.1. ",
        "6-4 ",
        "A1-",
        "Mo-",
        "5.30 ",
        "\n",
        "AN ",
        "&a",
        "<b",
        "Ã",
        "Fola - ",
        "20 12 ",
        "€/A",
        '"',
    ],
)
def test_time_is_in_proportion_to_the_length(unit: str) -> None:
    text = unit * (40_000 // len(unit))
    check_places(text[:100], normalise(text[:100]))
    assert_linear(normalise, text[:4_000], text[:40_000])


@pytest.mark.shared
def test_the_real_corpus(shared_dir: Path) -> None:
    for line in read_lines(shared_dir / "marylux" / "metadata.csv")[1:]:
        text = line.split("|")[1]
        pieces = normalise(text)
        check_places(text, pieces)
        assert not any(piece.rule == "unreadable" for piece in pieces), text
        assert not any(c.isdigit() for piece in pieces for word in piece.words for c in word), text


KINDS = Path(__file__).parents[1] / "golden" / "lb_real_text.tsv"
with KINDS.open(encoding="utf-8", newline="") as _file:
    KIND_LINES = [tuple(row) for row in csv.reader(_file, delimiter="\t", quoting=csv.QUOTE_NONE)][1:]


@pytest.mark.parametrize(("kind", "text", "words"), KIND_LINES, ids=[f"{k}:{t}" for k, t, _ in KIND_LINES])
def test_text_as_people_write_it(kind: str, text: str, words: str) -> None:
    """The kinds with `not` hold what looks like the kind and is something else. \\n and \\t stand for themselves."""
    text = text.replace("\\n", "\n").replace("\\t", "\t")
    pieces = normalise(text)
    assert spoken(pieces, pauses=True) == words
    check_places(text, pieces)


def test_every_kind_has_lines_and_counterexamples() -> None:
    counts = Counter(kind for kind, _, _ in KIND_LINES)
    for kind in {kind.removesuffix(", not") for kind in counts}:
        assert counts[kind] >= 3 and counts[f"{kind}, not"] >= 2, kind
