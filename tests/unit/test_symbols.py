"""The phoneme table and the one function that makes tokens: nothing unknown passes in silence."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from moien.errors import WrongData
from moien.kokoro import symbols


def test_table_is_kokoros():
    assert len(symbols.VOCAB) == len(set(symbols.VOCAB.values())) == 114
    assert all(0 < token < symbols.SLOTS and len(symbol) == 1 for symbol, token in symbols.VOCAB.items())
    assert [symbols.VOCAB[symbol] for symbol in "ɡ\u0303ːˈˌ ʦ"] == [92, 17, 158, 156, 157, 16, 20]
    assert symbols.VOCAB.keys() >= symbols.PAUSE_SYMBOLS | symbols.MODIFIERS


def test_golden_tokens():
    assert symbols.encode("ˈmoiən!") == [0, 156, 55, 57, 51, 83, 56, 5, 0]
    assert symbols.encode("") == [0, 0]


@given(st.text(sorted(symbols.VOCAB), max_size=510))
def test_decode_undoes_encode(phonemes):
    tokens = symbols.encode(phonemes)
    assert len(tokens) == len(phonemes) + 2
    assert symbols.decode(tokens) == phonemes == symbols.decode(tokens[1:-1])


@given(st.text(max_size=20))
def test_any_text_is_tokens_or_an_error(text):
    unknown = [symbol for symbol in text if symbol not in symbols.VOCAB]
    if not unknown:
        assert symbols.decode(symbols.encode(text)) == text
        return
    with pytest.raises(WrongData) as caught:
        symbols.encode(text)
    assert repr(unknown[0]) in str(caught.value) and f"position {text.index(unknown[0])} " in str(
        caught.value
    )


@pytest.mark.parametrize(("symbol", "near"), [("g", "ɡ"), ("ʀ", "r ɹ ɾ ʁ"), ("X", "x"), ("ʑ", "z")])
def test_nearest_symbols(symbol, near):
    assert " ".join(symbols.nearest(symbol)).startswith(near)


def test_unknown_symbol_says_where_and_what_is_near():
    with pytest.raises(WrongData) as caught:
        symbols.encode("daːg")
    message = str(caught.value)
    assert (
        "'g' (U+0067 LATIN SMALL LETTER G) at position 3 of 'daːg'" in message and "nearest are: ɡ" in message
    )


@pytest.mark.parametrize("symbol", ["😀", "\u032f", "7"])
def test_what_is_like_nothing_proposes_nothing_silly(symbol):
    assert symbols.nearest(symbol) == []


def test_more_than_510_phonemes():
    assert len(symbols.encode("a" * 510)) == 512
    with pytest.raises(WrongData, match="600 phonemes are more than"):
        symbols.encode("a" * 600)


@pytest.mark.parametrize("tokens", [[0, 7, 0], [178], [0, 55, 0, 55, 0], [-1]])
def test_slots_without_a_symbol(tokens):
    with pytest.raises(WrongData, match="has no symbol"):
        symbols.decode(tokens)
