"""Luxembourgish with the interface of misaki: `phonemes, tokens = LBG2P()(text)`, like misaki's own G2P classes.

With stock Kokoro:

    pipeline = KPipeline(lang_code="e", repo_id="hexgrad/Kokoro-82M", model=model)  # e: no English model is loaded
    pipeline.g2p = LBG2P()
    for result in pipeline(text, voice="voice.pt"): …

KPipeline cuts a text at 400 letters. Of a text full of numbers these may be over 510 phonemes, and the rest is dropped.
`pipeline.generate_from_tokens(tokens, voice=…)` cuts at punctuation, below 510 phonemes, and drops nothing.
"""

from __future__ import annotations

import logging
from itertools import groupby

from misaki.token import MToken

from moien.text.lb.frontend import LuxembourgishFrontend
from moien.text.phonemes import Phonemes, Word, assemble

LONG = (
    200  # phonemes of one piece of the text; a longer one, an address for instance, is a token for each word
)


class LBG2P:
    """Text → (phonemes, tokens). A word that cannot be read is logged and becomes `unk`, as in misaki; no errors."""

    def __init__(self, unk: str = "", frontend: LuxembourgishFrontend | None = None) -> None:
        self.unk = unk
        self.frontend = frontend or LuxembourgishFrontend.load()

    def __call__(self, text: str) -> tuple[str, list[MToken]]:
        """Phonemes of the whole text, and a token for each piece of it: a word, a number, a punctuation mark."""
        pieces: list[Word | str] = []
        for piece in self.frontend.read(text):
            if isinstance(piece, Word) and not piece.phonemes:
                place = piece.text_start + 1
                logging.getLogger(__name__).warning("cannot read %r at character %d", piece.text, place)
                if not self.unk:
                    continue
                piece = piece._replace(phonemes=self.unk)
            pieces.append(piece)
        if not any(isinstance(piece, Word) for piece in pieces):
            return "", []
        phonemes = assemble(text, pieces)
        return phonemes.phonemes, tokens_of(phonemes)


def tokens_of(phonemes: Phonemes) -> list[MToken]:
    """The tokens of misaki: their phonemes and white space, joined, are the phonemes of the text."""
    tokens: list[MToken] = []

    def marks(gap: str) -> None:
        for mark in gap:
            if mark == " " and tokens:
                tokens[-1].whitespace = " "
            else:
                tokens.append(MToken(text=mark, tag=mark, whitespace="", phonemes=mark))

    at = 0
    for (start, end), group in groupby(phonemes.words, key=lambda word: (word.text_start, word.text_end)):
        words = list(group)
        together = words[-1].end - words[0].start <= LONG
        for part in [words] if together else [[word] for word in words]:
            marks(phonemes.phonemes[at : part[0].start])
            at = part[-1].end
            text = phonemes.text[start:end] if together else part[0].text
            sounds = phonemes.phonemes[part[0].start : at]
            tokens.append(MToken(text=text, tag="", whitespace="", phonemes=sounds))
    marks(phonemes.phonemes[at:])
    return tokens
