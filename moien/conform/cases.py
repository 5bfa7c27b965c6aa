"""The sentences that every program speaks: phonemes, so that no front end takes part."""

from __future__ import annotations

from collections.abc import Iterator

from moien.kokoro.symbols import MAX_PHONEMES, VOCAB

WORDS = "mˈoiən vˈiː ɡˈeːt ˈət dˈiːɐ hˈɑʊt fʁˈaː zˈɪtsən kˈyçə bʁˈoːt ˈeːsən ˈɛpəl ʃtˈɑːt lˈɛtsəbuəʃ".split()
LENGTHS = (20, 35, 50, 75, 100, 150, 400, 401, 509, MAX_PHONEMES)
TOO_LONG = MAX_PHONEMES + 90


def cases() -> dict[str, str]:
    """Name → phonemes; all but `too long` can be spoken at once."""
    found = {
        "one phone": "ɑ",
        "one word": WORDS[0],
        "two words": " ".join(WORDS[:2]),
        "three words": " ".join(WORDS[1:4]),
        "question": "vˈiː ɡˈeːt ˈət?",
        "exclamation": "mˈoiən!",
        "pauses": "mˈoiən, vˈiː ɡˈeːt ˈət; hˈɑʊt: fʁˈaː — bʁˈoːt… ˈeːsən.",
        "quotation": "“mˈoiən”, (hˈɑʊt) ˈət.",
        "every symbol": " ".join(_every_symbol()),
    }
    found |= {f"{length} phonemes": _of_length(length) for length in LENGTHS}
    return found | {"too long": _of_length(TOO_LONG)}


def _every_symbol() -> Iterator[str]:
    """All symbols of the vocabulary, in words of six."""
    symbols = sorted(VOCAB.keys() - {" "})
    for start in range(0, len(symbols), 6):
        yield "".join(symbols[start : start + 6])


def _of_length(length: int) -> str:
    """Words until there are `length` phonemes; the last one may be cut."""
    words = WORDS * (length // 50 + 1)
    return " ".join(words)[: length - 1] + "."
