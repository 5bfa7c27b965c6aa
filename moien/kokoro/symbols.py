"""Kokoro's phoneme symbols: 114 used slots of 178, and the only function that makes tokens.

Other loaders drop unknown symbols without a message; here they are errors.
"""

from __future__ import annotations

import json
import unicodedata
from collections.abc import Iterable
from pathlib import Path

from moien.errors import WrongData

CONFIG = Path(__file__).with_name("config.json")  # Kokoro-82M's own: sizes of the network, and the vocabulary
VOCAB: dict[str, int] = json.loads(CONFIG.read_text(encoding="utf-8"))["vocab"]
SLOTS = 178  # rows of the embeddings; the others were never trained
BOUNDARY = 0  # padding, begin and end of a sentence are one token
MAX_PHONEMES = 510  # 512 positions less the two boundaries; also the rows of a voice pack
PAUSE_SYMBOLS = frozenset(' ;:,.!?—…"()“”')
MODIFIERS = frozenset("ˈˌː\u0303ʰʲᵝ↓→↗↘")  # stress, length, nasality, tone: these are not phones

_ALL = frozenset(VOCAB)
_SYMBOLS = {token: symbol for symbol, token in VOCAB.items()}
_COMMON_WORDS = frozenset(
    ["LATIN", "SMALL", "CAPITAL", "LETTER", "MODIFIER", "COMBINING", "WITH", "SIGN", "MARK"]
)


def encode(phonemes: str) -> list[int]:
    """Tokens of a phoneme string, between the boundaries: `[0, ids…, 0]`, one for each character.

    WrongData names the first unknown symbol, its position and the nearest known ones, or the length over 510.
    """
    check(phonemes)
    return [BOUNDARY, *(VOCAB[symbol] for symbol in phonemes), BOUNDARY]


def decode(tokens: Iterable[int]) -> str:
    """The phoneme string of tokens, with or without their boundaries; WrongData for a slot without symbol."""
    ids = [int(token) for token in tokens]
    if len(ids) > 1 and ids[0] == ids[-1] == BOUNDARY:
        ids = ids[1:-1]
    for position, token in enumerate(ids):
        if token not in _SYMBOLS:
            raise WrongData(f"token {token} at {position} has no symbol in Kokoro's vocabulary")
    return "".join(_SYMBOLS[token] for token in ids)


def check(phonemes: str) -> None:
    """WrongData unless every character is in the vocabulary and there are at most 510."""
    known = _ALL.issuperset(phonemes)
    for position, symbol in enumerate("" if known else phonemes):
        if symbol not in VOCAB:
            near = " ".join(nearest(symbol))
            raise WrongData(
                f"{symbol!r} ({_code_point(symbol)}) at position {position} of {phonemes!r} is not one of "
                "Kokoro's symbols",
                remedy=f"the nearest are: {near}" if near else "remove it, or map it in the front end",
            )
    if len(phonemes) > MAX_PHONEMES:
        raise WrongData(
            f"{len(phonemes)} phonemes are more than Kokoro reads at once ({MAX_PHONEMES})",
            where=phonemes[:30] + "…",
            remedy="split the text at a sentence end",
        )


def nearest(symbol: str, most: int = 4) -> list[str]:
    """Known symbols most like an unknown one, by the words of their Unicode names (ʀ → r ɹ ɾ ʁ)."""
    words = _words(symbol)
    shared = {known: len(words & _words(known)) / len(words | _words(known)) for known in VOCAB if words}
    return sorted((known for known in shared if shared[known]), key=lambda known: -shared[known])[:most]


def _words(symbol: str) -> set[str]:
    if unicodedata.combining(symbol) and symbol not in VOCAB:
        return set()  # a mark is not like a letter, even if their names share words
    return set(unicodedata.name(symbol, "").split()) - _COMMON_WORDS


def _code_point(symbol: str) -> str:
    return f"U+{ord(symbol):04X} {unicodedata.name(symbol, 'unnamed')}"
